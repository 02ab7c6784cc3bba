package caldav

import (
	"bytes"
	"strings"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
)

// mediaJCal is the other type that calendar data comes in (RFC 7265).
const mediaJCal = "application/calendar+json"

// headerTimezones is RFC 7809 §7.1.
const headerTimezones = "CalDAV-Timezones"

// zoneForm says which VTIMEZONEs are sent.
type zoneForm uint8

const (
	zonesAsStored zoneForm = iota
	zonesAll               // "T": every one that is named
	zonesOwn               // "F": without those of the IANA database, which the time zone service has
)

// form is how a request wants calendar data.
type form struct {
	jcal  bool
	zones zoneForm
}

// formOf reads the headers. Without CalDAV-Timezones everything is sent as it is stored: RFC 7809 §3.1.3 would let
// standard zones be left out, and clients that know nothing of it need them.
func formOf(rq *webdav.Request) form {
	f := form{zones: zonesOf(rq)}
	media, _ := webdav.Accepted(rq.Header, "text/calendar", mediaJCal)
	f.jcal = media == mediaJCal
	return f
}

func zonesOf(rq *webdav.Request) zoneForm {
	switch strings.ToUpper(strings.TrimSpace(rq.Header.Get(headerTimezones))) {
	case "T":
		return zonesAll
	case "F":
		return zonesOwn
	}
	return zonesAsStored
}

// root is the VCALENDAR with the zones that the form wants; the stored one itself where that is the same.
func (f form) root(cal *ical.Calendar) *ical.Component {
	switch f.zones {
	case zonesAll:
		return withZones(cal.Root)
	case zonesOwn:
		return withoutZones(cal.Root)
	}
	return cal.Root
}

// withoutZones leaves out the VTIMEZONEs whose names the time zone service knows (RFC 7809 §3.1.3).
func withoutZones(root *ical.Component) *ical.Component {
	out := *root
	out.Children = nil
	for _, k := range root.Children {
		if k.Name == "VTIMEZONE" {
			if id := k.Prop("TZID"); id != nil && zone.Standard(id.Text()) {
				continue
			}
		}
		out.Children = append(out.Children, k)
	}
	if len(out.Children) == len(root.Children) {
		return root
	}
	return &out
}

// maxAdded is how many zones are added to one object. People's events name one or two.
const maxAdded = 50

// withZones adds the VTIMEZONEs that are named and missing, where the name is known.
func withZones(root *ical.Component) *ical.Component {
	defined := map[string]bool{}
	for _, z := range root.Kids("VTIMEZONE") {
		if id := z.Prop("TZID"); id != nil {
			defined[id.Text()] = true
		}
	}
	var added []*ical.Component
	var look func(*ical.Component)
	look = func(c *ical.Component) {
		for _, p := range c.Props {
			id := p.Param("TZID")
			if id == "" || defined[id] || len(added) == maxAdded {
				continue
			}
			defined[id] = true
			if z := vtimezone(id); z != nil {
				added = append(added, z)
			}
		}
		for _, k := range c.Children {
			look(k)
		}
	}
	look(root)
	if len(added) == 0 {
		return root
	}
	out := *root
	out.Children = append(added, root.Children...)
	return &out
}

// vtimezone is the component of a known name, nil for others.
func vtimezone(id string) *ical.Component {
	text, ok := zoneObject(id)
	if !ok {
		return nil
	}
	cal, err := ical.Parse(text)
	if err != nil {
		return nil
	}
	return cal.Root.Children[0]
}

// zoneObject is a VCALENDAR with the VTIMEZONE of a known name and nothing else, as calendar-timezone holds it.
func zoneObject(id string) ([]byte, bool) {
	z, ok := zone.VTimezone(id)
	if !ok {
		return nil, false
	}
	var b bytes.Buffer
	w := ical.NewWriter(&b)
	w.Begin("VCALENDAR")
	w.Property(ical.NewProp("VERSION", "2.0"))
	w.Property(ical.NewProp("PRODID", productID))
	w.Raw(z)
	w.End("VCALENDAR")
	return b.Bytes(), w.Err() == nil
}

// representation is an object in a form, and the name of that variant for the tag: "" for the stored octets.
type representation struct {
	media, variant string
	body           []byte
}

// in gives the object in a form. One that cannot be read is given as it is stored.
func (o *Object) in(rq *webdav.Request, f form) representation {
	stored := representation{media: mediaType, body: o.Row.Body}
	if f == (form{}) {
		return stored
	}
	p, err := o.Parse(rq)
	if err != nil {
		return stored
	}
	root := f.root(p.cal)
	out := representation{media: mediaType}
	switch {
	case root == p.cal.Root:
	case f.zones == zonesAll:
		out.variant = "zones"
	default:
		out.variant = "nozones"
	}
	if f.jcal {
		out.media, out.body = mediaJCal, ical.JCal(root)
		out.variant = strings.Trim(out.variant+"-jcal", "-")
		return out
	}
	if out.variant == "" {
		return stored
	}
	out.body = textOf(root)
	return out
}

// textOf writes a component as iCalendar.
func textOf(root *ical.Component) []byte {
	var b bytes.Buffer
	ical.NewWriter(&b).Component(root) // a Buffer takes everything
	return b.Bytes()
}

// vary names the header fields that choose between an object's representations.
const vary = "Accept, " + headerTimezones

// Variant is the tag of the representation that a GET gets.
func (o *Object) Variant(rq *webdav.Request) (etag, varies string) {
	if o.Row.Body == nil {
		return o.ETag(), vary
	}
	return o.tag(o.in(rq, formOf(rq)).variant), vary
}

// Calendar is the object's text, read, with the time zones that the request wants.
func (o *Object) Calendar(rq *webdav.Request) (*ical.Calendar, error) {
	p, err := o.Parse(rq)
	if err != nil {
		return nil, err
	}
	f := form{zones: zonesOf(rq)}
	if root := f.root(p.cal); root != p.cal.Root {
		c := *p.cal
		c.Root = root
		return &c, nil
	}
	return p.cal, nil
}
