package sitetest

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// writers PUT objects of their own until stop is closed, through whatever happens, and remember what was acknowledged.
type writers struct {
	site    *Site
	stop    chan struct{}
	wg      sync.WaitGroup
	count   atomic.Int64 // acknowledged
	failed  atomic.Int64
	refused atomic.Int64 // of those, answered with an error
	mu      sync.Mutex
	tags    map[string]string // path → ETag of what was acknowledged
}

func (s *Site) write(t testing.TB, collection string, n int) *writers {
	t.Helper()
	client := s.Client()
	defer client.CloseIdleConnections()
	if answer, _, err := s.Do(client, "ann", "MKCALENDAR", collection, nil, nil); err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatalf("MKCALENDAR %s: %v, error %v", collection, answer, err)
	}
	w := &writers{site: s, stop: make(chan struct{}), tags: map[string]string{}}
	for i := range n {
		w.wg.Go(func() { w.run(t, collection, i) })
	}
	return w
}

func (w *writers) run(t testing.TB, collection string, number int) {
	client := w.site.Client()
	defer client.CloseIdleConnections()
	for i := 0; ; i++ {
		select {
		case <-w.stop:
			return
		default:
		}
		name := fmt.Sprintf("%d-%d", number, i)
		path := collection + name + ".ics"
		answer, text, err := w.site.Do(client, "ann", "PUT", path, eventHeader, strings.NewReader(event(name, 500)))
		switch {
		case err != nil || isServerDown[answer.StatusCode]:
			w.failed.Add(1)
			if err == nil {
				w.refused.Add(1)
			}
			time.Sleep(pause) // it is being started again
		case answer.StatusCode == http.StatusCreated:
			w.mu.Lock()
			w.tags[path] = answer.Header.Get("ETag")
			w.mu.Unlock()
			w.count.Add(1)
		default:
			t.Errorf("PUT %s: status %d\n%.500s", path, answer.StatusCode, text)
			return
		}
	}
}

// more waits until n more writes have been acknowledged.
func (w *writers) more(t testing.TB, n int64) {
	t.Helper()
	goal := w.count.Load() + n
	Await(t, fmt.Sprintf("%d more writes", n), func() (bool, error) {
		if t.Failed() {
			return false, fmt.Errorf("a writer has stopped")
		}
		return w.count.Load() >= goal, nil
	})
}

// finish stops the writers and checks that everything that was acknowledged is there, with its tag and its octets.
func (w *writers) finish(t testing.TB) {
	t.Helper()
	close(w.stop)
	w.wg.Wait()
	client := w.site.Client()
	defer client.CloseIdleConnections()
	for path, tag := range w.tags {
		answer, text, err := w.site.Do(client, "ann", "GET", path, nil, nil)
		name := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".ics")
		if err != nil || answer.StatusCode != http.StatusOK || answer.Header.Get("ETag") != tag || text != event(name, 500) {
			t.Errorf("%s was acknowledged with ETag %s; GET: %v, error %v", path, tag, answer, err)
		}
	}
	t.Logf("%d writes acknowledged, %d failed", len(w.tags), w.failed.Load())
}

// CheckKill kills the program in the middle of writes, twice, and starts it again: what was acknowledged is there, and
// the database is sound.
func (s *Site) CheckKill(t *testing.T, program *Program, kill, revive func()) {
	w := s.write(t, "/calendars/ann/kill/", 4)
	for range 2 {
		w.more(t, 100)
		kill()
		if revive != nil {
			revive()
		}
	}
	w.more(t, 100)
	w.finish(t)
	if out, err := exec.Command(program.Path, "check", "-config", s.Place.Path("program.toml"), "-db", s.Place.Path("db/caldav.db")).CombinedOutput(); err != nil {
		t.Errorf("caldav-fcgi check: %v\n%s", err, out)
	}
}

// CheckReload lets the web server read its configuration again in the middle of writes, as it does every night when its logs
// are rotated: none is answered with an error.
func (s *Site) CheckReload(t *testing.T, reload syscall.Signal) {
	w := s.write(t, "/calendars/ann/reload/", 4)
	w.more(t, 100)
	s.Web.Signal(reload)
	w.more(t, 500)
	w.finish(t)
	if n := w.refused.Load(); n != 0 {
		t.Errorf("%d writes were answered with an error of the web server", n)
	}
}

// CheckDrain ends the program politely in the middle of an upload, which is answered, and which a front that passes
// bodies on as they come is needed for.
func (s *Site) CheckDrain(t *testing.T, program *Process, socket string) {
	const first = 200_000
	body := event("drain", 300_000)
	before, err := bytesRead(program.PID())
	if err != nil {
		t.Skipf("cannot see how much the program has read: %v", err)
	}
	c := s.dial(t)
	if _, err := fmt.Fprintf(c, "PUT %s/calendars/ann/calendar/drain.ics HTTP/1.1\r\nHost: %s\r\nContent-Type: text/calendar\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
		s.Base, s.host, base64.StdEncoding.EncodeToString([]byte("ann:ann")), len(body), body[:first]); err != nil {
		t.Fatal(err)
	}
	Await(t, "the program to read the first part", func() (bool, error) {
		now, err := bytesRead(program.PID())
		return now-before >= first/2, err
	})
	program.Signal(syscall.SIGTERM)
	Await(t, "the program to stop listening", func() (bool, error) { return !answers("unix", socket), nil })
	if !program.Running() {
		t.Error("the program has ended before its last request")
	}
	if _, err := io.WriteString(c, body[first:]); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("the answer to the request that was running: %v", err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		t.Errorf("the request that was running: status %d, want 201", answer.StatusCode)
	}
	if err := program.Wait(t); err != nil {
		t.Errorf("the program ended with %v", err)
	}
}

// CheckDrainInstances ends the processes that mod_fcgid has started while a slow client reads a long answer, which is
// complete.
func (s *Site) CheckDrainInstances(t *testing.T, program string) {
	body := event("long", 8_000_000)
	client := s.Client()
	defer client.CloseIdleConnections()
	if answer, _, err := s.Do(client, "ann", "PUT", "/calendars/ann/calendar/long.ics", eventHeader, strings.NewReader(body)); err != nil || answer.StatusCode != http.StatusCreated {
		t.Fatalf("PUT: %v, error %v", answer, err)
	}
	c := s.dial(t)
	if _, err := fmt.Fprintf(c, "GET %s/calendars/ann/calendar/long.ics HTTP/1.1\r\nHost: %s\r\nAuthorization: Basic %s\r\nConnection: close\r\n\r\n",
		s.Base, s.host, base64.StdEncoding.EncodeToString([]byte("ann:ann"))); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	for _, pid := range Instances(program) {
		_ = syscall.Kill(pid, syscall.SIGTERM)
	}
	if text, err := io.ReadAll(answer.Body); err != nil || string(text) != body {
		t.Errorf("the answer that was being sent: %d of %d octets, error %v", len(text), len(body), err)
	}
	if status, who, err := s.Who(client, "ann", "/"); err != nil || status != http.StatusMultiStatus || who != "ann" {
		t.Errorf("the next request: status %d, user %q, error %v", status, who, err)
	}
}

// CheckInstances writes through several processes of the program at once.
func (s *Site) CheckInstances(t *testing.T, program string) {
	w := s.write(t, "/calendars/ann/several/", 6)
	most := 0
	Await(t, "a second process", func() (bool, error) {
		if t.Failed() {
			return false, fmt.Errorf("a writer has stopped")
		}
		most = max(most, len(Instances(program)))
		return most > 1, nil
	})
	w.more(t, 60)
	w.finish(t)
	if n := w.failed.Load(); n != 0 {
		t.Errorf("%d writes failed", n)
	}
	t.Logf("%d processes", most)
}
