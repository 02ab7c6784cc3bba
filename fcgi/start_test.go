package fcgi

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"caldav-fcgi/fcgi/fcgitest"
)

// logBuffer collects log lines.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func (b *logBuffer) logger() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// socketPath is short enough for a socket, which t.TempDir is not always.
func socketPath(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "fcgi")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// front is what all servers have.
type front interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// serveOn runs srv on a new unix socket until the test ends and returns its path.
func serveOn(t testing.TB, srv front) string {
	t.Helper()
	path := socketPath(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
		select {
		case <-served:
		case <-time.After(fcgitest.Timeout):
			t.Error("Serve has not returned after Shutdown")
		}
	})
	return path
}

func dial(t testing.TB, path string) *fcgitest.Client {
	t.Helper()
	c, err := fcgitest.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(fcgitest.Timeout)); err != nil {
		t.Fatal(err)
	}
	return c
}

// open starts a server with h and connects to it.
func open(t testing.TB, h http.HandlerFunc, edit ...func(*Server)) *fcgitest.Client {
	t.Helper()
	srv := &Server{Handler: h, ErrorLog: quiet()}
	for _, e := range edit {
		e(srv)
	}
	return dial(t, serveOn(t, srv))
}

var keep = fcgitest.Options{KeepConn: true}

func do(t testing.TB, c *fcgitest.Client, params []fcgitest.Param, body io.Reader, opt fcgitest.Options) *fcgitest.Response {
	t.Helper()
	resp, err := c.Do(params, body, opt)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func want(t testing.TB, resp *fcgitest.Response, status int, body string) {
	t.Helper()
	if resp.Status != status || string(resp.Body) != body {
		t.Fatalf("got %d %q, want %d %q", resp.Status, resp.Body, status, body)
	}
}

// closed fails unless the server closes the connection without another record.
func closed(t testing.TB, c *fcgitest.Client) {
	t.Helper()
	if r, err := c.ReadRecord(); err == nil {
		t.Fatalf("got record %+v, want the connection closed", r)
	} else if os.IsTimeout(err) {
		t.Fatal("connection still open")
	}
}

// sendRequest writes a request up to the end of its parameters.
func sendRequest(t testing.TB, c *fcgitest.Client, id uint16, keep bool, params []fcgitest.Param) {
	t.Helper()
	b := fcgitest.AppendBegin(nil, id, keep)
	b = fcgitest.AppendRecord(b, fcgitest.Params, id, fcgitest.EncodeParams(params))
	b = fcgitest.AppendRecord(b, fcgitest.Params, id, nil)
	raw(t, c, b)
}

func raw(t testing.TB, c *fcgitest.Client, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

// await fails when ch gives nothing in time.
func await[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(fcgitest.Timeout):
		t.Fatal("no sign of: " + what)
		panic("unreachable")
	}
}
