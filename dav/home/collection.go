package home

import (
	"iter"
	"slices"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Collection finds a collection of one of these kinds in this one. One that the caller has no right to, in a home that he may
// not read, is not there for him: it takes the same statements as one that does not exist.
func (n *Node) Collection(rq *webdav.Request, name string, kinds ...store.Kind) (*Node, error) {
	row, err := rq.Tx.Collection(n.Data.ID, name)
	if err != nil {
		return nil, err
	}
	var shared *shared
	if row.Target != 0 && n.mine {
		if shared, err = n.sharedOne(rq, row); err != nil {
			return nil, err
		}
	}
	child, err := n.open(rq, row, kinds, shared)
	if err == nil && child == nil {
		err = store.ErrNotFound
	}
	return child, err
}

// Collections yields those of these kinds with these names, all for nil, the oldest first: the default calendar leads.
// However many of them are shared by others, three statements more tell what the caller may do with them.
func (n *Node) Collections(rq *webdav.Request, names []string, kinds ...store.Kind) iter.Seq2[*Node, error] {
	return func(yield func(*Node, error) bool) {
		var rows []*store.Collection
		mounts := false
		for row, err := range rq.Tx.Collections(n.Data.ID) {
			if err != nil {
				yield(nil, err)
				return
			}
			if names == nil || slices.Contains(names, row.Name) {
				rows, mounts = append(rows, row), mounts || row.Target != 0
			}
		}
		var all *shared
		if mounts && n.mine {
			var err error
			if all, err = n.sharedAll(rq); err != nil {
				yield(nil, err)
				return
			}
		}
		for _, row := range rows {
			child, err := n.open(rq, row, kinds, all)
			if err == nil && child == nil {
				continue
			}
			if !yield(child, err) || err != nil {
				return
			}
		}
	}
}

// open is nil for a row of another kind, and for what the caller may not know of.
func (n *Node) open(rq *webdav.Request, row *store.Collection, kinds []store.Kind, shares *shared) (*Node, error) {
	if !slices.Contains(kinds, row.Kind) {
		return nil, nil
	}
	if row.Target != 0 {
		return n.mount(rq, row, shares)
	}
	child := n.below(row, n.access)
	if n.entries.on == nil {
		return child, nil
	}
	if n.parent != nil { // deeper than the home's statement reaches
		own, err := rq.Tx.ACEs(row.ID)
		if err != nil {
			return nil, err
		}
		child.entries = group(own)
	}
	var err error
	if child.access, err = rq.Access(n.Owner.ID, child.inherited()); err != nil {
		return nil, err
	}
	if child.access.Rights == 0 && !child.reached(rq) && !n.access.Rights.Has(privilege.Read) {
		return nil, nil
	}
	return child, nil
}

// inherited are the entries of this collection and of what it lies in, the nearest first.
func (n *Node) inherited() []privilege.ACE {
	own := n.entries.of(n.Data.ID, 0)
	switch {
	case n.Mounted():
		return slices.Concat(own, n.entries.of(n.Data.Parent, 0))
	case n.parent == nil:
		return own
	}
	return slices.Concat(own, n.parent.inherited())
}

// shared is what lies behind the shares in a home.
type shared struct {
	targets map[int64]store.Target
	entries entries
}

func (n *Node) sharedOne(rq *webdav.Request, row *store.Collection) (*shared, error) {
	t, err := rq.Tx.Target(row)
	if err != nil {
		return nil, err
	}
	return n.withEntries(rq, map[int64]store.Target{row.ID: t})
}

func (n *Node) sharedAll(rq *webdav.Request) (*shared, error) {
	targets, err := rq.Tx.Targets(n.Row.ID)
	if err != nil {
		return nil, err
	}
	return n.withEntries(rq, targets)
}

func (n *Node) withEntries(rq *webdav.Request, targets map[int64]store.Target) (*shared, error) {
	all, err := rq.Tx.ACEsOfHome(n.Row.ID)
	if err != nil {
		return nil, err
	}
	return &shared{targets: targets, entries: group(all)}, nil
}

// mount is a share that the caller has accepted: what he may do with its objects follows from the entries on the
// collection that is shared; the row itself is his. It is nil when nothing is granted there any more.
func (n *Node) mount(rq *webdav.Request, row *store.Collection, shares *shared) (*Node, error) {
	if shares == nil { // somebody else's home: what is shared with him is his affair
		return nil, nil
	}
	t, ok := shares.targets[row.ID]
	if !ok {
		return nil, nil
	}
	m := &Node{Row: row, Data: t.Collection, Owner: t.Owner, entries: shares.entries, path: n.path.Child(row.Name, true), mine: true, parent: n}
	access, err := rq.Access(t.Owner.ID, m.inherited())
	if err != nil || !access.Rights.Has(privilege.Read) {
		return nil, err
	}
	m.granted = access.Rights
	access.Rights |= privilege.WriteProperties | privilege.ReadCurrentUser
	m.access = access
	return m, nil
}
