package fcgi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"caldav-fcgi/dav"
)

func TestGuard_Limits(t *testing.T) {
	t.Parallel()
	h := (&Guard{MaxURL: 20, MaxHeader: 40, MaxBody: 5, Log: quiet()}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			http.Error(w, "", http.StatusRequestEntityTooLarge)
		}
	}))
	for _, tt := range []struct {
		name, uri, header, body string
		chunked                 bool
		status                  int
	}{
		{"within", "/12345678901234567890"[:20], "x", "12345", false, 200},
		{"URL", "/12345678901234567890", "x", "", false, 414},
		{"header", "/", strings.Repeat("x", 40), "", false, 431},
		{"body", "/", "x", "123456", false, 413},
		{"chunked body", "/", "x", "123456", true, 413},
	} {
		r := httptest.NewRequest("PUT", tt.uri, strings.NewReader(tt.body))
		r.Header = http.Header{"If": {tt.header}}
		if tt.chunked {
			r.ContentLength = -1
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s: got %d, want %d", tt.name, w.Code, tt.status)
		}
	}
}

func TestGuard_DeadlineEndsTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		h := (&Guard{Log: quiet()}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
			if err := context.Cause(r.Context()); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 30*time.Second {
				t.Errorf("after %s: %v", time.Since(start), err)
			}
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	})
}

func TestGuard_WaitingForTheBodyIsNotWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pr, pw := io.Pipe()
		go func() {
			time.Sleep(5 * time.Minute) // a slow client
			pw.Write([]byte("x"))
		}()
		h := (&Guard{Log: quiet()}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := r.Body.Read(make([]byte, 1)); err != nil || r.Context().Err() != nil {
				t.Errorf("after the body: %v, %v", err, r.Context().Err())
			}
			start := time.Now()
			<-r.Context().Done()
			if time.Since(start) != 30*time.Second {
				t.Errorf("work ended after %s", time.Since(start))
			}
			if _, err := r.Body.Read(make([]byte, 1)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("read after the end: %v", err)
			}
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "/", pr))
	})
}

func TestGuard_BodyTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pr, pw := io.Pipe()
		ended := make(chan struct{})
		go func() { // a client that sends just enough to be taken for alive
			defer close(ended)
			for {
				time.Sleep(50 * time.Second)
				if _, err := pw.Write([]byte("x")); err != nil {
					return
				}
			}
		}()
		h := (&Guard{Log: quiet()}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			start := time.Now()
			_, err := io.Copy(io.Discard, r.Body)
			if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took < 10*time.Minute || took > 11*time.Minute {
				t.Errorf("after %s: %v", took, err)
			}
		}))
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("PUT", "/", pr))
		pr.Close()
		<-ended
	})
}

func TestGuard_PanicIs500WithTheRequestID(t *testing.T) {
	t.Parallel()
	var log logBuffer
	h := (&Guard{Log: log.logger()}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"x"`)
		panic("told to")
	}))
	r := httptest.NewRequest("GET", "/x", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{ID: "abc123"})))
	if w.Code != 500 || w.Header().Get("ETag") != "" {
		t.Errorf("got %d, header %v", w.Code, w.Header())
	}
	if s := log.String(); !strings.Contains(s, "told to") || !strings.Contains(s, "abc123") {
		t.Errorf("log %q", s)
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := (&Guard{Log: quiet()}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			io.WriteString(w, "half")
			panic("told to")
		}
		fmt.Fprint(w, r.RequestURI, " ", r.URL.Host, r.URL.Path)
	}))
	srv := NewPlain(h, quiet())
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	send := func(request string) string {
		t.Helper()
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.SetDeadline(time.Now().Add(10 * time.Second))
		io.WriteString(c, request)
		b, _ := io.ReadAll(c)
		return string(b)
	}
	for _, tt := range []struct{ request, want string }{
		{"GET /a%2Fb?c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "/a%2Fb?c /a/b"},
		{"GET http://other/x?c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "/x?c /x"},
		{"CONNECT x:80 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405 Method Not Allowed"},
		{"GET ftp://other/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "400 Bad Request"},
	} {
		if got := send(tt.request); !strings.Contains(got, tt.want) {
			t.Errorf("%q: got %q, want %q", tt.request, got, tt.want)
		}
	}
	// Something may be out already: the connection is cut instead of a 500 in the middle.
	if got := send("GET /panic HTTP/1.1\r\nHost: x\r\n\r\n"); strings.Contains(got, "500") || strings.HasSuffix(got, "0\r\n\r\n") {
		t.Errorf("panic: got %q", got)
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := await(t, served, "Serve"); !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}
