package dav_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A resource keeps so many dead properties, each so large, and so much in all. What is over is 507 for that property and
// 424 for the others of the request, and nothing of it is kept (RFC 4918 §9.2.1).
func TestDeadProperties_AreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(http.StatusCreated, "ann", "PUT", "/calendars/ann/calendar/a.ics", event("a", "DTSTART:20260101T090000Z"))
	w.want(http.StatusCreated, "ann", "MKCALENDAR", "/calendars/ann/other/", "")
	update := func(set string) string {
		return `<d:propertyupdate xmlns:d="DAV:" xmlns:x="urn:x"><d:set><d:prop>` + set + `</d:prop></d:set></d:propertyupdate>`
	}
	prop := func(name string, size int) string {
		return "<x:" + name + ">" + strings.Repeat("x", size) + "</x:" + name + ">"
	}
	kept := func(path string) int {
		t.Helper()
		return strings.Count(w.want(http.StatusMultiStatus, "ann", "PROPFIND", path, `<d:propfind xmlns:d="DAV:"><d:propname/></d:propfind>`, "Depth", "0").Body.String(), `"urn:x"`)
	}
	refused := func(path, set string) {
		t.Helper()
		before := kept(path)
		a := w.want(http.StatusMultiStatus, "ann", "PROPPATCH", path, update(prop("first", 1)+set)).Body.String()
		if !strings.Contains(a, " 507 ") || !strings.Contains(a, " 424 ") || strings.Contains(a, "HTTP/1.1 200") || kept(path) != before {
			t.Errorf("%s: %.600s", path, a)
		}
	}
	for _, path := range []string{"/calendars/ann/calendar/a.ics", "/calendars/ann/other/"} {
		refused(path, prop("large", 128<<10))
		var many strings.Builder
		for i := range 198 {
			many.WriteString(prop(fmt.Sprint("p", i), 1))
		}
		w.want(http.StatusMultiStatus, "ann", "PROPPATCH", path, update(many.String()+prop("first", 1)))
		if n := kept(path); n != 199 {
			t.Fatalf("%s keeps %d properties", path, n)
		}
		refused(path, prop("p198", 1)+prop("p199", 1))
		w.want(http.StatusMultiStatus, "ann", "PROPPATCH", path, update(prop("p0", 2))) // one that is there may be set again
		for i := range 15 {
			w.want(http.StatusMultiStatus, "ann", "PROPPATCH", path, update(prop(fmt.Sprint("p", i), 128<<10-100)))
		}
		refused(path, prop("p15", 100<<10)+prop("p16", 100<<10))
	}
	// What a COPY brings along was within bounds where it comes from.
	w.want(http.StatusCreated, "ann", "COPY", "/calendars/ann/calendar/a.ics", "", "Destination", "/calendars/ann/other/a.ics")
	if n := kept("/calendars/ann/other/a.ics"); n != 199 {
		t.Errorf("a copy has %d", n)
	}
	w.sound()
}
