package principal

import (
	"strings"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// User is the principal resource of a person: /principals/users/{user}/.
type User struct {
	Row  *store.Principal
	node *store.Collection // its dead properties; nil before the first was set
}

// Path is where a user's principal resource is.
func Path(user string) webdav.Path { return webdav.P("principals", "users", user) }

// Name is the user's name.
func (u *User) Name() string { return u.Row.Name }

// Types says that it is a principal. It is also a collection: clients ask it with Depth 1 and expect the URL with
// its slash.
func (u *User) Types() []webdav.Name {
	return []webdav.Name{webdav.DAV("collection"), webdav.DAV("principal")}
}

// Rights: users see each other, and change themselves.
func (u *User) Rights(rq *webdav.Request) privilege.Set {
	if rq.Who.Is(u.Row.ID) {
		return privilege.Read | privilege.WriteProperties | privilege.ReadACL | privilege.ReadCurrentUser
	}
	return webdav.LookRights(rq)
}

// DisplayName is never empty (RFC 3744 §4).
func (u *User) DisplayName() string {
	if u.Row.Display == "" {
		return u.Row.Name
	}
	return u.Row.Display
}

// SetDisplayName is what PROPPATCH does.
func (u *User) SetDisplayName(s string) { u.Row.Display = s }

// Save writes the row.
func (u *User) Save(rq *webdav.Request) error { return rq.Tx.SavePrincipal(u.Row) }

// DeadKey is the principal's own node.
func (u *User) DeadKey() (collection, object int64) {
	if u.node == nil {
		return 0, 0
	}
	return u.node.ID, 0
}

var (
	_ webdav.Collection = (*User)(nil)
	_ webdav.Displayed  = (*User)(nil)
	_ webdav.Saver      = (*User)(nil)
	_ webdav.DeadKeeper = (*User)(nil)
)

// mailOf returns the address of a mailto: URI.
func mailOf(uri string) (string, bool) {
	const scheme = "mailto:"
	if len(uri) <= len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return "", false
	}
	return uri[len(scheme):], true
}
