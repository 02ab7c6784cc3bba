package dav_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/davtest"
)

// weighing is a client that, every so often while an answer comes, counts what the process holds.
type weighing struct {
	header   http.Header
	octets   int64
	next     int64
	base     uint64
	heaviest uint64
}

func (w *weighing) Header() http.Header { return w.header }
func (w *weighing) WriteHeader(int)     {}
func (w *weighing) Write(p []byte) (int, error) {
	w.octets += int64(len(p))
	if w.octets >= w.next {
		w.next = w.octets + 2<<20
		w.weigh()
	}
	return len(p), nil
}

func (w *weighing) weigh() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > w.base {
		w.heaviest = max(w.heaviest, m.HeapAlloc-w.base)
	}
}

// What a request holds does not follow the size of its answer.
func TestMemory_ARequestHoldsAtMost10MB(t *testing.T) {
	if testing.Short() {
		t.Skip("fills a calendar")
	}
	s := service(t)
	if w := do(s, "MKCALENDAR", "/calendars/ann/work/", ""); w.Code != http.StatusCreated {
		t.Fatal(w.Code)
	}
	for o := range davtest.Generate(3000, 7) {
		if w := do(s, "PUT", "/calendars/ann/work/"+o.Name, o.Body); w.Code != http.StatusCreated {
			t.Fatal(w.Code, w.Body)
		}
	}
	const year = `start="20250101T000000Z" end="20260101T000000Z"`
	query := `<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/>%s</d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range ` + year + `/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
	for name, c := range map[string]struct{ method, body, depth string }{
		"expand of a year": {"REPORT", fmt.Sprintf(query, `<c:calendar-data><c:expand `+year+`/></c:calendar-data>`), "1"},
		"all objects":      {"REPORT", `<d:sync-collection xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:sync-token/><d:sync-level>1</d:sync-level><d:prop><d:getetag/><c:calendar-data/></d:prop></d:sync-collection>`, "0"},
		"export":           {"GET", "", ""},
	} {
		r := httptest.NewRequest(c.method, "/calendars/ann/work/", strings.NewReader(c.body))
		if c.depth != "" {
			r.Header.Set("Depth", c.depth)
		}
		r = r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann"}))
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		w := &weighing{header: http.Header{}, base: m.HeapAlloc}
		s.ServeHTTP(w, r)
		t.Logf("%s: %d octets, %d held at the most", name, w.octets, w.heaviest)
		if w.octets < 2<<20 {
			t.Errorf("%s: only %d octets", name, w.octets)
		}
		if w.heaviest > 10<<20 {
			t.Errorf("%s: %d octets held for an answer of %d", name, w.heaviest, w.octets)
		}
	}
}
