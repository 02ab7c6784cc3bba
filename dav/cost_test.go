package dav_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// counting is a log handler that keeps the number of statements of the last request.
type counting struct{ statements int }

func (c *counting) Enabled(context.Context, slog.Level) bool { return true }
func (c *counting) WithAttrs([]slog.Attr) slog.Handler       { return c }
func (c *counting) WithGroup(string) slog.Handler            { return c }

func (c *counting) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "statements" {
			c.statements = int(a.Value.Int64())
		}
		return true
	})
	return nil
}

// TestCost bounds what a request takes in statements and allocations: at most some, and some for each thing in its answer, however
// many objects the calendar has. A slow path shows here as a number, on any machine.
func TestCost(t *testing.T) {
	const objects = 600
	log := new(counting)
	s, err := dav.New(storetest.OpenAt(t, filepath.Join(t.TempDir(), "cost.db"), store.Options{}), dav.Options{Log: slog.New(log)})
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path, body string, want int, header ...string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		w.Body.Grow(1 << 20) // what the recorder allocates is not the service's
		s.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann"})))
		if w.Code != want {
			t.Fatalf("%s %s: %d, want %d: %.300s", method, path, w.Code, want, w.Body)
		}
		return w
	}
	const calendar = "/calendars/ann/cost/"
	do("MKCALENDAR", calendar, "", http.StatusCreated)
	all := slices.Collect(davtest.Generate(objects+40, 42))
	objs := all[:objects]
	for _, o := range objs {
		do("PUT", calendar+o.Name, o.Body, http.StatusCreated)
	}
	begin, end := time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)
	month := davtest.Expect(objs, begin, end)
	token := func() string {
		_, rest, _ := strings.Cut(do("PROPFIND", calendar, `<d:propfind xmlns:d="DAV:"><d:prop><d:sync-token/></d:prop></d:propfind>`, http.StatusMultiStatus, "Depth", "0").Body.String(), "<d:sync-token>")
		text, _, _ := strings.Cut(rest, "<")
		return text
	}()
	update := func(i int) {
		o := objs[i]
		do("PUT", calendar+o.Name, strings.Replace(o.Body, "SUMMARY:", fmt.Sprintf("SUMMARY:%p ", &i), 1), http.StatusNoContent)
	}
	for i := range 10 {
		update(i * 50)
	}
	var multiget strings.Builder
	multiget.WriteString(`<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop>`)
	for i := range 100 {
		multiget.WriteString("<d:href>" + calendar + objs[i*5].Name + "</d:href>")
	}
	multiget.WriteString("</c:calendar-multiget>")
	report := func(body, text string, want int) func(int) {
		return func(int) {
			w := do("REPORT", calendar, body, http.StatusMultiStatus, "Depth", "1")
			if n := strings.Count(w.Body.String(), text); n != want {
				t.Errorf("%d × %s, want %d", n, text, want)
			}
		}
	}
	uid := objs[50]
	for _, c := range []struct {
		name        string
		statements  int
		allocations int // besides those for each thing in the answer
		things      int
		each        int // allocations for each
		run         func(i int)
	}{
		{"sync after 10 changes", 7, 300, 10, 15, report(fmt.Sprintf(syncAll, token), "<d:response>", 10)},
		{"GET one", 5, 210, 0, 0, func(i int) { do("GET", calendar+objs[i].Name, "", http.StatusOK) }},
		{"PUT new", 17, 430, 0, 0, func(i int) { do("PUT", calendar+all[objects+i].Name, all[objects+i].Body, http.StatusCreated) }},
		{"PUT update", 17, 460, 0, 0, update},
		{"DELETE", 16, 350, 0, 0, func(i int) { do("DELETE", calendar+all[objects+i].Name, "", http.StatusNoContent) }},
		{"PROPFIND Depth 1, ETags", 6, 300, objects, 7, func(int) {
			do("PROPFIND", calendar, `<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>`, http.StatusMultiStatus, "Depth", "1")
		}},
		{"first sync", 5, 300, objects, 7, report(fmt.Sprintf(syncAll, ""), "<d:response>", objects)},
		{"month with data", 6, 600, len(month.Names), 32, report(fmt.Sprintf(june, "<c:calendar-data/>"), "<d:response>", len(month.Names))},
		{"month, ETags", 7, 600, len(month.Names), 28, report(fmt.Sprintf(june, ""), "<d:response>", len(month.Names))},
		{"month, expanded", 6, 600, month.Instances, 60, report(fmt.Sprintf(june, `<c:calendar-data><c:expand start="20250601T000000Z" end="20250701T000000Z"/></c:calendar-data>`), "BEGIN:VEVENT", month.Instances)},
		{"by UID", 7, 550, 1, 40, report(`<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="`+uid.Component+`"><c:prop-filter name="UID"><c:text-match collation="i;octet">`+uid.UID+`</c:text-match></c:prop-filter></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`, "<d:response>", 1)},
		{"multiget of 100", 6, 600, 100, 34, report(multiget.String(), "BEGIN:VCALENDAR", 100)},
		{"free-busy of a month", 7, 600, month.Instances, 6, func(int) {
			do("REPORT", calendar, `<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:time-range start="20250601T000000Z" end="20250701T000000Z"/></c:free-busy-query>`, http.StatusOK, "Depth", "1")
		}},
		{"export", 6, 400, objects, 6, func(int) { do("GET", calendar, "", http.StatusOK) }},
	} {
		c.run(0) // statements prepared, caches filled
		var before, after runtime.MemStats
		const times = 20
		runtime.ReadMemStats(&before)
		for i := range times {
			c.run(i + 1)
		}
		runtime.ReadMemStats(&after)
		allocations := int(after.Mallocs-before.Mallocs) / times
		most := c.allocations + c.things*c.each
		if testing.Short() {
			most *= 2 // the race detector's own
		}
		t.Logf("%-24s %3d statements, %6d allocations", c.name, log.statements, allocations)
		if log.statements > c.statements || allocations > most {
			t.Errorf("%s takes %d statements and %d allocations, at most %d and %d allowed", c.name, log.statements, allocations, c.statements, most)
		}
	}
}
