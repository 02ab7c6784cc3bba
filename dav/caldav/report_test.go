package caldav

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/store"
)

const work = "/calendars/ann/calendar/"

func (s *server) report(path, body string, headers ...string) answer {
	s.t.Helper()
	return s.do("REPORT", path, body, headers...)
}

// query is a calendar-query for etags, of one filter in VCALENDAR.
func query(inner string) string { return queryFor("<d:getetag/>", inner) }

func queryFor(props, inner string, more ...string) string {
	return `<c:calendar-query ` + spaces + `><d:prop>` + props + `</d:prop><c:filter><c:comp-filter name="VCALENDAR">` + inner +
		`</c:comp-filter></c:filter>` + strings.Join(more, "") + `</c:calendar-query>`
}

func events(inner string) string { return `<c:comp-filter name="VEVENT">` + inner + `</c:comp-filter>` }

func between(element, start, end string) string {
	return `<c:` + element + ` start="` + start + `" end="` + end + `"/>`
}

var hrefPattern = regexp.MustCompile(`<d:response><d:href>([^<]*)</d:href>`)

// names are those of the objects in an answer, sorted.
func (a answer) names() string {
	var out []string
	for _, m := range hrefPattern.FindAllStringSubmatch(a.body, -1) {
		out = append(out, m[1][strings.LastIndexByte(m[1], '/')+1:])
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// data is the first calendar-data of an answer, its lines without VERSION, PRODID, UID and DTSTAMP.
func (a answer) data() string {
	_, text, _ := strings.Cut(a.body, "<c:calendar-data>")
	text, _, _ = strings.Cut(text, "</c:calendar-data>")
	text = strings.NewReplacer("&#13;\n", "\n", "&amp;", "&").Replace(text)
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		name := line[:max(0, strings.IndexAny(line, ":;"))]
		if line != "" && !slices.Contains([]string{"VERSION", "PRODID", "UID", "DTSTAMP"}, name) && !strings.HasSuffix(line, ":VCALENDAR") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

func (s *server) seed(objects map[string]string) {
	s.t.Helper()
	for name, body := range objects {
		if a := s.put(work+name, body); a.status != 201 {
			s.t.Fatalf("PUT %s: %d %s", name, a.status, a.body)
		}
	}
}

func TestCalendarQuery_Depth(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.seed(map[string]string{"a.ics": event("a"), "b.ics": event("b", "SUMMARY:B")})
	s.want(s.put("/calendars/ann/tasks/t.ics", task("t")), 201)
	b := events(`<c:prop-filter name="SUMMARY"/>`)
	for _, c := range []struct{ path, depth, filter, want string }{
		{work, "", events(""), "a.ics b.ics"},
		{work, "1", events(""), "a.ics b.ics"},
		{work, "infinity", events(""), "a.ics b.ics"},
		{work, "0", events(""), ""},
		{work + "a.ics", "", events(""), "a.ics"},
		{work + "a.ics", "1", b, ""},
		{work + "b.ics", "0", b, "b.ics"},
		{"/calendars/ann/", "", "", ""},
		{"/calendars/ann/", "1", "", ""},
		{"/calendars/ann/", "infinity", "", "a.ics b.ics t.ics"},
	} {
		var h []string
		if c.depth != "" {
			h = []string{"Depth: " + c.depth}
		}
		if got := s.want(s.report(c.path, query(c.filter), h...), 207, "</d:multistatus>").names(); got != c.want {
			t.Errorf("%s depth %q: got %q, want %q", c.path, c.depth, got, c.want)
		}
	}
	s.want(s.report(work, query(""), "Depth: 2"), 400)
	s.user = "bob"
	s.want(s.report(work, query("")), 403)
}

func TestCalendarQuery_Refuses(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	summary := func(inner string) string {
		return query(events(`<c:prop-filter name="SUMMARY">` + inner + `</c:prop-filter>`))
	}
	for _, c := range []struct {
		name, body string
		status     int
		want       string
	}{
		{"no filter", `<c:calendar-query ` + spaces + `><d:prop/></c:calendar-query>`, 403, "<c:valid-filter>"},
		{"floating range", query(events(`<c:time-range start="20060101T000000"/>`)), 403, "<c:valid-filter>"},
		{"nesting", query(events(`<c:comp-filter name="VTODO"/>`)), 403, "<c:valid-filter>"},
		{"time of text", summary(between("time-range", "20060101T000000Z", "20060102T000000Z")), 403, "<c:valid-filter>"},
		{"collation", summary(`<c:text-match collation="i;*">x</c:text-match>`), 403, "<c:supported-collation>"},
		{"time of what we don't know", query(events(`<c:prop-filter name="X-A&lt;">` + between("time-range", "20060101T000000Z", "20060102T000000Z") + `</c:prop-filter>`)),
			403, `<c:supported-filter><c:prop-filter name="X-A&lt;"/></c:supported-filter>`},
		{"timezone", queryFor("<d:getetag/>", events(""), `<c:timezone>BEGIN:VCALENDAR</c:timezone>`), 403, "<c:valid-calendar-data>"},
		{"other type", queryFor(`<c:calendar-data content-type="application/calendar+xml"/>`, events("")), 403, "<c:supported-calendar-data>"},
		{"other version", queryFor(`<c:calendar-data content-type="text/calendar" version="1.0"/>`, events("")), 403, "<c:supported-calendar-data>"},
		{"expand without end", queryFor(`<c:calendar-data><c:expand start="20060101T000000Z"/></c:calendar-data>`, events("")), 400, "needs both"},
		{"expand and limit", queryFor(`<c:calendar-data>`+between("expand", "20060101T000000Z", "20060102T000000Z")+between("limit-recurrence-set", "20060101T000000Z", "20060102T000000Z")+
			`</c:calendar-data>`, events("")), 400, "both expand and"},
		{"comp VEVENT first", queryFor(`<c:calendar-data><c:comp name="VEVENT"/></c:calendar-data>`, events("")), 400, "VCALENDAR"},
		{"comp without name", queryFor(`<c:calendar-data><c:comp name="VCALENDAR"><c:prop/></c:comp></c:calendar-data>`, events("")), 400, "without a name"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.report(work, c.body, "Depth: 1")
			if a.status != c.status || !strings.Contains(a.body, c.want) {
				t.Errorf("got %d %s, want %d %s", a.status, a.body, c.status, c.want)
			}
		})
	}
}

// What rows decide and what the text decides is the same, whether or not the bodies are read anyway.
func TestCalendarQuery_RowsAndTextAgree(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	objects := map[string]string{}
	for day := 1; day <= 28; day++ {
		objects[fmt.Sprintf("e%02d.ics", day)] = object("VEVENT", fmt.Sprintf("E%d@x", day), fmt.Sprintf("DTSTART:202603%02dT100000Z", day), "DURATION:PT1H")
		objects[fmt.Sprintf("f%02d.ics", day)] = object("VEVENT", fmt.Sprintf("f%d@x", day), fmt.Sprintf("DTSTART:202603%02dT003000", day), "DURATION:PT15M")
		objects[fmt.Sprintf("d%02d.ics", day)] = object("VEVENT", fmt.Sprintf("d%d@x", day), fmt.Sprintf("DTSTART;VALUE=DATE:202603%02d", day))
	}
	objects["endless.ics"] = object("VEVENT", "endless@x", "DTSTART:20200101T100000Z", "RRULE:FREQ=WEEKLY")
	objects["over.ics"] = object("VEVENT", "over@x", "DTSTART:20200101T100000Z", "RRULE:FREQ=WEEKLY;COUNT=3")
	objects["never.ics"] = object("VEVENT", "never@x", "DTSTART:20260301T100000Z", "RRULE:FREQ=DAILY;COUNT=1", "EXDATE:20260301T100000Z")
	s.seed(objects)
	zone := strings.NewReplacer("\r\n", "\n").Replace("<c:timezone>BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Far\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+1300\r\nTZOFFSETTO:+1300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n</c:timezone>")
	for _, span := range []string{
		`<c:time-range start="20260310T000000Z"/>`, `<c:time-range end="20260310T000000Z"/>`, between("time-range", "20260305T103000Z", "20260312T100000Z"),
		between("time-range", "20260305T100000Z", "20260305T100001Z"), `<c:time-range start="20300101T000000Z"/>`, `<c:time-range end="20190101T000000Z"/>`,
	} {
		for _, more := range []string{"", zone} {
			for _, uid := range []string{"", `<c:prop-filter name="UID"><c:text-match>E</c:text-match></c:prop-filter>`} {
				rows := s.want(s.report(work, queryFor("<d:getetag/>", events(uid+span), more)), 207).names()
				bodies := s.want(s.report(work, queryFor("<c:calendar-data/>", events(uid+span), more)), 207).names()
				// A test of VERSION is always true, and keeps rows from deciding anything but what kind it is.
				text := s.want(s.report(work, queryFor("<d:getetag/>", `<c:prop-filter name="VERSION"/>`+events(uid+span), more)), 207).names()
				if rows != text || bodies != text {
					t.Errorf("%s %s: rows %q, bodies %q, text %q", span, uid, rows, bodies, text)
				}
			}
		}
	}
	never := events(`<c:time-range start="20200101T000000Z"/>`)
	if got := s.report(work, query(never)).names(); strings.Contains(got, "never") || !strings.Contains(got, "over.ics") || !strings.Contains(got, "endless.ics") {
		t.Errorf("from 2020 on: got %q", got)
	}
}

func TestCalendarQuery_TimezoneOfTheRequest(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.seed(map[string]string{"f.ics": object("VEVENT", "f", "DTSTART:20260310T233000", "DURATION:PT15M")})
	in := events(between("time-range", "20260310T213000Z", "20260310T214500Z"))
	if got := s.report(work, query(in)).names(); got != "" {
		t.Errorf("in UTC: got %q", got)
	}
	if got := s.report(work, queryFor("<d:getetag/>", in, "<c:timezone>"+paris+"</c:timezone>")).names(); got != "f.ics" {
		t.Errorf("two hours east: got %q", got)
	}
	s.want(s.do("PROPPATCH", work, `<d:propertyupdate `+spaces+`><d:set><d:prop><c:calendar-timezone>`+paris+`</c:calendar-timezone></d:prop></d:set></d:propertyupdate>`), 207, "200 OK")
	if got := s.report(work, query(in)).names(); got != "f.ics" {
		t.Errorf("by calendar-timezone: got %q", got)
	}
}

// A stored object that cannot be read fails no report.
func TestReports_BadStoredObject(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.seed(map[string]string{"good.ics": event("good")})
	err := s.db.Update(context.Background(), func(tx *store.Tx) error {
		p, err := tx.Principal(store.User, "ann")
		if err != nil {
			return err
		}
		home, err := tx.Root(p.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		c, err := tx.Collection(home.ID, "calendar")
		if err != nil {
			return err
		}
		for _, body := range []string{"no calendar at all", event("x", "RRULE:FREQ=NEVER")} {
			o := &store.Object{Name: fmt.Sprintf("bad%d.ics", len(body))}
			if err := tx.PutObject(c, o, []byte(body), store.Index{Version: IndexVersion, Kind: uint32(ical.VEvent), UID: o.Name, First: store.MinTime, Last: store.MaxTime}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	week := between("time-range", "20260301T000000Z", "20260308T000000Z")
	if got := s.want(s.report(work, query(events(week))), 207).names(); got != "good.ics" {
		t.Errorf("calendar-query: got %q", got)
	}
	expand := `<c:calendar-data>` + between("expand", "20260301T000000Z", "20260308T000000Z") + `</c:calendar-data>`
	a := s.want(s.report(work, queryFor(expand, events(""))), 207, "no calendar at all", "FREQ=NEVER")
	if got := strings.Count(a.body, "<d:response>"); got != 3 {
		t.Errorf("without a time-range rows decide: got %d responses, want 3", got)
	}
	s.want(s.report(work, freeBusy("20260301T000000Z", "20260308T000000Z")), 200, "FREEBUSY:20260301T100000Z/PT1H")
}

func TestCalendarQuery_Bomb(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.seed(map[string]string{"bomb.ics": event("bomb", "RRULE:FREQ=SECONDLY")})
	month := between("time-range", "20300101T000000Z", "20300201T000000Z")
	if got := s.want(s.report(work, query(events(month))), 207).names(); got != "bomb.ics" {
		t.Errorf("got %q", got)
	}
	s.want(s.report(work, queryFor(`<c:calendar-data>`+between("expand", "20300101T000000Z", "20300201T000000Z")+`</c:calendar-data>`, events(month))), 403, "<d:number-of-matches-within-limits>")
	s.want(s.report(work, freeBusy("20300101T000000Z", "20300201T000000Z")), 403, "<d:number-of-matches-within-limits>")
	limit := `<c:calendar-data>` + between("limit-recurrence-set", "20300101T000000Z", "20300201T000000Z") + `</c:calendar-data>`
	s.want(s.report(work, queryFor(limit, events(month))), 207, "FREQ=SECONDLY")
}

func multiget(props string, hrefs ...string) string {
	return `<c:calendar-multiget ` + spaces + `><d:prop>` + props + `</d:prop><d:href>` + strings.Join(hrefs, "</d:href><d:href>") + `</d:href></c:calendar-multiget>`
}

func TestCalendarMultiget(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.seed(map[string]string{"a.ics": event("a"), "b%20c.ics": event("b")})
	s.want(s.put("/calendars/ann/tasks/t.ics", task("t")), 201)
	s.user = "bob"
	s.want(s.put("/calendars/bob/calendar/z.ics", event("z")), 201)
	s.user = "ann"
	both := []string{work + "a.ics", "http://example.com" + work + "b%20c.ics", "https://elsewhere.example" + work + "a.ics", work + "no.ics", work + "%61.ics",
		"/calendars/bob/calendar/z.ics", "/calendars/ann/tasks/t.ics", work, "", "x:y", work + "a.ics/x"}
	ok := `<d:status>HTTP/1.1 200 OK</d:status>`
	for _, c := range []struct {
		path  string
		found []string
		lost  int
	}{
		{work, []string{work + "a.ics", work + "b%20c.ics"}, 8},
		{"/calendars/ann/", []string{work + "a.ics", work + "b%20c.ics", "/calendars/ann/tasks/t.ics"}, 7},
	} {
		a := s.want(s.report(c.path, multiget("<d:getetag/><c:calendar-data/>", both...), "Depth: 0"), 207)
		for _, href := range c.found {
			if !strings.Contains(a.body, "<d:response><d:href>"+href+"</d:href><d:propstat>") {
				t.Errorf("%s: %s was not found:\n%s", c.path, href, a.body)
			}
		}
		if got := strings.Count(a.body, ok); got != len(c.found) {
			t.Errorf("%s: %d found, want %d", c.path, got, len(c.found))
		}
		if got := strings.Count(a.body, "</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>"); got != c.lost {
			t.Errorf("%s: %d lost, want %d:\n%s", c.path, got, c.lost, a.body)
		}
		if strings.Contains(a.body, "UID:z") {
			t.Errorf("%s shows an object of another account", c.path)
		}
	}
	s.want(s.report(work+"a.ics", multiget("<d:getetag/>", work+"a.ics")), 207, work+"a.ics", ok)
	s.want(s.report(work+"a.ics", multiget("<d:getetag/>", work+"b%20c.ics")), 400)
	s.want(s.report(work+"a.ics", multiget("<d:getetag/>", work+"a.ics", work+"a.ics")), 400)
	s.want(s.report(work, `<c:calendar-multiget `+spaces+`><d:prop/></c:calendar-multiget>`), 207)
	s.want(s.report(work, multiget("<d:getetag/>", make([]string, home.MaxHrefs+1)...)), 403, "number-of-matches-within-limits")
	s.want(s.report(work, multiget(`<c:calendar-data version="3.0"/>`, work+"no.ics")), 403, "supported-calendar-data")
}

func freeBusy(start, end string) string {
	return `<c:free-busy-query ` + spaces + `>` + between("time-range", start, end) + `</c:free-busy-query>`
}

func TestFreeBusyQuery(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.seed(map[string]string{
		"a.ics": object("VEVENT", "a", "DTSTART:20260302T090000Z", "DTEND:20260302T100000Z"),
		"b.ics": object("VEVENT", "b", "DTSTART:20260302T100000Z", "DTEND:20260302T113000Z"),
		"c.ics": object("VEVENT", "c", "DTSTART:20260302T093000Z", "DTEND:20260302T094500Z", "STATUS:TENTATIVE"),
		"d.ics": object("VEVENT", "d", "DTSTART:20260302T150000Z", "DTEND:20260302T160000Z", "TRANSP:TRANSPARENT"),
		"e.ics": object("VEVENT", "e", "DTSTART:20260302T160000Z", "DTEND:20260302T170000Z", "STATUS:CANCELLED"),
		"f.ics": object("VEVENT", "f", "DTSTART:20260303T220000Z", "DTEND:20260304T020000Z"),
	})
	s.want(s.do("MKCALENDAR", "/calendars/ann/busy/", ""), 201)
	s.want(s.put("/calendars/ann/busy/g.ics", object("VFREEBUSY", "g", "FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260302T120000Z/PT1H", "FREEBUSY;FBTYPE=FREE:20260302T130000Z/PT1H")), 201)
	lines := func(a answer) string {
		t.Helper()
		if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/calendar") {
			t.Errorf("Content-Type %q", got)
		}
		cal, err := ical.Parse([]byte(a.body))
		if err != nil {
			t.Fatalf("%v in\n%s", err, a.body)
		}
		fb := cal.Root.Kids("VFREEBUSY")
		if len(fb) != 1 || len(cal.Root.Children) != 1 {
			t.Fatalf("not one VFREEBUSY:\n%s", a.body)
		}
		for _, name := range []string{"UID", "DTSTAMP", "DTSTART", "DTEND"} {
			if fb[0].Prop(name) == nil {
				t.Errorf("no %s:\n%s", name, a.body)
			}
		}
		var out []string
		for _, p := range fb[0].All("FREEBUSY") {
			out = append(out, strings.TrimPrefix(p.Param("FBTYPE")+" ", " ")+p.Value)
		}
		return strings.Join(out, ", ")
	}
	day := freeBusy("20260302T000000Z", "20260304T000000Z")
	const own = "20260302T090000Z/PT2H30M, BUSY-TENTATIVE 20260302T093000Z/PT15M"
	for _, c := range []struct{ path, depth, want string }{
		{work, "1", own + ", 20260303T220000Z/PT2H"},
		{work, "", own + ", 20260303T220000Z/PT2H"},
		{work, "0", ""},
		{"/calendars/ann/", "", own + ", BUSY-UNAVAILABLE 20260302T120000Z/PT1H, 20260303T220000Z/PT2H"},
		{"/calendars/ann/", "1", own + ", BUSY-UNAVAILABLE 20260302T120000Z/PT1H, 20260303T220000Z/PT2H"},
		{"/calendars/ann/", "0", ""},
	} {
		var h []string
		if c.depth != "" {
			h = []string{"Depth: " + c.depth}
		}
		if got := lines(s.want(s.report(c.path, day, h...), 200)); got != c.want {
			t.Errorf("%s depth %q: got %q, want %q", c.path, c.depth, got, c.want)
		}
	}
	s.want(s.do("PROPPATCH", work, `<d:propertyupdate `+spaces+`><d:set><d:prop><c:schedule-calendar-transp><c:transparent/></c:schedule-calendar-transp></d:prop></d:set></d:propertyupdate>`), 207, "200 OK")
	if got := lines(s.want(s.report("/calendars/ann/", day), 200)); got != "BUSY-UNAVAILABLE 20260302T120000Z/PT1H" {
		t.Errorf("a home with a transparent calendar: got %q", got)
	}
	if got := lines(s.want(s.report(work, freeBusy("20260302T093000Z", "20260302T100000Z")), 200)); got != "20260302T093000Z/PT30M, BUSY-TENTATIVE 20260302T093000Z/PT15M" {
		t.Errorf("cut to the range, a transparent calendar asked by itself: got %q", got)
	}
	s.want(s.report(work+"a.ics", day), 403, "<d:supported-report>")
	for _, body := range []string{
		`<c:free-busy-query ` + spaces + `/>`, freeBusy("20260304T000000Z", "20260302T000000Z"), freeBusy("20260302", "20260303"),
		`<c:free-busy-query ` + spaces + `><c:time-range start="20260302T000000Z"/></c:free-busy-query>`,
	} {
		s.want(s.report(work, body), 400)
	}
}

func TestCalendarData_Expand(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	vtz := "BEGIN:VTIMEZONE\r\nTZID:Europe/Paris\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
	zoned := func(lines ...string) string {
		return strings.Replace(object("VEVENT", "u", lines...), "BEGIN:VEVENT", vtz, 1)
	}
	second := func(body string, lines ...string) string {
		return strings.Replace(body, "END:VCALENDAR", "BEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"+strings.Join(lines, "\r\n")+"\r\nEND:VEVENT\r\nEND:VCALENDAR", 1)
	}
	ev := func(lines ...string) string { return "BEGIN:VEVENT\n" + strings.Join(lines, "\n") + "\nEND:VEVENT" }
	for i, c := range []struct{ name, body, start, end, want string }{
		{"all day", object("VEVENT", "u", "DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:20260302", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20260302"), "20260302T000000Z", "20260304T000000Z",
			ev("DTSTART;VALUE=DATE:20260303", "DTEND;VALUE=DATE:20260304", "RECURRENCE-ID;VALUE=DATE:20260303")},
		{"floating", object("VEVENT", "u", "DTSTART:20260301T100000", "DURATION:PT1H", "RDATE:20260305T100000"), "20260305T000000Z", "20260306T000000Z",
			ev("DTSTART:20260305T100000", "DURATION:PT1H", "RECURRENCE-ID:20260305T100000")},
		{"a zone", zoned("DTSTART;TZID=Europe/Paris:20260301T100000", "DTEND;TZID=Europe/Paris:20260301T110000", "RRULE:FREQ=MONTHLY;COUNT=2", "X-AT;TZID=Europe/Paris:20260301T100000"), "20260301T000000Z", "20260501T000000Z",
			ev("DTSTART:20260301T090000Z", "DTEND:20260301T100000Z", "X-AT:20260301T090000Z", "RECURRENCE-ID:20260301T090000Z") + "\n" +
				ev("DTSTART:20260401T080000Z", "DTEND:20260401T090000Z", "X-AT:20260301T090000Z", "RECURRENCE-ID:20260401T080000Z")},
		{"not recurring", zoned("DTSTART;TZID=Europe/Paris:20260301T100000", "DURATION:PT1H", "SUMMARY:a\\, b"), "20260301T000000Z", "20260501T000000Z", ev("DTSTART:20260301T090000Z", "DURATION:PT1H", "SUMMARY:a\\, b")},
		{"outside", zoned("DTSTART;TZID=Europe/Paris:20260301T100000", "DURATION:PT1H"), "20270301T000000Z", "20270501T000000Z", ""},
		{"nominal days across a change", zoned("DTSTART;TZID=Europe/Paris:20260328T120000", "DURATION:P1D", "RRULE:FREQ=WEEKLY;COUNT=2"), "20260328T000000Z", "20260501T000000Z",
			ev("DTSTART:20260328T110000Z", "DTEND:20260329T100000Z", "RECURRENCE-ID:20260328T110000Z") + "\n" + ev("DTSTART:20260404T100000Z", "DURATION:P1D", "RECURRENCE-ID:20260404T100000Z")},
		{"a period of its own", object("VEVENT", "u", "DTSTART:20260301T100000Z", "DURATION:PT1H", "RDATE;VALUE=PERIOD:20260305T100000Z/PT3H"), "20260305T000000Z", "20260306T000000Z",
			ev("DTSTART:20260305T100000Z", "DTEND:20260305T130000Z", "RECURRENCE-ID:20260305T100000Z")},
		{"an override", second(object("VEVENT", "u", "DTSTART:20260301T100000Z", "RRULE:FREQ=DAILY", "SUMMARY:old"), "RECURRENCE-ID:20260302T100000Z", "DTSTART;VALUE=DATE-TIME:20260302T120000Z", "SUMMARY:new"),
			"20260302T000000Z", "20260303T000000Z", ev("DTSTART:20260302T120000Z", "SUMMARY:new", "RECURRENCE-ID:20260302T100000Z")},
		{"and all after it", second(object("VEVENT", "u", "DTSTART:20260301T100000Z", "RRULE:FREQ=DAILY", "SUMMARY:old"), "RECURRENCE-ID;RANGE=THISANDFUTURE:20260302T100000Z", "DTSTART:20260302T120000Z", "SUMMARY:new"),
			"20270302T000000Z", "20270303T000000Z", ev("DTSTART:20270302T120000Z", "SUMMARY:new", "RECURRENCE-ID:20270302T100000Z")},
		{"a to-do", object("VTODO", "u", "DTSTART;VALUE=DATE:20260301", "DUE;VALUE=DATE:20260303", "RRULE:FREQ=WEEKLY", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H", "END:VALARM"), "20260308T000000Z", "20260309T000000Z",
			"BEGIN:VTODO\nDTSTART;VALUE=DATE:20260308\nDUE;VALUE=DATE:20260310\nRECURRENCE-ID;VALUE=DATE:20260308\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT1H\nEND:VALARM\nEND:VTODO"},
		{"a to-do due", object("VTODO", "u", "DUE:20260303T100000Z"), "20260303T000000Z", "20260304T000000Z", "BEGIN:VTODO\nDUE:20260303T100000Z\nEND:VTODO"},
		{"a to-do at no time", object("VTODO", "u", "SUMMARY:x"), "20260303T000000Z", "20260304T000000Z", "BEGIN:VTODO\nSUMMARY:x\nEND:VTODO"},
		{"free-busy", object("VFREEBUSY", "u", "FREEBUSY:20260303T100000Z/PT1H"), "20260303T000000Z", "20260304T000000Z", "BEGIN:VFREEBUSY\nFREEBUSY:20260303T100000Z/PT1H\nEND:VFREEBUSY"},
	} {
		path := fmt.Sprintf("/calendars/ann/x%d/", i)
		s.want(s.do("MKCALENDAR", path, ""), 201)
		s.want(s.put(path+"u.ics", c.body), 201)
		a := s.want(s.report(path, multiget(`<c:calendar-data>`+between("expand", c.start, c.end)+`</c:calendar-data>`, path+"u.ics")), 207)
		if got := a.data(); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestCalendarData_Parts(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	body := strings.Replace(object("VEVENT", "u", "DTSTART:20260301T100000Z", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:a & b", "LOCATION:x", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT1H", "END:VALARM"),
		"END:VCALENDAR", "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20260302T100000Z\r\nDTSTART:20260309T100000Z\r\nSUMMARY:moved\r\nEND:VEVENT\r\nEND:VCALENDAR", 1)
	s.want(s.put(work+"u.ics", "\ufeff"+body), 201)
	s.want(s.do("MKCALENDAR", "/calendars/ann/busy/", ""), 201)
	s.want(s.put("/calendars/ann/busy/f.ics", object("VFREEBUSY", "f", "FREEBUSY:20260301T100000Z/PT1H,20260302T100000Z/PT1H", "FREEBUSY:20260305T100000Z/PT1H")), 201)
	in := func(href, inner string) answer {
		t.Helper()
		return s.want(s.report(href, multiget(`<c:calendar-data>`+inner+`</c:calendar-data>`, href)), 207)
	}
	vevent := func(inner string) string {
		return `<c:comp name="VCALENDAR"><c:comp name="vevent">` + inner + `</c:comp></c:comp>`
	}
	if a := s.report(work+"u.ics", multiget(`<c:calendar-data/>`, work+"u.ics")); !strings.Contains(a.body, "<c:calendar-data>BEGIN:VCALENDAR&#13;\n") || !strings.Contains(a.body, "a &amp; b") {
		t.Errorf("whole: got %s", a.body)
	}
	for _, c := range []struct{ name, href, inner, want string }{
		{"properties", work + "u.ics", vevent(`<c:prop name="Summary"/>`), "BEGIN:VEVENT\nSUMMARY:a & b\nEND:VEVENT\nBEGIN:VEVENT\nSUMMARY:moved\nEND:VEVENT"},
		{"no value", work + "u.ics", vevent(`<c:prop name="LOCATION" novalue="yes"/><c:comp name="VALARM"/>`),
			"BEGIN:VEVENT\nLOCATION:\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT1H\nEND:VALARM\nEND:VEVENT\nBEGIN:VEVENT\nEND:VEVENT"},
		{"allprop, no components", work + "u.ics", vevent(`<c:allprop/>`), "BEGIN:VEVENT\nDTSTART:20260301T100000Z\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:a & b\nLOCATION:x\nEND:VEVENT\nBEGIN:VEVENT\nRECURRENCE-ID:20260302T100000Z\nDTSTART:20260309T100000Z\nSUMMARY:moved\nEND:VEVENT"},
		{"parts of an expansion", work + "u.ics", vevent(`<c:prop name="DTSTART"/>`) + between("expand", "20260303T000000Z", "20260310T000000Z"), "BEGIN:VEVENT\nDTSTART:20260309T100000Z\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20260303T100000Z\nEND:VEVENT"},
		{"limited, moved out of it", work + "u.ics", vevent(`<c:prop name="DTSTART"/>`) + between("limit-recurrence-set", "20260302T000000Z", "20260303T000000Z"), "BEGIN:VEVENT\nDTSTART:20260301T100000Z\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20260309T100000Z\nEND:VEVENT"},
		{"limited, moved into it", work + "u.ics", vevent(`<c:prop name="DTSTART"/>`) + between("limit-recurrence-set", "20260309T100000Z", "20260309T100001Z"), "BEGIN:VEVENT\nDTSTART:20260301T100000Z\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20260309T100000Z\nEND:VEVENT"},
		{"limited, neither", work + "u.ics", vevent(`<c:prop name="DTSTART"/>`) + between("limit-recurrence-set", "20260304T000000Z", "20260305T000000Z"), "BEGIN:VEVENT\nDTSTART:20260301T100000Z\nEND:VEVENT"},
		{"busy times", "/calendars/ann/busy/f.ics", between("limit-freebusy-set", "20260302T000000Z", "20260303T000000Z"), "BEGIN:VFREEBUSY\nFREEBUSY:20260302T100000Z/PT1H\nEND:VFREEBUSY"},
		{"busy times and overrides", "/calendars/ann/busy/f.ics", between("limit-recurrence-set", "20260302T000000Z", "20260303T000000Z") + between("limit-freebusy-set", "20260305T000000Z", "20260306T000000Z"), "BEGIN:VFREEBUSY\nFREEBUSY:20260305T100000Z/PT1H\nEND:VFREEBUSY"},
	} {
		if got := in(c.href, c.inner).data(); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	// It exists in REPORTs only.
	s.want(s.do("PROPFIND", work+"u.ics", `<d:propfind `+spaces+`><d:prop><c:calendar-data/></d:prop></d:propfind>`, "Depth: 0"), 207, "404 Not Found")
}
