package nginx_test

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"caldav-fcgi/apache"
	"caldav-fcgi/fcgi/sitetest"
)

func (b *bench) note(format string, args ...any) {
	b.notes = append(b.notes, fmt.Sprintf(format, args...))
	b.Log(b.notes[len(b.notes)-1])
}

// others is another client that reads and writes elsewhere.
type others struct {
	b       *bench
	stop    chan struct{}
	wg      sync.WaitGroup
	pause   atomic.Bool // while the program is started again
	longest [2]atomic.Int64
	failed  atomic.Pointer[error]
}

var othersDo = [2]string{"read", "PUT"}

func (b *bench) others() *others {
	o := &others{b: b, stop: make(chan struct{})}
	for kind := range othersDo {
		o.wg.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-o.stop:
					return
				case <-time.After(5 * time.Millisecond):
				}
				began := time.Now()
				var err error
				if kind == 0 {
					_, err = b.want(http.StatusMultiStatus, "PROPFIND", "/calendars/ann/other/", etagBody, "Depth", "0")
				} else {
					g := b.more[i%len(b.more)]
					_, err = b.want(http.StatusCreated, "PUT", fmt.Sprintf("/calendars/ann/other/%d-%d.ics", began.UnixNano(), i), strings.ReplaceAll(g.Body, g.UID, fmt.Sprint(g.UID, began.UnixNano())))
				}
				switch {
				case o.pause.Load():
				case err != nil:
					o.failed.Store(&err)
					return
				default:
					o.longest[kind].Store(max(o.longest[kind].Load(), int64(time.Since(began))))
				}
			}
		})
	}
	return o
}

// deleteCollection removes the calendar while another client goes on reading and writing elsewhere. What the request
// leaves to clear away is a job, which a starting process does at once: so that is waited for, with the same client.
func (b *bench) deleteCollection() {
	o := b.others()
	time.Sleep(200 * time.Millisecond)
	o.longest[0].Store(0)
	o.longest[1].Store(0)
	began, before := time.Now(), sitetest.CPU(b.running.PID(), b.web.PID())
	const calm = time.Second
	time.Sleep(calm)
	usual := ms(sitetest.CPU(b.running.PID(), b.web.PID())-before) / ms(time.Since(began)) // what the others cost
	began, before = time.Now(), sitetest.CPU(b.running.PID(), b.web.PID())
	_, err := b.want(http.StatusNoContent, "DELETE", benchPath, "")
	took := time.Since(began)
	cpu := ms(sitetest.CPU(b.running.PID(), b.web.PID())-before) - usual*ms(took)

	o.pause.Store(true)
	b.running.Signal(syscall.SIGTERM)
	_ = b.running.Wait(b)
	before = sitetest.CPU(b.web.PID())
	b.running = b.program.Serve(b, b.place, "-fcgi", b.place.FCGI())
	began = time.Now()
	o.pause.Store(false)
	for left := 1; left > 0 && err == nil; time.Sleep(20 * time.Millisecond) {
		if left, err = b.deleted(); time.Since(began) > 30*time.Second {
			err = errors.New("the collection is not cleared away")
		}
	}
	cleared := time.Since(began)
	cpu += ms(sitetest.CPU(b.running.PID(), b.web.PID())-before) - usual*ms(cleared)
	close(o.stop)
	o.wg.Wait()
	if failed := o.failed.Load(); failed != nil {
		err = errors.Join(err, *failed)
	}
	if err != nil {
		b.Fatalf("delete the collection: %v", err)
	}
	b.add(result{name: opDeleteAll, conns: 1, times: 1, cpu: max(cpu, 1), median: ms(took), rate: 1 / took.Seconds()}, b.floors.removeAll())
	b.note("While a calendar of %s was deleted (%.0f ms until the answer, cleared away after %.0f ms more, in all about %.0f ms CPU), another client's longest wait was %.0f ms for a read and %.0f ms for a PUT (goal ≤ 100).",
		thousands(b.n), ms(took), ms(cleared), cpu, float64(o.longest[0].Load())/1e6, float64(o.longest[1].Load())/1e6)
}

// deleted is the number of collections that are left to clear away.
func (b *bench) deleted() (n int, err error) {
	db, err := b.database()
	if err != nil {
		return 0, err
	}
	defer db.Close()
	return n, db.QueryRow(`SELECT count(*) FROM collection WHERE deleted<>0`).Scan(&n)
}

func (b *bench) database() (*sql.DB, error) {
	return sql.Open("sqlite3", "file:"+b.place.Path("db/caldav.db")+"?mode=ro&_busy_timeout=10000")
}

// storeSize is what the database takes on the disk, without the log beside it, which is bounded whatever the size.
func (b *bench) storeSize() (size int64) {
	db, err := b.database()
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	var pages, page int64
	if err := errors.Join(db.QueryRow(`PRAGMA page_count`).Scan(&pages), db.QueryRow(`PRAGMA page_size`).Scan(&page)); err != nil {
		b.Fatal(err)
	}
	return pages * page
}

// serveArgs are those of Program.Serve.
func (b *bench) serveArgs() []string {
	args := []string{"serve", "-config", b.place.Path("program.toml"), "-db", b.place.Path("db/caldav.db"), "-fcgi", b.place.FCGI()}
	if b.place.Group != "" {
		args = append(args, "-socket-group", b.place.Group)
	}
	return args
}

// processes measures what starting costs: of the service, of plain CGI, and of many processes.
func (b *bench) processes() {
	if b.n >= 100_000 {
		b.grow(1 << 30)
	}
	b.running.Signal(syscall.SIGTERM)
	_ = b.running.Wait(b)
	size := float64(b.storeSize()) / 1e6
	b.plainCGI(size)
	var starts []time.Duration
	for range 5 {
		if b.running.Running() {
			b.running.Signal(syscall.SIGTERM)
			_ = b.running.Wait(b)
		}
		cmd := exec.Command(b.program.Path, b.serveArgs()...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
		began := time.Now()
		b.running = sitetest.Start(b, "caldav-fcgi", cmd, "")
		for {
			if _, err := b.get(0); err == nil {
				break
			}
			if time.Since(began) > 20*time.Second {
				b.Fatal("the program does not answer again")
			}
			time.Sleep(time.Millisecond)
		}
		starts = append(starts, time.Since(began))
	}
	b.note("Start to first answer with a database of %.0f MB: %.0f ms (goal ≤ 50).", size, ms(median(starts)))
	b.fcgid()
}

// grow adds objects of 9 MB until the database has some size.
func (b *bench) grow(size int64) {
	text := strings.Repeat(" "+strings.Repeat("x", 72)+"\r\n", 9<<20/75)
	for i := 0; b.storeSize() < size; i++ {
		body := fmt.Sprintf("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example Corp.//Generator//EN\r\nBEGIN:VEVENT\r\nUID:big-%d\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nDESCRIPTION:x\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n", i, text)
		if _, err := b.want(http.StatusCreated, "PUT", fmt.Sprintf("/calendars/ann/other/big-%d.ics", i), body, "Content-Type", "text/calendar"); err != nil {
			b.Fatal(err)
		}
	}
	b.note("Objects of 9 MB, put one after the other: memory %.0f MB at the worst moment.", float64(b.peak.Load())/1e6)
}

// plainCGI starts the program for each request.
func (b *bench) plainCGI(size float64) {
	var wall []time.Duration
	var cpu time.Duration
	const times = 30
	for i := range times {
		o := b.objs[i*97%len(b.objs)]
		cmd := exec.Command(b.program.Path, "serve", "-config", b.place.Path("program.toml"), "-db", b.place.Path("db/caldav.db"))
		uri := "/dav" + benchPath + o.Name
		cmd.Env = []string{"GATEWAY_INTERFACE=CGI/1.1", "REQUEST_METHOD=GET", "REQUEST_URI=" + uri, "SCRIPT_NAME=/dav", "PATH_INFO=" + benchPath + o.Name, "QUERY_STRING=",
			"SERVER_PROTOCOL=HTTP/1.1", "SERVER_NAME=" + sitetest.Host, "SERVER_PORT=443", "HTTPS=on", "HTTP_HOST=" + sitetest.Host, "REMOTE_ADDR=127.0.0.1",
			"REMOTE_USER=ann", "AUTH_TYPE=Basic", "CALDAV_BASE=/dav"}
		began := time.Now()
		out, err := cmd.Output()
		if err != nil || !strings.Contains(string(out), "UID:"+o.UID) {
			b.Fatalf("plain CGI: %v\n%.500s", err, out)
		}
		wall = append(wall, time.Since(began))
		cpu += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	b.note("As plain CGI, with a database of %.0f MB: %.1f ms CPU and %.0f ms for a GET, the start of the process included (goal ≤ 25).", size, ms(cpu)/times, ms(median(wall)))
}

// fcgid compares eight processes that mod_fcgid started with one, by CPU time a request.
func (b *bench) fcgid() {
	b.running.Signal(syscall.SIGTERM)
	_ = b.running.Wait(b)
	defer func() { b.running = b.program.Serve(b, b.place, "-fcgi", b.place.FCGI()) }()
	files, err := filepath.Glob(b.place.Path("db/*"))
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range files {
		b.place.Own(b, f)
	}
	example, err := apache.Files.ReadFile("fcgid.conf")
	if err != nil {
		b.Fatal(err)
	}
	binary, err := os.ReadFile(b.program.Path)
	if err != nil {
		b.Fatal(err)
	}
	if err := os.Chmod(b.place.Write(b, "lib/dav.fcgi", string(binary)), 0o755); err != nil {
		b.Fatal(err)
	}
	nginx := b.origin
	defer func() { b.origin = nginx }()
	figures := map[string][2]float64{}
	var order []string
	for k, processes := range []int{1, 8} {
		address := ""
		site := sitetest.Apache(b, b.place, sitetest.Modules(b, string(example)), func(at string) string {
			address = at
			conf := sslLines.ReplaceAllString(string(example), "")
			return sitetest.Edit(b, conf, "<VirtualHost *:443>", "<VirtualHost "+at+">", "/etc/caldav-fcgi/htpasswd", b.place.Path("htpasswd"),
				"FcgidMaxProcessesPerClass 8", fmt.Sprintf("FcgidMaxProcessesPerClass %d", processes),
				"/usr/local/lib/caldav-fcgi", b.place.Path("lib"), "/var/lib/caldav-fcgi/caldav.db", b.place.Path("db/caldav.db"))
		})
		b.origin = "http://" + address
		for _, op := range []struct {
			name string
			run  func(int) (answer, error)
		}{
			{"warm", b.get}, // the processes have started
			{opGet, b.get},
			{opSync, b.sync()},
			{opMultiget, b.multiget},
			{opUID, b.byUID},
			{opMonth, b.responses(b.month.Names, func(int) (answer, error) { return b.report(fmt.Sprintf(monthBody, "<c:calendar-data/>")) })},
			{opPropfind, b.responses(b.names(), func(int) (answer, error) {
				return b.want(http.StatusMultiStatus, "PROPFIND", benchPath, etagBody, "Depth", "1")
			})},
			{opUpdate, b.update(4 + k)}, // last, for the sync's ten changes are all that there are
		} {
			r := b.measureOf(fmt.Sprintf("mod_fcgid × %d: %s", processes, op.name), processes, 0, op.run, site.Web.PID())
			if op.name == "warm" {
				continue
			}
			if k == 0 {
				order = append(order, op.name)
			}
			f := figures[op.name]
			f[k] = r.cpu
			figures[op.name] = f
		}
		site.Web.Signal(syscall.SIGTERM)
		_ = site.Web.Wait(b)
	}
	var list []string
	for _, name := range order {
		f := figures[name]
		list = append(list, fmt.Sprintf("%s %.2f", name, f[1]/f[0]))
	}
	b.note("mod_fcgid, CPU a request on 8 connections to 8 processes ÷ one to one (goal ≤ 2): %s.", strings.Join(list, ", "))
}
