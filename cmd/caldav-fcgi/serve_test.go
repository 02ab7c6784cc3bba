package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"caldav-fcgi/fcgi/fcgitest"
	"caldav-fcgi/testdata/demo"
)

// running is a command at work in this process.
type running struct {
	cancel context.CancelFunc // as a signal does
	ended  chan error
	lines  *bufio.Scanner // what it says
}

// start runs a command; its output, both kinds, comes by lines.
func start(t *testing.T, environ map[string]string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, w := io.Pipe()
	run1 := &running{cancel: cancel, ended: make(chan error, 1), lines: bufio.NewScanner(r)}
	getenv := func(name string) string {
		if v, ok := environ[name]; ok {
			return v
		}
		return map[string]string{"CALDAV_FCGI_CONFIG": "/dev/null"}[name]
	}
	go func() {
		err := run(ctx, env{Args: args, Stdin: strings.NewReader(""), Stdout: w, Stderr: w, Getenv: getenv, Environ: os.Environ})
		w.Close()
		run1.ended <- err
	}()
	t.Cleanup(func() { cancel(); r.Close() })
	return run1
}

// until reads what it says up to a line that matches, and returns the first group.
func (r *running) until(t *testing.T, pattern string) string {
	t.Helper()
	re := regexp.MustCompile(pattern)
	for r.lines.Scan() {
		if m := re.FindStringSubmatch(r.lines.Text()); m != nil {
			go func() { // it must not wait for us from here on
				for r.lines.Scan() {
				}
			}()
			return m[len(m)-1]
		}
	}
	t.Fatalf("it ended (%v) without saying %s", <-r.ended, pattern)
	return ""
}

// wait returns how it ended.
func (r *running) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.ended:
		return err
	case <-time.After(10 * time.Second):
		t.Fatal("it does not end")
		return nil
	}
}

const eventOne = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\nBEGIN:VEVENT\r\nUID:1@t\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260201T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestServe_FastCGIAndHTTPAndDrain(t *testing.T) {
	t.Parallel()
	for _, layer := range []string{"own", "std"} {
		t.Run(layer, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			sock := filepath.Join(dir, "sock")
			if err := os.WriteFile(filepath.Join(dir, "users"), demoPasswords(), 0o600); err != nil {
				t.Fatal(err)
			}
			r := start(t, nil, "serve", "-db", filepath.Join(dir, "c.db"), "-fcgi", "unix:"+sock, "-http", "127.0.0.1:0",
				"-htpasswd", filepath.Join(dir, "users"), "-fcgi-layer", layer, "-base", "/dav")
			url := r.until(t, `msg=serving .*(http://[0-9.:]+/)`)

			c, err := fcgitest.Dial("unix", sock)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			resp, err := c.Do(fcgitest.Request("PROPFIND", "/dav/calendars/ann/", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic", "HTTP_DEPTH", "1"), nil, fcgitest.Options{})
			if err != nil || resp.Status != 207 || !bytes.Contains(resp.Body, []byte("/dav/calendars/ann/tasks/")) {
				t.Fatalf("PROPFIND by FastCGI: %v, got %+v", err, resp)
			}

			status := func(user string) int {
				rq, _ := http.NewRequest("PROPFIND", url+"dav/calendars/ann/", nil)
				rq.Header.Set("Depth", "0")
				if user != "" {
					rq.SetBasicAuth(user, user)
				}
				resp, err := http.DefaultClient.Do(rq)
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				return resp.StatusCode
			}
			if a, b, n := status("ann"), status("bob"), status(""); a != 207 || b == 207 || n != 401 {
				t.Errorf("PROPFIND by HTTP: ann %d, bob %d, nobody %d; want 207, a refusal, 401", a, b, n)
			}

			// The signal comes while a body is on its way: the request is carried out and answered.
			slow, err := fcgitest.Dial("unix", sock)
			if err != nil {
				t.Fatal(err)
			}
			defer slow.Close()
			body, more := io.Pipe()
			put := make(chan *fcgitest.Response, 1)
			go func() {
				resp, err := slow.Do(fcgitest.Request("PUT", "/dav/calendars/ann/calendar/1.ics", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic",
					"CONTENT_TYPE", "text/calendar"), body, fcgitest.Options{Chunked: true})
				if err != nil {
					t.Errorf("PUT over the end: %v", err)
				}
				put <- resp
			}()
			// So much fits into no buffer: when it is gone, the request has begun.
			head, tail, _ := strings.Cut(eventOne, "END:VEVENT")
			if _, err := io.WriteString(more, head+strings.Repeat("COMMENT:0123456789012345678901234567890123456789\r\n", 20_000)); err != nil {
				t.Fatal(err)
			}
			r.cancel()
			if _, err := io.WriteString(more, "END:VEVENT"+tail); err != nil {
				t.Fatal(err)
			}
			more.Close()
			if resp := <-put; resp == nil || resp.Status != 201 {
				t.Errorf("PUT over the end: got %+v, want 201", resp)
			}
			if err := r.wait(t); err != nil {
				t.Errorf("serve ended with %v", err)
			}
			if _, err := os.Stat(sock); err == nil {
				t.Error("the socket is still there")
			}
		})
	}
}

// A web server starts the program with a listening socket as descriptor 0 and nothing else, and ends it with SIGTERM.
func TestServe_SocketOnDescriptor0(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, "sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.UnixListener).File()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "caldav-fcgi")
	cmd.Stdin, cmd.Stderr = f, &log
	cmd.Env = append(os.Environ(), "CALDAV_FCGI_CONFIG=/dev/null", "CALDAV_FCGI_DB="+filepath.Join(dir, "c.db"), "CALDAV_FCGI_FCGI=unix:"+filepath.Join(dir, "other"))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.Close()
	c, err := fcgitest.Dial("unix", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	resp, err := c.Do(fcgitest.Request("OPTIONS", "/calendars/ann/", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic"), nil, fcgitest.Options{})
	if err != nil || resp.Status != 200 || !strings.Contains(resp.Header.Get("Dav"), "calendar-access") {
		t.Errorf("OPTIONS: %v, got %+v", err, resp)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v: %s", err, &log)
	}
	if _, err := os.Stat(filepath.Join(dir, "other")); err == nil || !strings.Contains(log.String(), "descriptor 0") {
		t.Errorf("it listens elsewhere, too: %s", &log)
	}
}

// A second signal does not wait for requests that run.
func TestServe_SecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sock := filepath.Join(dir, "sock")
	cmd := exec.CommandContext(t.Context(), "caldav-fcgi", "serve", "-config", "/dev/null", "-db", filepath.Join(dir, "c.db"), "-fcgi", "unix:"+sock)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := &running{lines: bufio.NewScanner(stderr)}
	says := func(text string) {
		t.Helper()
		for log.lines.Scan() {
			if strings.Contains(log.lines.Text(), text) {
				return
			}
		}
		t.Fatalf("it ended without saying %q", text)
	}
	says("msg=serving")
	c, err := fcgitest.Dial("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendBegin(1, false); err != nil {
		t.Fatal(err)
	}
	if err := c.Send(fcgitest.Params, 1, fcgitest.EncodeParams(fcgitest.Request("PUT", "/calendars/ann/calendar/1.ics", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic"))); err != nil {
		t.Fatal(err)
	}
	if err := c.Send(fcgitest.Params, 1, nil); err != nil {
		t.Fatal(err)
	}
	piece := []byte(strings.Repeat("x", 60_000))
	for range 20 { // more than any buffer takes: the request has begun
		if err := c.Send(fcgitest.Stdin, 1, piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	says("msg=\"ending")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	ended := time.Now()
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != exitFailed {
		t.Errorf("it ended with %v, want exit status %d", err, exitFailed)
	}
	if took := time.Since(ended); took > 5*time.Second {
		t.Errorf("it took %v to end", took)
	}
}

// A deleted calendar is emptied while the service runs.
func TestServe_EmptiesDeletedCalendars(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, sock := filepath.Join(dir, "c.db"), filepath.Join(dir, "sock")
	command := func(args ...string) string {
		t.Helper()
		var out bytes.Buffer
		e := env{Args: append(args, "-db", db), Stdin: strings.NewReader(eventOne), Stdout: &out, Stderr: &out,
			Getenv: func(n string) string { return map[string]string{"CALDAV_FCGI_CONFIG": "/dev/null"}[n] }}
		if err := run(t.Context(), e); err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out.String()
	}
	command("user", "add", "ann")
	command("import", "-user", "ann", "-")
	r := start(t, nil, "serve", "-db", db, "-fcgi", "unix:"+sock)
	r.until(t, "msg=serving")
	c, err := fcgitest.Dial("unix", sock)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	resp, err := c.Do(fcgitest.Request("DELETE", "/calendars/ann/calendar/", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic"), nil, fcgitest.Options{})
	if err != nil || resp.Status != 204 {
		t.Fatalf("DELETE: %v, got %+v", err, resp)
	}
	r.cancel()
	if err := r.wait(t); err != nil {
		t.Fatal(err)
	}
	c2 := &call{env: env{}, loaded: &loaded{config: newConfig(), from: map[string]string{"db": "-db"}}}
	c2.DB = db
	if err := c2.with(mustHave, func(s *service) error { return s.dav.Jobs().All(t.Context()) }); err != nil {
		t.Error(err)
	}
	if got := command("check"); !strings.Contains(got, "is sound: 1 user, 2 collections, 0 objects") {
		t.Errorf("check: %s", got)
	}
}

// The demo has all its calendars, lets its users in, and leaves nothing behind. No t.Parallel: it sets TMPDIR.
func TestDemo(t *testing.T) {
	tmp := t.TempDir()
	t.Setenv("TMPDIR", tmp)
	r := start(t, nil, "demo", "-http", "127.0.0.1:0")
	url := r.until(t, `^caldav-fcgi demo: (http://\S+)$`)
	total := 0
	for _, a := range demo.Accounts() {
		for _, cal := range a.Calendars {
			rq, _ := http.NewRequest("PROPFIND", url+"calendars/"+a.Name+"/"+cal.Name+"/", strings.NewReader(`<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>`))
			rq.Header.Set("Depth", "1")
			rq.SetBasicAuth(a.Name, a.Name)
			resp, err := http.DefaultClient.Do(rq)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			n := bytes.Count(body, []byte(".ics</"))
			if resp.StatusCode != 207 || n == 0 {
				t.Errorf("%s of %s: status %d, %d objects", cal.Name, a.Name, resp.StatusCode, n)
			}
			total += n
		}
	}
	if total < 60 {
		t.Errorf("%d objects in the demo, want 60", total)
	}
	r.cancel()
	if err := r.wait(t); err != nil {
		t.Errorf("demo ended with %v", err)
	}
	if left, _ := os.ReadDir(tmp); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
