package caldav

import (
	"strings"
	"time"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
)

// timezoneService is where the time zone service stands; package tzdist has it.
const timezoneService = "timezones"

// timezoneProperties are those of RFC 7809 §5, and the one that they share their value with. None is in allprop.
func timezoneProperties() []webdav.Property {
	return []webdav.Property{
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("calendar-timezone"), // RFC 4791 §5.2.2
			Get: func(_ *webdav.Request, c *Calendar, w *webdav.Writer) error { return home.ShowText(w, c.timezone()) },
			Set: setTimezone}),
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("calendar-timezone-id"), // RFC 7809 §5.2
			Get: func(_ *webdav.Request, c *Calendar, w *webdav.Writer) error {
				id := c.timezoneID()
				if id == "" {
					return webdav.ErrNoValue
				}
				w.Text(id)
				return nil
			},
			Set: setTimezoneID}),
		webdav.On(webdav.Prop[*Home]{Name: calDAV("timezone-service-set"), // RFC 7809 §5.1
			Get: func(_ *webdav.Request, _ *Home, w *webdav.Writer) error {
				w.Href(webdav.Path{Segments: []string{timezoneService}})
				return nil
			}}),
	}
}

// setTimezone keeps the octets; what they have to be is CALDAV:valid-calendar-data of RFC 4791 §5.3.1.
func setTimezone(_ *webdav.Request, c *Calendar, el *etree.Element) error {
	s, err := home.KeepText(el, maxTimezone)
	if err != nil {
		return err
	}
	if s != nil {
		if _, err := zone.FromVTimezone([]byte(strings.TrimSpace(*s))); err != nil {
			return ErrValidCalendarData.With("calendar-timezone: %v", err)
		}
	}
	c.Row.Timezone = s
	return nil
}

// setTimezoneID keeps the definition of the zone, so that either property follows the other (RFC 7809 §3.1.5).
func setTimezoneID(_ *webdav.Request, c *Calendar, el *etree.Element) error {
	if el == nil {
		c.Row.Timezone = nil
		return nil
	}
	id := webdav.TextOf(el)
	body, ok := zoneObject(id)
	if !ok {
		return unknownZone(id)
	}
	s := string(body)
	c.Row.Timezone = &s
	return nil
}

func unknownZone(id string) error {
	return ErrValidTimezone.With("the time zone %.80q is not known here; its definition would be taken", id)
}

// timezoneID is the TZID in calendar-timezone, "" when there is none.
func (c *Calendar) timezoneID() string {
	if c.timezone() == nil {
		return ""
	}
	cal, err := ical.Parse([]byte(strings.TrimSpace(*c.timezone())))
	if err != nil {
		return ""
	}
	for _, z := range cal.Root.Kids("VTIMEZONE") {
		if p := z.Prop("TZID"); p != nil {
			return strings.TrimSpace(p.Text())
		}
	}
	return ""
}

// requestZone is CALDAV:timezone (RFC 4791 §9.8) or CALDAV:timezone-id (RFC 7809 §6.2) of a calendar-query, nil when
// there is neither.
func requestZone(rq *webdav.Request) (*time.Location, error) {
	el, byID := webdav.Find(rq.Body, calDAV("timezone")), webdav.Find(rq.Body, calDAV("timezone-id"))
	switch {
	case el != nil && byID != nil:
		return nil, webdav.BadRequest("a report has either timezone or timezone-id")
	case byID != nil:
		loc, _, ok := zone.Known(webdav.TextOf(byID))
		if !ok {
			return nil, unknownZone(webdav.TextOf(byID))
		}
		return loc, nil
	case el == nil:
		return nil, nil
	}
	loc, err := zone.FromVTimezone([]byte(webdav.TextOf(el)))
	if err != nil {
		return nil, ErrValidCalendarData.With("timezone: %v", err) // RFC 4791 §7.8
	}
	return loc, nil
}
