package caldav

import (
	"iter"
	"maps"
	"slices"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// root is the first path segment of the tree.
const root = "calendars"

// reserved are names in a home that no calendar gets: scheduling, notifications and attachments have their places there.
var reserved = []string{"inbox", "outbox", "notifications", "attachments"}

// tree is /calendars/.
func tree(opt Options) *home.Tree {
	return &home.Tree{Segment: root, Kind: store.KindCalendarHome, Open: func(n *home.Node) webdav.Resource { return newHome(n, opt) }}
}

// Home is a user's calendar home: RFC 4791 §6.2.1. It holds calendars and nothing else.
type Home struct {
	home.Home
	opt Options
}

func newHome(n *home.Node, opt Options) *Home {
	return &Home{home.Home{Node: n, Refusal: "a calendar home takes calendars only: objects go into one of them"}, opt}
}

// Child finds a calendar, or one of the other places.
func (h *Home) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	n, err := h.Collection(rq, name, h.kinds()...)
	if err != nil {
		return nil, err
	}
	return h.member(n), nil
}

// calendars are the kinds of collections that are calendars.
var calendars = []store.Kind{store.KindCalendar, store.KindBirthdays}

// kinds are those of all that lies in a home.
func (h *Home) kinds() []store.Kind {
	return append(slices.Collect(maps.Keys(h.opt.Places)), calendars...)
}

func (h *Home) member(n *home.Node) webdav.Resource {
	if place := h.opt.Places[n.Row.Kind]; place != nil {
		return place(n)
	}
	return h.opened(n)
}

func (h *Home) opened(n *home.Node) *Calendar {
	n.Hides = hides
	return &Calendar{Node: n, home: h}
}

func (h *Home) calendar(rq *webdav.Request, name string) (*Calendar, error) {
	n, err := h.Collection(rq, name, calendars...)
	if err != nil {
		return nil, err
	}
	return h.opened(n), nil
}

// Members yields the calendars and the other places, the oldest first: the default calendar leads.
func (h *Home) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for n, err := range h.Collections(rq, names, h.kinds()...) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(h.member(n), nil) {
				return
			}
		}
	}
}

func (h *Home) each(rq *webdav.Request, names []string) iter.Seq2[*Calendar, error] {
	return func(yield func(*Calendar, error) bool) {
		for n, err := range h.Collections(rq, names, calendars...) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(h.opened(n), nil) {
				return
			}
		}
	}
}

// locationOK is CALDAV:calendar-collection-location-ok for a calendar of that name in this home.
func (h *Home) locationOK(name string) error {
	if slices.Contains(reserved, name) {
		return ErrLocation.With("the name %q is reserved in a calendar home", name)
	}
	return nil
}

// Make begins a calendar: MKCALENDAR, and MKCOL with the types of one (RFC 5689).
func (h *Home) Make(rq *webdav.Request, name string, types []webdav.Name) (webdav.Resource, error) {
	if err := h.locationOK(name); err != nil {
		return nil, err
	}
	plain := true
	for _, t := range types {
		plain = plain && t == webdav.DAV("collection")
	}
	switch {
	case plain:
		return nil, ErrLocation.With("a calendar home takes calendars, no plain collections")
	case len(types) != 2 || !slices.Contains(types, webdav.DAV("collection")) || !slices.Contains(types, calDAV("calendar")):
		return nil, webdav.ErrValidResourceType.With("a calendar home takes calendars only: DAV:collection and CALDAV:calendar")
	}
	return &Calendar{Node: h.New(name, store.KindCalendar), home: h}, nil
}

// Remove deletes a calendar with all that is in it; of one that somebody else shares, the share.
func (h *Home) Remove(rq *webdav.Request, name string) error {
	n, err := h.Collection(rq, name, h.kinds()...)
	if err != nil {
		return err
	}
	if n.Row.Kind != store.KindCalendar && !n.Mounted() {
		return webdav.Forbidden("%s belongs to the account and stays", n.Path())
	}
	return h.remove(rq, n)
}

func (h *Home) remove(rq *webdav.Request, n *home.Node) error {
	if h.opt.Removing != nil {
		if err := h.opt.Removing(rq, n); err != nil {
			return err
		}
	}
	return rq.Tx.DeleteCollection(n.Row)
}
