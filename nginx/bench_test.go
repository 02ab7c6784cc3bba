package nginx_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/fcgi"
	"caldav-fcgi/fcgi/sitetest"
)

// What users wait for, measured behind nginx as fastcgi.conf has it, without TLS: the program on a unix socket, Basic
// login by nginx, every write on the disk before it is answered. "make bench" runs this and writes the table.
//
// A figure is CPU time of the program and nginx together, for a request: it hardly moves with what else the machine
// does, and wall-clock time does. Each answer's counts are compared with what the generator knows.
const (
	benchEnv = "CALDAV_BENCH" // file that the table is written to; without it there is nothing to do here
	helloEnv = "CALDAV_BENCH_HELLO"

	benchSeed = 42
	benchPath = "/calendars/ann/bench/"
)

func TestMain(m *testing.M) {
	if socket := os.Getenv(helloEnv); socket != "" {
		fmt.Fprintln(os.Stderr, hello(socket))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// hello is the yardstick: the least that a handler behind our FastCGI can do, a process of its own.
func hello(socket string) error {
	l, err := net.Listen("unix", socket)
	if err == nil {
		err = os.Chmod(socket, 0o666)
	}
	if err != nil {
		return err
	}
	text := []byte(strings.Repeat("0123456789abcde\n", 128))
	return fcgi.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/calendar; charset=utf-8")
		w.Header().Set("ETag", `"hello"`)
		w.Write(text)
	}))
}

func TestBench(t *testing.T) {
	out := os.Getenv(benchEnv)
	if out == "" {
		t.Skip("make bench runs this")
	}
	sizes := []int{1_000, 10_000}
	if big := os.Getenv("BIG"); big != "" { // 1, or how many objects
		n, err := strconv.Atoi(big)
		if err != nil || n <= 10_000 {
			n = 100_000
		}
		sizes = append(sizes, n)
	}
	program := sitetest.Build(t)
	var runs []*bench
	for i, n := range sizes {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			b := openBench(t, program, n)
			runs = append(runs, b)
			b.operations()
			if i == len(sizes)-1 {
				b.processes()
			}
			b.deleteCollection()
		})
		if t.Failed() {
			t.FailNow()
		}
	}
	table := benchTable(runs)
	fmt.Print(table)
	if err := os.WriteFile(out, []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
}

// bench is one site with n objects.
type bench struct {
	*testing.T
	n       int
	program *sitetest.Program
	place   *sitetest.Place
	running *sitetest.Process
	web     *sitetest.Process
	hello   *sitetest.Process
	origin  string // http://127.0.0.1:port
	client  *http.Client
	objs    []davtest.Generated // those in the calendar
	more    []davtest.Generated // as many that are put and deleted
	month   davtest.Expected
	raw     int64 // octets of objs
	floors  *floors

	results   []result
	store     int64 // octets of the database after the fill
	peak      atomic.Int64
	worst     int64 // peak of all operations
	rest      int64
	notes     []string
	helloCPU  map[int]float64 // by connections
	helloRate map[int]float64
}

// result is what was measured of one operation. Times are in milliseconds.
type result struct {
	name      string
	conns     int
	times     int
	cpu       float64 // a request
	median    float64
	rate      float64 // requests a second
	first     float64 // median time to the first byte
	bytes     int     // of an answer
	instances int     // that the server has to make
	floor     float64 // CPU of the same in SQLite alone
}

var june = [2]time.Time{time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC)}

var sslLines = regexp.MustCompile(`(?m)^\s*(ssl_certificate|SSLCertificate|SSLEngine).*\n`)

var guardedLocation = regexp.MustCompile(`(?s)    location ~ \^/\(\?:\$\|dav/\) \{.*?\n    \}\n`)

// withoutTLS is fastcgi.conf as plain HTTP in a place.
func withoutTLS(t *testing.T, place *sitetest.Place, address string) string {
	place.Write(t, "caldav-fcgi.params", read(t, "caldav-fcgi.params"))
	conf := sitetest.Edit(t, sslLines.ReplaceAllString(read(t, "fastcgi.conf"), ""), "listen 443 ssl http2;", "listen "+address+";",
		"/run/caldav-fcgi/", place.Path("run")+"/")
	return fastcgiLocation(t, place, conf)
}

func fastcgiLocation(t *testing.T, place *sitetest.Place, conf string) string {
	return sitetest.Edit(t, conf, "/etc/caldav-fcgi/htpasswd", place.Path("htpasswd"), "/etc/nginx/caldav-fcgi.params", place.Path("caldav-fcgi.params"))
}

func openBench(t *testing.T, program *sitetest.Program, n int) *bench {
	b := &bench{T: t, n: n, program: program, place: sitetest.NewPlace(t), helloCPU: map[int]float64{}, helloRate: map[int]float64{}}
	all := slices.Collect(davtest.Generate(n+min(n, 2000), benchSeed))
	b.objs, b.more = all[:n], all[n:]
	for _, o := range b.objs {
		b.raw += int64(len(o.Body))
	}
	b.month = davtest.Expect(b.objs, june[0], june[1])
	b.floors = openFloors(t, b)

	b.running = b.program.Serve(t, b.place, "-fcgi", b.place.FCGI())
	socket := b.place.Path("run/hello.sock")
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{helloEnv + "=" + socket}
	b.hello = sitetest.Start(t, "hello", cmd, "")
	address := ""
	site := sitetest.Nginx(t, b.place, func(at string) string {
		address = at
		guarded := guardedLocation.FindString(read(t, "fastcgi.conf"))
		return sitetest.Edit(t, withoutTLS(t, b.place, at), fastcgiLocation(t, b.place, guarded),
			fastcgiLocation(t, b.place, guarded+sitetest.Edit(t, guarded, "~ ^/(?:$|dav/)", "= /hello", "fastcgi_pass caldav_fcgi;", "fastcgi_pass hello;"))) +
			"upstream hello { server unix:" + socket + "; keepalive 8; }\n"
	})
	b.web, b.origin = site.Web, "http://"+address
	b.client = newBenchClient()
	t.Cleanup(b.client.CloseIdleConnections)
	sitetest.Await(t, "hello and the service", func() (bool, error) {
		a, err := b.do("GET", "/hello", "")
		if err == nil && a.status == http.StatusOK {
			a, err = b.do("PROPFIND", "/dav/", "", "Depth", "0")
		}
		return err == nil && a.status == http.StatusMultiStatus, nil
	})
	b.watchMemory()
	return b
}

func newBenchClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 16, ReadBufferSize: 64 << 10}, Timeout: 5 * time.Minute}
}

// watchMemory looks what the worst moment takes.
func (b *bench) watchMemory() {
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for look := time.NewTicker(250 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
				b.peak.Store(max(b.peak.Load(), sitetest.PSS(b.running.PID(), b.web.PID())))
			}
		}
	}()
	b.Cleanup(func() { cancel(); <-ended })
}

// answer is what came back.
type answer struct {
	status int
	body   []byte
	first  time.Duration // to the first byte
}

// do makes one exchange; path is one of the host.
func (b *bench) do(method, path, body string, header ...string) (answer, error) {
	var a answer
	rq, err := http.NewRequest(method, b.origin+path, strings.NewReader(body))
	if err != nil {
		return a, err
	}
	began := time.Now()
	rq = rq.WithContext(httptrace.WithClientTrace(rq.Context(), &httptrace.ClientTrace{GotFirstResponseByte: func() { a.first = time.Since(began) }}))
	rq.SetBasicAuth("ann", "ann")
	for i := 0; i < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	rs, err := b.client.Do(rq)
	if err != nil {
		return a, err
	}
	defer rs.Body.Close()
	a.status = rs.StatusCode
	a.body, err = io.ReadAll(rs.Body)
	return a, err
}

// want makes one exchange below the base and is an error unless its status is the expected one.
func (b *bench) want(status int, method, path, body string, header ...string) (answer, error) {
	a, err := b.do(method, "/dav"+path, body, header...)
	if err == nil && a.status != status {
		err = fmt.Errorf("%s %s: %d, want %d: %.300s", method, path, a.status, status, a.body)
	}
	return a, err
}

// enough is how long an operation is repeated: the clock of /proc has ticks of 10 ms.
const enough = 1500 * time.Millisecond

// measure repeats an operation on some connections: times times or, where that is 0, for a while.
func (b *bench) measure(name string, conns, times int, run func(i int) (answer, error)) result {
	return b.measureOf(name, conns, times, run, b.running.PID(), b.web.PID())
}

func (b *bench) measureOf(name string, conns, times int, run func(i int) (answer, error), pids ...int) result {
	b.Helper()
	var (
		next   atomic.Int64
		mu     sync.Mutex
		took   []time.Duration
		firsts []time.Duration
		failed error
		size   int
		wg     sync.WaitGroup
	)
	before, began := sitetest.CPU(pids...), time.Now()
	for range conns {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if times > 0 && i >= times || times == 0 && i >= 3 && time.Since(began) > enough {
					return
				}
				start := time.Now()
				a, err := run(i)
				mu.Lock()
				took, firsts, size = append(took, time.Since(start)), append(firsts, a.first), len(a.body)
				if failed == nil {
					failed = err
				}
				stop := failed != nil
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	wg.Wait()
	wall := time.Since(began)
	cpu := sitetest.CPU(pids...) - before
	if failed != nil {
		b.Fatalf("%s: %v", name, failed)
	}
	r := result{name: name, conns: conns, times: len(took), cpu: ms(cpu) / float64(len(took)), median: ms(median(took)),
		rate: float64(len(took)) / wall.Seconds(), first: ms(median(firsts)), bytes: size}
	b.Logf("%-32s %6d × %9.3f ms CPU %9.3f ms %8.0f/s %9d B; at most %.0f MB so far", name, r.times, r.cpu, r.median, r.rate, r.bytes, float64(b.peak.Load())/1e6)
	return r
}

func ms(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

func median(d []time.Duration) time.Duration {
	d = slices.Sorted(slices.Values(d))
	return d[len(d)/2]
}

// measureHello is called at the beginning and at the end of a run; the smaller figure counts.
func (b *bench) measureHello() {
	for _, conns := range []int{1, 8} {
		r := b.measureOf("FastCGI hello", conns, 0, func(int) (answer, error) {
			a, err := b.do("GET", "/hello", "")
			if err == nil && (a.status != http.StatusOK || len(a.body) != 2048) {
				err = fmt.Errorf("status %d, %d octets", a.status, len(a.body))
			}
			return a, err
		}, b.hello.PID(), b.web.PID())
		if was := b.helloCPU[conns]; was == 0 || r.cpu < was {
			b.helloCPU[conns] = r.cpu
		}
		b.helloRate[conns] = max(b.helloRate[conns], r.rate)
	}
}

// machine says what the figures were taken on.
func machine() string {
	model := "unknown processor"
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if m := regexp.MustCompile(`(?m)^model name\s*: (.*)$`).FindSubmatch(text); m != nil {
			model = string(m[1])
		}
	}
	commit := "no commit"
	if text, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output(); err == nil {
		commit = "commit " + strings.TrimSpace(string(text))
	}
	load := ""
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		load, _, _ = strings.Cut(string(text), " ")
	}
	return fmt.Sprintf("%d cores, %s, %s, %s; %s, load average at the end %s", runtime.NumCPU(), model, runtime.Version(), commit, time.Now().UTC().Format("2006-01-02"), load)
}
