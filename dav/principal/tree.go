package principal

import (
	"errors"
	"iter"
	"slices"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// folder is a part of the tree that holds principals only: /principals/ and what is directly below it.
type folder struct {
	name    string
	kinds   []store.PrincipalKind // that it holds, at any depth
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
	all := &folder{name: "principals"}
	var folders []webdav.Resource
	for _, k := range kinds {
		all.kinds = append(all.kinds, k.kind)
		folders = append(folders, ofKind(k))
	}
	all.child = func(_ *webdav.Request, name string) (webdav.Resource, error) {
		for _, f := range folders {
			if f.Name() == name {
				return f, nil
			}
		}
		return nil, store.ErrNotFound
	}
	all.members = func(*webdav.Request) iter.Seq2[webdav.Resource, error] {
		return func(yield func(webdav.Resource, error) bool) {
			for _, f := range folders {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
	return all, nil
}

func ofKind(k kind) *folder {
	return &folder{name: k.folder, kinds: []store.PrincipalKind{k.kind},
		child: func(rq *webdav.Request, name string) (webdav.Resource, error) { return find(rq, k.kind, name) },
		members: func(rq *webdav.Request) iter.Seq2[webdav.Resource, error] {
			return func(yield func(webdav.Resource, error) bool) {
				sight, err := rq.Sight()
				if err != nil {
					yield(nil, err)
					return
				}
				for l, err := range rq.Tx.Directory(sight, k.kind) {
					if err != nil {
						yield(nil, err)
						return
					}
					if res, err := Open(rq, l); !yield(res, err) || err != nil {
						return
					}
				}
			}
		},
	}
}

// find finds one that the caller sees: one that he does not see takes the same statements as one that is not there.
func find(rq *webdav.Request, kind store.PrincipalKind, name string) (webdav.Resource, error) {
	if own := rq.Who.Principal; own != nil && kind == store.User && own.Name == name {
		return open(rq, own)
	}
	sight, err := rq.Sight()
	if err != nil {
		return nil, err
	}
	p, err := rq.Tx.Visible(sight, kind, name)
	if err != nil {
		return nil, err
	}
	return open(rq, p)
}

// At finds the principal at a path; store.ErrNotFound also for one that the caller does not see.
func At(rq *webdav.Request, p webdav.Path) (Principal, error) {
	if len(p.Segments) == 0 || p.Segments[0] != "principals" {
		return nil, store.ErrNotFound
	}
	res, err := rq.Find(p, 0)
	if err != nil {
		return nil, err
	}
	if who, ok := res.(Principal); ok && rq.May(res, privilege.Read) {
		return who, nil
	}
	return nil, store.ErrNotFound
}

// Below says of which kinds a collection of principals has members, at any depth; none for another collection.
func Below(res webdav.Resource) []store.PrincipalKind {
	if f, ok := res.(*folder); ok {
		return f.kinds
	}
	return nil
}

// Open makes the resource of a row of the directory.
func Open(rq *webdav.Request, l store.Listed) (Principal, error) {
	p, err := open(rq, l.Principal)
	if e, ok := p.(interface{ list([]string) }); ok && err == nil {
		e.list(l.Addresses)
	}
	return p, err
}

// Mine are the caller and all groups that he is in, as far as they lie below a path. One statement.
func Mine(rq *webdav.Request, below webdav.Path) ([]Principal, error) {
	ids, err := rq.Identities()
	if err != nil {
		return nil, err
	}
	rows, err := rq.Tx.PrincipalsByID(ids)
	if err != nil {
		return nil, err
	}
	var mine []Principal
	for _, id := range ids {
		p, err := ofRow(rq, rows[id], rows)
		if err != nil {
			return nil, err
		}
		if p != nil && p.Path().Within(below) {
			mine = append(mine, p)
		}
	}
	return mine, nil
}

// ofRow is nil for a row that is gone.
func ofRow(rq *webdav.Request, row *store.Principal, rows map[int64]*store.Principal) (Principal, error) {
	if row == nil {
		return nil, nil
	}
	if row.Kind != store.ProxyRead && row.Kind != store.ProxyWrite {
		return open(rq, row)
	}
	owner := rows[row.Owner]
	for _, k := range proxyKinds {
		if k.kind == row.Kind && owner != nil {
			return proxy(rq, owner, k.name)
		}
	}
	return nil, nil
}

// Paths are those of principals by their ids; one that is gone is not among them.
func Paths(rq *webdav.Request, ids []int64) (map[int64]webdav.Path, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := rq.Tx.PrincipalsByID(ids)
	if err != nil {
		return nil, err
	}
	paths := make(map[int64]webdav.Path, len(rows))
	for id, row := range rows {
		p, err := ofRow(rq, row, rows)
		if err != nil {
			return nil, err
		}
		if p != nil {
			paths[id] = p.Path()
		}
	}
	return paths, nil
}

// provision makes the principal's own node, under which its dead properties are kept.
func provision(rq *webdav.Request, p *store.Principal) error {
	_, err := rq.Tx.Root(p.ID, store.KindPrincipal)
	if errors.Is(err, store.ErrNotFound) {
		err = rq.Tx.CreateCollection(&store.Collection{Owner: p.ID, Kind: store.KindPrincipal, Name: p.Name})
	}
	return err
}
