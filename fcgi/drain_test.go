package fcgi

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/fcgi/fcgitest"
)

func refuse(w http.ResponseWriter, _ *http.Request) { writeError(w, http.StatusPreconditionFailed, "") }

// Apache's mod_proxy_fcgi ends its exchange with END, whatever it has not sent yet, and begins the next one on the same
// connection.
func TestServer_UnreadBodyIsReadBeforeEnd(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe()
	defer a.Close()
	s := &Server{Handler: http.HandlerFunc(refuse), ErrorLog: quiet()}
	s.mu.Lock()
	s.prepare()
	s.mu.Unlock()
	go newConn(s, b).serve()
	c := fcgitest.New(a)
	for range 2 {
		sendRequest(t, c, 1, true, fcgitest.Request("PUT", "/", "CONTENT_LENGTH", "60000"))
		// A pipe holds nothing: these writes end only when they are read, and would not after the answer.
		if err := a.SetDeadline(time.Now().Add(fcgitest.Timeout)); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := c.Send(fcgitest.Stdin, 1, bytes.Repeat([]byte("x"), 20000)); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Send(fcgitest.Stdin, 1, nil); err != nil {
			t.Fatal(err)
		}
		resp, err := c.ReadResponse(1)
		if err != nil {
			t.Fatal(err)
		}
		want(t, resp, http.StatusPreconditionFailed, "Precondition Failed\n")
	}
}

// Apache's mod_proxy_http answers 502 when it cannot pass the whole body on.
func TestPlain_UnreadBodyIsReadBeforeTheConnectionCloses(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "http.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := NewPlain(http.HandlerFunc(refuse), quiet())
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close() })
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(fcgitest.Timeout)); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(c)
	for range 2 {
		if _, err := io.WriteString(c, "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n"+strings.Repeat("x", 8_000_000)); err != nil {
			t.Fatalf("send the body: %v", err)
		}
		answer, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusPreconditionFailed {
			t.Errorf("status %d, error %v, want 412", answer.StatusCode, err)
		}
	}
}
