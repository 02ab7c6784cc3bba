package fcgi

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"caldav-fcgi/fcgi/fcgitest"
)

// never ends, as the input of a CGI program need not.
type never struct{ t *testing.T }

func (n never) Read([]byte) (int, error) {
	n.t.Error("input read that nothing announced")
	return 0, io.EOF
}

func environ(params []fcgitest.Param) []string {
	var env []string
	for _, p := range params {
		env = append(env, p.Name+"="+p.Value)
	}
	return append(env, "PATH=/bin", "=x", "nonsense")
}

func TestCGI(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		h      http.HandlerFunc
		method string
		env    []string
		in     io.Reader
		want   string
	}{
		{"get", readBody, "GET", nil, never{t}, "Status: 200 OK\r\nContent-Length: 2\r\n\r\n0:"},
		{"length", readBody, "PUT", []string{"CONTENT_LENGTH", "5"}, strings.NewReader("hello, next"), "Status: 200 OK\r\nContent-Length: 7\r\n\r\n5:hello"},
		{"chunked: to the end", readBody, "PUT", []string{"HTTP_TRANSFER_ENCODING", "chunked"}, strings.NewReader("hello"), "Status: 200 OK\r\nContent-Length: 8\r\n\r\n-1:hello"},
		{"short", readBody, "PUT", []string{"CONTENT_LENGTH", "9"}, strings.NewReader("hello"),
			"Status: 400 Bad Request\r\nContent-Length: 15\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n\r\nunexpected EOF\n"},
		{"head", readBody, "HEAD", nil, never{t}, "Status: 200 OK\r\nContent-Length: 2\r\n\r\n"},
		{"caller", (&Identity{Log: quiet()}).Handler(http.HandlerFunc(showCaller)).ServeHTTP, "GET", []string{"REMOTE_USER", "ann", "AUTH_TYPE", "Basic", "HTTP_REMOTE_USER", "root"}, never{t},
			"Status: 200 OK\r\nContent-Length: 4\r\n\r\nann "},
		{"panic", func(http.ResponseWriter, *http.Request) { panic("told to") }, "GET", nil, never{t},
			"Status: 500 Internal Server Error\r\nContent-Length: 22\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'; sandbox\r\nContent-Type: text/plain; charset=utf-8\r\nCross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: same-origin\r\nX-Content-Type-Options: nosniff\r\n\r\nInternal Server Error\n"},
		{"bad request", readBody, "GE T", nil, never{t},
			"Status: 400 Bad Request\r\nContent-Length: 12\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'; sandbox\r\nContent-Type: text/plain; charset=utf-8\r\nCross-Origin-Resource-Policy: same-origin\r\nReferrer-Policy: same-origin\r\nX-Content-Type-Options: nosniff\r\n\r\nBad Request\n"},
	} {
		var out bytes.Buffer
		cgi := CGI{Environ: environ(fcgitest.Request(tt.method, "/dav/x", tt.env...)), Stdin: tt.in, Stdout: &out, ErrorLog: quiet()}
		if err := cgi.Serve(context.Background(), tt.h); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if out.String() != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, out.String(), tt.want)
		}
	}
}

func TestCGI_EarlyAnswerComesAfterTheBody(t *testing.T) {
	t.Parallel()
	in := strings.NewReader(strings.Repeat("x", 1<<20))
	out := writerFunc(func(p []byte) (int, error) {
		if in.Len() > 0 {
			t.Errorf("answered with %d bytes of the body unread", in.Len())
		}
		return len(p), nil
	})
	cgi := CGI{Environ: environ(fcgitest.Request("PUT", "/", "CONTENT_LENGTH", "1048576")), Stdin: in, Stdout: out, ErrorLog: quiet()}
	if err := cgi.Serve(context.Background(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(413) })); err != nil {
		t.Error(err)
	}
}

func TestCGI_AnswerCutOffIsAnError(t *testing.T) {
	t.Parallel()
	cgi := CGI{Environ: environ(fcgitest.Request("GET", "/")), Stdin: never{t}, Stdout: io.Discard, ErrorLog: quiet()}
	err := cgi.Serve(context.Background(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	if !errors.Is(err, http.ErrAbortHandler) {
		t.Error(err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
