package home

import (
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Seat is where the access control entries of a resource stand, and what it inherits others from.
type Seat struct {
	Collection, Object int64
	Owner              *store.Principal
	Above              []Above // the nearest first
}

// Above is a collection whose entries a resource inherits.
type Above struct {
	Collection int64
	Path       webdav.Path
}

// ACL is the seat of the collection's entries: of a share, those of the collection that is shared.
func (n *Node) ACL() Seat { return Seat{Collection: n.Data.ID, Owner: n.Owner, Above: n.above()} }

// ACL is the seat of the object's entries.
func (o *Object) ACL() Seat {
	n := o.In
	return Seat{Collection: n.Data.ID, Object: o.Row.ID, Owner: n.Owner, Above: append([]Above{{n.Data.ID, n.path}}, n.above()...)}
}

func (n *Node) above() []Above {
	switch {
	case n.Mounted(): // in the home of who shares it
		return []Above{{n.Data.Parent, webdav.P(n.path.Segments[0], n.Owner.Name)}}
	case n.parent == nil:
		return nil
	}
	return append([]Above{{n.parent.Data.ID, n.parent.path}}, n.parent.above()...)
}

// Except finds a member, at any depth, that has entries of its own by which the caller lacks one of these privileges.
func (n *Node) Except(rq *webdav.Request, what privilege.Set) (*webdav.Exception, error) {
	if rq.Who.Is(n.Owner.ID) {
		return nil, nil
	}
	places, err := rq.Tx.PlacesBelow(n.Data.ID)
	if err != nil {
		return nil, err
	}
	own := map[int64][]privilege.ACE{}
	for _, p := range places {
		if p.Object == 0 {
			own[p.Collection] = plain(p.ACEs)
		}
	}
	for _, p := range places {
		need := what
		if p.Object != 0 {
			need &^= privilege.Bind | privilege.Unbind // RFC 3744 §3.9: ignored on what is no collection
		}
		entries := plain(p.ACEs)
		for _, over := range p.Over {
			if over != n.Data.ID {
				entries = append(entries, own[over]...)
			}
		}
		if have := rq.Judge(n.Owner.ID, entries, n.inherited()); !have.Rights.Has(need) {
			return &webdav.Exception{Path: below(n.path, p), Have: have.Rights}, nil
		}
	}
	return nil, nil
}

func below(path webdav.Path, p store.Place) webdav.Path {
	for i, name := range p.Names {
		path = path.Child(name, p.Object == 0 || i < len(p.Names)-1)
	}
	return path
}

func plain(list []store.ACE) []privilege.ACE {
	out := make([]privilege.ACE, len(list))
	for i, a := range list {
		out[i] = a.ACE
	}
	return out
}

// reached says whether an object in this collection is granted to the caller by entries of its own.
func (n *Node) reached(rq *webdav.Request) bool {
	if !n.entries.objects[n.Data.ID] {
		return false
	}
	inherited := n.inherited()
	for p, own := range n.entries.on {
		if p.collection == n.Data.ID && p.object != 0 && rq.Judge(n.Owner.ID, own, inherited).Rights != 0 {
			return true
		}
	}
	return false
}

var (
	_ webdav.Exceptions = (*Node)(nil)
	_ webdav.Link       = (*Node)(nil)
)
