package caldav

import (
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

func testCalendar() *Calendar {
	row := &store.Collection{ID: 1}
	return &Calendar{Node: &home.Node{Row: row, Data: row}, home: &Home{opt: Options{MaxResource: 1 << 20, MaxAttendees: 100}}}
}

const paris = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n" +
	"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0200\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n"

// escaped is how a client sends CRLF in XML.
var escaped = strings.ReplaceAll(paris, "\r", "&#13;")

func TestZone(t *testing.T) {
	t.Parallel()
	bad, good := "nonsense", paris
	for _, test := range []struct {
		name   string
		stored *string
		offset int
	}{{"none", nil, 0}, {"bad", &bad, 0}, {"good", &good, 7200}} {
		c := testCalendar()
		c.Row.Timezone = test.stored
		if _, got := time.Now().In(c.Zone()).Zone(); got != test.offset {
			t.Errorf("%s: offset %d, want %d", test.name, got, test.offset)
		}
	}
}

func TestMkcalendar_SetsProperties(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	a := s.want(s.do("MKCALENDAR", "/calendars/ann/WORK-1/", `<c:mkcalendar `+spaces+`><d:set><d:prop>
		<d:displayname>Work &amp; play</d:displayname>
		<c:calendar-description xml:lang="en">All of it</c:calendar-description>
		<c:supported-calendar-component-set><c:comp name="VEVENT"/><c:comp name="vtodo"/></c:supported-calendar-component-set>
		<c:calendar-timezone>`+escaped+`</c:calendar-timezone>
		<i:calendar-color symbolic-color="red">#FF2968FF</i:calendar-color><i:calendar-order>7</i:calendar-order>
		<c:schedule-calendar-transp><c:transparent/></c:schedule-calendar-transp>
		<x:own xmlns:x="urn:x">kept</x:own></d:prop></d:set></c:mkcalendar>`), 201)
	if a.header.Get("Cache-Control") != "no-cache" {
		t.Errorf("Cache-Control %q", a.header.Get("Cache-Control"))
	}
	got := s.props("/calendars/ann/WORK-1/", "0", `<d:displayname/><d:resourcetype/><c:calendar-description/><c:supported-calendar-component-set/>
		<c:calendar-timezone/><i:calendar-color/><i:calendar-order/><c:schedule-calendar-transp/><x:own xmlns:x="urn:x"/><cs:getctag/><d:sync-token/>`)
	s.want(got, 207, "<d:displayname>Work &amp; play</d:displayname>", "<d:collection/><c:calendar/>", `xml:lang="en"`, ">All of it<",
		`<c:comp name="VEVENT"/><c:comp name="VTODO"/>`, escaped, `symbolic-color="red"`, "#FF2968FF", "<ical:calendar-order>7<",
		"<c:schedule-calendar-transp><c:transparent/>", ">kept<", "urn:caldav-fcgi:sync:")
	if strings.Contains(got.body, "404") {
		t.Errorf("a property is missing:\n%s", got.body)
	}
	s.want(s.put("/calendars/ann/WORK-1/t.ics", task("t")), 201)
	s.want(s.put("/calendars/ann/WORK-1/j.ics", object("VJOURNAL", "j", "SUMMARY:a")), 403, "supported-calendar-component")
}

func TestMkcalendar_TakesEveryComponentUnlessAsked(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.want(s.do("MKCALENDAR", "/calendars/ann/all", ""), 201)
	s.want(s.props("/calendars/ann/all/", "0", "<c:supported-calendar-component-set/>"), 207,
		`<c:comp name="VEVENT"/><c:comp name="VTODO"/><c:comp name="VJOURNAL"/><c:comp name="VFREEBUSY"/>`)
	for _, component := range []string{"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "X-OWN"} { // the last: RFC 4791 §5.3.3
		s.want(s.put("/calendars/ann/all/"+component, object(component, component, "DTSTART:20260301T100000Z")), 201)
	}
}

func TestMkcalendar_Refused(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	for _, name := range reserved {
		s.want(s.do("MKCALENDAR", "/calendars/ann/"+name+"/", ""), 403, "<c:calendar-collection-location-ok>")
	}
	s.want(s.do("MKCALENDAR", "/calendars/ann/calendar/", ""), 403, "<d:resource-must-be-null>")
	s.want(s.do("MKCALENDAR", "/calendars/ann/calendar/sub/", ""), 403, "<c:calendar-collection-location-ok>")
	s.want(s.do("MKCALENDAR", "/calendars/ann/none/sub/", ""), 409)
	s.want(s.do("MKCALENDAR", "/calendars/ann/x/", "<d:mkcol xmlns:d='DAV:'/>"), 400)
	s.want(s.do("MKCALENDAR", "/calendars/bob/x/", ""), 403, "need-privileges")
	a := s.want(s.do("MKCALENDAR", "/calendars/ann/x/", `<c:mkcalendar `+spaces+`><d:set><d:prop><d:displayname>X</d:displayname>
		<c:calendar-timezone>BEGIN:VCALENDAR</c:calendar-timezone></d:prop></d:set></c:mkcalendar>`), 207, "<c:valid-calendar-data", "403", "424")
	if strings.Contains(a.body, "200 OK") {
		t.Errorf("something was done:\n%s", a.body)
	}
	s.want(s.do("PROPFIND", "/calendars/ann/x/", "", "Depth: 0"), 404)
	s.want(s.do("MKCALENDAR", "/calendars/ann/x/", `<c:mkcalendar `+spaces+`><d:set><d:prop>
		<c:supported-calendar-component-set><c:comp name="X-COMP"/></c:supported-calendar-component-set></d:prop></d:set></c:mkcalendar>`), 207, "<c:supported-calendar-component")
}

func TestMkcol(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	mkcol := func(types string) string {
		return `<d:mkcol ` + spaces + `><d:set><d:prop><d:resourcetype>` + types + `</d:resourcetype><d:displayname>N</d:displayname></d:prop></d:set></d:mkcol>`
	}
	s.want(s.do("MKCOL", "/calendars/ann/plain/", ""), 403, "<c:calendar-collection-location-ok>")
	s.want(s.do("MKCOL", "/calendars/ann/plain/", mkcol("<d:collection/>")), 403, "<c:calendar-collection-location-ok>")
	s.want(s.do("MKCOL", "/calendars/ann/calendar/sub/", ""), 403, "<c:calendar-collection-location-ok>")
	s.want(s.do("MKCOL", "/calendars/ann/book/", mkcol(`<d:collection/><a:addressbook xmlns:a="urn:ietf:params:xml:ns:carddav"/>`)), 403, "<d:valid-resourcetype>")
	s.want(s.do("MKCOL", "/calendars/ann/calendar/", ""), 405)
	s.want(s.do("MKCOL", "/calendars/ann/new/", mkcol("<d:collection/><c:calendar/>")), 201)
	s.want(s.props("/calendars/ann/new/", "0", "<d:displayname/><d:resourcetype/>"), 207, "<d:displayname>N<", "<c:calendar/>")
}

func TestProppatch(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	patch := func(set string) answer {
		t.Helper()
		return s.do("PROPPATCH", "/calendars/ann/calendar/", `<d:propertyupdate `+spaces+`>`+set+`</d:propertyupdate>`)
	}
	set := func(props string) answer { t.Helper(); return patch(`<d:set><d:prop>` + props + `</d:prop></d:set>`) }
	s.want(set(`<d:displayname>Mine</d:displayname><i:calendar-color>red</i:calendar-color><c:calendar-description>text</c:calendar-description>`), 207, "200 OK")
	s.want(s.props("/calendars/ann/calendar/", "0", "<d:displayname/><i:calendar-color/>"), 207, ">Mine<", ">red<")
	for _, test := range []struct{ prop, text string }{
		{`<c:supported-calendar-component-set><c:comp name="VTODO"/></c:supported-calendar-component-set>`, "<d:cannot-modify-protected-property"},
		{`<c:max-resource-size>1</c:max-resource-size>`, "<d:cannot-modify-protected-property"},
		{`<c:calendar-timezone>none</c:calendar-timezone>`, "<c:valid-calendar-data"},
		{`<c:schedule-calendar-transp>yes</c:schedule-calendar-transp>`, "409"},
		{`<i:calendar-order>first</i:calendar-order>`, "409"},
		{`<c:calendar-description>` + strings.Repeat("a", maxDescription+1) + `</c:calendar-description>`, "507"},
	} {
		s.want(set(`<d:displayname>Other</d:displayname>`+test.prop), 207, test.text, "424 ")
	}
	s.want(s.props("/calendars/ann/calendar/", "0", "<d:displayname/>"), 207, ">Mine<")
	s.want(patch(`<d:remove><d:prop><d:displayname/><i:calendar-color/><i:calendar-order/><c:calendar-description/><c:calendar-timezone/><c:schedule-calendar-transp/></d:prop></d:remove>`), 207, "200 OK")
	a := s.props("/calendars/ann/calendar/", "0", "<d:displayname/><i:calendar-color/><c:calendar-description/>")
	if !strings.Contains(a.body, "404 Not Found") || strings.Contains(a.body, "200 OK") {
		t.Errorf("removed properties are still there:\n%s", a.body)
	}
}

func TestProperties_ValuesAndAllprop(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{MaxAttendees: 5})
	s.want(s.props("/calendars/ann/calendar/", "0", `<c:supported-calendar-data/><c:max-resource-size/><c:min-date-time/><c:max-date-time/>
		<c:max-attendees-per-instance/><c:supported-collation-set/><c:schedule-calendar-transp/><c:supported-calendar-component-set/>`), 207,
		`<c:calendar-data content-type="text/calendar" version="2.0"/>`, "<c:max-resource-size>10485760<", ">00010101T000000Z<", ">99991231T235959Z<",
		"<c:max-attendees-per-instance>5<", "<c:supported-collation>i;ascii-casemap</c:supported-collation>", "<c:opaque/>", `<c:comp name="VEVENT"/></c:supported`)
	a := s.want(s.do("PROPFIND", "/calendars/ann/calendar/", "", "Depth: 0"), 207, "<d:displayname>Calendar<")
	for _, prefix := range []string{"<c:m", "<c:s", "<ical:"} { // RFC 4791 §5.2: none is in allprop
		if strings.Contains(a.body, prefix) {
			t.Errorf("allprop has %s…:\n%s", prefix, a.body)
		}
	}
	s.want(s.props("/principals/users/ann/", "0", "<c:calendar-home-set/>"), 207, "<c:calendar-home-set><d:href>/calendars/ann/</d:href>")
}

func TestHome_ListsCalendars(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	a := s.props("/calendars/ann/", "1", "<d:displayname/><d:resourcetype/><cs:getctag/>")
	s.want(a, 207, "<d:href>/calendars/ann/</d:href>", "<d:href>/calendars/ann/calendar/</d:href>", "<d:href>/calendars/ann/tasks/</d:href>", ">Tasks<", ">ann<")
	if strings.Index(a.body, "/ann/calendar/") > strings.Index(a.body, "/ann/tasks/") {
		t.Error("the default calendar does not come first")
	}
	s.user = "bob"
	a = s.props("/calendars/", "1", "<d:resourcetype/>")
	if s.want(a, 207, "/calendars/bob/"); strings.Contains(a.body, "/calendars/ann/") {
		t.Errorf("another user's home is listed:\n%s", a.body)
	}
	s.want(s.do("PROPFIND", "/calendars/ann/", "", "Depth: 1"), 403, "need-privileges")
}

func TestProvision_DoesNotBringBack(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.want(s.do("DELETE", "/calendars/ann/tasks/", ""), 204)
	p, err := s.account("ann", "Ann Lee") // another display name: the account is refreshed
	if err != nil || p.Display != "Ann Lee" {
		t.Fatalf("%+v, %v", p, err)
	}
	s.want(s.do("PROPFIND", "/calendars/ann/tasks/", "", "Depth: 0"), 404)
	s.want(s.do("PROPFIND", "/calendars/ann/calendar/", "", "Depth: 0"), 207)
}

func (s *server) account(user, name string) (p *store.Principal, err error) {
	login := webdav.Login{User: user, Claims: map[string]string{"name": name}}
	s.want(s.as(login, "PROPFIND", "/", "", "Depth: 0"), 207)
	err = s.db.View(s.t.Context(), func(tx *store.Tx) error {
		p, err = tx.Principal(store.User, user)
		return err
	})
	return p, err
}

func TestSync_Tokens(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	token := func(path string) string {
		t.Helper()
		_, after, _ := strings.Cut(s.props(path, "0", "<d:sync-token/>").body, "<d:sync-token>")
		text, _, _ := strings.Cut(after, "<")
		return text
	}
	sync := func(path, token string) answer {
		t.Helper()
		return s.want(s.do("REPORT", path, `<d:sync-collection `+spaces+`><d:sync-token>`+token+`</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`), 207)
	}
	home, cal := token("/calendars/ann/"), token("/calendars/ann/calendar/")
	if home == "" || cal == "" {
		t.Fatal("no token")
	}
	s.want(s.put("/calendars/ann/calendar/1.ics", event("1")), 201)
	s.want(sync("/calendars/ann/calendar/", cal), 207, "/calendars/ann/calendar/1.ics")
	a := sync("/calendars/ann/", home) // RFC 6578 §3.3: a calendar counts as changed when a member is
	if s.want(a, 207, "/calendars/ann/calendar/"); strings.Contains(a.body, "tasks") {
		t.Errorf("a calendar nothing happened to is listed:\n%s", a.body)
	}
	cal = token("/calendars/ann/calendar/")
	s.want(s.do("PROPPATCH", "/calendars/ann/calendar/", `<d:propertyupdate `+spaces+`><d:set><d:prop><d:displayname>New</d:displayname></d:prop></d:set></d:propertyupdate>`), 207)
	if a := sync("/calendars/ann/calendar/", cal); strings.Contains(a.body, "<d:response>") {
		t.Errorf("a changed property of the calendar shows as a change of members:\n%s", a.body)
	}
	s.want(s.do("DELETE", "/calendars/ann/calendar/1.ics", ""), 204)
	s.want(sync("/calendars/ann/calendar/", cal), 207, "/calendars/ann/calendar/1.ics", "404 Not Found")
	home = token("/calendars/ann/")
	s.want(s.do("DELETE", "/calendars/ann/tasks/", ""), 204)
	s.want(sync("/calendars/ann/", home), 207, "/calendars/ann/tasks", "404 Not Found")
}
