package share

import (
	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/carddav"
	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// properties are those of apple-caldav-sharing §4.1, §4.2 and §5.2, and of the draft.
func properties() []webdav.Property {
	return []webdav.Property{
		webdav.On(webdav.Prop[*principal.User]{Name: cs("notification-URL"), // §4.1.1
			Get: func(_ *webdav.Request, u *principal.User, w *webdav.Writer) error {
				w.Href(webdav.P("calendars", u.Name(), folder))
				return nil
			}}),
		webdav.On(webdav.Prop[*Notification]{Name: cs("notificationtype"), // §4.2.1
			Get: func(_ *webdav.Request, n *Notification, w *webdav.Writer) error {
				w.Empty(typeName(n.Row.Kind), "shared-type", sharedType(n.Row.Kind))
				return nil
			}}),
		webdav.On(webdav.Prop[*Notifications]{Name: webdav.DAV("displayname"), AllProp: true,
			Get: func(_ *webdav.Request, n *Notifications, w *webdav.Writer) error { w.Text(n.DisplayName()); return nil }}),
	}
}

// shared are collections that can be shared, and shares: Node is what the caller has of one.
type shared interface {
	*caldav.Calendar | *carddav.Book
	webdav.Resource
}

// nodeOf is nil for what cannot be shared.
func nodeOf(res webdav.Resource) *home.Node {
	switch r := res.(type) {
	case *caldav.Calendar:
		return r.Node
	case *carddav.Book:
		return r.Node
	}
	return nil
}

// on is a property of what can be shared.
func on[R shared](n webdav.Name, get func(*webdav.Request, *home.Node, *webdav.Writer) error) webdav.Property {
	return webdav.On(webdav.Prop[R]{Name: n, Get: func(rq *webdav.Request, r R, w *webdav.Writer) error { return get(rq, nodeOf(r), w) }})
}

func sharedProperties[R shared]() []webdav.Property {
	return []webdav.Property{
		on[R](cs("invite"), appleInvite), // §5.2.2
		on[R](cs("allowed-sharing-modes"), func(rq *webdav.Request, c *home.Node, w *webdav.Writer) error { // §5.2.3
			if !c.Rights(rq).Has(privilege.Share) {
				return webdav.ErrNoValue
			}
			w.Empty(cs("can-be-shared"))
			return nil
		}),
		on[R](cs("shared-url"), func(_ *webdav.Request, c *home.Node, w *webdav.Writer) error { // §5.2.4
			if !c.Mounted() {
				return webdav.ErrNoValue
			}
			w.Href(PathOf(c.Owner, c.Data))
			return nil
		}),
		on[R](webdav.DAV("share-access"), shareAccess),
		on[R](webdav.DAV("invite"), invite),
		on[R](own("level"), func(_ *webdav.Request, c *home.Node, w *webdav.Writer) error {
			if !c.Mounted() {
				return webdav.ErrNoValue
			}
			w.Empty(own(c.Row.Level.Name()))
			return nil
		}),
	}
}

// each is what a collection is shared with. A sharee reads of himself alone, in what his own row says, and so without a
// statement for each of his many shares; who may neither share it nor read who may do what with it reads nothing.
func each(rq *webdav.Request, c *home.Node, write func(s *store.Share, p *store.Principal) error) error {
	if c.Mounted() {
		p := rq.Who.Principal
		return write(&store.Share{Address: Address(p), Sharee: p.ID, Level: c.Row.Level, Status: store.ShareAccepted, Summary: c.DisplayName()}, p)
	}
	if !c.Row.Shared || c.Rights(rq)&(privilege.Share|privilege.ReadACL) == 0 {
		return webdav.ErrNoValue
	}
	all, err := rq.Tx.Shares(c.Data.ID)
	if err != nil {
		return err
	}
	var ids []int64
	for _, s := range all {
		if s.Via == 0 && s.Sharee != 0 {
			ids = append(ids, s.Sharee)
		}
	}
	people, err := rq.Tx.PrincipalsByID(ids)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Via != 0 {
			continue
		}
		if err := write(s, people[s.Sharee]); err != nil {
			return err
		}
	}
	return nil
}

// states are how both dialects call how an invitation stands.
var states = map[store.ShareStatus]string{
	store.ShareInvited: "invite-noresponse", store.ShareAccepted: "invite-accepted", store.ShareDeclined: "invite-declined", store.ShareInvalid: "invite-invalid",
}

// appleInvite is CS:invite: an organizer for sharees, and users.
func appleInvite(rq *webdav.Request, c *home.Node, w *webdav.Writer) error {
	if c.Mounted() {
		writeOrganizer(w, c.Owner, "")
	}
	return each(rq, c, func(s *store.Share, p *store.Principal) error {
		w.Open(cs("user"))
		writeSharee(w, s, p)
		if p != nil {
			text(w, cs("common-name"), nameOf(p))
		}
		w.Empty(cs(states[s.Status]))
		w.Open(cs("access"))
		w.Empty(cs(word(s.Level)))
		w.Close()
		writeLevel(w, s.Level)
		if s.Summary != "" {
			text(w, cs("summary"), s.Summary)
		}
		w.Close()
		return nil
	})
}

// invite is the draft's DAV:invite.
func invite(rq *webdav.Request, c *home.Node, w *webdav.Writer) error {
	return each(rq, c, func(s *store.Share, p *store.Principal) error {
		w.Open(webdav.DAV("sharee"))
		writeSharee(w, s, p)
		w.Open(webdav.DAV("prop"))
		if p != nil {
			text(w, webdav.DAV("displayname"), nameOf(p))
		}
		w.Close()
		w.Empty(webdav.DAV(states[s.Status]))
		w.Open(webdav.DAV("share-access"))
		w.Empty(webdav.DAV(word(s.Level)))
		w.Close()
		writeLevel(w, s.Level)
		if s.Comment != "" {
			text(w, webdav.DAV("comment"), s.Comment)
		}
		w.Close()
		return nil
	})
}

// shareAccess is the draft's DAV:share-access: what the collection is to who looks at it.
func shareAccess(_ *webdav.Request, c *home.Node, w *webdav.Writer) error {
	switch {
	case c.Mounted():
		w.Empty(webdav.DAV(word(c.Row.Level)))
	case !c.Mine():
		return webdav.ErrNoValue
	case c.Row.Shared:
		w.Empty(webdav.DAV("shared-owner"))
	default:
		w.Empty(webdav.DAV("not-shared"))
	}
	return nil
}
