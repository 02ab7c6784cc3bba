package home

import (
	"time"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Node is a collection as the caller meets it: a home, or a calendar, book or folder in it.
type Node struct {
	Row   *store.Collection // what it is here: its name and its own properties
	Data  *store.Collection // what holds its members: Row or, where that is an accepted share, the collection that is shared
	Owner *store.Principal  // of Data

	// Hides says by its row whether nothing of an object is shown in a view that is not the full one; nil where objects have no
	// parts to show.
	Hides func(privilege.View, *store.Object) bool

	access  privilege.Access
	granted privilege.Set // of a share: what its owner has granted
	entries entries       // of all that lies in the home; nil in the caller's own, where none is asked for
	path    webdav.Path
	parent  *Node // nil for a home
	mine    bool  // it lies in the caller's own home
}

// Name is its path segment.
func (n *Node) Name() string {
	if n.Row.Parent == 0 {
		return n.Owner.Name
	}
	return n.Row.Name
}

// Path is where it is.
func (n *Node) Path() webdav.Path { return n.path }

// OwnerName is the DAV:owner: of a share, who shares it.
func (n *Node) OwnerName() string { return n.Owner.Name }

// Payer is whose quota all that lies here counts against.
func (n *Node) Payer() *store.Principal { return n.Owner }

// Rights are what the caller may do here.
func (n *Node) Rights(*webdav.Request) privilege.Set { return n.kept(n.access.Rights) }

// kept leaves out what nobody may do where the server itself writes the members.
func (n *Node) kept(rights privilege.Set) privilege.Set {
	if n.Data.Kind == store.KindBirthdays {
		return rights &^ (privilege.WriteContent | privilege.Bind | privilege.Unbind)
	}
	return rights
}

// inside is what he may do with what lies in it: of a share he may call the collection what he likes, but not the objects.
func (n *Node) inside() privilege.Access {
	a := n.access
	if n.Mounted() {
		a.Rights = n.granted
	}
	a.Rights = n.kept(a.Rights)
	return a
}

// View is how much of the objects here the caller sees.
func (n *Node) View() privilege.View { return n.access.View }

// Mounted says whether it is an accepted share.
func (n *Node) Mounted() bool { return n.Row != n.Data }

// Mine says whether it lies in the caller's own home.
func (n *Node) Mine() bool { return n.mine }

// Sharing adds to the types of a collection who shares it with whom: apple-caldav-sharing §5.2.1.
func (n *Node) Sharing(types ...webdav.Name) []webdav.Name {
	switch {
	case n.Mounted():
		types = append(types, webdav.Name{Space: webdav.NSCalendarServer, Local: "shared"})
	case n.Row.Shared && n.mine:
		types = append(types, webdav.Name{Space: webdav.NSCalendarServer, Local: "shared-owner"})
	}
	return types
}

// Created is when it was made.
func (n *Node) Created() time.Time { return time.Unix(n.Row.Created, 0) }

// Modified is when its own properties were last changed.
func (n *Node) Modified() time.Time { return time.Unix(n.Row.Modified, 0) }

// Own is the revision of its own properties: it goes up when one of them is changed.
func (n *Node) Own() int64 { return n.Row.Own }

// Shared is the row of what is shared here.
func (n *Node) Shared() int64 { return n.Data.ID }

// DeadKey is its own row: who has accepted a share keeps properties of his own with it. What others have kept with a
// collection is no part of what is shown to who sees it in part.
func (n *Node) DeadKey() (collection, object int64) {
	if n.access.View != privilege.Full && !n.Mounted() {
		return 0, 0
	}
	return n.Row.ID, 0
}

// DeadParent is the collection whose children's are read together.
func (n *Node) DeadParent() int64 { return n.Row.Parent }

// DisplayName is what people call it; "" when nobody has said.
func (n *Node) DisplayName() string {
	if n.Row.Display == nil {
		return ""
	}
	return *n.Row.Display
}

// SetDisplayName sets it, or with "" removes it.
func (n *Node) SetDisplayName(s string) {
	n.Row.Display = nil
	if s != "" {
		n.Row.Display = &s
	}
}

// Save writes the row: a new collection is made, an older one's properties are changed.
func (n *Node) Save(rq *webdav.Request) error {
	if n.Row.ID == 0 {
		return rq.Tx.CreateCollection(n.Row)
	}
	return rq.Tx.SaveCollection(n.Row)
}

// New is a collection to be made in this one, unsaved.
func (n *Node) New(name string, kind store.Kind) *Node {
	row := &store.Collection{Parent: n.Row.ID, Owner: n.Row.Owner, Kind: kind, Name: name}
	return n.below(row, n.access)
}

// Like is a collection to be made in this one with the properties of another, unsaved.
func (n *Node) Like(src *Node, name string) *Node {
	row := *src.Data
	if src.Mounted() { // what the caller calls it goes along
		row.Display, row.Color, row.Order, row.Transparent = src.Row.Display, src.Row.Color, src.Row.Order, src.Row.Transparent
	}
	row.ID, row.Parent, row.Owner, row.Name = 0, n.Row.ID, n.Row.Owner, name
	if row.Kind == store.KindBirthdays { // a copy is the caller's own
		row.Kind = store.KindCalendar
	}
	return n.below(&row, n.access)
}

func (n *Node) below(row *store.Collection, access privilege.Access) *Node {
	return &Node{Row: row, Data: row, Owner: n.Owner, access: access, entries: n.entries, path: n.path.Child(row.Name, true), parent: n, mine: n.mine}
}
