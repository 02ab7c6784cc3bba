package fcgi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"caldav-fcgi/fcgi/fcgitest"
)

func TestServer_TimeOuts(t *testing.T) {
	t.Parallel()
	const short = 30 * time.Millisecond
	t.Run("idle", func(t *testing.T) {
		t.Parallel()
		closed(t, open(t, hello, func(s *Server) { s.IdleTimeout = short }))
	})
	t.Run("params", func(t *testing.T) {
		t.Parallel()
		c := open(t, hello, func(s *Server) { s.ParamsTimeout = short })
		c.SendBegin(1, true)
		closed(t, c)
	})
	t.Run("body", func(t *testing.T) {
		t.Parallel()
		c := open(t, readBody, func(s *Server) { s.BodyTimeout = short })
		sendRequest(t, c, 1, true, fcgitest.Request("PUT", "/", "CONTENT_LENGTH", "10"))
		resp, err := c.ReadResponse(1)
		if err != nil || resp.Status != 400 || !strings.Contains(string(resp.Body), "timeout") {
			t.Fatalf("got %+v, %v; want the handler to see the time-out and answer", resp, err)
		}
		closed(t, c)
	})
	t.Run("write", func(t *testing.T) {
		t.Parallel()
		ended := make(chan error, 1)
		c := open(t, func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					ended <- err
					return
				}
			}
		}, func(s *Server) { s.WriteTimeout = short })
		sendRequest(t, c, 1, true, fcgitest.Request("GET", "/"))
		c.Send(fcgitest.Stdin, 1, nil)
		if err := await(t, ended, "the write error"); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
	})
	t.Run("set by the handler", func(t *testing.T) {
		t.Parallel()
		c := open(t, func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			if err := errors.Join(rc.SetReadDeadline(time.Now().Add(10*time.Millisecond)), rc.SetWriteDeadline(time.Now().Add(time.Minute))); err != nil {
				t.Error(err)
			}
			readBody(w, r)
		})
		sendRequest(t, c, 1, true, fcgitest.Request("PUT", "/", "CONTENT_LENGTH", "10"))
		if resp, err := c.ReadResponse(1); err != nil || resp.Status != 400 {
			t.Fatalf("got %+v, %v; want 400", resp, err)
		}
	})
}

func TestServer_ShutdownLetsARunningRequestFinish(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}, 1), make(chan struct{})
	srv := &Server{ErrorLog: quiet(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			started <- struct{}{}
			<-release
		}
		hello(w, r)
	})}
	path := serveOn(t, srv)
	idle, busy := dial(t, path), dial(t, path)
	want(t, do(t, idle, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
	sendRequest(t, busy, 1, true, fcgitest.Request("GET", "/slow"))
	busy.Send(fcgitest.Stdin, 1, nil)
	await(t, started, "the handler")

	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(context.Background()) }()
	closed(t, idle)
	if _, err := fcgitest.Dial("unix", path); err == nil {
		t.Error("a new connection was taken")
	}
	close(release)
	resp, err := busy.ReadResponse(1)
	if err != nil {
		t.Fatal(err)
	}
	want(t, resp, 200, "GET /slow")
	closed(t, busy)
	if err := await(t, down, "Shutdown"); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("socket file: %v, want it removed", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Serve after Shutdown: %v", err)
	}
}

func TestServer_ShutdownServesAConnectionJustMade(t *testing.T) {
	t.Parallel()
	srv := &Server{ErrorLog: quiet(), Handler: http.HandlerFunc(hello)}
	path := serveOn(t, srv)
	c := dial(t, path)
	for taken := false; !taken; { // accepted, nothing sent yet
		srv.mu.Lock()
		taken = len(srv.conns) == 1
		srv.mu.Unlock()
	}
	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(context.Background()) }()
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
	closed(t, c)
	if err := await(t, down, "Shutdown"); err != nil {
		t.Error(err)
	}
}

func TestServer_ShutdownCutsOffWhatTakesTooLong(t *testing.T) {
	t.Parallel()
	started, ended := make(chan struct{}, 1), make(chan error, 1)
	srv := &Server{ErrorLog: quiet(), Handler: waitForCancel(started, ended)}
	c := dial(t, serveOn(t, srv))
	sendRequest(t, c, 1, true, fcgitest.Request("GET", "/wait"))
	c.Send(fcgitest.Stdin, 1, nil)
	await(t, started, "the handler")
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	if err := srv.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	if err := await(t, ended, "the cancel"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	closed(t, c)
}

// flaky fails its first Accepts.
type flaky struct {
	net.Listener
	errs []error
	mu   sync.Mutex
}

func (l *flaky) Accept() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.errs) > 0 {
		err := l.errs[0]
		l.errs = l.errs[1:]
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", err)}
	}
	return l.Listener.Accept()
}

func TestServer_AcceptSurvivesEMFILE(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("unix", socketPath(t))
	if err != nil {
		t.Fatal(err)
	}
	var log logBuffer
	srv := &Server{Handler: http.HandlerFunc(hello), ErrorLog: log.logger()}
	served := make(chan error, 1)
	go func() {
		served <- srv.Serve(&flaky{Listener: l, errs: []error{syscall.EMFILE, syscall.ENFILE, syscall.ECONNABORTED}})
	}()
	want(t, do(t, dial(t, l.Addr().String()), fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
	if n := strings.Count(log.String(), "will try again"); n != 1 {
		t.Errorf("%d log lines, want 1: %s", n, log.String())
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := await(t, served, "Serve"); !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

func TestServer_AcceptErrorThatStaysEndsServe(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("unix", socketPath(t))
	if err != nil {
		t.Fatal(err)
	}
	srv := &Server{Handler: http.HandlerFunc(hello), ErrorLog: quiet()}
	if err := srv.Serve(&flaky{Listener: l, errs: []error{syscall.EINVAL}}); !errors.Is(err, syscall.EINVAL) {
		t.Errorf("got %v, want EINVAL", err)
	}
}

func TestServer_MaxConns(t *testing.T) {
	t.Parallel()
	var running, most atomic.Int32
	srv := &Server{MaxConns: 2, ErrorLog: quiet(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := running.Add(1)
		defer running.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		hello(w, r)
	})}
	path := serveOn(t, srv)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			c, err := fcgitest.Dial("unix", path)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := c.Do(fcgitest.Request("GET", "/"), nil, fcgitest.Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if most.Load() > 2 {
		t.Errorf("%d at a time, want at most 2", most.Load())
	}
}

func TestServer_AllowUIDs(t *testing.T) {
	t.Parallel()
	uid := uint32(os.Getuid())
	c := open(t, hello, func(s *Server) { s.AllowUIDs = []uint32{uid + 1, uid} })
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
	var log logBuffer
	closed(t, open(t, hello, func(s *Server) { s.AllowUIDs, s.ErrorLog = []uint32{uid + 1}, log.logger() }))
	if !strings.Contains(log.String(), "may not connect") {
		t.Errorf("log %q", log.String())
	}
}

func TestServer_AllowUIDsRefusesTCP(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &Server{Handler: http.HandlerFunc(hello), AllowUIDs: []uint32{uint32(os.Getuid())}, ErrorLog: quiet()}
	go srv.Serve(l)
	defer srv.Shutdown(context.Background())
	c, err := fcgitest.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(fcgitest.Timeout))
	closed(t, c)
}
