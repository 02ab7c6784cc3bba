package principal

import (
	"errors"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Principal is whoever rights can be given to (RFC 3744 §2): a user, a group, a room, a resource, the delegates of one.
type Principal interface {
	webdav.Resource
	DisplayName() string // never empty (RFC 3744 §4)
	Path() webdav.Path
	// Row finds its row. That of delegates is made when somebody is first named; until then it is store.ErrNotFound in
	// a request that only reads.
	Row(*webdav.Request) (*store.Principal, error)
}

// kind is one folder of the tree: principals of one kind.
type kind struct {
	kind   store.PrincipalKind
	folder string
	cuType string // RFC 6638 §2.4.2
}

// kinds are in the order of the tree.
var kinds = [...]kind{
	{store.User, "users", "INDIVIDUAL"},
	{store.Group, "groups", "GROUP"},
	{store.Room, "locations", "ROOM"},
	{store.Resource, "resources", "RESOURCE"},
}

func kindOf(k store.PrincipalKind) kind {
	for _, c := range kinds {
		if c.kind == k {
			return c
		}
	}
	return kind{}
}

// Path is where a user's principal resource is.
func Path(user string) webdav.Path { return webdav.P("principals", "users", user) }

// entity is what users, groups, rooms and resources have in common.
type entity struct {
	row    *store.Principal
	uris   []string // its addresses, once they are listed
	listed bool
}

// Name is the name of its row.
func (e *entity) Name() string { return e.row.Name }

// Row is known.
func (e *entity) Row(*webdav.Request) (*store.Principal, error) { return e.row, nil }

// Path is below the folder of its kind.
func (e *entity) Path() webdav.Path {
	return webdav.P("principals", kindOf(e.row.Kind).folder, e.row.Name)
}

// Types says that it is a principal. It is also a collection: clients ask it with Depth 1 and expect the URL with
// its slash.
func (e *entity) Types() []webdav.Name {
	return []webdav.Name{webdav.DAV("collection"), webdav.DAV("principal")}
}

// DisplayName is never empty (RFC 3744 §4).
func (e *entity) DisplayName() string {
	if e.row.Display == "" {
		return e.row.Name
	}
	return e.row.Display
}

// SetDisplayName is what PROPPATCH does.
func (e *entity) SetDisplayName(s string) { e.row.Display = s }

// Save writes the row.
func (e *entity) Save(rq *webdav.Request) error { return rq.Tx.SavePrincipal(e.row) }

// ResourceNumber tells it from others, whoever asks.
func (e *entity) ResourceNumber() (kind string, number int64) { return "principal", e.row.ID }

// looking is what everybody may do with a principal that he sees; writing what changes it.
func looking(rq *webdav.Request, mayWrite bool) privilege.Set {
	rights := webdav.LookRights(rq)
	if mayWrite {
		rights |= privilege.WriteProperties | privilege.ReadACL
	}
	return rights
}

// User is a person: /principals/users/{user}/.
type User struct {
	entity
	node *store.Collection // dead properties: the user's own affair, so that for others it is nil
}

// Rights: users see each other as far as the settings let them, and change themselves.
func (u *User) Rights(rq *webdav.Request) privilege.Set { return looking(rq, rq.Who.Is(u.row.ID)) }

// DeadKey is the principal's own node.
func (u *User) DeadKey() (collection, object int64) {
	if u.node == nil {
		return 0, 0
	}
	return u.node.ID, 0
}

// Group is a set of principals: /principals/groups/{group}/.
type Group struct {
	entity
	admin bool
}

// Rights: administrators change it.
func (g *Group) Rights(rq *webdav.Request) privilege.Set { return looking(rq, g.admin) }

// Place is a room or another resource that can be booked.
type Place struct {
	entity
	admin bool
}

// Rights: administrators change it.
func (p *Place) Rights(rq *webdav.Request) privilege.Set { return looking(rq, p.admin) }

// open makes the resource of a row.
func open(rq *webdav.Request, p *store.Principal) (Principal, error) {
	switch p.Kind {
	case store.User:
		u := &User{entity: entity{row: p}}
		if !rq.Who.Is(p.ID) {
			return u, nil
		}
		node, err := rq.Tx.Root(p.ID, store.KindPrincipal)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		u.node = node
		return u, nil
	case store.Group:
		admin, err := rq.Admin()
		return &Group{entity{row: p}, admin}, err
	}
	admin, err := rq.Admin()
	return &Place{entity{row: p}, admin}, err
}

var (
	_ Principal         = (*User)(nil)
	_ Principal         = (*Group)(nil)
	_ Principal         = (*Place)(nil)
	_ Principal         = (*Proxy)(nil)
	_ webdav.Displayed  = (*User)(nil)
	_ webdav.Displayed  = (*Group)(nil)
	_ webdav.Displayed  = (*Place)(nil)
	_ webdav.Saver      = (*User)(nil)
	_ webdav.Saver      = (*Group)(nil)
	_ webdav.Saver      = (*Place)(nil)
	_ webdav.DeadKeeper = (*User)(nil)
)
