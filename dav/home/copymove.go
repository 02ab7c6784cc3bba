package home

import (
	"errors"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// makeRoom makes the checks on an object that is copied or moved here, and takes away what stands in its place. Its data
// was judged when it was stored: only what differs between collections is judged again.
func (n *Node) makeRoom(rq *webdav.Request, r *Rules, src *Object, name string, moved bool) (free bool, err error) {
	if err := src.In.whole(); err != nil {
		return false, err
	}
	if err := r.Fits(src.Row.Size); err != nil {
		return false, err
	}
	standing, err := n.Standing(rq, name, 0)
	if err != nil {
		return false, err
	}
	var self int64
	if moved {
		self = src.Row.ID
	}
	if err := n.UIDConflict(rq, r, src.Row.UID, standing, self); err != nil {
		return false, err
	}
	if standing == nil {
		return true, nil
	}
	return false, rq.Tx.DeleteObject(n.Data, standing) // RFC 4918 §9.8.4: with all its properties
}

// whole refuses to copy what is seen only in part: the copy would be all of it.
func (n *Node) whole() error {
	if n.View() != privilege.Full {
		return webdav.Forbidden("%s is shared for a part of it only, and is not copied", n.Path())
	}
	return nil
}

// CopyObject makes a new object with the octets and the dead properties of another.
func (n *Node) CopyObject(rq *webdav.Request, r *Rules, src *Object, name string) (webdav.Stored, error) {
	created, err := n.makeRoom(rq, r, src, name, false)
	if err != nil {
		return webdav.Stored{}, err
	}
	row, err := n.duplicate(rq, r, src.In, src.Row.Name, name)
	if err == nil {
		err = rq.Tx.CopyDead(src.Row.Collection, src.Row.ID, n.Data.ID, row.ID)
	}
	if err != nil {
		return webdav.Stored{}, err
	}
	return webdav.Stored{Created: created, ETag: row.Tag("")}, nil
}

func (n *Node) duplicate(rq *webdav.Request, r *Rules, in *Node, from, name string) (*store.Object, error) {
	src, err := rq.Tx.Object(in.Data.ID, from, store.Body|store.Series)
	if err != nil {
		return nil, err
	}
	ix, err := r.Reindex(src)
	if err != nil {
		return nil, err
	}
	row := &store.Object{Name: name, Media: src.Media}
	return row, rq.Tx.PutObject(n.Data, row, src.Body, ix)
}

// MoveObject gives an object another name, another collection, or both. What lies in a share stays there:
// apple-caldav-sharing §5.5.5.
func (n *Node) MoveObject(rq *webdav.Request, r *Rules, src *Object, name string) (webdav.Stored, error) {
	if src.In.Mounted() && src.In.Data.ID != n.Data.ID {
		return webdav.Stored{}, webdav.Forbidden("%s belongs to %s: copy it instead", src.Path(), src.In.Owner.Name)
	}
	created, err := n.makeRoom(rq, r, src, name, true)
	if err != nil {
		return webdav.Stored{}, err
	}
	return webdav.Stored{Created: created, ETag: src.ETag()}, rq.Tx.MoveObject(src.In.Data, &src.Row, n.Data, name)
}

// takes judges what a COPY or MOVE brings into a home.
func (h *Home) takes(r *Rules, from webdav.Resource) (*Node, error) {
	if src := r.CollectionOf(from); src != nil {
		return src, nil
	}
	if _, ok := from.(webdav.Collection); ok {
		return nil, r.Location.With("%s", h.Refusal)
	}
	return nil, webdav.Forbidden("%s", h.Refusal)
}

// source takes away what stands under the name.
func (h *Home) source(rq *webdav.Request, r *Rules, from webdav.Resource, name string, kind store.Kind) (src *Node, created bool, err error) {
	if src, err = h.takes(r, from); err != nil {
		return nil, false, err
	}
	standing, err := h.Collection(rq, name, kind)
	if errors.Is(err, store.ErrNotFound) {
		return src, true, nil
	}
	if err != nil {
		return nil, false, err
	}
	if r.Remove != nil {
		return src, false, r.Remove(rq, standing)
	}
	return src, false, rq.Tx.DeleteCollection(standing.Row)
}

// PlanCollection judges whether a collection can be copied here.
func (h *Home) PlanCollection(rq *webdav.Request, r *Rules, from webdav.Resource, name string) (*store.CopyPlan, error) {
	src, err := h.takes(r, from)
	if err == nil {
		err = src.whole()
	}
	if err != nil {
		return nil, err
	}
	return h.PlanCopy(rq, src, name), nil
}

// CopyCollection makes a new collection with the properties of another and, unless Depth is 0 (RFC 4918 §9.8.3), all its
// objects.
func (h *Home) CopyCollection(rq *webdav.Request, r *Rules, from webdav.Resource, name string, kind store.Kind) (webdav.Stored, error) {
	depth, err := rq.Depth()
	if err != nil {
		return webdav.Stored{}, err
	}
	src, created, err := h.source(rq, r, from, name, kind)
	if err == nil {
		err = src.whole()
	}
	if err != nil {
		return webdav.Stored{}, err
	}
	made := h.Like(src, name)
	if depth == webdav.Depth0 {
		err = made.SaveLike(rq, src)
	} else {
		err = made.FinishCopy(rq, src)
	}
	return webdav.Stored{Created: created}, err
}

// MoveCollection renames a collection. It stays in its home: another one would change its owner.
func (h *Home) MoveCollection(rq *webdav.Request, r *Rules, from webdav.Resource, name string, kind store.Kind) (webdav.Stored, error) {
	if n := r.CollectionOf(from); n != nil && n.Row.Parent != h.Row.ID {
		return webdav.Stored{}, webdav.Forbidden("%s stays in its owner's home: copy it instead", r.Holds)
	}
	src, created, err := h.source(rq, r, from, name, kind)
	if err != nil {
		return webdav.Stored{}, err
	}
	return webdav.Stored{Created: created}, rq.Tx.MoveCollection(src.Row, h.Data, name)
}
