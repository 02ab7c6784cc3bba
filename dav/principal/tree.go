package principal

import (
	"errors"
	"iter"
	"slices"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// folder is a part of the tree that holds principals only: /principals/ and /principals/users/.
type folder struct {
	name    string
	child   func(rq *webdav.Request, name string) (webdav.Resource, error)
	members func(rq *webdav.Request) iter.Seq2[webdav.Resource, error]
}

func (f *folder) Name() string                            { return f.name }
func (f *folder) Types() []webdav.Name                    { return []webdav.Name{webdav.DAV("collection")} }
func (f *folder) Rights(rq *webdav.Request) privilege.Set { return webdav.LookRights(rq) }

func (f *folder) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	return f.child(rq, name)
}

func (f *folder) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for res, err := range f.members(rq) {
			if err == nil && names != nil && !slices.Contains(names, res.Name()) {
				continue
			}
			if !yield(res, err) || err != nil {
				return
			}
		}
	}
}

// root is /principals/.
func root(*webdav.Request) (webdav.Collection, error) {
	users := &folder{name: "users", child: findUser, members: allUsers}
	return &folder{name: "principals",
		child: func(_ *webdav.Request, name string) (webdav.Resource, error) {
			if name == users.name {
				return users, nil
			}
			return nil, store.ErrNotFound
		},
		members: func(*webdav.Request) iter.Seq2[webdav.Resource, error] {
			return func(yield func(webdav.Resource, error) bool) { yield(users, nil) }
		},
	}, nil
}

func findUser(rq *webdav.Request, name string) (webdav.Resource, error) {
	p, err := rq.Tx.Principal(store.User, name)
	if err != nil {
		return nil, err
	}
	return load(rq, p)
}

func allUsers(rq *webdav.Request) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for p, err := range rq.Tx.Principals(store.User) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(load(rq, p)) {
				return
			}
		}
	}
}

func load(rq *webdav.Request, p *store.Principal) (*User, error) {
	node, err := rq.Tx.Root(p.ID, store.KindPrincipal)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return &User{Row: p, node: node}, nil
}

func (u *User) Child(*webdav.Request, string, store.Want) (webdav.Resource, error) {
	return nil, store.ErrNotFound
}

// Members yields none: a principal has no members yet.
func (u *User) Members(*webdav.Request, []string, store.Want) iter.Seq2[webdav.Resource, error] {
	return func(func(webdav.Resource, error) bool) {}
}
