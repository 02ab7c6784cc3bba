package caldav_test

import (
	"cmp"
	"database/sql"
	"fmt"
	"io"
	"iter"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
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

// BenchmarkQuery asks calendars of several sizes for a day, a week, a month and a year, and fails where a limit is missed:
// it says which. Two calendars of each size are asked. One is such as people have: single events lie equally close in all
// sizes, over as many years as there are thousands; 8 of 100 events recur, half of those without an end, and began up to
// 20 years ago. It is held against a floor: the same rows read by their keys and the same number of octets written. In
// the other (Growing) every size has the same matches in the first month, so that sizes can be compared. -short leaves
// the largest out.
func BenchmarkQuery(b *testing.B) {
	sizes := []int{1_000, 10_000, 100_000}
	if testing.Short() {
		sizes = sizes[:2]
	}
	done := map[asking]taken{}
	for _, n := range sizes {
		b.Run(fmt.Sprint(n), func(b *testing.B) { benchmarkQueries(b, n, done) })
	}
	for _, missed := range missed(done) {
		b.Error(missed)
	}
}

// asking is one question of BenchmarkQuery, taken what it took.
type asking struct {
	objects   int
	calendar  string
	span, ops string
}

const (
	usual = "usual"
	same  = "same" // matches for every size
)

type taken struct {
	matches, endless int
	seconds, floor   float64
	held             int64 // octets of the process's memory, at the most
}

// The limits. The growth is that of the same question with the same matches, over the smallest calendar.
const (
	growthLimit   = 1.5
	endlessLimit  = 3e-6 // seconds on top, for each series without an end
	floorData     = 2.5  // of a month
	floorExpanded = 6
	floorBusy     = 6
	heldLimit     = 10 << 20
)

// missed names the limits that what was measured does not keep.
func missed(done map[asking]taken) (list []string) {
	keys := slices.SortedFunc(maps.Keys(done), func(a, b asking) int {
		return cmp.Or(cmp.Compare(a.objects, b.objects), cmp.Compare(a.calendar, b.calendar), cmp.Compare(a.span, b.span), cmp.Compare(a.ops, b.ops))
	})
	for _, k := range keys {
		t, what := done[k], fmt.Sprintf("%s of a %s over %d objects", k.ops, k.span, k.objects)
		limit := map[string]float64{"tags": floorData, "data": floorData, "expand": floorExpanded, "busy": floorBusy}[k.ops]
		if k.calendar == usual && k.span == "month" && t.seconds > limit*t.floor {
			list = append(list, fmt.Sprintf("%s takes %.2f ms: more than %.1f times its floor of %.2f ms", what, t.seconds*1e3, limit, t.floor*1e3))
		}
		if small, ok := done[asking{1_000, k.calendar, k.span, k.ops}]; ok && k.calendar == same {
			most := small.seconds*growthLimit + float64(t.endless)*endlessLimit
			switch {
			case small.matches != t.matches:
				list = append(list, fmt.Sprintf("%s has %d matches, of 1,000 objects %d: they cannot be compared", what, t.matches, small.matches))
			case t.seconds > most:
				list = append(list, fmt.Sprintf("%s takes %.2f ms: more than %.1f times the %.2f ms of 1,000 objects and %.0f µs for each of %d endless series, %.2f ms",
					what, t.seconds*1e3, growthLimit, small.seconds*1e3, endlessLimit*1e6, t.endless, most*1e3))
			}
		}
		if t.held > heldLimit {
			list = append(list, fmt.Sprintf("%s holds %.1f MB: more than %d", what, float64(t.held)/(1<<20), heldLimit>>20))
		}
	}
	return list
}

func TestMissed_NamesEveryLimit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		large taken
		want  string
	}{
		"all kept":      {taken{100, 4000, 0.0134, 0.006, 1 << 20}, ""},
		"growth":        {taken{100, 4000, 0.0136, 0.006, 1 << 20}, "1.5 times the 1.00 ms of 1,000 objects and 3 µs for each of 4000"},
		"other matches": {taken{101, 4000, 0.0134, 0.006, 1 << 20}, "cannot be compared"},
		"floor":         {taken{100, 4000, 0.0134, 0.005, 1 << 20}, "2.5 times its floor of 5.00 ms"},
		"memory":        {taken{100, 4000, 0.0134, 0.006, 11 << 20}, "holds 11.0 MB"},
	} {
		small := taken{matches: 100, endless: 40, seconds: 0.001, floor: 0.001}
		done := map[asking]taken{{1_000, same, "day", "data"}: small, {100_000, same, "day", "data"}: c.large, {1_000, usual, "month", "data"}: small}
		if name == "floor" || name == "memory" {
			done = map[asking]taken{{100_000, usual, "month", "data"}: c.large}
		}
		got := missed(done)
		if len(got) > 1 || (c.want == "") != (len(got) == 0) || len(got) == 1 && !strings.Contains(got[0], c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func benchmarkQueries(b *testing.B, n int, done map[asking]taken) {
	path := filepath.Join(b.TempDir(), "query.db")
	db := storetest.OpenAt(b, path, store.Options{IndexVersion: caldav.IndexVersion})
	s, err := dav.New(db, dav.Options{SpoolDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	f := &calendarServer{s}
	raw, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		b.Fatal(err)
	}
	defer raw.Close()
	for _, c := range []struct {
		name   string
		events iter.Seq[caldav.Grown]
	}{{usual, caldav.Usual(n)}, {same, caldav.Growing(n)}} {
		f.must(b, "MKCALENDAR", "/calendars/ann/"+c.name+"/", "", http.StatusCreated)
		endless, _, err := caldav.Fill(db, c.name, c.events)
		if err != nil {
			b.Fatal(err)
		}
		for _, span := range []struct {
			name string
			days int
		}{{"day", 1}, {"week", 7}, {"month", 30}, {"year", 365}} {
			if c.name == same && span.name == "year" {
				continue
			}
			start := caldav.GrowthDay
			window := start.Format(`start="20060102T150405Z"`) + start.AddDate(0, 0, span.days).Format(` end="20060102T150405Z"`)
			query := func(props string) string {
				return `<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/>` + props + `</d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range ` +
					window + `/></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
			}
			names := f.matches(b, c.name, query(""))
			for _, op := range []struct{ name, body, columns string }{
				{"tags", query(""), "o.name, o.etag, NULL"},
				{"data", query("<c:calendar-data/>"), "o.name, o.etag, b.data"},
				{"expand", query("<c:calendar-data><c:expand " + window + "/></c:calendar-data>"), "o.name, o.etag, b.data"},
				{"busy", `<c:free-busy-query xmlns:c="urn:ietf:params:xml:ns:caldav"><c:time-range ` + window + `/></c:free-busy-query>`, "o.name, o.etag, o.series"},
			} {
				b.Run(c.name+"/"+span.name+"/"+op.name, func(b *testing.B) {
					octets := f.asked(b, c.name, op.body)
					floor := spent(b, func() { readByKey(b, raw, c.name, op.columns, names, octets) })
					b.ReportAllocs()
					b.ResetTimer()
					for b.Loop() {
						f.asked(b, c.name, op.body)
					}
					each := spent(b, func() { f.asked(b, c.name, op.body) })
					held := heldBy(func() { f.asked(b, c.name, op.body) })
					done[asking{n, c.name, span.name, op.name}] = taken{len(names), endless, each, floor, held}
					b.ReportMetric(float64(len(names)), "matches")
					b.ReportMetric(float64(endless), "endless")
					b.ReportMetric(each*1e3, "cpu-ms")
					b.ReportMetric(floor*1e3, "floor-ms")
					b.ReportMetric(each/floor, "x-floor")
					b.ReportMetric(float64(held)/(1<<20), "held-MB")
				})
			}
		}
	}
}

// heldBy is the most memory that a call adds to what the process has in use. What it has thrown away counts for no more
// than a twentieth of that.
func heldBy(f func()) int64 {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	inUse := func() int64 {
		metrics.Read(sample)
		return int64(sample[0].Value.Uint64())
	}
	runtime.GC()
	base := inUse()
	most, stop, stopped := base, make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(100 * time.Microsecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				return
			case <-tick.C:
				most = max(most, inUse())
			}
		}
	}()
	f()
	close(stop)
	<-stopped
	return most - base
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
func readByKey(b *testing.B, db *sql.DB, calendar, columns string, names []string, octets int64) {
	b.Helper()
	stmt, err := db.Prepare(`SELECT ` + columns + ` FROM object o LEFT JOIN body b ON b.id=o.body WHERE o.collection=(SELECT id FROM collection WHERE name='` + calendar + `') AND o.name=?`)
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
func (f *calendarServer) asked(b *testing.B, calendar, body string) int64 {
	r := httptest.NewRequest("REPORT", "/calendars/ann/"+calendar+"/", strings.NewReader(body))
	r.Header.Set("Depth", "1")
	w := &discarded{header: http.Header{}}
	f.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann"})))
	if w.status/100 != 2 {
		b.Fatalf("status %d", w.status)
	}
	return w.bytes
}

var objectName = regexp.MustCompile(`/([0-9]+\.ics)</d:href>`)

func (f *calendarServer) matches(b *testing.B, calendar, body string) []string {
	w := f.must(b, "REPORT", "/calendars/ann/"+calendar+"/", body, http.StatusMultiStatus, "Depth", "1")
	var names []string
	for _, m := range objectName.FindAllStringSubmatch(w.Body.String(), -1) {
		names = append(names, m[1])
	}
	return names
}
