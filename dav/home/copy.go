package home

import (
	"errors"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// PlanCopy is for a COPY of src, with all that the caller sees of it, into this collection.
func (n *Node) PlanCopy(rq *webdav.Request, src *Node, name string) *store.CopyPlan {
	return &store.CopyPlan{Source: src.Data, Parent: n.Data, Name: name, Sees: src.copied(rq)}
}

// FinishCopy makes what Prepare has copied of src visible as made, an unsaved collection. ErrStale when it was another
// collection that was copied, or when too much has changed in it since.
func (n *Node) FinishCopy(rq *webdav.Request, src *Node) error {
	cp, ok := rq.Upload.(*store.Copy)
	if !ok || !cp.Of(src.Data) {
		return webdav.ErrStale
	}
	done, err := rq.Tx.FinishCopy(cp, n.Row)
	if err == nil && !done {
		err = webdav.ErrStale
	}
	if err == nil {
		err = rq.Tx.CopyDead(src.Row.ID, 0, n.Row.ID, 0)
	}
	return err
}

// SaveLike makes an unsaved collection with the dead properties of src, and nothing in it.
func (n *Node) SaveLike(rq *webdav.Request, src *Node) error {
	err := n.Save(rq)
	if err == nil {
		err = rq.Tx.CopyDead(src.Row.ID, 0, n.Row.ID, 0)
	}
	return err
}

// copied leaves out what the caller may not read, or not all of. In his own home there is nothing such.
func (n *Node) copied(rq *webdav.Request) func(*store.Collection, *store.Object) (bool, error) {
	if n.entries.on == nil {
		return nil
	}
	whole := func(a privilege.Access) bool { return a.Rights.Has(privilege.Read) && a.View == privilege.Full }
	nodes := map[int64]*Node{n.Data.ID: n}
	return func(c *store.Collection, o *store.Object) (bool, error) {
		if o != nil {
			return whole((&Object{Row: *o, In: nodes[c.ID]}).access(rq)), nil
		}
		if node, known := nodes[c.ID]; known {
			return node != nil, nil
		}
		node, err := nodes[c.Parent].open(rq, c, []store.Kind{c.Kind}, nil)
		if errors.Is(err, store.ErrNotFound) {
			node, err = nil, nil
		}
		if node != nil && !whole(node.access) {
			node = nil
		}
		nodes[c.ID] = node
		return node != nil, err
	}
}
