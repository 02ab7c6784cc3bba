package caldav

import (
	"iter"
	"sync"
	"time"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// Calendar is a calendar collection: RFC 4791 §4.2. It holds calendar objects and no collections.
type Calendar struct {
	*home.Node
	home *Home

	overlays map[int64]store.Overlay // the caller's own alarms, once they were read

	zone     *time.Location
	zoneOnce sync.Once
}

// Types are those RFC 4791 §4.2 wants.
func (c *Calendar) Types() []webdav.Name {
	return c.Sharing(webdav.DAV("collection"), calDAV("calendar"))
}

// Color is what the client gave, mostly "#RRGGBB" or "#RRGGBBAA"; "" for none.
func (c *Calendar) Color() string { return valueOf(c.Row.Color) }

// Components are the kinds of component it takes; 0 for every one.
func (c *Calendar) Components() ical.Kind { return ical.Kind(c.Data.Components) }

// Count is how many objects it holds.
func (c *Calendar) Count() int64 { return c.Data.Objects }

// Takes says whether objects of that kind may lie here.
func (c *Calendar) Takes(k ical.Kind) bool {
	return c.Data.Components == 0 || c.Components()&k != 0
}

// Zone is where floating times and dates of this calendar are: RFC 4791 §5.2.2. Without calendar-timezone it is UTC.
func (c *Calendar) Zone() *time.Location {
	c.zoneOnce.Do(func() {
		c.zone = time.UTC
		if c.timezone() == nil {
			return
		}
		if loc, err := zone.FromVTimezone([]byte(*c.timezone())); err == nil {
			c.zone = loc
		}
	})
	return c.zone
}

// timezone is what the calendar was given; on a share, by its owner, as long as the sharee has none of his own.
func (c *Calendar) timezone() *string {
	if c.Row.Timezone != nil {
		return c.Row.Timezone
	}
	return c.Data.Timezone
}

func valueOf(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// Child finds an object.
func (c *Calendar) Child(rq *webdav.Request, name string, want store.Want) (webdav.Resource, error) {
	row, err := rq.Tx.Object(c.Data.ID, name, want)
	if err != nil {
		return nil, err
	}
	o, err := c.object(rq, row)
	if err == nil && o == nil {
		err = store.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Members yields objects.
func (c *Calendar) Members(rq *webdav.Request, names []string, want store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		var o Object // one for all: a listing would spend more on their memory than on reading them
		for row, err := range rq.Tx.Objects(c.Data.ID, want, names...) {
			if err != nil {
				yield(nil, err)
				return
			}
			shown, err := c.show(rq, &o, row)
			if err != nil {
				yield(nil, err)
				return
			}
			if shown && !yield(&o, nil) {
				return
			}
		}
	}
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
	row, err := rq.Tx.Object(c.Data.ID, name, 0)
	if err != nil {
		return err
	}
	return rq.Tx.DeleteObject(c.Data, row)
}

// NewName invents a name; some clients take only what ends in ".ics" for an event.
func (c *Calendar) NewName(*webdav.Request) string {
	return home.NewName(".ics")
}
