package caldav

import (
	"fmt"
	"strings"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// mediaType is the Content-Type of every object. There is no component parameter: older clients compare the whole text.
const mediaType = "text/calendar;charset=utf-8"

// Object is a calendar object resource: RFC 4791 §4.1. One that Members yields is valid until the next step.
type Object struct {
	row      store.Object
	calendar *Calendar
	parsed   *parsed
}

// Name is its path segment.
func (o *Object) Name() string { return o.row.Name }

// Types is empty: it is no collection.
func (o *Object) Types() []webdav.Name { return nil }

// OwnerName is the DAV:owner.
func (o *Object) OwnerName() string { return o.calendar.OwnerName() }

// Rights are the home's.
func (o *Object) Rights(rq *webdav.Request) privilege.Set { return o.calendar.Rights(rq) }

// ETag follows the stored octets.
func (o *Object) ETag() string { return o.row.Tag("") }

// ContentType is the same for all.
func (o *Object) ContentType() string { return mediaType }

// Size is that of the stored octets.
func (o *Object) Size() int64 { return o.row.Size }

// Created is when it was first stored.
func (o *Object) Created() time.Time { return time.Unix(o.row.Created, 0) }

// Modified is when it was last stored.
func (o *Object) Modified() time.Time { return time.Unix(o.row.Modified, 0) }

// DeadKey is its row.
func (o *Object) DeadKey() (collection, object int64) { return o.row.Collection, o.row.ID }

// Represent gives the octets as the client sent them, unless the request wants jCal or other time zones.
func (o *Object) Represent(rq *webdav.Request) (webdav.Rep, error) {
	if o.row.Body == nil {
		return webdav.Rep{}, fmt.Errorf("represent %q: it was read without its body", o.row.Name)
	}
	r := o.in(rq, formOf(rq))
	name := o.row.Name
	if r.media == mediaJCal {
		name = strings.TrimSuffix(name, ".ics") + ".json"
	}
	return webdav.Rep{Type: r.media, Body: r.body, ETag: o.row.Tag(r.variant), Modified: o.Modified(), Filename: name, Vary: vary}, nil
}

// parsed is what an object's body says.
type parsed struct {
	cal   *ical.Calendar
	zones *zone.Resolver
}

// Parse reads the body, once; the object must have been read with store.Body.
func (o *Object) Parse(*webdav.Request) (*parsed, error) {
	if o.parsed != nil {
		return o.parsed, nil
	}
	if o.row.Body == nil {
		return nil, fmt.Errorf("parse %q: it was read without its body", o.row.Name)
	}
	cal, err := ical.Parse(o.row.Body)
	if err != nil {
		return nil, fmt.Errorf("parse %q: %w", o.row.Name, err)
	}
	o.parsed = &parsed{cal: cal, zones: zone.NewResolver(cal, o.calendar.Zone())}
	return o.parsed, nil
}
