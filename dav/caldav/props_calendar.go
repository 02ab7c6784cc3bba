package caldav

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
)

// The limits of the texts that a calendar's row keeps, in octets.
const (
	maxDescription = 64 << 10
	maxColor       = 256
	maxTimezone    = 256 << 10
)

// calendarProperties are those of RFC 4791 §5.2 and §7.5.1, of RFC 6638 §9.1, and two of Apple's. None is in allprop.
func calendarProperties(opt Options) []webdav.Property {
	return []webdav.Property{
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("calendar-description"), // RFC 4791 §5.2.1
			Get: func(_ *webdav.Request, c *Calendar, w *webdav.Writer) error {
				return home.ShowText(w, c.Row.Description)
			},
			Set: func(_ *webdav.Request, c *Calendar, el *etree.Element) (err error) {
				c.Row.Description, err = home.KeepText(el, maxDescription)
				return err
			}}),
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("supported-calendar-component-set"), // RFC 4791 §5.2.3
			Get: componentSet, Set: setComponents}),
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("supported-calendar-data"), // RFC 4791 §5.2.4
			Get: func(_ *webdav.Request, _ *Calendar, w *webdav.Writer) error {
				w.Empty(calDAV("calendar-data"), "content-type", "text/calendar", "version", "2.0")
				w.Empty(calDAV("calendar-data"), "content-type", mediaJCal, "version", "2.0")
				return nil
			}}),
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("max-resource-size"), // RFC 4791 §5.2.5
			Get: func(_ *webdav.Request, _ *Calendar, w *webdav.Writer) error { w.Int(opt.MaxResource); return nil }}),
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("min-date-time"), // RFC 4791 §5.2.6
			Get: func(_ *webdav.Request, _ *Calendar, w *webdav.Writer) error { w.Text(minDateTime); return nil }}),
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("max-date-time"), // RFC 4791 §5.2.7
			Get: func(_ *webdav.Request, _ *Calendar, w *webdav.Writer) error { w.Text(maxDateTime); return nil }}),
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("max-attendees-per-instance"), // RFC 4791 §5.2.9
			Get: func(_ *webdav.Request, _ *Calendar, w *webdav.Writer) error {
				w.Int(int64(opt.MaxAttendees))
				return nil
			}}),
		webdav.On(webdav.Prop[reported]{Name: calDAV("supported-collation-set"), // RFC 4791 §7.5.1: wherever text is matched
			Get: func(_ *webdav.Request, _ reported, w *webdav.Writer) error {
				return home.ShowCollations(w, calDAV("supported-collation"))
			}}),
		webdav.On(webdav.Prop[*Calendar]{Name: calDAV("schedule-calendar-transp"), // RFC 6638 §9.1
			Get: func(_ *webdav.Request, c *Calendar, w *webdav.Writer) error {
				if c.Row.Transparent {
					w.Empty(calDAV("transparent"))
				} else {
					w.Empty(calDAV("opaque"))
				}
				return nil
			},
			Set: setTransparency}),
		webdav.On(webdav.Prop[*Calendar]{Name: webdav.Name{Space: webdav.NSAppleICal, Local: "calendar-color"}, // any text: given back as it came
			Get: func(_ *webdav.Request, c *Calendar, w *webdav.Writer) error { return home.ShowText(w, c.Row.Color) },
			Set: func(_ *webdav.Request, c *Calendar, el *etree.Element) (err error) {
				c.Row.Color, err = home.KeepText(el, maxColor)
				return err
			}}),
		webdav.On(webdav.Prop[*Calendar]{Name: webdav.Name{Space: webdav.NSAppleICal, Local: "calendar-order"},
			Get: func(_ *webdav.Request, c *Calendar, w *webdav.Writer) error {
				if c.Row.Order == nil {
					return webdav.ErrNoValue
				}
				w.Int(*c.Row.Order)
				return nil
			},
			Set: setOrder}),
	}
}

// badValue is what RFC 4918 §9.2.1 has for a value whose meaning does not fit the property.
func badValue(format string, a ...any) error {
	return &webdav.Error{Status: http.StatusConflict, Text: fmt.Sprintf(format, a...)}
}

// everyKind is what a calendar without a component set announces.
const everyKind = ical.VEvent | ical.VTodo | ical.VJournal | ical.VFreeBusy | ical.VAvailability | ical.VPoll

func componentSet(_ *webdav.Request, c *Calendar, w *webdav.Writer) error {
	kinds := c.Components()
	if kinds == 0 {
		kinds = everyKind
	}
	for _, n := range kinds.Names() {
		w.Empty(calDAV("comp"), "name", n)
	}
	return nil
}

// setComponents takes the set while the calendar is made, and never after: RFC 4791 §5.2.3. VTIMEZONE in it is passed
// over: beside other components it is always taken, and alone never.
func setComponents(_ *webdav.Request, c *Calendar, el *etree.Element) error {
	if c.Data.ID != 0 || el == nil {
		return webdav.ErrProtectedProperty.With("supported-calendar-component-set is set when a calendar is made, and stays")
	}
	var kinds ical.Kind
	for _, comp := range el.ChildElements() {
		if webdav.NameOf(comp) != calDAV("comp") {
			continue
		}
		name := comp.SelectAttrValue("name", "")
		k := ical.KindOf(name)
		if k&(everyKind|ical.VTimezone) == 0 {
			return ErrSupportedComponent.With("a calendar cannot be made for %q", name)
		}
		kinds |= k
	}
	kinds &^= ical.VTimezone
	if kinds == 0 {
		return ErrSupportedComponent.With("supported-calendar-component-set names no component that a calendar can be made for")
	}
	c.Data.Components = uint32(kinds)
	return nil
}

func setTransparency(_ *webdav.Request, c *Calendar, el *etree.Element) error {
	if el == nil {
		c.Row.Transparent = false // RFC 6638 §9.1: the default is opaque
		return nil
	}
	opaque, transparent := webdav.Find(el, calDAV("opaque")) != nil, webdav.Find(el, calDAV("transparent")) != nil
	if opaque == transparent {
		return badValue("schedule-calendar-transp holds either CALDAV:opaque or CALDAV:transparent")
	}
	c.Row.Transparent = transparent
	return nil
}

func setOrder(_ *webdav.Request, c *Calendar, el *etree.Element) error {
	if el == nil {
		c.Row.Order = nil
		return nil
	}
	n, err := strconv.ParseInt(webdav.TextOf(el), 10, 64)
	if err != nil {
		return badValue("calendar-order is no whole number: %.40q", webdav.TextOf(el))
	}
	c.Row.Order = &n
	return nil
}
