package caldav

import (
	"crypto/rand"
	"encoding/hex"
	"iter"
	"sync"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// Calendar is a calendar collection: RFC 4791 §4.2. It holds calendar objects and no collections.
type Calendar struct {
	row  *store.Collection
	home *Home

	zone     *time.Location
	zoneOnce sync.Once
}

// Name is its path segment.
func (c *Calendar) Name() string { return c.row.Name }

// Types are those RFC 4791 §4.2 wants.
func (c *Calendar) Types() []webdav.Name {
	return []webdav.Name{webdav.DAV("collection"), calDAV("calendar")}
}

// ChargedTo is whose quota its objects count against: the home's owner's.
func (c *Calendar) ChargedTo() int64 { return c.row.Owner }

// OwnerName is the DAV:owner.
func (c *Calendar) OwnerName() string { return c.home.OwnerName() }

// Rights are the home's.
func (c *Calendar) Rights(rq *webdav.Request) privilege.Set { return c.home.Rights(rq) }

func (c *Calendar) path() webdav.Path { return c.home.path().Child(c.row.Name, true) }

// Created is when the calendar was made.
func (c *Calendar) Created() time.Time { return time.Unix(c.row.Created, 0) }

// Modified is when its own properties were last changed.
func (c *Calendar) Modified() time.Time { return time.Unix(c.row.Modified, 0) }

// Own is the revision of its own properties: it goes up when one of them is changed.
func (c *Calendar) Own() int64 { return c.row.Own }

// DeadKey is its own row.
func (c *Calendar) DeadKey() (collection, object int64) { return c.row.ID, 0 }

// DisplayName is what people call it; "" when nobody has said.
func (c *Calendar) DisplayName() string { return valueOf(c.row.Display) }

// SetDisplayName sets it, or with "" removes it.
func (c *Calendar) SetDisplayName(s string) {
	c.row.Display = nil
	if s != "" {
		c.row.Display = &s
	}
}

// Color is what the client gave, mostly "#RRGGBB" or "#RRGGBBAA"; "" for none.
func (c *Calendar) Color() string { return valueOf(c.row.Color) }

// Components are the kinds of component it takes; 0 for every one.
func (c *Calendar) Components() ical.Kind { return ical.Kind(c.row.Components) }

// Count is how many objects it holds.
func (c *Calendar) Count() int64 { return c.row.Objects }

// Takes says whether objects of that kind may lie here.
func (c *Calendar) Takes(k ical.Kind) bool {
	return c.row.Components == 0 || c.Components()&k != 0
}

// Zone is where floating times and dates of this calendar are: RFC 4791 §5.2.2. Without calendar-timezone it is UTC.
func (c *Calendar) Zone() *time.Location {
	c.zoneOnce.Do(func() {
		c.zone = time.UTC
		if c.row.Timezone == nil {
			return
		}
		if loc, err := zone.FromVTimezone([]byte(*c.row.Timezone)); err == nil {
			c.zone = loc
		}
	})
	return c.zone
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Save writes the row: a new calendar is made, an older one's properties are changed.
func (c *Calendar) Save(rq *webdav.Request) error {
	if c.row.ID == 0 {
		return rq.Tx.CreateCollection(c.row)
	}
	return rq.Tx.SaveCollection(c.row)
}

// Child finds an object.
func (c *Calendar) Child(rq *webdav.Request, name string, want store.Want) (webdav.Resource, error) {
	row, err := rq.Tx.Object(c.row.ID, name, want)
	if err != nil {
		return nil, err
	}
	return &Object{row: *row, calendar: c}, nil
}

// Members yields objects.
func (c *Calendar) Members(rq *webdav.Request, names []string, want store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for row, err := range rq.Tx.Objects(c.row.ID, want, names...) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&Object{row: *row, calendar: c}, nil) {
				return
			}
		}
	}
}

// Token is RFC 6578's.
func (c *Calendar) Token(rq *webdav.Request) (store.Token, error) { return rq.Tx.Token(c.row) }

// Changes lists the objects that differ from a token's state.
func (c *Calendar) Changes(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	return rq.Tx.Changes(c.row, since, limit)
}

// ChangesBelow is Changes: there is nothing below the objects.
func (c *Calendar) ChangesBelow(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	return c.Changes(rq, since, limit)
}

// Make refuses: no client makes collections inside a calendar, and RFC 4791 §4.2 forbids calendars there.
func (c *Calendar) Make(*webdav.Request, string, []webdav.Name) (webdav.Resource, error) {
	return nil, ErrLocation.With("a calendar holds no collections")
}

// Remove deletes an object.
func (c *Calendar) Remove(rq *webdav.Request, name string) error {
	row, err := rq.Tx.Object(c.row.ID, name, 0)
	if err != nil {
		return err
	}
	return rq.Tx.DeleteObject(c.row, row)
}

// NewName invents a name; some clients take only what ends in ".ics" for an event.
func (c *Calendar) NewName(*webdav.Request) string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:]) + ".ics"
}
