package caldav

import (
	"strings"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/webdav"
)

// homeProperties are those of the home and what leads a client to it.
func homeProperties() []webdav.Property {
	return []webdav.Property{
		webdav.On(webdav.Prop[*principal.User]{Name: calDAV("calendar-home-set"), // RFC 4791 §6.2.1
			Get: func(_ *webdav.Request, u *principal.User, w *webdav.Writer) error {
				w.Href(webdav.P(root, u.Name()))
				return nil
			}}),
		webdav.On(webdav.Prop[*Home]{Name: webdav.DAV("displayname"), AllProp: true, // RFC 4918 §15.2: the owner's, and set there
			Get: func(_ *webdav.Request, h *Home, w *webdav.Writer) error {
				if h.Owner.Display == "" {
					w.Text(h.Owner.Name)
				} else {
					w.Text(h.Owner.Display)
				}
				return nil
			}}),
		webdav.On(webdav.Prop[*Home]{Name: calDAV("calendar-availability"), // RFC 7953 §7.2.4; not in allprop
			Get: func(*webdav.Request, *Home, *webdav.Writer) error { return webdav.ErrNoValue }, // but what was set: the engine keeps it as it came
			Set: checkAvailability}),
	}
}

// checkAvailability: an iCalendar object of VAVAILABILITY and VTIMEZONE only.
func checkAvailability(_ *webdav.Request, _ *Home, el *etree.Element) error {
	if el == nil {
		return nil
	}
	cal, err := ical.Parse([]byte(strings.TrimSpace(el.Text())))
	if err != nil {
		return condition(err)
	}
	for _, k := range cal.Root.Children {
		if k.Name != "VAVAILABILITY" && k.Name != "VTIMEZONE" {
			return ErrValidCalendarData.With("calendar-availability holds VAVAILABILITY and VTIMEZONE only, not %s", k.Name)
		}
	}
	if len(cal.Root.Kids("VAVAILABILITY")) == 0 {
		return ErrValidCalendarData.With("calendar-availability has no VAVAILABILITY")
	}
	if _, err := recur.Availability(cal, nil, &recur.Budget{Steps: indexSteps}); err != nil {
		return condition(err)
	}
	return nil
}
