package caldav_test

import (
	"database/sql"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// discarded is a client that takes everything at once.
type discarded struct {
	header http.Header
	status int
	bytes  int64
}

func (d *discarded) Header() http.Header { return d.header }
func (d *discarded) WriteHeader(s int)   { d.status = s }
func (d *discarded) Write(b []byte) (int, error) {
	d.bytes += int64(len(b))
	return len(b), nil
}

// calendarServer is the whole service with one calendar.
type calendarServer struct{ *dav.Server }

func (f *calendarServer) must(b *testing.B, method, path, body string, want int, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	f.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann"})))
	if w.Code != want {
		b.Errorf("%s %s: %d, want %d: %.300s", method, path, w.Code, want, w.Body)
	}
	return w
}

// BenchmarkQuery asks calendars of several sizes for a day, a week, a month and a year. Single events lie equally close
// in all of them, over as many years as there are thousands; 8 of 100 events recur, half of those without an end, and
// began up to 20 years ago. Each is held against a floor: the same rows read by their keys and the same number of
// octets written. BIG=1 asks the largest calendar, too.
func BenchmarkQuery(b *testing.B) {
	sizes := []int{1_000, 10_000}
	if os.Getenv("BIG") != "" {
		sizes = append(sizes, 100_000)
	}
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkQueries(b, n) })
	}
}

const queryDay = "20260601T000000Z"

func benchmarkQueries(b *testing.B, n int) {
	path := filepath.Join(b.TempDir(), "query.db")
	db := storetest.OpenAt(b, path, store.Options{IndexVersion: caldav.IndexVersion})
	s, err := dav.New(db, dav.Options{SpoolDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	f := &calendarServer{s}
	f.must(b, "MKCALENDAR", "/calendars/ann/work/", "", http.StatusCreated)
	endless := f.fill(b, n)
	raw, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	for _, span := range []struct {
		name string
		days int
	}{{"day", 1}, {"week", 7}, {"month", 30}, {"year", 365}} {
		start, _ := time.Parse("20060102T150405Z", queryDay)
		window := fmt.Sprintf(`start="%s" end="%s"`, queryDay, start.AddDate(0, 0, span.days).Format("20060102T150405Z"))
		query := func(props string) string {
			return `<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/>` + props + `</d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range ` +
				window + `/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
		}
		names := f.matches(b, query(""))
		for _, op := range []struct{ name, body, columns string }{
			{"tags", query(""), "o.name, o.etag, NULL"},
			{"data", query("<c:calendar-data/>"), "o.name, o.etag, b.data"},
			{"expand", query("<c:calendar-data><c:expand " + window + "/></c:calendar-data>"), "o.name, o.etag, b.data"},
			{"busy", `<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:time-range ` + window + `/></c:free-busy-query>`, "o.name, o.etag, o.series"},
		} {
			if op.name == "busy" && span.name != "month" {
				continue
			}
			b.Run(span.name+"/"+op.name, func(b *testing.B) {
				octets := f.asked(b, op.body)
				floor := spent(b, func() { readByKey(b, raw, op.columns, names, octets) })
				b.ReportAllocs()
				b.ResetTimer()
				for b.Loop() {
					f.asked(b, op.body)
				}
				each := spent(b, func() { f.asked(b, op.body) })
				b.ReportMetric(float64(len(names)), "matches")
				b.ReportMetric(float64(endless), "endless")
				b.ReportMetric(each*1e3, "cpu-ms")
				b.ReportMetric(floor*1e3, "floor-ms")
				b.ReportMetric(each/floor, "x-floor")
			})
		}
	}
}

// spent is the processor time of one call in seconds, the least of several rounds: what else runs on the machine changes
// the time on the clock many times over.
func spent(b *testing.B, f func()) float64 {
	b.Helper()
	best := math.Inf(1)
	for range 5 {
		runtime.GC()
		n, used, begin := 0, 0.0, processorTime(b)
		for used < 0.03 {
			f()
			n++
			used = processorTime(b) - begin
		}
		best = min(best, used/float64(n))
	}
	return best
}

func processorTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

// readByKey is what no server can do without.
func readByKey(b *testing.B, db *sql.DB, columns string, names []string, octets int64) {
	b.Helper()
	stmt, err := db.Prepare(`SELECT ` + columns + ` FROM object o LEFT JOIN body b ON b.id=o.body WHERE o.collection=(SELECT id FROM collection WHERE name='work') AND o.name=?`)
	if err != nil {
		b.Fatal(err)
	}
	defer stmt.Close()
	var name string
	var etag, data []byte
	for _, n := range names {
		if err := stmt.QueryRow(n).Scan(&name, &etag, &data); err != nil {
			b.Fatal(err)
		}
		octets -= int64(len(data))
		io.Discard.Write(data)
	}
	io.Discard.Write(make([]byte, max(octets, 0)))
}

// asked is how long the answer is.
func (f *calendarServer) asked(b *testing.B, body string) int64 {
	r := httptest.NewRequest("REPORT", "/calendars/ann/work/", strings.NewReader(body))
	r.Header.Set("Depth", "1")
	w := &discarded{header: http.Header{}}
	f.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann"})))
	if w.status/100 != 2 {
		b.Fatalf("status %d", w.status)
	}
	return w.bytes
}

var objectName = regexp.MustCompile(`work/([0-9]+\.ics)</d:href>`)

func (f *calendarServer) matches(b *testing.B, body string) []string {
	w := f.must(b, "REPORT", "/calendars/ann/work/", body, http.StatusMultiStatus, "Depth", "1")
	var names []string
	for _, m := range objectName.FindAllStringSubmatch(w.Body.String(), -1) {
		names = append(names, m[1])
	}
	return names
}

// fill puts n events and returns how many recur without an end.
func (f *calendarServer) fill(b *testing.B, n int) (endless int) {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	today := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	days := n * 365 / 1000
	objects := make(chan [2]string)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for o := range objects {
				f.must(b, "PUT", "/calendars/ann/work/"+o[0], o[1], http.StatusCreated)
			}
		})
	}
	for i := range n {
		start := today.AddDate(0, 0, r.IntN(days)-days/2).Add(time.Duration(7*4+r.IntN(40)) * 15 * time.Minute)
		rule := ""
		if i%25 < 2 {
			start = today.AddDate(0, 0, -r.IntN(20*365)).Add(time.Duration(9+r.IntN(8)) * time.Hour)
			rule = "RRULE:FREQ=" + []string{"YEARLY", "YEARLY", "WEEKLY", "MONTHLY"}[r.IntN(4)]
			if i%25 == 0 {
				endless++
			} else {
				rule += ";COUNT=" + fmt.Sprint(2+r.IntN(20))
			}
			rule += "\r\n"
		}
		at := start.Format("20060102T150405")
		objects <- [2]string{fmt.Sprintf("%d.ics", i), "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example Corp.//EN\r\nBEGIN:VEVENT\r\nUID:" + fmt.Sprint(i) + "@example.org\r\nDTSTAMP:20260101T000000Z\r\nDTSTART;TZID=Europe/Berlin:" + at +
			"\r\nDURATION:PT1H\r\n" + rule + "SUMMARY:Meeting about item " + fmt.Sprint(i) + "\r\nLOCATION:Room 12\r\nDESCRIPTION:" + strings.Repeat("About this and that. ", 20) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"}
	}
	close(objects)
	wg.Wait()
	return endless
}
