package share

import (
	"errors"
	"fmt"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// mediaType is that of all notifications.
const mediaType = "application/xml;charset=utf-8"

// folder is the name of the collection of notifications in a home.
const folder = "notifications"

// The kinds of notification, as Object.Kind has them. The numbers are stored.
const (
	kindInvite uint32 = 1
	kindReply  uint32 = 2
	ofBook     uint32 = 4 // it is about an address book
)

// typeName is the element that tells a notification's kind, and sharedType its attribute.
func typeName(kind uint32) webdav.Name {
	if kind&kindReply != 0 {
		return cs("invite-reply")
	}
	return cs("invite-notification")
}

func sharedType(kind uint32) string {
	if kind&ofBook != 0 {
		return "addressbook"
	}
	return "calendar"
}

func kindFor(kind uint32, c *store.Collection) uint32 {
	if c.Kind == store.KindAddressBook {
		return kind | ofBook
	}
	return kind
}

// maxNotifications is how many somebody can have unread: what others do must not fill his account.
const maxNotifications = 1000

// invited tells the sharee how things stand: one notification for each share, the newest in the place of the one before.
func (b Broker) invited(c *store.Collection, owner *store.Principal, s *store.Share) error {
	state := map[store.ShareStatus]string{store.ShareAccepted: "invite-accepted", store.ShareDeclined: "invite-declined"}[s.Status]
	if state == "" {
		state = "invite-noresponse"
	}
	return b.invite(c, owner, s, state)
}

// ended tells the sharee that it is over; one who has not been asked yet, or does not want it, is left alone.
func (b Broker) ended(c *store.Collection, owner *store.Principal, s *store.Share) error {
	if s.Status == store.ShareAccepted {
		return b.invite(c, owner, s, "invite-deleted")
	}
	return b.retract(s)
}

func (b Broker) invite(c *store.Collection, owner *store.Principal, s *store.Share, state string) error {
	organizer, err := b.addressOf(owner)
	if err != nil || s.Sharee == 0 {
		return err
	}
	to, err := b.Tx.PrincipalByID(s.Sharee)
	if err != nil || to.Kind != store.User {
		return err
	}
	kind := kindFor(kindInvite, c)
	return b.notify(to, inviteName(s), kind, func(w *webdav.Writer) {
		w.Open(typeName(kind), "shared-type", sharedType(kind))
		text(w, cs("uid"), s.UID)
		writeSharee(w, s, to)
		w.Empty(cs(state))
		w.Open(cs("access"))
		w.Empty(cs(word(s.Level)))
		w.Close()
		writeLevel(w, s.Level)
		w.Open(cs("hosturl"))
		w.Href(PathOf(owner, c))
		w.Close()
		writeOrganizer(w, owner, organizer)
		if summary := summaryOf(c, s); summary != "" {
			text(w, cs("summary"), summary)
		}
		if c.Components != 0 {
			w.Open(calDAV("supported-calendar-component-set"))
			for _, comp := range ical.Kind(c.Components).Names() {
				w.Empty(calDAV("comp"), "name", comp)
			}
			w.Close()
		}
		w.Close()
	})
}

// summaryOf is what a shared collection is called in what is said about it.
func summaryOf(c *store.Collection, s *store.Share) string {
	switch {
	case s.Summary != "":
		return s.Summary
	case c.Display != nil && *c.Display != "":
		return *c.Display
	}
	return c.Name
}

// answered tells the owner what the sharee says, and takes the question away from him: his other devices need not ask it too.
func (b Broker) answered(s *store.Share, accept bool, summary string) error {
	if s.Via != 0 {
		return nil
	}
	if err := b.retract(s); err != nil {
		return err
	}
	c, err := b.Tx.CollectionByID(s.Collection)
	if err != nil {
		return err
	}
	rows, err := b.Tx.PrincipalsByID([]int64{c.Owner, s.Sharee})
	if err != nil {
		return err
	}
	owner, sharee := rows[c.Owner], rows[s.Sharee]
	if owner == nil || sharee == nil {
		return nil
	}
	state := "invite-declined"
	if accept {
		state = "invite-accepted"
	}
	kind := kindFor(kindReply, c)
	return b.notify(owner, "reply-"+s.UID+".xml", kind, func(w *webdav.Writer) {
		w.Open(typeName(kind), "shared-type", sharedType(kind))
		writeSharee(w, s, sharee)
		text(w, cs("common-name"), nameOf(sharee))
		w.Empty(cs(state))
		w.Open(cs("hosturl"))
		w.Href(PathOf(owner, c))
		w.Close()
		text(w, cs("in-reply-to"), s.UID)
		if summary != "" {
			text(w, cs("summary"), summary)
		}
		w.Close()
	})
}

func inviteName(s *store.Share) string { return "invite-" + s.UID + ".xml" }

// place is somebody's collection of notifications; ErrNotFound for who has none yet.
func (b Broker) place(p int64) (*store.Collection, error) {
	home, err := b.Tx.Root(p, store.KindCalendarHome)
	if err != nil {
		return nil, err
	}
	return b.Tx.Collection(home.ID, folder)
}

// notify leaves a notification. Who has no room for it does without: he still has the calendar to look at.
func (b Broker) notify(to *store.Principal, name string, kind uint32, content func(*webdav.Writer)) error {
	place, err := b.place(to.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	body := webdav.Render("", cs("notification"), func(w *webdav.Writer) {
		w.Open(cs("dtstamp"))
		w.Time(b.Tx.Now, "20060102T150405Z")
		w.Close()
		content(w)
	})
	old, err := b.Tx.Object(place.ID, name, 0)
	if errors.Is(err, store.ErrNotFound) {
		if place.Objects >= maxNotifications {
			return nil
		}
		old, err = &store.Object{Name: name}, nil
	}
	if err != nil {
		return err
	}
	if limit, limited := b.Tx.Limit(to); limited && to.Bytes+int64(len(body)) > limit {
		return nil
	}
	old.Media = mediaType
	if err := b.Tx.PutObject(place, old, body, store.Index{Kind: kind}); err != nil {
		return fmt.Errorf("notify %s: %w", to.Name, err)
	}
	return nil
}

// retract takes back the notification of an invitation.
func (b Broker) retract(s *store.Share) error {
	place, err := b.place(s.Sharee)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	o, err := b.Tx.Object(place.ID, inviteName(s), 0)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return b.Tx.DeleteObject(place, o)
}

// addressOf is the address somebody is known by; "" for none.
func (b Broker) addressOf(p *store.Principal) (string, error) {
	all, err := b.Tx.Addresses(p.ID)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// nameOf is what people call somebody.
func nameOf(p *store.Principal) string {
	if p.Display == "" {
		return p.Name
	}
	return p.Display
}

func text(w *webdav.Writer, n webdav.Name, s string) {
	w.Open(n)
	w.Text(s)
	w.Close()
}

// writeSharee writes whom the share is with: as he was invited or, where that was by his principal resource, that.
func writeSharee(w *webdav.Writer, s *store.Share, p *store.Principal) {
	if p != nil && s.Address == Address(p) {
		w.Href(pathTo(p))
	} else {
		w.Address(s.Address)
	}
}

func writeOrganizer(w *webdav.Writer, owner *store.Principal, address string) {
	w.Open(cs("organizer"))
	if address == "" {
		w.Href(pathTo(owner))
	} else {
		w.Address(address)
	}
	text(w, cs("common-name"), nameOf(owner))
	w.Close()
}
