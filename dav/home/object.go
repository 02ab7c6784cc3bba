package home

import (
	"time"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Object is a resource with a body in a collection. One that a listing yields is valid until the next step.
type Object struct {
	Row store.Object
	In  *Node
}

// Name is its path segment.
func (o *Object) Name() string { return o.Row.Name }

// Types is empty: it is no collection.
func (o *Object) Types() []webdav.Name { return nil }

// Path is where it is.
func (o *Object) Path() webdav.Path { return o.In.path.Child(o.Row.Name, false) }

// OwnerName is the DAV:owner.
func (o *Object) OwnerName() string { return o.In.OwnerName() }

// Rights are the collection's, unless it has entries of its own.
func (o *Object) Rights(rq *webdav.Request) privilege.Set { return o.access(rq).Rights }

// View is how much of it the caller sees.
func (o *Object) View(rq *webdav.Request) privilege.View { return o.access(rq).View }

func (o *Object) access(rq *webdav.Request) privilege.Access { return o.In.accessTo(rq, o.Row.ID) }

func (n *Node) accessTo(rq *webdav.Request, object int64) privilege.Access {
	if !n.Uneven() {
		return n.inside()
	}
	own := n.entries.of(n.Data.ID, object)
	if own == nil {
		return n.inside()
	}
	return rq.Judge(n.Owner.ID, own, n.inherited())
}

// Uneven says whether objects here have entries of their own, so that what holds for the collection need not hold for each.
func (n *Node) Uneven() bool { return n.entries.objects[n.Data.ID] }

// RightsTo are what the caller may do with the object of that row, for who reads no more of it than its times.
func (n *Node) RightsTo(rq *webdav.Request, object int64) privilege.Set {
	return n.accessTo(rq, object).Rights
}

// ETag follows the stored octets.
func (o *Object) ETag() string { return o.Row.Tag("") }

// Size is that of the stored octets.
func (o *Object) Size() int64 { return o.Row.Size }

// Created is when it was first stored.
func (o *Object) Created() time.Time { return time.Unix(o.Row.Created, 0) }

// Modified is when it was last stored.
func (o *Object) Modified() time.Time { return time.Unix(o.Row.Modified, 0) }

// DeadKey is its row.
func (o *Object) DeadKey() (collection, object int64) { return o.Row.Collection, o.Row.ID }
