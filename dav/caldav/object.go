package caldav

import (
	"fmt"
	"strings"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
)

// mediaType is the Content-Type of every object. There is no component parameter: older clients compare the whole text.
const mediaType = "text/calendar;charset=utf-8"

// Object is a calendar object resource: RFC 4791 §4.1. One that Members yields is valid until the next step.
type Object struct {
	home.Object
	calendar *Calendar
	view     privilege.View // how much of it is shown
	parsed   *parsed
	alarms   string // of the tag, where the caller has his own
}

// ContentType is the same for all.
func (o *Object) ContentType() string { return mediaType }

// Represent gives the octets as the client sent them, unless the request wants jCal or other time zones.
func (o *Object) Represent(rq *webdav.Request) (webdav.Rep, error) {
	if o.Row.Body == nil {
		return webdav.Rep{}, fmt.Errorf("represent %q: it was read without its body", o.Row.Name)
	}
	r := o.in(rq, formOf(rq))
	name := o.Row.Name
	if r.media == mediaJCal {
		name = strings.TrimSuffix(name, ".ics") + ".json"
	}
	return webdav.Rep{Type: r.media, Body: r.body, ETag: o.tag(r.variant), Modified: o.Modified(), Filename: name, Vary: vary}, nil
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
	if o.Row.Body == nil {
		return nil, fmt.Errorf("parse %q: it was read without its body", o.Row.Name)
	}
	cal, err := ical.Parse(o.Row.Body)
	if err != nil {
		return nil, fmt.Errorf("parse %q: %w", o.Row.Name, err)
	}
	o.parsed = &parsed{cal: cal, zones: zone.NewResolver(cal, o.calendar.Zone())}
	return o.parsed, nil
}
