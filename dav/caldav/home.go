package caldav

import (
	"errors"
	"iter"
	"slices"
	"time"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// root is the first path segment of the tree.
const root = "calendars"

// reserved are names in a home that no calendar gets: scheduling, notifications and attachments have their places there.
var reserved = []string{"inbox", "outbox", "notifications", "attachments"}

// Homes is /calendars/: its children are named for users.
type Homes struct{ opt Options }

// Name is its path segment.
func (Homes) Name() string { return root }

// Types says that it is a collection.
func (Homes) Types() []webdav.Name { return []webdav.Name{webdav.DAV("collection")} }

// Rights: every user may look at it; Members shows the caller's own home only.
func (Homes) Rights(rq *webdav.Request) privilege.Set { return webdav.LookRights(rq) }

// AbsentRights are none, as those on somebody else's home: who has an account here is not told.
func (Homes) AbsentRights(*webdav.Request, string) privilege.Set { return 0 }

// Child finds the caller's own home. Nobody else has rights in one, so another's is not looked for: neither the answer
// nor the time it takes tells whether there is such a home, calendar or object.
func (h Homes) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	own := rq.Who.Principal
	if own == nil || own.Name != name {
		return nil, store.ErrNotFound
	}
	return h.of(rq, own)
}

func (h Homes) of(rq *webdav.Request, owner *store.Principal) (*Home, error) {
	row, err := rq.Tx.Root(owner.ID, store.KindCalendarHome)
	if err != nil {
		return nil, err
	}
	return &Home{row: row, owner: owner, opt: h.opt}, nil
}

// Members yields the caller's own home.
func (h Homes) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		own := rq.Who.Principal
		if own == nil || names != nil && !slices.Contains(names, own.Name) {
			return
		}
		home, err := h.of(rq, own)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			yield(nil, err)
		default:
			yield(home, nil)
		}
	}
}

// Home is a user's calendar home: RFC 4791 §6.2.1. It holds calendars and nothing else.
type Home struct {
	row   *store.Collection
	owner *store.Principal
	opt   Options
}

// Name is the owner's.
func (h *Home) Name() string { return h.owner.Name }

// Types says that it is a collection.
func (h *Home) Types() []webdav.Name { return []webdav.Name{webdav.DAV("collection")} }

// ChargedTo is whose quota all that lies here counts against.
func (h *Home) ChargedTo() int64 { return h.row.Owner }

// OwnerName is the DAV:owner.
func (h *Home) OwnerName() string { return h.owner.Name }

// Rights decides for the home, its calendars and their objects alike: everything for the owner, nothing for others.
func (h *Home) Rights(rq *webdav.Request) privilege.Set {
	if rq.Who.Is(h.row.Owner) {
		return privilege.All
	}
	return 0
}

func (h *Home) path() webdav.Path { return webdav.P(root, h.owner.Name) }

// Created is when the account was made.
func (h *Home) Created() time.Time { return time.Unix(h.row.Created, 0) }

// Modified is when the home's own properties were last changed.
func (h *Home) Modified() time.Time { return time.Unix(h.row.Modified, 0) }

// DeadKey is the home's own row: clients keep settings for all calendars here.
func (h *Home) DeadKey() (collection, object int64) { return h.row.ID, 0 }

// Child finds a calendar.
func (h *Home) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	return h.calendar(rq, name)
}

func (h *Home) calendar(rq *webdav.Request, name string) (*Calendar, error) {
	row, err := rq.Tx.Collection(h.row.ID, name)
	if err != nil {
		return nil, err
	}
	if row.Kind != store.KindCalendar {
		return nil, store.ErrNotFound
	}
	return &Calendar{row: row, home: h}, nil
}

// Members yields the calendars, the oldest first: the default calendar leads.
func (h *Home) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for row, err := range rq.Tx.Collections(h.row.ID) {
			if err != nil {
				yield(nil, err)
				return
			}
			if row.Kind != store.KindCalendar || names != nil && !slices.Contains(names, row.Name) {
				continue
			}
			if !yield(&Calendar{row: row, home: h}, nil) {
				return
			}
		}
	}
}

// Token is RFC 6578's: it moves with every change in any calendar.
func (h *Home) Token(rq *webdav.Request) (store.Token, error) { return rq.Tx.Token(h.row) }

// Changes lists calendars that came, went, or changed in any way. What is gone was a calendar: its href ends in a slash,
// as the client has it.
func (h *Home) Changes(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	changes, next, more, err := rq.Tx.Changes(h.row, since, limit)
	for i := range changes {
		changes[i].Collection = true
	}
	return changes, next, more, err
}

// ChangesBelow lists calendars and objects.
func (h *Home) ChangesBelow(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	return rq.Tx.ChangesBelow(h.row, since, limit)
}

// TakesNoObjects says that there is no DAV:add-member here.
func (h *Home) TakesNoObjects() {}

// NewName is never asked for: a home takes no objects.
func (h *Home) NewName(*webdav.Request) string { return "" }

// Prepare refuses: objects lie in calendars.
func (h *Home) Prepare(rq *webdav.Request, name string) (any, error) {
	return nil, webdav.Forbidden("a calendar home takes calendars only: objects go into one of them")
}

// Put refuses, as Prepare does.
func (h *Home) Put(rq *webdav.Request, name string) (webdav.Stored, error) {
	_, err := h.Prepare(rq, name)
	return webdav.Stored{}, err
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
	return &Calendar{row: &store.Collection{Parent: h.row.ID, Owner: h.row.Owner, Kind: store.KindCalendar, Name: name}, home: h}, nil
}

// Remove deletes a calendar with all that is in it.
func (h *Home) Remove(rq *webdav.Request, name string) error {
	c, err := h.calendar(rq, name)
	if err != nil {
		return err
	}
	return rq.Tx.DeleteCollection(c.row)
}
