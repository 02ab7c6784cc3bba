package caldav

import "testing"

func TestCopyMove_Objects(t *testing.T) {
	t.Parallel()
	const cal, work = "/calendars/ann/calendar/", "/calendars/ann/work/"
	for _, test := range []struct {
		name             string
		method, from, to string
		overwrite        string
		status           int
		text             string
	}{
		{"copy to a free name elsewhere", "COPY", cal + "1.ics", work + "new.ics", "", 201, ""},
		{"copy within the calendar", "COPY", cal + "1.ics", cal + "new.ics", "", 403, "<c:no-uid-conflict><d:href>" + cal + "1.ics<"},
		{"copy within the calendar onto another", "COPY", cal + "1.ics", cal + "2.ics", "T", 403, "<c:no-uid-conflict><d:href>" + cal + "1.ics<"},
		{"copy onto itself", "COPY", cal + "1.ics", cal + "1.ics", "T", 403, ""},
		{"copy onto the same UID", "COPY", cal + "2.ics", work + "same.ics", "T", 204, ""},
		{"copy beside the same UID", "COPY", cal + "2.ics", work + "other.ics", "", 403, "<d:href>" + work + "same.ics<"},
		{"copy onto another UID", "COPY", cal + "1.ics", work + "same.ics", "T", 403, "<d:href>" + work + "same.ics<"},
		{"overwrite is judged first", "COPY", cal + "1.ics", work + "same.ics", "F", 412, ""},
		{"move to a free name", "MOVE", cal + "1.ics", cal + "new.ics", "", 201, ""},
		{"move to a free name elsewhere", "MOVE", cal + "1.ics", work + "new.ics", "", 201, ""},
		{"move onto the same UID", "MOVE", cal + "2.ics", work + "same.ics", "T", 204, ""},
		{"move onto the same UID, F", "MOVE", cal + "2.ics", work + "same.ics", "F", 412, ""},
		{"move beside the same UID", "MOVE", cal + "2.ics", work + "other.ics", "", 403, "<d:href>" + work + "same.ics<"},
		{"move within the calendar onto another", "MOVE", cal + "1.ics", cal + "2.ics", "T", 403, "<d:href>" + cal + "2.ics<"},
		{"an event into tasks", "COPY", cal + "1.ics", "/calendars/ann/tasks/1.ics", "", 403, "<c:supported-calendar-component>"},
		{"an event moved into tasks", "MOVE", cal + "1.ics", "/calendars/ann/tasks/1.ics", "", 403, "<c:supported-calendar-component>"},
		{"an object into the home", "MOVE", cal + "1.ics", "/calendars/ann/1.ics", "", 403, ""},
		{"an object onto a calendar", "COPY", cal + "1.ics", work, "T", 403, ""},
		{"a calendar into a calendar", "MOVE", cal, work + "sub/", "", 403, "<c:calendar-collection-location-ok>"},
		{"a calendar onto an object", "COPY", cal, work + "same.ics", "T", 403, "<c:calendar-collection-location-ok>"},
		{"a calendar to a reserved name", "MOVE", cal, "/calendars/ann/inbox/", "", 403, "<c:calendar-collection-location-ok>"},
		{"a calendar to another home", "COPY", cal, "/calendars/bob/mine/", "", 403, "need-privileges"},
		{"a home", "MOVE", "/calendars/ann/", "/calendars/ann2/", "", 403, ""},
		{"to nowhere", "MOVE", cal + "1.ics", "/calendars/ann/none/1.ics", "", 409, ""},
		{"to another host", "MOVE", cal + "1.ics", "http://other.example/calendars/ann/work/1.ics", "", 502, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, Options{})
			s.want(s.put(cal+"1.ics", event("1")), 201)
			s.want(s.put(cal+"2.ics", event("2")), 201)
			s.want(s.do("MKCALENDAR", work, ""), 201)
			s.want(s.put(work+"same.ics", event("2", "SUMMARY:old")), 201)
			headers := []string{"Destination: " + test.to}
			if test.overwrite != "" {
				headers = append(headers, "Overwrite: "+test.overwrite)
			}
			s.want(s.do(test.method, test.from, "", headers...), test.status, test.text)
			gone := test.method == "MOVE" && test.status < 300
			if want := map[bool]int{true: 404, false: 207}[gone]; s.do("PROPFIND", test.from, "", "Depth: 0").status != want {
				t.Errorf("afterwards the source is not %d", want)
			}
			if test.status < 300 {
				s.want(s.do("GET", test.to, ""), 200, "UID:")
			}
		})
	}
}

func TestCopyMove_KeepDeadProperties(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.want(s.do("MKCALENDAR", "/calendars/ann/work/", ""), 201)
	s.want(s.put("/calendars/ann/calendar/1.ics", event("1")), 201)
	s.want(s.do("PROPPATCH", "/calendars/ann/calendar/1.ics", `<d:propertyupdate `+spaces+`><d:set><d:prop><x:own xmlns:x="urn:x">kept</x:own></d:prop></d:set></d:propertyupdate>`), 207)
	s.want(s.do("COPY", "/calendars/ann/calendar/1.ics", "", "Destination: /calendars/ann/work/copy.ics"), 201)
	s.want(s.props("/calendars/ann/work/copy.ics", "0", `<x:own xmlns:x="urn:x"/>`), 207, ">kept<")
	s.want(s.do("MOVE", "/calendars/ann/calendar/1.ics", "", "Destination: /calendars/ann/calendar/new.ics"), 201)
	s.want(s.props("/calendars/ann/calendar/new.ics", "0", `<x:own xmlns:x="urn:x"/>`), 207, ">kept<")
}

func TestCopyMove_Calendars(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.want(s.put("/calendars/ann/calendar/1.ics", event("1")), 201)
	s.want(s.put("/calendars/ann/calendar/2.ics", event("2")), 201)
	s.want(s.do("PROPPATCH", "/calendars/ann/calendar/", `<d:propertyupdate `+spaces+`><d:set><d:prop><i:calendar-color>red</i:calendar-color><x:own xmlns:x="urn:x">kept</x:own></d:prop></d:set></d:propertyupdate>`), 207)

	s.want(s.do("COPY", "/calendars/ann/calendar/", "", "Destination: /calendars/ann/copy/"), 201)
	s.want(s.do("GET", "/calendars/ann/copy/2.ics", ""), 200, "UID:2")
	s.want(s.props("/calendars/ann/copy/", "0", `<i:calendar-color/><x:own xmlns:x="urn:x"/><d:displayname/><c:supported-calendar-component-set/>`), 207, ">red<", ">kept<", ">Calendar<", `name="VEVENT"`)
	s.want(s.put("/calendars/ann/copy/t.ics", task("t")), 403, "supported-calendar-component")

	s.want(s.do("COPY", "/calendars/ann/calendar/", "", "Destination: /calendars/ann/empty/", "Depth: 0"), 201)
	s.want(s.do("GET", "/calendars/ann/empty/2.ics", ""), 404)

	s.want(s.do("MOVE", "/calendars/ann/copy/", "", "Destination: /calendars/ann/renamed/"), 201)
	s.want(s.do("GET", "/calendars/ann/renamed/1.ics", ""), 200)
	s.want(s.do("PROPFIND", "/calendars/ann/copy/", "", "Depth: 0"), 404)

	s.want(s.do("MOVE", "/calendars/ann/empty/", "", "Destination: /calendars/ann/renamed/", "Overwrite: F"), 412)
	s.want(s.do("MOVE", "/calendars/ann/empty/", "", "Destination: /calendars/ann/renamed/"), 204)
	s.want(s.do("GET", "/calendars/ann/renamed/1.ics", ""), 404)
	s.want(s.do("COPY", "/calendars/ann/calendar/", "", "Destination: /calendars/ann/renamed/"), 204)
	s.want(s.do("GET", "/calendars/ann/renamed/1.ics", ""), 200)
}

func TestDelete_Calendar(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.want(s.put("/calendars/ann/calendar/1.ics", event("1")), 201)
	s.want(s.do("DELETE", "/calendars/ann/calendar/", ""), 204)
	s.want(s.do("GET", "/calendars/ann/calendar/1.ics", ""), 404)
	s.want(s.do("DELETE", "/calendars/ann/", ""), 403)
	s.want(s.do("MKCALENDAR", "/calendars/ann/calendar/", ""), 201) // the name is free again
	s.want(s.do("GET", "/calendars/ann/calendar/1.ics", ""), 404)
}
