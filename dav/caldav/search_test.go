package caldav

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Whatever is searched among whatever objects, rows and series find what the texts say: BruteForce compares.
func TestSearch_AgreesWithTheTexts(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{BruteForce: true})
	s.want(s.do("MKCALENDAR", "/calendars/ann/all/", ""), 201)
	r := rand.New(rand.NewPCG(7, 9))
	n := 0
	for o := range davtest.Generate(120, 5) {
		s.want(s.put("/calendars/ann/all/"+o.Name, o.Body), 201)
		n++
	}
	for i := range 250 {
		if a := s.put(fmt.Sprintf("/calendars/ann/all/r%d.ics", i), randomObject(r, i)); a.status != 201 {
			t.Fatalf("%d: %s\n%s", a.status, a.body, randomObject(r, i))
		}
	}
	found := 0
	for range 400 {
		filter := randomFilter(r)
		more := ""
		if r.IntN(3) == 0 {
			more = "<c:timezone-id>" + []string{"Asia/Tokyo", "America/Los_Angeles"}[r.IntN(2)] + "</c:timezone-id>"
		}
		if a := s.report("/calendars/ann/all/", queryFor("<d:getetag/>", filter, more)); a.status != 207 {
			t.Fatalf("%d for %s: %s", a.status, filter, a.body)
		} else {
			found += strings.Count(a.body, "<d:response>")
		}
	}
	t.Logf("%d answers of %d objects", found, n+250)

	// To another version of the program all rows are stale, and only the texts tell.
	stale := *s
	db, err := store.Open(s.db.Path(), store.Options{IndexVersion: IndexVersion + 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if stale.engine, err = webdav.New(db, webdav.Options{}, principal.Module(), Module(Options{})); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		from := time.Date(2024, 1, 1+r.IntN(1200), r.IntN(24), 0, 0, 0, time.UTC)
		body := freeBusy(from.Format("20060102T150405Z"), from.AddDate(0, 0, 1+r.IntN(60)).Format("20060102T150405Z"))
		got, want := s.report("/calendars/ann/all/", body, "Depth: 1"), stale.report("/calendars/ann/all/", body, "Depth: 1")
		if g, w := busyLines(got.body), busyLines(want.body); g != w || got.status != 200 || want.status != 200 {
			t.Fatalf("%s:\ngot  %d %s\nwant %d %s", body, got.status, g, want.status, w)
		}
	}
}

// Objects of another version are found by their texts, and by the index once it is written anew.
func TestReindex(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{BruteForce: true})
	s.seed(map[string]string{"a.ics": event("a", "RRULE:FREQ=DAILY"), "b.ics": event("b")})
	june := query(events(between("time-range", "20260601T000000Z", "20260602T000000Z")))
	err := s.db.Update(t.Context(), func(tx *store.Tx) error {
		for row, err := range tx.Stale(store.KindCalendar, IndexVersion, 0, 1) {
			t.Errorf("%v is stale, %v", row, err)
		}
		for _, name := range []string{"a.ics", "b.ics"} {
			row := s.row(tx, name)
			if err := tx.Reindex(row, store.Index{Version: 1, Kind: row.Kind, First: store.MaxTime, Last: store.MaxTime}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := s.report(work, june).names(); got != "a.ics" {
			t.Errorf("found %q", got)
		}
		n, err := Reindex(t.Context(), s.db)
		if err != nil {
			t.Fatal(err)
		}
		t.Log(n)
	}
	err = s.db.View(t.Context(), func(tx *store.Tx) error {
		if row := s.row(tx, "a.ics"); row.Index.Version != IndexVersion || row.First == store.MaxTime || row.UID != "a" {
			t.Errorf("%+v", row.Index)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// row is an object of the calendar as it is stored.
func (s *server) row(tx *store.Tx, name string) *store.Object {
	s.t.Helper()
	c, err := calendarOf(tx, "calendar")
	if err != nil {
		s.t.Fatal(err)
	}
	o, err := tx.Object(c.ID, name, store.Series)
	if err != nil {
		s.t.Fatal(err)
	}
	return o
}

func busyLines(body string) string {
	var out []string
	for line := range strings.Lines(body) {
		if strings.HasPrefix(line, "FREEBUSY") {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return strings.Join(out, "\n")
}

func randomObject(r *rand.Rand, i int) string {
	uid := fmt.Sprintf("r%d", i)
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(3*365*24*4)) * 15 * time.Minute)
	zone := []string{"Z", "", "Europe/Paris", "DATE", "America/New_York"}[r.IntN(5)]
	at := func(name string, t time.Time) string {
		switch zone {
		case "Z", "":
			return name + ":" + t.Format("20060102T150405") + zone
		case "DATE":
			return name + ";VALUE=DATE:" + t.Format("20060102")
		}
		return name + ";TZID=" + zone + ":" + t.Format("20060102T150405")
	}
	some := func(n int, line string) []string {
		if r.IntN(n) == 0 {
			return []string{line}
		}
		return nil
	}
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	kind := pick("VEVENT", "VEVENT", "VEVENT", "VTODO", "VTODO", "VJOURNAL", "VFREEBUSY")
	end := "DTEND"
	if kind == "VTODO" {
		end = "DUE"
	}
	alarm := "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER" + pick(":-PT15M", ";RELATED=END:PT1H", ";VALUE=DATE-TIME:20250301T120000Z", ":-P1D") + pick("", "\r\nREPEAT:4\r\nDURATION:PT10M") + "\r\nEND:VALARM"
	describe := func() []string {
		return slices.Concat(some(3, "STATUS:"+pick("TENTATIVE", "CANCELLED", "CONFIRMED", "COMPLETED", "x-odd")), some(4, "TRANSP:TRANSPARENT"), some(4, "CLASS:"+pick("PUBLIC", "PRIVATE", "confidential")),
			some(3, "SUMMARY:"+pick("tea", "cake")))
	}
	lines := describe()
	hasStart := kind == "VEVENT" || r.IntN(3) > 0
	if kind == "VFREEBUSY" {
		lines = append(lines[:0], some(2, "FREEBUSY:"+start.Format("20060102T150405Z")+"/PT3H")...)
		if r.IntN(2) == 0 {
			lines = append(lines, "DTSTART:"+start.Format("20060102T150405Z"), "DTEND:"+start.AddDate(0, 0, 9).Format("20060102T150405Z"))
		}
		return object(kind, uid, lines...)
	}
	if hasStart {
		lines = append(lines, at("DTSTART", start))
	}
	later := start.Add(time.Duration(1+r.IntN(60)) * time.Hour * 24 / 8)
	if zone == "DATE" {
		later = start.AddDate(0, 0, 1+r.IntN(5))
	}
	switch {
	case kind == "VJOURNAL":
	case r.IntN(2) == 0:
		lines = append(lines, at(end, later))
	case hasStart && r.IntN(2) == 0:
		lines = append(lines, "DURATION:"+pick("PT1H", "P1D", "P2D", "PT0S"))
	}
	if kind == "VTODO" {
		lines = slices.Concat(lines, some(3, "COMPLETED:"+start.AddDate(0, 0, 3).Format("20060102T150405Z")), some(3, "CREATED:"+start.AddDate(0, 0, -3).Format("20060102T150405Z")))
	}
	if kind != "VJOURNAL" {
		lines = append(lines, some(3, alarm)...)
	}
	body := object(kind, uid, lines...)
	if !hasStart || r.IntN(2) == 0 {
		return body
	}
	rule := "RRULE:FREQ=" + pick("DAILY", "WEEKLY", "WEEKLY;BYDAY=MO,FR", "MONTHLY", "MONTHLY;BYDAY=-1SU", "YEARLY") + pick("", ";INTERVAL=2", ";INTERVAL=5") + pick("", "", ";COUNT=7")
	lines = append(lines, rule)
	lines = append(lines, some(3, at("EXDATE", start.AddDate(0, 0, 7)))...)
	lines = append(lines, some(4, at("RDATE", start.AddDate(0, 0, 3)))...)
	body = object(kind, uid, lines...)
	if r.IntN(2) == 0 {
		return body
	}
	over := slices.Concat([]string{strings.Replace(at("RECURRENCE-ID", start), ":", pick(":", ":", ";RANGE=THISANDFUTURE:"), 1), at("DTSTART", start.AddDate(0, 0, r.IntN(40)-20))}, describe())
	if kind != "VJOURNAL" {
		over = append(over, some(2, alarm)...)
	}
	_, second, _ := strings.Cut(object(kind, uid, over...), "-//test//EN\r\n")
	return strings.TrimSuffix(body, "END:VCALENDAR\r\n") + second
}

func randomFilter(r *rand.Rand) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	span := func() string {
		from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(r.IntN(4*365*24)) * time.Hour)
		to := from.Add(time.Duration(1+r.IntN(24*pick1(r, 1, 7, 40, 400))) * time.Hour)
		start, end := from.Format(`start="20060102T150405Z" `), to.Format(`end="20060102T150405Z"`)
		switch r.IntN(6) {
		case 0:
			start = ""
		case 1:
			end = ""
		}
		return "<c:time-range " + start + end + "/>"
	}
	text := func(s string) string {
		return `<c:text-match` + pick("", ` collation="i;octet"`, ` collation="i;unicode-casemap"`) + pick("", "", ` negate-condition="yes"`) + `>` + s + `</c:text-match>`
	}
	prop := func() string {
		name := pick("UID", "CLASS", "STATUS", "TRANSP", "SUMMARY", "COMPLETED")
		inner := map[string]string{"UID": text(pick("r1", "R2", "7", "example")), "CLASS": text(pick("PRIVATE", "conf", "PUBLIC")), "STATUS": text(pick("CANCELLED", "ed", "x-odd")),
			"TRANSP": text("TRANSPARENT"), "SUMMARY": text("tea"), "COMPLETED": ""}[name]
		if name != "UID" && r.IntN(3) == 0 {
			inner = "<c:is-not-defined/>"
		}
		return `<c:prop-filter name="` + name + `">` + inner + `</c:prop-filter>`
	}
	inner := ""
	if r.IntN(2) == 0 {
		inner += prop()
	}
	if r.IntN(5) == 0 {
		inner += prop()
	}
	if r.IntN(4) == 0 {
		inner += `<c:comp-filter name="VALARM">` + pick("", "<c:is-not-defined/>", span()) + `</c:comp-filter>`
	}
	if r.IntN(2) == 0 {
		inner = span() + inner
	}
	kind := pick("VEVENT", "VEVENT", "VTODO", "VTODO", "VJOURNAL", "VFREEBUSY")
	if kind == "VJOURNAL" || kind == "VFREEBUSY" {
		inner = pick(span(), prop(), "")
	}
	return `<c:comp-filter name="` + kind + `">` + inner + `</c:comp-filter>`
}

func pick1(r *rand.Rand, list ...int) int { return list[r.IntN(len(list))] }

// What one report may cost is a setting, and told before anything is answered.
func TestReports_Limits(t *testing.T) {
	t.Parallel()
	year := query(events(between("time-range", "20260601T000000Z", "20270601T000000Z")))
	expand := queryFor("<c:calendar-data>"+between("expand", "20260601T000000Z", "20270601T000000Z")+"</c:calendar-data>", events(between("time-range", "20260601T000000Z", "20270601T000000Z")))
	busy := freeBusy("20260601T000000Z", "20270601T000000Z")
	const daily, secondly = "RRULE:FREQ=DAILY", "RRULE:FREQ=SECONDLY"
	const plenty = 1 << 40
	for _, c := range []struct {
		name, body, rule string
		opt              Options
	}{
		{"steps", query(events(between("time-range", "20270101T000000Z", "20270101T000001Z"))), daily, Options{MaxSteps: 2}},
		{"steps of free-busy", busy, daily, Options{MaxSteps: 20}},
		{"instances of free-busy", busy, daily, Options{MaxInstances: 20}},
		{"instances", expand, daily, Options{MaxInstances: 20}},
		{"octets", expand, daily, Options{MaxExpanded: 2000}},
		{"time", expand, secondly, Options{MaxInstances: plenty, MaxExpanded: plenty, MaxTime: 10 * time.Millisecond, Clock: counter()}},
		{"time of free-busy", busy, secondly, Options{MaxInstances: plenty, MaxTime: 10 * time.Millisecond, Clock: counter()}},
		{"steps of one object", busy, daily, Options{MaxSteps: 30_000, ObjectShare: 1}},
		{"instances of one object", busy, daily, Options{MaxInstances: 30_000, ObjectShare: 1}},
		{"octets of one object", expand, daily, Options{MaxExpanded: 1 << 20, ObjectShare: 1}},
		{"time of one object", busy, secondly, Options{MaxInstances: plenty, MaxTime: time.Second, ObjectShare: 1, Clock: counter()}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, c.opt)
			s.seed(map[string]string{"a.ics": event("a", "RRULE:FREQ=DAILY;BYDAY=MO,WE,FR"), "b.ics": event("b", c.rule)})
			if a := s.report(work, c.body, "Depth: 1"); (a.status != 403 && a.status != 507) || !strings.Contains(a.body, "number-of-matches-within-limits") {
				t.Errorf("%d %.300s", a.status, a.body)
			}
			generous := newServer(t, Options{})
			generous.seed(map[string]string{"a.ics": event("a", daily)})
			if a := generous.report(work, year); a.status != 207 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

// counter is a clock that goes on by a millisecond each time it is read.
func counter() func() time.Duration {
	var at atomic.Int64
	return func() time.Duration { return time.Duration(at.Add(1)) * time.Millisecond }
}

// A client that goes away ends the work on the object that is being expanded.
func TestReports_EndWithTheirClient(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"free-busy": freeBusy("20260601T000000Z", "20270601T000000Z"),
		"expand":    queryFor("<c:calendar-data>"+between("expand", "20260601T000000Z", "20270601T000000Z")+"</c:calendar-data>", events("")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const plenty = 1 << 40
			ctx, leave := context.WithCancel(t.Context())
			looks := 0
			s := newServer(t, Options{MaxInstances: plenty, MaxExpanded: plenty, Clock: func() time.Duration {
				if looks++; looks == 8 {
					leave()
				}
				return 0
			}})
			s.seed(map[string]string{"a.ics": event("a", "RRULE:FREQ=SECONDLY;INTERVAL=20")})
			looks = 0
			r := httptest.NewRequest("REPORT", work, strings.NewReader(body))
			r.Header.Set("Depth", "1")
			s.engine.ServeHTTP(httptest.NewRecorder(), r.WithContext(webdav.WithLogin(ctx, webdav.Login{User: "ann"})))
			if looks < 8 || looks > 12 {
				t.Errorf("the clock was read %d times", looks)
			}
		})
	}
}

// What filters ask of components, times, alarms, UIDs and the properties with few values is answered by what is stored
// beside the text.
func TestSearch_ReadsNoText(t *testing.T) {
	t.Parallel()
	var last *spending
	s := newServer(t, Options{seen: func(s *spending) { last = s }})
	s.want(s.do("MKCALENDAR", "/calendars/ann/all/", ""), 201)
	for name, body := range map[string]string{
		"once": event("once"), "weekly": event("weekly", "RRULE:FREQ=WEEKLY", "STATUS:TENTATIVE", "CLASS:PRIVATE"),
		"alarm":  event("alarm", "RRULE:FREQ=DAILY;COUNT=3", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT15M", "END:VALARM"),
		"clear":  event("clear", "TRANSP:TRANSPARENT"),
		"todo":   object("VTODO", "todo", "DUE:20260302T100000Z"),
		"done":   object("VTODO", "done", "COMPLETED:20260302T100000Z"),
		"diary":  object("VJOURNAL", "diary", "DTSTART;VALUE=DATE:20260302"),
		"busy":   object("VFREEBUSY", "busy", "DTSTART:20260301T000000Z", "DTEND:20260303T000000Z", "FREEBUSY:20260302T100000Z/PT1H"),
		"period": object("VFREEBUSY", "period", "FREEBUSY:20260302T100000Z/PT1H"),
	} {
		s.want(s.put("/calendars/ann/all/"+name+".ics", body), 201)
	}
	march := between("time-range", "20260302T000000Z", "20260303T000000Z")
	in := func(kind, inner string) string {
		return `<c:comp-filter name="` + kind + `">` + inner + `</c:comp-filter>`
	}
	text := func(name, attrs, part string) string {
		return `<c:prop-filter name="` + name + `"><c:text-match ` + attrs + `>` + part + `</c:text-match></c:prop-filter>`
	}
	const none = "<c:is-not-defined/>"
	for name, c := range map[string]struct{ filter, want string }{
		"events":                        {in("VEVENT", ""), "alarm.ics clear.ics once.ics weekly.ics"},
		"events of a day":               {in("VEVENT", march), "alarm.ics"},
		"tasks of a day":                {in("VTODO", march), "done.ics todo.ics"},
		"journal of a day":              {in("VJOURNAL", march), "diary.ics"},
		"free-busy of a day":            {in("VFREEBUSY", march), "busy.ics period.ics"},
		"no events":                     {in("VEVENT", none), "busy.ics diary.ics done.ics period.ics todo.ics"},
		"with an alarm":                 {in("VEVENT", in("VALARM", "")), "alarm.ics"},
		"without one":                   {in("VEVENT", in("VALARM", none)), "clear.ics once.ics weekly.ics"},
		"that rings that day":           {in("VEVENT", in("VALARM", march)), "alarm.ics"},
		"open tasks":                    {in("VTODO", `<c:prop-filter name="COMPLETED">`+none+`</c:prop-filter>`), "todo.ics"},
		"a status":                      {in("VEVENT", text("STATUS", "", "tentative")), "weekly.ics"},
		"a class":                       {in("VEVENT", text("CLASS", "", "PRIVATE")+march), ""},
		"what does not block time":      {in("VEVENT", text("TRANSP", "", "TRANSPARENT")), "clear.ics"},
		"a UID":                         {in("VEVENT", text("UID", "", "WEEK")), "weekly.ics"},
		"a UID, its case":               {in("VEVENT", text("UID", `collation="i;octet"`, "week")), "weekly.ics"},
		"a UID, in Unicode":             {in("VEVENT", text("UID", `collation="i;unicode-casemap"`, "WEEK")), "weekly.ics"},
		"every UID but one":             {in("VEVENT", text("UID", `negate-condition="yes"`, "week")), "alarm.ics clear.ics once.ics"},
		"every UID but one, of a day":   {in("VEVENT", text("UID", `negate-condition="yes"`, "week")+march), "alarm.ics"},
		"a UID without a part, and one": {in("VEVENT", text("UID", "", "a")+text("UID", `negate-condition="yes"`, "clear")), "alarm.ics"},
	} {
		if a := s.want(s.report("/calendars/ann/all/", query(c.filter)), 207); a.names() != c.want || last.texts > 0 {
			t.Errorf("%s: %q, want %q; %d texts read", name, a.names(), c.want, last.texts)
		}
	}
}

// A series that is too long to be kept beside its text is looked for by its bounds, then in the text.
func TestSearch_LongSeriesByTheirText(t *testing.T) {
	t.Parallel()
	var last *spending
	s := newServer(t, Options{seen: func(s *spending) { last = s }})
	var dates []string
	for i := range 10_000 {
		dates = append(dates, time.Date(2026, 4, 1, 10, 0, 0, 0, time.UTC).AddDate(0, 0, 2*i).Format("20060102T150405Z"))
	}
	s.seed(map[string]string{"long.ics": event("long", "RDATE:"+strings.Join(dates, ",")), "a.ics": event("a", "RRULE:FREQ=DAILY")})
	for _, c := range []struct {
		from, to, want string
		texts          int
	}{
		{"20260401T000000Z", "20260402T000000Z", "a.ics long.ics", 1},
		{"20260402T000000Z", "20260403T000000Z", "a.ics", 1},
		{"20250101T000000Z", "20250102T000000Z", "", 0},
	} {
		if a := s.want(s.report(work, query(events(between("time-range", c.from, c.to)))), 207); a.names() != c.want || last.texts != c.texts {
			t.Errorf("%s: %q after %d texts, want %q after %d", c.from, a.names(), last.texts, c.want, c.texts)
		}
	}
}
