package dav_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// What users wait for, over one calendar of benchObjects objects: in process, without a web server in front, and
// with a database that writes each commit through to the disk.
const benchObjects = 10_000

// filled is a service whose calendar /calendars/ann/work/ holds the generated objects. It is made once for all
// benchmarks, since filling takes longer than any of them.
var filled = sync.OnceValue(func() *benchService { return new(benchService) })

type benchService struct {
	once sync.Once
	s    *dav.Server
	objs []davtest.Generated
}

func bench(b *testing.B) *benchService {
	b.Helper()
	f := filled()
	f.once.Do(func() {
		dir, err := os.MkdirTemp("", "caldav-fcgi-bench-*")
		if err != nil {
			b.Fatal(err)
		}
		benchDir = dir
		s, err := dav.New(storetest.OpenAt(benchTB{b}, filepath.Join(dir, "bench.db"), store.Options{IndexVersion: caldav.IndexVersion}), dav.Options{})
		if err != nil {
			b.Fatal(err)
		}
		f.s = s
		f.must(b, "MKCALENDAR", "/calendars/ann/work/", "", http.StatusCreated)
		work := make(chan davtest.Generated)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for o := range work {
					f.must(b, "PUT", "/calendars/ann/work/"+o.Name, o.Body, http.StatusCreated)
				}
			})
		}
		for o := range davtest.Generate(benchObjects, 42) {
			f.objs = append(f.objs, o)
			work <- o
		}
		close(work)
		wg.Wait()
	})
	return f
}

// benchDir is removed by TestMain, after the last benchmark.
var benchDir string

func TestMain(m *testing.M) {
	if where := os.Getenv(childEnv); where != "" {
		fmt.Fprintln(os.Stderr, serveAsChild(where))
		os.Exit(1)
	}
	code := m.Run()
	if benchDir != "" {
		os.RemoveAll(benchDir)
	}
	os.Exit(code)
}

// benchTB keeps the database open past the benchmark that opened it.
type benchTB struct{ *testing.B }

func (benchTB) Cleanup(func()) {}

func (f *benchService) must(b *testing.B, method, path, body string, want int, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	r = r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann"}))
	w := httptest.NewRecorder()
	f.s.ServeHTTP(w, r)
	if w.Code != want {
		b.Errorf("%s %s: %d, want %d: %.300s", method, path, w.Code, want, w.Body)
	}
	return w
}

func BenchmarkGet(b *testing.B) {
	f := bench(b)
	i := 0
	for b.Loop() {
		f.must(b, "GET", "/calendars/ann/work/"+f.objs[i%benchObjects].Name, "", http.StatusOK)
		i += 7
	}
}

func BenchmarkPutNew(b *testing.B) {
	f := bench(b)
	f.must(b, "MKCALENDAR", fmt.Sprintf("/calendars/ann/new-%p/", b), "", http.StatusCreated)
	i := 0
	for b.Loop() {
		o := f.objs[i%benchObjects]
		f.must(b, "PUT", fmt.Sprintf("/calendars/ann/new-%p/%d.ics", b, i), strings.ReplaceAll(o.Body, o.UID, fmt.Sprint(o.UID, i)), http.StatusCreated)
		i++
	}
}

func BenchmarkPutUpdate(b *testing.B) {
	f := bench(b)
	i := 0
	for b.Loop() {
		o := f.objs[i%benchObjects]
		f.must(b, "PUT", "/calendars/ann/work/"+o.Name, strings.Replace(o.Body, "SUMMARY:", "SUMMARY:again ", 1), http.StatusNoContent)
		i++
	}
}

func BenchmarkPropfindETags(b *testing.B) {
	f := bench(b)
	const body = `<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/></d:prop></d:propfind>`
	for b.Loop() {
		w := f.must(b, "PROPFIND", "/calendars/ann/work/", body, http.StatusMultiStatus, "Depth", "1")
		count(b, w, "<d:response>", benchObjects+1)
	}
}

const syncAll = `<d:sync-collection xmlns:d="DAV:"><d:sync-token>%s</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`

func BenchmarkSyncFirst(b *testing.B) {
	f := bench(b)
	for b.Loop() {
		w := f.must(b, "REPORT", "/calendars/ann/work/", fmt.Sprintf(syncAll, ""), http.StatusMultiStatus)
		count(b, w, "<d:response>", benchObjects)
	}
}

func BenchmarkSyncTenChanges(b *testing.B) {
	f := bench(b)
	w := f.must(b, "PROPFIND", "/calendars/ann/work/", `<d:propfind xmlns:d="DAV:"><d:prop><d:sync-token/></d:prop></d:propfind>`, http.StatusMultiStatus, "Depth", "0")
	_, rest, _ := strings.Cut(w.Body.String(), "<d:sync-token>")
	token, _, _ := strings.Cut(rest, "<")
	for i := range 10 {
		o := f.objs[i*100]
		f.must(b, "PUT", "/calendars/ann/work/"+o.Name, strings.Replace(o.Body, "SUMMARY:", "SUMMARY:ten ", 1), http.StatusNoContent)
	}
	for b.Loop() {
		w := f.must(b, "REPORT", "/calendars/ann/work/", fmt.Sprintf(syncAll, token), http.StatusMultiStatus)
		count(b, w, "<d:response>", 10)
	}
}

const june = `<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/>%s</d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range start="20250601T000000Z" end="20250701T000000Z"/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`

func BenchmarkQueryMonth(b *testing.B) {
	f := bench(b)
	for b.Loop() {
		w := f.must(b, "REPORT", "/calendars/ann/work/", fmt.Sprintf(june, "<c:calendar-data/>"), http.StatusMultiStatus, "Depth", "1")
		atLeast(b, w, "<d:response>", 50)
	}
}

func BenchmarkQueryMonthExpand(b *testing.B) {
	f := bench(b)
	const expand = `<c:calendar-data><c:expand start="20250601T000000Z" end="20250701T000000Z"/></c:calendar-data>`
	for b.Loop() {
		w := f.must(b, "REPORT", "/calendars/ann/work/", fmt.Sprintf(june, expand), http.StatusMultiStatus, "Depth", "1")
		atLeast(b, w, "BEGIN:VEVENT", 100)
	}
}

func BenchmarkFreeBusyMonth(b *testing.B) {
	f := bench(b)
	const body = `<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:time-range start="20250601T000000Z" end="20250701T000000Z"/></c:free-busy-query>`
	for b.Loop() {
		atLeast(b, f.must(b, "REPORT", "/calendars/ann/work/", body, http.StatusOK, "Depth", "1"), "FREEBUSY", 5)
	}
}

func BenchmarkMultiget100(b *testing.B) {
	f := bench(b)
	var body strings.Builder
	body.WriteString(`<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop>`)
	for i := range 100 {
		body.WriteString("<d:href>/calendars/ann/work/" + f.objs[i*97].Name + "</d:href>")
	}
	body.WriteString("</c:calendar-multiget>")
	for b.Loop() {
		count(b, f.must(b, "REPORT", "/calendars/ann/work/", body.String(), http.StatusMultiStatus), "BEGIN:VCALENDAR", 100)
	}
}

func BenchmarkQueryUID(b *testing.B) {
	f := bench(b)
	body := `<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="` + f.objs[500].Component + `"><c:prop-filter name="UID"><c:text-match collation="i;octet">` + f.objs[500].UID + `</c:text-match></c:prop-filter></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
	for b.Loop() {
		count(b, f.must(b, "REPORT", "/calendars/ann/work/", body, http.StatusMultiStatus, "Depth", "1"), "<d:response>", 1)
	}
}

func BenchmarkExport(b *testing.B) {
	f := bench(b)
	for b.Loop() {
		count(b, f.must(b, "GET", "/calendars/ann/work/", "", http.StatusOK), "END:VTIMEZONE", len(generatedZones))
	}
}

var generatedZones = []string{"Europe/Berlin", "America/New_York", "Europe/London"}

func count(b *testing.B, w *httptest.ResponseRecorder, text string, want int) {
	b.Helper()
	if n := strings.Count(w.Body.String(), text); n != want {
		b.Errorf("%d × %s, want %d", n, text, want)
	}
}

func atLeast(b *testing.B, w *httptest.ResponseRecorder, text string, want int) {
	b.Helper()
	if n := strings.Count(w.Body.String(), text); n < want {
		b.Errorf("%d × %s, want %d or more", n, text, want)
	}
}
