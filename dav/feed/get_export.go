package feed

import (
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"strings"

	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// refresh is how often a subscriber should look again (RFC 7986 §5.7); an unchanged calendar costs it a 304.
const refresh = "PT1H"

const mediaJCal = "application/calendar+json"

// exportMethod is GET of a whole calendar. A browser's GET, which names text/html, gets the page instead, unless the
// query says ?export. The tag follows the objects and the calendar's own properties: name and colour are in the export.
func exportMethod() webdav.Method {
	return webdav.Method{Name: http.MethodGet, Body: webdav.StreamBody,
		On: func(r webdav.Resource) bool { _, ok := r.(*caldav.Calendar); return ok },
		Match: func(rq *webdav.Request) bool {
			return rq.Query.Has("export") || !wantsPage(rq.Header) || rq.Who.Principal == nil // the page is for who has logged in
		},
		Needs: func(rq *webdav.Request) ([]webdav.Need, error) {
			return []webdav.Need{{Path: rq.Target, What: privilege.Read}}, nil
		},
		Run: func(rq *webdav.Request) (webdav.Response, error) {
			c := rq.Resource.(*caldav.Calendar)
			token, err := c.Token(rq)
			if err != nil {
				return webdav.Response{}, err
			}
			media, jcal := webdav.Accepted(rq.Header, "text/calendar", mediaJCal)
			jcal = jcal && media == mediaJCal
			etag := fmt.Sprintf(`"%s-%d%s"`, strings.TrimPrefix(token.String(), "urn:caldav-fcgi:sync:"), c.Own(), variant(rq, jcal))
			if err := rq.Conditional(etag); err != nil {
				return webdav.Response{}, err
			}
			h := http.Header{
				"Content-Type":            {"text/calendar; charset=utf-8"},
				"Etag":                    {etag},
				"Vary":                    {"Accept, CalDAV-Timezones"},
				"Cache-Control":           {"private, no-cache"},
				"Content-Security-Policy": {"default-src 'none'; sandbox"},
			}
			file := c.Name() + ".ics"
			if jcal {
				h.Set("Content-Type", mediaJCal)
				file = c.Name() + ".json"
			}
			if d := mime.FormatMediaType("attachment", map[string]string{"filename": file}); d != "" {
				h.Set("Content-Disposition", d)
			}
			return webdav.Response{Status: http.StatusOK, Header: h, Stream: func(w *webdav.Writer) error {
				if jcal {
					return exportJCal(rq, c, w)
				}
				return export(rq, c, w)
			}}, nil
		}}
}

// variant names a form of the export for its tag.
func variant(rq *webdav.Request, jcal bool) string {
	name := "-export"
	switch strings.ToUpper(strings.TrimSpace(rq.Header.Get("CalDAV-Timezones"))) { // RFC 7809 §7.1
	case "T":
		name += "-zones"
	case "F":
		name += "-nozones"
	}
	if jcal {
		name += "-jcal"
	}
	return name
}

// export writes one VCALENDAR with every component of every object. Each time zone is written once, where it is first
// met: RFC 5545 §3.6.5 lets a VTIMEZONE stand anywhere in the stream.
func export(rq *webdav.Request, c *caldav.Calendar, out *webdav.Writer) error {
	w := ical.NewWriter(octets{out})
	w.Begin("VCALENDAR")
	for _, p := range properties(c) {
		w.Property(p)
	}
	if err := copyComponents(rq, c, w); err != nil {
		return err
	}
	w.End("VCALENDAR")
	return w.Err()
}

// exportJCal writes the same as jCal (RFC 7265).
func exportJCal(rq *webdav.Request, c *caldav.Calendar, out *webdav.Writer) error {
	const end = "]]"
	head := ical.JCal(&ical.Component{Name: "VCALENDAR", Props: properties(c)})
	failed := out.Octets(head[:len(head)-len(end)])
	first := true
	write := func(k *ical.Component) {
		text := ical.JCal(k)
		if !first {
			text = append([]byte(",\n"), text...)
		}
		first = false
		if failed == nil {
			failed = out.Octets(text)
		}
	}
	if err := components(rq, c, write, func() error { return failed }); err != nil {
		return err
	}
	return out.Octets([]byte(end + "\n"))
}

// properties are those of the calendar as a whole.
func properties(c *caldav.Calendar) []*ical.Property {
	list := []*ical.Property{ical.NewProp("VERSION", "2.0"), ical.NewProp("PRODID", "-//caldav-fcgi//export//EN")}
	if name := c.DisplayName(); name != "" {
		list = append(list, ical.NewText("NAME", name), ical.NewText("X-WR-CALNAME", name)) // RFC 7986 §5.1
	}
	if color := c.Color(); color != "" {
		list = append(list, ical.NewProp("X-APPLE-CALENDAR-COLOR", color))
		if css := colorName(color); css != "" {
			list = append(list, ical.NewProp("COLOR", css)) // RFC 7986 §5.9 takes names only
		}
	}
	return append(list, ical.NewProp("REFRESH-INTERVAL", refresh, ical.Param{Name: "VALUE", Values: []string{"DURATION"}}),
		ical.NewProp("X-PUBLISHED-TTL", refresh))
}

// copyComponents writes those of every object, as they are stored where nothing else is asked for and nothing is unusual about them.
func copyComponents(rq *webdav.Request, c *caldav.Calendar, w *ical.Writer) error {
	if rq.Header.Get("CalDAV-Timezones") != "" || c.Personal() || c.Uneven() { // RFC 7809 §7.1
		return components(rq, c, w.Component, w.Err)
	}
	merger := ical.NewMerger(w.Component)
	for stored, err := range rq.Tx.Bodies(c.Data.ID) {
		if err != nil {
			return err
		}
		if !merger.Copy(stored.Body, w.Raw) {
			o, err := c.Child(rq, stored.Name, store.Body)
			if err != nil {
				return err
			}
			add(rq, o, merger)
		}
		if err := w.Err(); err != nil {
			return err
		}
	}
	return nil
}

// components hands on those of every object, read.
func components(rq *webdav.Request, c *caldav.Calendar, write func(*ical.Component), failed func() error) error {
	merger := ical.NewMerger(write)
	for m, err := range c.Members(rq, nil, store.Body) {
		if err != nil {
			return err
		}
		if !rq.May(m, privilege.Read) {
			continue
		}
		add(rq, m, merger)
		if err := failed(); err != nil {
			return err
		}
	}
	return nil
}

// add adds the components of one object. One that cannot be read does not fail the whole calendar.
func add(rq *webdav.Request, o webdav.Resource, merger *ical.Merger) {
	cal, err := o.(*caldav.Object).Calendar(rq)
	if err != nil {
		rq.Log.Warn("left out of an export", slog.String("object", o.Name()), slog.String("error", err.Error()))
		return
	}
	merger.Add(cal)
}

// octets lets ical.Writer write into the engine's Writer.
type octets struct{ w *webdav.Writer }

func (o octets) Write(p []byte) (int, error) { return len(p), o.w.Octets(p) }
