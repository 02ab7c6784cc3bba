package fcgi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"caldav-fcgi/fcgi/fcgitest"
)

// serveUntilEnd is a small main: it says how it was started, and drains on SIGTERM.
func serveUntilEnd(l net.Listener) int {
	mode := Detect(os.Getenv)
	if mode == ModeCommand {
		mode = ModeStdin // descriptor 0 is the null device by now
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	srv := &Server{ErrorLog: quiet(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			syscall.Kill(os.Getpid(), syscall.SIGTERM) // arrives while this request runs
			<-term
			term <- syscall.SIGTERM
		}
		io.WriteString(w, mode.String())
	})}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	<-term
	term <- syscall.SIGTERM
	ctx, cancel := context.WithTimeout(context.Background(), mode.Drain())
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return 4
	}
	<-served
	return 0
}

func newStd(t *testing.T, h http.Handler) *fcgitest.Client {
	t.Helper()
	return dial(t, serveOn(t, &StdServer{Handler: h, ErrorLog: quiet()}))
}

func TestStd_SameAnswersAsOurs(t *testing.T) {
	t.Parallel()
	id := &Identity{Base: "/dav", Log: quiet()}
	h := id.Handler((&Guard{MaxBody: 200_000, Log: quiet()}).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/panic":
			io.WriteString(w, "half")
			panic("told to")
		case "/none":
			w.WriteHeader(204)
			io.WriteString(w, "x")
		case "/big":
			io.WriteString(w, strings.Repeat("x", 300_000))
		case "/caller":
			showCaller(w, r)
		case "/uri":
			io.WriteString(w, r.RequestURI+" "+r.URL.EscapedPath()+" "+r.Host+fmt.Sprint(r.Header["Authorization"]))
		default:
			readBody(w, r)
		}
	})))
	for name, c := range map[string]*fcgitest.Client{"ours": dial(t, serveOn(t, &Server{Handler: h, ErrorLog: quiet()})), "std": newStd(t, h)} {
		for _, tt := range []struct {
			params []fcgitest.Param
			body   io.Reader
			opt    fcgitest.Options
			status int
			want   string
			length string
		}{
			{fcgitest.Request("GET", "/"), nil, keep, 200, "0:", "2"},
			{fcgitest.Request("HEAD", "/"), nil, keep, 200, "", "2"},
			{fcgitest.Request("PUT", "/"), strings.NewReader("hello"), keep, 200, "5:hello", "7"},
			{fcgitest.Request("PUT", "/"), strings.NewReader("hello"), fcgitest.Options{KeepConn: true, Chunked: true}, 200, "-1:hello", "8"},
			{fcgitest.Request("PUT", "/", "CONTENT_LENGTH", "9"), strings.NewReader("hello"), keep, 400, "unexpected EOF\n", "15"},
			{fcgitest.Request("PUT", "/", "CONTENT_LENGTH", "200001"), nil, keep, 413, "Request Entity Too Large\n", "25"},
			{fcgitest.Request("PUT", "/"), bytes.NewReader(make([]byte, 200_001)), fcgitest.Options{KeepConn: true, Chunked: true}, 400, "http: request body too large\n", "29"},
			{fcgitest.Request("GET", "/none"), nil, keep, 204, "", ""},
			{fcgitest.Request("GET", "/panic"), nil, keep, 500, "Internal Server Error\n", "22"},
			{fcgitest.Request("GET", "/big"), nil, keep, 200, strings.Repeat("x", 300_000), ""},
			{fcgitest.Request("GET", "/caller", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic", "OIDC_CLAIM_name", "Ann"), nil, keep, 200, "ann Ann", "7"},
			{fcgitest.Request("GET", "/caller", "REMOTE_USER", "root", "HTTP_AUTH_TYPE", "Basic", "HTTP_REMOTE_USER", "root"), nil, keep, 200, " ", "1"},
			{fcgitest.Request("GET", "/caller", "REMOTE_USER", "a/b", "AUTH_TYPE", "Basic"), nil, keep, 403, "this user name cannot be used here\n", "35"},
			{fcgitest.Request("GET", "/uri", "REQUEST_URI", "/uri?a=%2F", "HTTP_AUTHORIZATION", "Basic x"), nil, keep, 200, "/uri?a=%2F /uri cal.example.org[]", "33"},
		} {
			resp := do(t, c, tt.params, tt.body, tt.opt)
			if resp.Status != tt.status || string(resp.Body) != tt.want || resp.Header.Get("Content-Length") != tt.length {
				t.Errorf("%s: %v: got %d %.50q, length %q; want %d %.50q, %q", name, tt.params[7:], resp.Status, resp.Body, resp.Header.Get("Content-Length"), tt.status, tt.want, tt.length)
			}
		}
	}
}

func TestStd_PanicAfterFlushDoesNotEndTheProcess(t *testing.T) {
	t.Parallel()
	c := newStd(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			io.WriteString(w, "half")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}
		hello(w, r)
	}))
	do(t, c, fcgitest.Request("GET", "/panic"), nil, keep)
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
}

func TestStd_ShutdownLetsARunningRequestFinish(t *testing.T) {
	t.Parallel()
	started, release := make(chan struct{}), make(chan struct{})
	srv := &StdServer{ErrorLog: quiet(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(started)
		<-release
		hello(w, r)
	})}
	c := dial(t, serveOn(t, srv))
	sendRequest(t, c, 1, true, fcgitest.Request("GET", "/"))
	c.Send(fcgitest.Stdin, 1, nil)
	await(t, started, "the handler")
	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(context.Background()) }()
	close(release)
	resp, err := c.ReadResponse(1)
	if err != nil {
		t.Fatal(err)
	}
	want(t, resp, 200, "GET /")
	if err := await(t, down, "Shutdown"); err != nil {
		t.Error(err)
	}
}
