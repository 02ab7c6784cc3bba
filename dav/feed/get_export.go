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

// exportMethod is GET of a whole calendar. A browser's GET, which names text/html, gets the page instead, unless the
// query says ?export. The tag follows the objects and the calendar's own properties: name and colour are in the export.
func exportMethod() webdav.Method {
	return webdav.Method{Name: http.MethodGet, Body: webdav.StreamBody,
		On: func(r webdav.Resource) bool { _, ok := r.(*caldav.Calendar); return ok },
		Match: func(rq *webdav.Request) bool {
			return rq.Query.Has("export") || !wantsPage(rq.Header)
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
			etag := fmt.Sprintf(`"%s-%d-export"`, strings.TrimPrefix(token.String(), "urn:caldav-fcgi:sync:"), c.Own())
			if err := rq.Conditional(etag); err != nil {
				return webdav.Response{}, err
			}
			h := http.Header{
				"Content-Type":            {"text/calendar; charset=utf-8"},
				"Etag":                    {etag},
				"Vary":                    {"Accept"},
				"Cache-Control":           {"private, no-cache"},
				"Content-Security-Policy": {"default-src 'none'; sandbox"},
			}
			if d := mime.FormatMediaType("attachment", map[string]string{"filename": c.Name() + ".ics"}); d != "" {
				h.Set("Content-Disposition", d)
			}
			return webdav.Response{Status: http.StatusOK, Header: h, Stream: func(w *webdav.Writer) error { return export(rq, c, w) }}, nil
		}}
}

// export writes one VCALENDAR with every component of every object. Each time zone is written once, where it is first
// met: RFC 5545 §3.6.5 lets a VTIMEZONE stand anywhere in the stream.
func export(rq *webdav.Request, c *caldav.Calendar, out *webdav.Writer) error {
	w := ical.NewWriter(octets{out})
	w.Begin("VCALENDAR")
	w.Property(ical.NewProp("VERSION", "2.0"))
	w.Property(ical.NewProp("PRODID", "-//caldav-fcgi//export//EN"))
	if name := c.DisplayName(); name != "" {
		w.Property(ical.NewText("NAME", name)) // RFC 7986 §5.1
		w.Property(ical.NewText("X-WR-CALNAME", name))
	}
	if color := c.Color(); color != "" {
		w.Property(ical.NewProp("X-APPLE-CALENDAR-COLOR", color))
		if css := colorName(color); css != "" {
			w.Property(ical.NewProp("COLOR", css)) // RFC 7986 §5.9 takes names only
		}
	}
	w.Property(ical.NewProp("REFRESH-INTERVAL", refresh, ical.Param{Name: "VALUE", Values: []string{"DURATION"}}))
	w.Property(ical.NewProp("X-PUBLISHED-TTL", refresh))
	merger := ical.NewMerger(w)
	for m, err := range c.Members(rq, nil, store.Body) {
		if err != nil {
			return err
		}
		rep, err := m.(webdav.Object).Represent(rq)
		if err != nil {
			return err
		}
		cal, err := ical.Parse(rep.Body)
		if err != nil { // one bad object does not fail the whole calendar
			rq.Log.Warn("left out of an export", slog.String("object", m.Name()), slog.String("error", err.Error()))
			continue
		}
		merger.Add(cal)
		if err := w.Err(); err != nil {
			return err
		}
	}
	w.End("VCALENDAR")
	return w.Err()
}

// octets lets ical.Writer write into the engine's Writer.
type octets struct{ w *webdav.Writer }

func (o octets) Write(p []byte) (int, error) { return len(p), o.w.Octets(p) }
