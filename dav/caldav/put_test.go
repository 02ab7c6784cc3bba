package caldav

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func TestPut_StoresOctets(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	body := strings.ReplaceAll(event("1", "X-THING:a"), "\r\n", "\n") // not even the line ends are touched
	a := s.want(s.put("/calendars/ann/calendar/1.ics", body), 201)
	etag := a.header.Get("Etag")
	if etag == "" {
		t.Fatal("no ETag for octets that were stored as sent")
	}
	g := s.want(s.do("GET", "/calendars/ann/calendar/1.ics", ""), 200)
	if g.body != body || g.header.Get("Etag") != etag {
		t.Errorf("got %q with ETag %s, want %q with %s", g.body, g.header.Get("Etag"), body, etag)
	}
	if ct := g.header.Get("Content-Type"); ct != "text/calendar;charset=utf-8" {
		t.Errorf("Content-Type %q", ct)
	}
	s.want(s.props("/calendars/ann/calendar/1.ics", "0", "<d:getcontenttype/><d:getetag/>"), 207,
		"<d:getcontenttype>text/calendar;charset=utf-8</d:getcontenttype>", strings.Trim(etag, `"`))
	s.want(s.put("/calendars/ann/calendar/1.ics", event("1")), 204)
	s.want(s.do("PUT", "/calendars/ann/calendar/1.ics", event("1"), "If-None-Match: *"), 412)
	s.want(s.do("PUT", "/calendars/ann/calendar/1.ics", event("1"), "If-Match: "+etag), 412)
	s.want(s.do("DELETE", "/calendars/ann/calendar/1.ics", ""), 204)
	s.want(s.do("GET", "/calendars/ann/calendar/1.ics", ""), 404)
}

func TestPut_Preconditions(t *testing.T) {
	t.Parallel()
	const at = "/calendars/ann/calendar/x.ics"
	attendees := strings.Repeat("ATTENDEE:mailto:x@example.org\r\n", 4)
	for _, test := range []struct {
		name      string
		path      string // at when empty
		media     string // text/calendar when empty
		body      string
		condition string // "" for 201
	}{
		{"no media type", "", "-", event("x"), ""},
		{"octets", "", "application/octet-stream", event("x"), ""},
		{"component parameter", "", "text/calendar; component=VEVENT", event("x"), ""},
		{"ASCII", "", `text/calendar; charset="US-ASCII"`, event("x"), ""},
		{"xCal", "", "application/calendar+xml", `<icalendar/>`, "supported-calendar-data"},
		{"bad jCal", "", "application/calendar+json", `["vcalendar",[],[]`, "valid-calendar-data"},
		{"empty jCal", "", "application/calendar+json", `["vcalendar",[],[]]`, "valid-calendar-object-resource"},
		{"another RSCALE", "", "", event("x", "RRULE:FREQ=YEARLY;RSCALE=CHINESE"), "supported-rscale"},
		{"a bad SKIP", "", "", event("x", "RRULE:FREQ=YEARLY;RSCALE=GREGORIAN;SKIP=SIDEWAYS"), "valid-calendar-data"},
		{"SKIP without RSCALE", "", "", event("x", "RRULE:FREQ=YEARLY;SKIP=FORWARD"), "valid-calendar-data"},
		{"RSCALE and SKIP", "", "", event("x", "RRULE:FREQ=YEARLY;RSCALE=gregorian;SKIP=FORWARD"), ""},
		{"plain text", "", "text/plain", event("x"), "supported-calendar-data"},
		{"vCard", "", "text/vcard", event("x"), "supported-calendar-data"},
		{"Latin 1", "", "text/calendar; charset=iso-8859-1", event("x"), "supported-calendar-data"},
		{"no media type at all", "", "what is this", event("x"), "supported-calendar-data"},
		{"nothing", "", "", "", "valid-calendar-data"},
		{"no calendar", "", "", "hello", "valid-calendar-data"},
		{"not UTF-8", "", "", event("x", "SUMMARY:caf\xe9"), "valid-calendar-data"},
		{"control character", "", "", event("x", "SUMMARY:a\x01b"), "valid-calendar-data"},
		{"byte-order mark", "", "", "\xef\xbb\xbf" + event("x"), ""},
		{"bad DTSTART", "", "", object("VEVENT", "x", "DTSTART:yesterday"), "valid-calendar-data"},
		{"bad RRULE", "", "", event("x", "RRULE:FREQ=SOMETIMES"), "valid-calendar-data"},
		{"RECURRENCE-ID of another kind", "", "", strings.Replace(event("x", "RRULE:FREQ=DAILY"), "END:VCALENDAR",
			"BEGIN:VEVENT\r\nUID:x\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID;VALUE=DATE:20260302\r\nDTSTART:20260302T120000Z\r\nEND:VEVENT\r\nEND:VCALENDAR", 1), "valid-calendar-data"},
		{"METHOD", "", "", strings.Replace(event("x"), "VERSION", "METHOD:PUBLISH\r\nVERSION", 1), "valid-calendar-object-resource"},
		{"no UID", "", "", strings.Replace(event("x"), "UID:x\r\n", "", 1), "valid-calendar-object-resource"},
		{"two kinds", "", "", strings.Replace(event("x"), "END:VCALENDAR", "BEGIN:VTODO\r\nUID:x\r\nDTSTAMP:20260101T000000Z\r\nEND:VTODO\r\nEND:VCALENDAR", 1), "valid-calendar-object-resource"},
		{"two UIDs", "", "", strings.Replace(event("x"), "END:VCALENDAR", "BEGIN:VEVENT\r\nUID:y\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260302T120000Z\r\nEND:VEVENT\r\nEND:VCALENDAR", 1), "valid-calendar-object-resource"},
		{"doubled RECURRENCE-ID", "", "", strings.Replace(event("x", "RRULE:FREQ=DAILY"), "END:VCALENDAR", strings.Repeat(
			"BEGIN:VEVENT\r\nUID:x\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260302T100000Z\r\nDTSTART:20260302T120000Z\r\nEND:VEVENT\r\n", 2)+"END:VCALENDAR", 1), "valid-calendar-object-resource"},
		{"a time zone alone", "", "", "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n", "valid-calendar-object-resource"},
		{"IANA zone without VTIMEZONE", "", "", object("VEVENT", "x", "DTSTART;TZID=Europe/Paris:20260301T100000"), ""},
		{"Windows zone without VTIMEZONE", "", "", object("VEVENT", "x", "DTSTART;TZID=W. Europe Standard Time:20260301T100000"), ""},
		{"unknown zone without VTIMEZONE", "", "", object("VEVENT", "x", "DTSTART;TZID=Nowhere:20260301T100000"), "valid-timezone"},
		{"a task among events", "", "", task("x"), "supported-calendar-component"},
		{"an event among tasks", "/calendars/ann/tasks/x.ics", "", event("x"), "supported-calendar-component"},
		{"too large", "", "", event("x", "DESCRIPTION:"+strings.Repeat("a", 3000)), "max-resource-size"},
		{"year 0", "", "", object("VEVENT", "x", "DTSTART:00000101T000000Z"), "min-date-time"},
		{"CREATED in year 0", "", "", event("x", "CREATED:00001231T000000Z"), ""},
		{"the last second", "", "", object("VEVENT", "x", "DTSTART:99991231T235959Z"), "max-date-time"},
		{"the last day", "", "", object("VEVENT", "x", "DTSTART;VALUE=DATE:99991231"), ""},
		{"an EXDATE in year 0", "", "", event("x", "RRULE:FREQ=DAILY", "EXDATE:20260302T100000Z,00000302T100000Z"), "min-date-time"},
		{"too many attendees", "", "", event("x", attendees+"SUMMARY:a"), "max-attendees-per-instance"},
		{"a bomb", "", "", event("x", "RRULE:FREQ=SECONDLY"), ""},
		{"a rule that never comes true", "", "", event("x", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"), ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, Options{MaxResource: 2000, MaxAttendees: 3})
			path, headers := at, []string{"Content-Type: text/calendar"}
			if test.path != "" {
				path = test.path
			}
			switch test.media {
			case "":
			case "-":
				headers = nil
			default:
				headers = []string{"Content-Type: " + test.media}
			}
			a := s.do("PUT", path, test.body, headers...)
			if test.condition == "" {
				s.want(a, 201)
				return
			}
			s.want(a, 403, "<d:error ", "<c:"+test.condition+">")
			if n := strings.Count(a.body, "</c:"); n != 1 {
				t.Errorf("the error has %d conditions: %s", n, a.body)
			}
			s.want(s.do("GET", path, ""), 404)
			a = s.do("POST", strings.TrimSuffix(path, "x.ics"), test.body, headers...) // add-member makes the same checks
			if test.media != "what is this" && test.media != "text/plain" {
				s.want(a, 403, "<c:"+test.condition+">")
			}
		})
	}
}

func TestPut_ElsewhereRefused(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.want(s.put("/calendars/ann/x.ics", event("x")), 403)
	s.want(s.put("/calendars/ann/", event("x")), 403)
	s.want(s.put("/calendars/ann/calendar/", event("x")), 403)
	s.want(s.put("/calendars/ann/none/x.ics", event("x")), 409)
	s.want(s.put("/calendars/bob/calendar/x.ics", event("x")), 403, "need-privileges")
	s.user = "bob"
	s.want(s.put("/calendars/bob/calendar/x.ics", event("x")), 201)
	s.user = "ann"
	s.want(s.do("GET", "/calendars/bob/calendar/x.ics", ""), 403, "need-privileges")
	s.want(s.do("GET", "/calendars/bob/calendar/none.ics", ""), 403, "need-privileges")
	s.want(s.do("GET", "/calendars/nobody/calendar/none.ics", ""), 403, "need-privileges")
}

func TestPut_UIDConflict(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.want(s.put("/calendars/ann/calendar/1.ics", event("1")), 201)
	s.want(s.put("/calendars/ann/calendar/2.ics", event("2")), 201)
	conflict := func(name string) string {
		return "<c:no-uid-conflict><d:href>/calendars/ann/calendar/" + name + "</d:href></c:no-uid-conflict>"
	}
	s.want(s.put("/calendars/ann/calendar/3.ics", event("1")), 403, conflict("1.ics"))
	s.want(s.put("/calendars/ann/calendar/1.ics", event("2")), 403, conflict("2.ics"))
	s.want(s.put("/calendars/ann/calendar/1.ics", event("new")), 403, conflict("1.ics"))
	s.want(s.do("MKCALENDAR", "/calendars/ann/work/", ""), 201)
	s.want(s.put("/calendars/ann/work/any.ics", event("1")), 201) // unique within a calendar, not across them
	s.want(s.do("DELETE", "/calendars/ann/calendar/1.ics", ""), 204)
	s.want(s.put("/calendars/ann/calendar/3.ics", event("1")), 201)
}

func TestPut_SizeLimitIsInclusive(t *testing.T) {
	t.Parallel()
	body := event("x")
	s := newServer(t, Options{MaxResource: int64(len(body))})
	s.want(s.put("/calendars/ann/calendar/x.ics", body), 201)
	s.want(s.put("/calendars/ann/calendar/y.ics", event("xy")), 403, "<c:max-resource-size>")
}

func TestAddMember_NamesTheObject(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	a := s.want(s.do("POST", "/calendars/ann/calendar/", event("1"), "Content-Type: text/calendar"), 201)
	at := a.header.Get("Location")
	if !strings.HasPrefix(at, "/calendars/ann/calendar/") || !strings.HasSuffix(at, ".ics") || a.header.Get("Etag") == "" {
		t.Fatalf("Location %q, ETag %q", at, a.header.Get("Etag"))
	}
	s.want(s.do("GET", at, ""), 200, "UID:1")
	s.want(s.do("POST", "/calendars/ann/calendar/", event("1"), "Content-Type: text/calendar"), 403, "no-uid-conflict", at)
	s.want(s.do("POST", "/calendars/ann/", event("1"), "Content-Type: text/calendar"), 403)
}

func TestPut_JudgedForAnotherCalendar(t *testing.T) {
	t.Parallel()
	c := testCalendar()
	for _, up := range []*upload{{calendar: c.Data.ID, config: c.Data.Config + 1}, {calendar: c.Data.ID + 1, config: c.Data.Config}} {
		if _, err := c.Put(&webdav.Request{Upload: up}, "x.ics"); !errors.Is(err, webdav.ErrStale) {
			t.Errorf("got %v, want that Prepare is run again", err)
		}
	}
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte(event("1", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20260302T100000Z")))
	f.Add([]byte(task("1")))
	f.Add([]byte(object("VEVENT", "x", "DTSTART;TZID=Europe/Paris:99991231T100000", "DURATION:P99999W")))
	f.Fuzz(func(t *testing.T, body []byte) {
		c := testCalendar()
		ix, err := c.judge(body)
		if err == nil && (ix.UID == "" || ix.First > ix.Last) {
			t.Errorf("index %+v", ix)
		}
	})
}

// What is wrong and can be read all the same is kept as it came, and noted.
func TestPut_NotesRepairs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{IndexVersion: IndexVersion})
	engine, err := webdav.New(db, webdav.Options{Log: slog.New(slog.NewTextHandler(&log, nil))}, principal.Module(), Module(Options{}))
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, engine: engine, db: db, user: "ann"}
	s.want(s.put(work+"good.ics", event("good")), 201)
	if strings.Contains(log.String(), "faults") {
		t.Errorf("of a good one: %s", log.String())
	}
	body := strings.Replace(event("bad"), "BEGIN:VEVENT", "Begin:vevent", 1)
	s.want(s.put(work+"bad.ics", body), 201)
	if got := s.want(s.do("GET", work+"bad.ics", ""), 200).body; got != body {
		t.Errorf("got %q", got)
	}
	if !strings.Contains(log.String(), "object=bad.ics") || !strings.Contains(log.String(), "line 4: BEGIN:VEVENT not in upper case") {
		t.Errorf("noted: %s", log.String())
	}
}
