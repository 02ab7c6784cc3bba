package share

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Notifications is the collection of what somebody is told: apple-caldav-sharing §4. The server writes into it, and he reads
// and deletes; whoever else may read all of his home may read it.
type Notifications struct{ *home.Node }

// Types is the collection's (§4) and, as clients ask for it, CS:notifications too.
func (n *Notifications) Types() []webdav.Name {
	return []webdav.Name{webdav.DAV("collection"), cs("notification"), cs("notifications")}
}

// Rights leave out what nobody does here.
func (n *Notifications) Rights(rq *webdav.Request) privilege.Set {
	may := privilege.Read | privilege.ReadCurrentUser | privilege.ReadACL
	if rq.Who.Is(n.Owner.ID) {
		may |= privilege.Unbind
	}
	return n.Node.Rights(rq) & may
}

// DisplayName is what it is.
func (n *Notifications) DisplayName() string { return "Notifications" }

// open makes the resource of a row. Its hrefs are stored without the base path, which only a request knows, so that its size is known
// when its text is.
func (n *Notifications) open(rq *webdav.Request, row *store.Object) *Notification {
	o := &Notification{home.Object{Row: *row, In: n.Node}, n}
	if rq.Base == "" {
		return o
	}
	o.Row.Size = -1
	if row.Body != nil {
		o.Row.Body = bytes.ReplaceAll(row.Body, []byte("<d:href>/"), []byte("<d:href>"+rq.Base+"/"))
		o.Row.Size = int64(len(o.Row.Body))
	}
	return o
}

// Child finds a notification.
func (n *Notifications) Child(rq *webdav.Request, name string, want store.Want) (webdav.Resource, error) {
	row, err := rq.Tx.Object(n.Data.ID, name, want)
	if err != nil {
		return nil, err
	}
	return n.open(rq, row), nil
}

// Members yields notifications.
func (n *Notifications) Members(rq *webdav.Request, names []string, want store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for row, err := range rq.Tx.Objects(n.Data.ID, want, names...) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(n.open(rq, row), nil) {
				return
			}
		}
	}
}

var errOurs = webdav.Forbidden("notifications are written by the server")

// Prepare refuses.
func (n *Notifications) Prepare(*webdav.Request, string) (any, error) { return nil, errOurs }

// Put refuses.
func (n *Notifications) Put(*webdav.Request, string) (webdav.Stored, error) {
	return webdav.Stored{}, errOurs
}

// Make refuses.
func (n *Notifications) Make(*webdav.Request, string, []webdav.Name) (webdav.Resource, error) {
	return nil, errOurs
}

// Copy refuses.
func (n *Notifications) Copy(*webdav.Request, webdav.Resource, string) (webdav.Stored, error) {
	return webdav.Stored{}, errOurs
}

// Move refuses.
func (n *Notifications) Move(*webdav.Request, webdav.Resource, string) (webdav.Stored, error) {
	return webdav.Stored{}, errOurs
}

// Remove deletes a notification: it was read.
func (n *Notifications) Remove(rq *webdav.Request, name string) error {
	row, err := rq.Tx.Object(n.Data.ID, name, 0)
	if err != nil {
		return err
	}
	return rq.Tx.DeleteObject(n.Data, row)
}

// NewName is never asked for.
func (n *Notifications) NewName(*webdav.Request) string { return "" }

// TakesNoObjects says that there is no DAV:add-member here.
func (n *Notifications) TakesNoObjects() {}

// Notification is one of them.
type Notification struct {
	home.Object
	in *Notifications
}

// Rights are those on all notifications.
func (n *Notification) Rights(rq *webdav.Request) privilege.Set { return n.in.Rights(rq) }

// ContentType is the same for all.
func (n *Notification) ContentType() string { return mediaType }

// Represent gives it as it was written.
func (n *Notification) Represent(*webdav.Request) (webdav.Rep, error) {
	if n.Row.Body == nil {
		return webdav.Rep{}, fmt.Errorf("represent %q: it was read without its body", n.Row.Name)
	}
	return webdav.Rep{Type: mediaType, Body: n.Row.Body, ETag: n.ETag(), Modified: n.Modified(), Filename: n.Row.Name}, nil
}

// provision gives an account its collection of notifications, and asks about the invitations that have come already: all at the first
// visit, later those that have become its own just now, with an address.
func provision(opt Options) func(*webdav.Request, *store.Principal) error {
	return func(rq *webdav.Request, p *store.Principal) error {
		h, err := rq.Tx.Root(p.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		_, err = rq.Tx.Collection(h.ID, folder)
		first := errors.Is(err, store.ErrNotFound)
		if first {
			err = rq.Tx.CreateCollection(&store.Collection{Parent: h.ID, Owner: p.ID, Kind: store.KindNotifications, Name: folder})
		}
		if err != nil {
			return err
		}
		waiting, err := rq.Tx.SharesTo(p.ID, store.ShareInvited)
		for _, s := range waiting {
			if err == nil && (first || s.At == rq.Tx.Now.Unix()) {
				err = opt.broker(rq).ask(s)
			}
		}
		return err
	}
}

// ask is Invite for an invitation that has found its sharee.
func (b Broker) ask(s *store.Share) error {
	c, err := b.Tx.CollectionByID(s.Collection)
	if err != nil {
		return err
	}
	owner, err := b.Tx.PrincipalByID(c.Owner)
	if err != nil {
		return err
	}
	if b.Accept {
		if _, err := b.Tx.Accept(s, ""); err != nil {
			return err
		}
	}
	return b.invited(c, owner, s)
}

var (
	_ webdav.Container  = (*Notifications)(nil)
	_ webdav.DeepSyncer = (*Notifications)(nil)
	_ webdav.Dated      = (*Notifications)(nil)
	_ webdav.Object     = (*Notification)(nil)
	_ webdav.Dated      = (*Notification)(nil)
)
