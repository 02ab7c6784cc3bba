package dav_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"caldav-fcgi/dav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// childEnv names the database and the socket of a child process that serves until it is killed.
const childEnv = "DAV_TEST_CHILD"

func serveAsChild(where string) error {
	path, socket, _ := strings.Cut(where, "\n")
	db, err := store.Open(path, store.Options{})
	if err != nil {
		return err
	}
	s, err := dav.New(db, dav.Options{SpoolDir: filepath.Dir(path)})
	if err != nil {
		return err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	return http.Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: r.Header.Get("Test-User")})))
	}))
}

// child is a service in a process of its own.
type child struct {
	cmd    *exec.Cmd
	client *http.Client
}

func startChild(t *testing.T, path, socket string) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(socket)
	c := &child{cmd: exec.CommandContext(t.Context(), exe), client: &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		}}}}
	c.cmd.Env = append(os.Environ(), childEnv+"="+path+"\n"+socket)
	c.cmd.Stderr = os.Stderr
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.client.CloseIdleConnections)
	for range 500 { // until it listens
		if _, _, err := c.do("ann", "OPTIONS", "/", ""); err == nil {
			return c
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the child does not answer")
	return nil
}

func (c *child) kill() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

// do gives status and ETag of an answer that came whole.
func (c *child) do(user, method, path, body string) (int, string, error) {
	r := request(method, path, body, "Test-User", user)
	a, err := c.client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer a.Body.Close()
	_, err = io.Copy(io.Discard, a.Body)
	return a.StatusCode, a.Header.Get("ETag"), err
}

// Two processes over one database are killed in the middle of writing, again and again. Whatever was acknowledged is
// there, with the ETag it was acknowledged with.
func TestKill_NothingAcknowledgedIsLost(t *testing.T) {
	t.Parallel()
	path := storetest.Path(t)
	dir, err := os.MkdirTemp("", "dav-kill-") // the address of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db := storetest.OpenAt(t, path, store.Options{})
	w := worldOf(t, db, dav.Options{})
	const calendar = "/calendars/ann/calendar/"
	w.want(201, "ann", "PUT", calendar+"first.ics", event("first", "DTSTART:20260101T090000Z"))
	var old replica
	w.pull("ann", calendar, &old, 0)
	rounds := 4
	if testing.Short() {
		rounds = 2
	}
	var mu sync.Mutex
	acknowledged := map[string]string{}
	unsure := map[string]bool{} // cut off: either state is right
	for round := range rounds {
		var wg sync.WaitGroup
		for process := range 2 {
			c := startChild(t, path, filepath.Join(dir, fmt.Sprint(process)))
			var enough sync.WaitGroup
			for client := range 3 {
				enough.Add(5 + round)
				wg.Go(func() {
					for i := 0; ; i++ {
						href := fmt.Sprintf("%s%d-%d-%d-%d.ics", calendar, round, process, client, i/2) // each is made and replaced
						code, tag, err := c.do("ann", "PUT", href, event(href[len(calendar):], "DTSTART:20260101T090000Z", fmt.Sprintf("SUMMARY:%d", i), "DESCRIPTION:"+strings.Repeat("x", 3000)))
						mu.Lock()
						if err != nil {
							unsure[href] = true
						} else if code/100 == 2 {
							acknowledged[href] = tag
						} else {
							t.Errorf("PUT %s: %d", href, code)
						}
						mu.Unlock()
						if i < 5+round {
							enough.Done()
						}
						if err != nil {
							for i++; i < 5+round; i++ {
								enough.Done()
							}
							return
						}
					}
				})
			}
			wg.Go(func() {
				enough.Wait()
				c.kill()
			})
		}
		wg.Wait()
		w.sound()
	}
	if len(acknowledged) < 10*rounds {
		t.Errorf("only %d were acknowledged: this tested nothing", len(acknowledged))
	}
	have := w.listed("ann", calendar)
	for href, tag := range acknowledged {
		switch got := have[href]; {
		case got == "":
			t.Errorf("%s was acknowledged and is gone", href)
		case got != tag && !unsure[href]:
			t.Errorf("%s has the tag %s, acknowledged was %s", href, got, tag)
		}
	}
	for _, r := range []replica{old, {}} {
		w.pull("ann", calendar, &r, 7)
		if d := differ(r.tags, have); d != "" {
			t.Errorf("sync and PROPFIND differ:\n%s", d)
		}
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".spool*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// A client that takes nothing of a long answer holds neither a snapshot nor the write-ahead log, and once it is gone
// nothing of it is left.
func TestSlowClient_HoldsNothing(t *testing.T) {
	t.Parallel()
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Readers: 1})
	w := worldOf(t, db, dav.Options{})
	const calendar = "/calendars/ann/calendar/"
	long := strings.Repeat("x", 40_000)
	for i := range 30 {
		w.want(201, "ann", "PUT", fmt.Sprintf("%s%d.ics", calendar, i), event(fmt.Sprint(i), "DTSTART:20260101T090000Z", "DESCRIPTION:"+long))
	}
	for name, r := range map[string]*http.Request{
		"export": request("GET", calendar, ""), "sync with data": request("REPORT", calendar, strings.Replace(syncBody(""), "<d:getetag/>", "<c:calendar-data/>", 1)),
		"query": request("REPORT", calendar, query("20260101T000000Z", "20270101T000000Z", ""), "Depth", "1"),
	} {
		client := &stuck{header: http.Header{}, begun: make(chan struct{}), take: make(chan struct{})}
		ended := make(chan any)
		go func() {
			defer func() { ended <- recover() }()
			w.s.ServeHTTP(client, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann"})))
		}()
		<-client.begun
		// The only snapshot there is has to be free again, and the log may begin anew.
		w.want(200, "ann", "GET", calendar+"1.ics", "")
		for i := range 600 {
			if info, err := os.Stat(db.Path() + "-wal"); i > 0 && err == nil && info.Size() > 24<<20 {
				t.Fatalf("%s: the write-ahead log grows to %d octets", name, info.Size())
			}
			if testing.Short() && i > 20 {
				break
			}
			w.do("ann", "PUT", calendar+"0.ics", event("0", "DTSTART:20260101T090000Z", fmt.Sprintf("SUMMARY:%d", i), "DESCRIPTION:"+long))
		}
		client.fail = errors.New("connection reset by peer")
		close(client.take)
		if v := <-ended; v != http.ErrAbortHandler {
			t.Errorf("%s: ended with %v", name, v)
		}
	}
}

// stuck is a client that takes the head of an answer and then nothing.
type stuck struct {
	header http.Header
	begun  chan struct{}
	take   chan struct{}
	once   sync.Once
	fail   error
}

func (s *stuck) Header() http.Header { return s.header }
func (s *stuck) WriteHeader(int)     {}

func (s *stuck) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.begun) })
	<-s.take
	return 0, s.fail
}
