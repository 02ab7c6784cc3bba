package webdav

import (
	"iter"
	"slices"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// Root is the service's own root: a collection of the modules' trees.
type Root struct{ server *Server }

// Name is empty: the root has no segment.
func (Root) Name() string { return "" }

// Types says that it is a collection.
func (Root) Types() []Name { return []Name{DAV("collection")} }

// Rights: every user may look at it.
func (Root) Rights(rq *Request) privilege.Set { return LookRights(rq) }

// LookRights are those on the parts of the tree that hold nobody's data: whoever has logged in may read.
func LookRights(rq *Request) privilege.Set {
	if rq.Who.Principal == nil {
		return 0
	}
	return privilege.Read | privilege.ReadCurrentUser
}

// Child finds a module's tree.
func (r Root) Child(rq *Request, name string, want store.Want) (Resource, error) {
	if make := r.server.roots[name]; make != nil && name != "" {
		return make(rq)
	}
	return nil, store.ErrNotFound
}

// Members yields the modules' trees by name.
func (r Root) Members(rq *Request, names []string, want store.Want) iter.Seq2[Resource, error] {
	return func(yield func(Resource, error) bool) {
		var all []string
		for name := range r.server.roots {
			if name != "" && (names == nil || slices.Contains(names, name)) {
				all = append(all, name)
			}
		}
		slices.Sort(all)
		for _, name := range all {
			res, err := r.server.roots[name](rq)
			if !yield(res, err) || err != nil {
				return
			}
		}
	}
}
