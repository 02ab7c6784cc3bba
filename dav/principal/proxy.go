package principal

import (
	"iter"
	"slices"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// The delegates of somebody are the members of two groups below his principal resource (apple-caldav-proxy §5.2).
const (
	proxyRead  = "calendar-proxy-read"
	proxyWrite = "calendar-proxy-write"
)

var proxyKinds = [...]struct {
	name string
	kind store.PrincipalKind
	text string
}{
	{proxyRead, store.ProxyRead, "may read for"},
	{proxyWrite, store.ProxyWrite, "may act for"},
}

// Proxy is such a group.
type Proxy struct {
	owner *store.Principal
	name  string
	kind  store.PrincipalKind
	text  string
	admin bool
}

// proxies yields those of an account with these names, all for nil. There is no row to read for them.
func proxies(rq *webdav.Request, owner *store.Principal, names []string) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		admin, err := rq.Admin()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, k := range proxyKinds {
			if names != nil && !slices.Contains(names, k.name) {
				continue
			}
			if !yield(&Proxy{owner: owner, name: k.name, kind: k.kind, text: k.text, admin: admin}, nil) {
				return
			}
		}
	}
}

func proxy(rq *webdav.Request, owner *store.Principal, name string) (Principal, error) {
	for p, err := range proxies(rq, owner, []string{name}) {
		if err != nil {
			return nil, err
		}
		return p.(*Proxy), nil
	}
	return nil, store.ErrNotFound
}

// Name says which of the two it is.
func (p *Proxy) Name() string { return p.name }

// Path is below whom its members stand in for.
func (p *Proxy) Path() webdav.Path { return (&entity{row: p.owner}).Path().Child(p.name, true) }

// Row finds it.
func (p *Proxy) Row(rq *webdav.Request) (*store.Principal, error) {
	return rq.Tx.Proxy(p.owner.ID, p.kind)
}

// DisplayName says what its members may do.
func (p *Proxy) DisplayName() string {
	return "who " + p.text + " " + (&entity{row: p.owner}).DisplayName()
}

// Types says that it is a principal and which of the two; and a collection, for the slash of its URL.
func (p *Proxy) Types() []webdav.Name {
	return []webdav.Name{webdav.DAV("collection"), webdav.DAV("principal"), {Space: webdav.NSCalendarServer, Local: p.name}}
}

// mine says whether the caller says who is in it: a person alone says who stands in for him, and for rooms the
// administrators do.
func (p *Proxy) mine(rq *webdav.Request) bool {
	return rq.Who.Is(p.owner.ID) || p.admin && p.owner.Kind != store.User
}

// Rights: the owner changes it.
func (p *Proxy) Rights(rq *webdav.Request) privilege.Set { return looking(rq, p.mine(rq)) }

// Child is none.
func (p *Proxy) Child(*webdav.Request, string, store.Want) (webdav.Resource, error) {
	return nil, store.ErrNotFound
}

// Members are none: whom the group has is a property.
func (p *Proxy) Members(*webdav.Request, []string, store.Want) iter.Seq2[webdav.Resource, error] {
	return none
}

func none(func(webdav.Resource, error) bool) {}

// Child finds one of the two groups of delegates.
func (u *User) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	return proxy(rq, u.row, name)
}

// Members are the two groups of delegates.
func (u *User) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return proxies(rq, u.row, names)
}

// Child finds one of the two groups of delegates.
func (p *Place) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	return proxy(rq, p.row, name)
}

// Members are the two groups of delegates.
func (p *Place) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return proxies(rq, p.row, names)
}

// Child is none.
func (g *Group) Child(*webdav.Request, string, store.Want) (webdav.Resource, error) {
	return nil, store.ErrNotFound
}

// Members are none: whom the group has is a property.
func (g *Group) Members(*webdav.Request, []string, store.Want) iter.Seq2[webdav.Resource, error] {
	return none
}

var (
	_ webdav.Collection = (*User)(nil)
	_ webdav.Collection = (*Group)(nil)
	_ webdav.Collection = (*Place)(nil)
	_ webdav.Collection = (*Proxy)(nil)
)
