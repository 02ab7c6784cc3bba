package tzdist

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
)

// Prefix is the path of the service below the base path.
const Prefix = "/timezones"

// The media types of what is handed out.
const (
	mediaText    = "text/calendar; charset=utf-8"
	mediaJCal    = "application/calendar+json"
	mediaJSON    = "application/json"
	mediaProblem = "application/problem+json"
)

// Service is the http.Handler of everything below Prefix.
type Service struct {
	log  *slog.Logger
	list func() *listing
}

// New makes the service. The list of all zones is made when it is first asked for.
func New(log *slog.Logger) *Service { return &Service{log: log, list: sync.OnceValue(list)} }

// Within reports whether an escaped path below the base path is the service's.
func Within(escaped string) bool {
	return escaped == Prefix || strings.HasPrefix(escaped, Prefix+"/")
}

// problem is an error as RFC 7808 §4.1.7 has it.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
}

func (p *problem) Error() string { return p.Title }

func refuse(status int, code, format string, a ...any) error {
	return &problem{"urn:ietf:params:tzdist:error:" + code, fmt.Sprintf(format, a...), status}
}

// answer is a representation; its tag is made of its octets where none is given.
type answer struct {
	media string
	body  []byte
	etag  string
}

// ServeHTTP answers one request, whose path is below the base path already.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	caller := webdav.LoginFrom(r.Context())
	status := http.StatusOK
	out, err := s.answer(r, caller.Base)
	var p *problem
	switch {
	case errors.As(err, &p):
		status = p.Status
		body, _ := json.Marshal(p) // strings and a number
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		}
		w.Header().Set("Content-Type", mediaProblem)
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			w.Write(append(body, '\n'))
		}
	case err != nil:
		status = http.StatusInternalServerError
		http.Error(w, "the time zones cannot be read", status)
	case r.Method == http.MethodOptions:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(status)
	default:
		h := w.Header()
		h.Set("Content-Type", out.media)
		h.Set("Etag", out.etag)
		h.Set("Vary", "Accept")
		h.Set("Cache-Control", "public, max-age=3600") // §4.1.4: clients ask once a day
		seen := &seen{ResponseWriter: w, status: status}
		http.ServeContent(seen, r, "", time.Time{}, bytes.NewReader(out.body)) // 304 and ranges are its
		status = seen.status
	}
	s.log.Info("request", "method", r.Method, "path", r.URL.Path, "status", status, "took", time.Since(began).Round(10*time.Microsecond), "who", caller.User, "id", caller.ID)
}

// seen notes the status of an answer, for the log.
type seen struct {
	http.ResponseWriter
	status int
}

func (s *seen) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

func (s *Service) answer(r *http.Request, base string) (answer, error) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions {
		return answer{}, refuse(http.StatusMethodNotAllowed, "invalid-action", "time zones can be read only")
	}
	rest := strings.Trim(strings.TrimPrefix(r.URL.EscapedPath(), Prefix), "/")
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return answer{}, refuse(http.StatusBadRequest, "invalid-action", "the query cannot be read")
	}
	// A zone is one escaped segment by the RFC; many web servers hand on its slashes unescaped.
	name, err := url.PathUnescape(rest)
	if err != nil {
		return answer{}, refuse(http.StatusBadRequest, "invalid-action", "the path has a bad escape")
	}
	zoned, isZone := strings.CutPrefix(name, "zones/")
	switch {
	case r.Method == http.MethodOptions:
		return answer{}, nil
	case name == "" || name == "capabilities":
		return capabilities(base + Prefix)
	case name == "zones" && query.Has("pattern"):
		return s.find(query)
	case name == "zones":
		return s.listed(query)
	case name == "leapseconds":
		return leapSeconds()
	case isZone && strings.HasSuffix(zoned, "/observances"):
		return expand(strings.TrimSuffix(zoned, "/observances"), query)
	case isZone:
		return get(zoned, query, r.Header)
	}
	return answer{}, refuse(http.StatusNotFound, "invalid-action", "there is no action %.60q", name)
}

func asJSON(v any) (answer, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return answer{}, fmt.Errorf("write the answer: %w", err)
	}
	return tagged(mediaJSON, append(body, '\n')), nil
}

func tagged(media string, body []byte) answer {
	sum := sha256.Sum256(body)
	return answer{media, body, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
}

// moment reads start or end (RFC 7808 §5.3, §5.4); zero when it is absent.
func moment(query url.Values, name string, required bool) (time.Time, error) {
	bad := func(why string) error { return refuse(http.StatusBadRequest, "invalid-"+name, "%s %s", name, why) }
	switch values := query[name]; {
	case len(values) == 0 && required:
		return time.Time{}, bad("is needed")
	case len(values) == 0:
		return time.Time{}, nil
	case len(values) > 1:
		return time.Time{}, bad("stands more than once")
	default:
		t, err := time.Parse("2006-01-02T15:04:05Z", values[0])
		if err != nil || t.IsZero() {
			return time.Time{}, bad("is no UTC time such as 2026-01-01T00:00:00Z")
		}
		return t, nil
	}
}

// period reads both.
func period(query url.Values, required bool) (start, end time.Time, err error) {
	if start, err = moment(query, "start", required); err != nil {
		return start, end, err
	}
	if end, err = moment(query, "end", required); err != nil {
		return start, end, err
	}
	switch {
	case !end.IsZero() && !start.Before(end):
		err = refuse(http.StatusBadRequest, "invalid-end", "end is not after start")
	case !start.IsZero() && (start.Before(zone.First) || !start.Before(zone.Last)):
		err = refuse(http.StatusBadRequest, "invalid-start", "start lies outside of the years %d to %d", zone.First.Year(), zone.Last.Year()-1)
	case !end.IsZero() && !end.After(zone.First):
		err = refuse(http.StatusBadRequest, "invalid-end", "end lies before the year %d", zone.First.Year())
	}
	return start, end, err
}

func notFound(tzid string) error {
	return refuse(http.StatusNotFound, "tzid-not-found", "there is no time zone %.80q here", tzid)
}

// get is RFC 7808 §5.3.
func get(tzid string, query url.Values, h http.Header) (answer, error) {
	media, ok := webdav.Accepted(h, "text/calendar", mediaJCal)
	if !ok {
		return answer{}, refuse(http.StatusNotAcceptable, "invalid-format", "time zones are text/calendar or %s", mediaJCal)
	}
	start, end, err := period(query, false)
	if err != nil {
		return answer{}, err
	}
	text, ok := calendar(tzid, start, end)
	if !ok {
		return answer{}, notFound(tzid)
	}
	if media != mediaJCal {
		return tagged(mediaText, text), nil
	}
	cal, err := ical.Parse(text)
	if err != nil {
		return answer{}, fmt.Errorf("read our own %s: %w", tzid, err)
	}
	return tagged(mediaJCal, ical.JCal(cal.Root)), nil
}

// calendar is the VCALENDAR of one zone.
func calendar(tzid string, start, end time.Time) ([]byte, bool) {
	z, ok := zone.Standalone(tzid, aliasOf(tzid), start, end)
	if !ok {
		return nil, false
	}
	var b bytes.Buffer
	w := ical.NewWriter(&b)
	w.Begin("VCALENDAR")
	w.Property(ical.NewProp("VERSION", "2.0"))
	w.Property(ical.NewProp("PRODID", "-//caldav-fcgi//timezones "+zone.Data().Version+"//EN"))
	w.Raw(z)
	w.End("VCALENDAR")
	return b.Bytes(), w.Err() == nil
}

// expand is RFC 7808 §5.4.
func expand(tzid string, query url.Values) (answer, error) {
	type observance struct {
		Name  string `json:"name"`
		Onset string `json:"onset"`
		From  int    `json:"utc-offset-from"`
		To    int    `json:"utc-offset-to"`
	}
	out := struct {
		TZID        string       `json:"tzid"`
		End         string       `json:"end,omitempty"` // where it is not the one asked for
		Observances []observance `json:"observances"`
	}{TZID: tzid}
	if !zone.Standard(tzid) {
		return answer{}, notFound(tzid)
	}
	start, end, err := period(query, true)
	if err != nil {
		return answer{}, err
	}
	if end.After(zone.Last) {
		end = zone.Last
		out.End = end.Format(time.RFC3339)
	}
	changes, _ := zone.Changes(tzid, start, end)
	for _, c := range changes {
		out.Observances = append(out.Observances, observance{c.Name, c.At.Format(time.RFC3339), c.From, c.To})
	}
	return asJSON(out)
}
