package webdav

import (
	"context"

	"caldav-fcgi/store"
)

// Login is what the front knows about who is asking. It is made once a request, by package fcgi, and never
// taken from a header of the client.
type Login struct {
	User   string            // REMOTE_USER after the site's rules; "" when anonymous
	Claims map[string]string // "name" and "mail" as the web server passed them; absent when it did not
	// Groups are the names of the user's groups, by where they are known from. Of a source that isn't in it nothing is
	// known, and what was known stays.
	Groups map[store.Source][]string
	Base   string   // the base path, "/dav"; "" at the root: hrefs are written below it
	Realm  string   // for the WWW-Authenticate of a 401
	ID     string   // request id, for the log
	Scheme string   // "https" or "http" as the web server said; "" when it said nothing
	Notes  []string // what falls short in the web server's configuration, for the person who set it up
}

type loginKey struct{}

// WithLogin returns a context that carries l to the service.
func WithLogin(ctx context.Context, l Login) context.Context {
	return context.WithValue(ctx, loginKey{}, l)
}

// LoginFrom returns what WithLogin stored; the zero Login, anonymous at the root, without it.
func LoginFrom(ctx context.Context) Login {
	l, _ := ctx.Value(loginKey{}).(Login)
	return l
}
