package fcgi

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/fcgi/fcgitest"
)

func hello(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%s %s", r.Method, r.RequestURI) }

func TestServer_KeptConnectionServesRequestsInTurn(t *testing.T) {
	t.Parallel()
	c := open(t, hello)
	for i := range 3 {
		resp := do(t, c, fcgitest.Request("GET", fmt.Sprintf("/%d", i)), nil, keep)
		want(t, resp, 200, fmt.Sprintf("GET /%d", i))
		if got := resp.Header.Get("Content-Length"); got != "6" {
			t.Errorf("Content-Length %q, want 6", got)
		}
	}
	want(t, do(t, c, fcgitest.Request("GET", "/last"), nil, fcgitest.Options{}), 200, "GET /last")
	closed(t, c)
}

func TestServer_SmallAnswerIsOneWrite(t *testing.T) {
	t.Parallel()
	a, b := net.Pipe() // a Read gets at most what one Write gave
	defer a.Close()
	s := &Server{Handler: http.HandlerFunc(hello), ErrorLog: quiet()}
	s.mu.Lock()
	s.prepare()
	s.mu.Unlock()
	go newConn(s, b).serve()
	c := fcgitest.New(a)
	sendRequest(t, c, 1, false, fcgitest.Request("GET", "/"))
	raw(t, c, fcgitest.AppendRecord(nil, fcgitest.Stdin, 1, nil))
	p := make([]byte, 1<<16)
	n, err := a.Read(p)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(p[:n], []byte("GET /")) || !bytes.HasSuffix(p[:n], []byte{1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) {
		t.Errorf("first write %q: want the whole answer up to END", p[:n])
	}
}

func TestServer_TwoUsersOnOneConnection(t *testing.T) {
	t.Parallel()
	id := &Identity{Log: quiet()}
	c := open(t, id.Handler(http.HandlerFunc(showCaller)).ServeHTTP)
	for range 2 {
		want(t, do(t, c, fcgitest.Request("GET", "/", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic", "OIDC_CLAIM_name", "Ann Lee"), nil, keep), 200, "ann Ann Lee")
		want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, " ")
		want(t, do(t, c, fcgitest.Request("GET", "/", "REMOTE_USER", "bob", "AUTH_TYPE", "Basic"), nil, keep), 200, "bob ")
	}
}

func TestServer_PanicIs500AndTheConnectionGoesOn(t *testing.T) {
	t.Parallel()
	var log logBuffer
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/panic" {
			w.Header().Set("ETag", `"x"`)
			io.WriteString(w, "half an answer")
			panic("told to")
		}
		hello(w, r)
	}, func(s *Server) { s.ErrorLog = log.logger() })
	resp := do(t, c, fcgitest.Request("GET", "/panic"), nil, keep)
	want(t, resp, 500, "Internal Server Error\n")
	if resp.Header.Get("ETag") != "" {
		t.Error("the 500 has the ETag of the answer taken back")
	}
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
	if !strings.Contains(log.String(), "told to") || !strings.Contains(log.String(), "serve_test.go") {
		t.Errorf("log %q: want the panic with its stack", log.String())
	}
}

func TestServer_PanicAfterFlushCutsTheAnswerOff(t *testing.T) {
	t.Parallel()
	for _, v := range []any{"bug", http.ErrAbortHandler} {
		c := open(t, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "part")
			w.(http.Flusher).Flush()
			panic(v)
		})
		if resp, err := c.Do(fcgitest.Request("GET", "/"), nil, keep); err == nil {
			t.Errorf("panic(%v): got END and %d %q, want the connection closed without END", v, resp.Status, resp.Body)
		}
	}
}

func TestServer_AnswerShorterThanContentLengthIsCutOff(t *testing.T) {
	t.Parallel()
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "12345")
		if _, err := io.WriteString(w, "123456"); !errors.Is(err, http.ErrContentLength) {
			t.Errorf("writing too much: %v", err)
		}
	})
	if resp, err := c.Do(fcgitest.Request("GET", "/"), nil, keep); err == nil {
		t.Errorf("got %d %q, want the connection closed without END", resp.Status, resp.Body)
	}
}

// waitForCancel says on started that it runs and on ended what its context says.
func waitForCancel(started chan<- struct{}, ended chan<- error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/wait" {
			hello(w, r)
			return
		}
		io.Copy(io.Discard, r.Body)
		started <- struct{}{}
		select {
		case <-r.Context().Done():
			ended <- r.Context().Err()
		case <-time.After(fcgitest.Timeout):
			ended <- errors.New("never cancelled")
		}
		io.WriteString(w, "nobody reads this")
	}
}

func TestServer_HangUpCancels(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "a body"} {
		started, ended := make(chan struct{}, 1), make(chan error, 1)
		c := open(t, waitForCancel(started, ended))
		sendRequest(t, c, 1, true, fcgitest.Request("PUT", "/wait", "CONTENT_LENGTH", fmt.Sprint(len(body))))
		if body != "" {
			c.Send(fcgitest.Stdin, 1, []byte(body))
		}
		c.Send(fcgitest.Stdin, 1, nil)
		await(t, started, "the handler")
		c.Close()
		if err := await(t, ended, "the cancel"); !errors.Is(err, context.Canceled) {
			t.Errorf("body %q: %v", body, err)
		}
	}
}

func TestServer_AbortCancelsAndTheConnectionGoesOn(t *testing.T) {
	t.Parallel()
	started, ended := make(chan struct{}, 1), make(chan error, 1)
	c := open(t, waitForCancel(started, ended))
	sendRequest(t, c, 7, true, fcgitest.Request("GET", "/wait"))
	c.Send(fcgitest.Stdin, 7, nil)
	await(t, started, "the handler")
	c.Send(fcgitest.Abort, 7, nil)
	if err := await(t, ended, "the cancel"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	resp, err := c.ReadResponse(7)
	if err != nil || resp.Status != 0 {
		t.Fatalf("after ABORT: %+v, %v; want END and no answer", resp, err)
	}
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
}

func TestServer_AbortInTheBody(t *testing.T) {
	t.Parallel()
	got := make(chan error, 1)
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "PUT" {
			hello(w, r)
			return
		}
		_, err := io.ReadAll(r.Body)
		got <- err
		w.WriteHeader(400)
	})
	sendRequest(t, c, 1, true, fcgitest.Request("PUT", "/", "CONTENT_LENGTH", "100"))
	c.Send(fcgitest.Stdin, 1, []byte("some"))
	c.Send(fcgitest.Abort, 1, nil)
	if err := await(t, got, "the error"); !errors.Is(err, errAborted) {
		t.Errorf("body error %v", err)
	}
	if resp, err := c.ReadResponse(1); err != nil || resp.Status != 0 {
		t.Fatalf("got %+v, %v; want one END and nothing else", resp, err)
	}
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
}

func TestServer_AbortInTheParams(t *testing.T) {
	t.Parallel()
	c := open(t, hello)
	raw(t, c, fcgitest.AppendRecord(fcgitest.AppendBegin(nil, 1, true), fcgitest.Abort, 1, nil))
	if resp, err := c.ReadResponse(1); err != nil || resp.Status != 0 {
		t.Fatalf("got %+v, %v; want END", resp, err)
	}
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
}

// readBody answers with what it read, or 400 and the error.
func readBody(w http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), 400)
		return
	}
	fmt.Fprintf(w, "%d:%s", r.ContentLength, b)
}

func TestServer_Body(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		params []string
		body   []string
		status int
		want   string
		again  bool // the connection can be used again
	}{
		{"exact", []string{"CONTENT_LENGTH", "5"}, []string{"he", "llo"}, 200, "5:hello", true},
		{"none announced, none sent", nil, nil, 200, "0:", true},
		{"none announced, some sent (HTTP/2, unbuffered)", nil, []string{"hello"}, 200, "-1:hello", true},
		{"empty length, chunked (nginx)", []string{"CONTENT_LENGTH", "", "HTTP_TRANSFER_ENCODING", "chunked"}, []string{"hel", "lo"}, 200, "-1:hello", true},
		{"-1 (Caddy)", []string{"CONTENT_LENGTH", "-1"}, []string{"hello"}, 200, "-1:hello", true},
		{"length and chunked (nginx, buffered)", []string{"CONTENT_LENGTH", "5", "HTTP_TRANSFER_ENCODING", "chunked"}, []string{"hello"}, 200, "5:hello", true},
		{"chunked, empty", []string{"HTTP_TRANSFER_ENCODING", "chunked"}, nil, 200, "-1:", true},
		{"short", []string{"CONTENT_LENGTH", "100"}, []string{"hello"}, 400, io.ErrUnexpectedEOF.Error() + "\n", true},
		{"short, nothing", []string{"CONTENT_LENGTH", "100"}, nil, 400, io.ErrUnexpectedEOF.Error() + "\n", true},
		{"long", []string{"CONTENT_LENGTH", "3"}, []string{"hello"}, 400, errBodyOver.Error() + "\n", true},
		{"long by a record", []string{"CONTENT_LENGTH", "5"}, []string{"hello", "!"}, 400, errBodyOver.Error() + "\n", true},
		{"long where none is announced", []string{"CONTENT_LENGTH", "0"}, []string{"hello"}, 400, errBodyOver.Error() + "\n", true},
		{"bad length", []string{"CONTENT_LENGTH", "5x"}, []string{"hello"}, 400, "Bad Request\n", true},
		{"negative length", []string{"CONTENT_LENGTH", "-5"}, []string{"hello"}, 400, "Bad Request\n", true},
		{"huge length", []string{"CONTENT_LENGTH", "9223372036854775808"}, nil, 400, "Bad Request\n", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, readBody)
			sendRequest(t, c, 1, true, fcgitest.Request("PUT", "/", tt.params...))
			for _, b := range tt.body {
				c.Send(fcgitest.Stdin, 1, []byte(b))
			}
			c.Send(fcgitest.Stdin, 1, nil)
			resp, err := c.ReadResponse(1)
			if err != nil {
				t.Fatal(err)
			}
			want(t, resp, tt.status, tt.want)
			if tt.again {
				want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "0:")
			}
		})
	}
}

func TestServer_HangUpInTheBodyIsAnError(t *testing.T) {
	t.Parallel()
	got := make(chan error, 1)
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		if r.Context().Err() == nil {
			t.Error("context not cancelled")
		}
		got <- err
	})
	sendRequest(t, c, 1, true, fcgitest.Request("PUT", "/", "HTTP_TRANSFER_ENCODING", "chunked"))
	c.Send(fcgitest.Stdin, 1, []byte("some"))
	c.Close()
	if err := await(t, got, "the error"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want unexpected EOF", err)
	}
}

func TestServer_UnreadBodyIsDrainedWithinLimits(t *testing.T) {
	t.Parallel()
	refuse := func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no", http.StatusRequestEntityTooLarge) }
	c := open(t, refuse)
	for range 2 {
		want(t, do(t, c, fcgitest.Request("PUT", "/"), bytes.NewReader(make([]byte, 100_000)), keep), 413, "no\n")
	}
	// Beyond the limit: answered, then closed.
	sendRequest(t, c, 1, true, fcgitest.Request("PUT", "/", "CONTENT_LENGTH", "100000000"))
	go func() {
		for c.Send(fcgitest.Stdin, 1, make([]byte, 60000)) == nil {
		}
	}()
	resp, err := c.ReadResponse(1)
	if err != nil {
		t.Fatal(err)
	}
	want(t, resp, 413, "no\n")
	closed(t, c)
}

func TestServer_AnswersWithoutBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		method string
		code   int
		length string
	}{
		{"HEAD", 200, "4"}, {"GET", 204, ""}, {"GET", 304, ""}, {"HEAD", 404, "4"},
	} {
		c := open(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(tt.code)
			io.WriteString(w, "body")
		})
		resp := do(t, c, fcgitest.Request(tt.method, "/"), nil, keep)
		want(t, resp, tt.code, "")
		if got := resp.Header.Get("Content-Length"); got != tt.length {
			t.Errorf("%s %d: Content-Length %q, want %q", tt.method, tt.code, got, tt.length)
		}
	}
}

func TestServer_Answers(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("0123456789abcde\n", 20_000) // 320 kB
	for _, tt := range []struct {
		name   string
		h      http.HandlerFunc
		status int
		reason string
		length string
		body   string
	}{
		{"nothing", func(http.ResponseWriter, *http.Request) {}, 200, "OK", "0", ""},
		{"multi-status", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(207) }, 207, "Multi-Status", "0", ""},
		{"unknown code", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(299) }, 299, "Unknown", "0", ""},
		{"1xx is dropped", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(201) }, 201, "Created", "0", ""},
		{"impossible code", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(7) }, 500, "Internal Server Error", "0", ""},
		{"second code", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.WriteHeader(500) }, 201, "Created", "0", ""},
		{"big, one write", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, big) }, 200, "OK", "", big},
		{"big, small writes", func(w http.ResponseWriter, _ *http.Request) {
			for line := range strings.Lines(big) {
				io.WriteString(w, line)
			}
		}, 200, "OK", "", big},
		{"exactly the buffer", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, big[:spill]) }, 200, "OK", "", big[:spill]},
		{"declared length", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			io.WriteString(w, "abc")
		}, 200, "OK", "3", "abc"},
		{"flushed", func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "a")
			if err := http.NewResponseController(w).Flush(); err != nil {
				panic(err)
			}
			io.WriteString(w, "b")
		}, 200, "OK", "", "ab"},
		{"header that would split", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Status", "999 x")
			w.Header().Set("X-A", "a\r\nX-B: b")
			w.Header().Set("Connection", "close")
		}, 200, "OK", "0", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			resp := do(t, open(t, tt.h), fcgitest.Request("GET", "/"), nil, keep)
			if resp.Status != tt.status || resp.Reason != tt.reason || resp.Header.Get("Content-Length") != tt.length || string(resp.Body) != tt.body {
				t.Errorf("got %d %q, length %q, %d bytes of body; want %d %q, %q, %d",
					resp.Status, resp.Reason, resp.Header.Get("Content-Length"), len(resp.Body), tt.status, tt.reason, tt.length, len(tt.body))
			}
			if resp.Header.Get("X-B") != "" || resp.Header.Get("Connection") != "" {
				t.Errorf("header %v", resp.Header)
			}
		})
	}
}

func TestServer_WritesAfterTheHandlerFail(t *testing.T) {
	t.Parallel()
	late := make(chan http.ResponseWriter, 1)
	bodies := make(chan io.Reader, 1)
	c := open(t, func(w http.ResponseWriter, r *http.Request) { late <- w; bodies <- r.Body })
	want(t, do(t, c, fcgitest.Request("PUT", "/"), strings.NewReader("x"), keep), 200, "")
	if _, err := io.WriteString(<-late, "late"); err == nil {
		t.Error("no error")
	}
	if _, err := (<-bodies).Read(make([]byte, 1)); !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Error(err)
	}
}

func TestServer_Params(t *testing.T) {
	t.Parallel()
	tooMany := func() []byte {
		b := fcgitest.AppendBegin(nil, 1, true)
		for range 9 {
			b = fcgitest.AppendRecord(b, fcgitest.Params, 1, make([]byte, 8000))
		}
		return b
	}
	params := func(p []byte) []byte {
		b := fcgitest.AppendBegin(nil, 1, true)
		b = fcgitest.AppendRecord(b, fcgitest.Params, 1, p)
		b = fcgitest.AppendRecord(b, fcgitest.Params, 1, nil)
		return fcgitest.AppendRecord(b, fcgitest.Stdin, 1, nil)
	}
	for _, tt := range []struct {
		name   string
		raw    []byte
		status int // 0: closed at once
	}{
		{"too many bytes", tooMany(), 431},
		{"too many pairs", params(make([]byte, 2*(maxParamsPairs+1))), 431},
		{"truncated length", params([]byte{0x80, 0}), 0},
		{"lying length", params([]byte{3, 200, 'A', 'B', 'C', 'x'}), 0},
		{"huge length", params([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), 0},
		{"no method", params(fcgitest.EncodeParams([]fcgitest.Param{{Name: "REQUEST_URI", Value: "/"}})), 400},
		{"no parameters", params(nil), 400},
		{"body first", fcgitest.AppendRecord(fcgitest.AppendBegin(nil, 1, true), fcgitest.Stdin, 1, []byte("x")), 0},
		{"BEGIN again", fcgitest.AppendBegin(fcgitest.AppendBegin(nil, 1, true), 1, true), 0},
		{"short BEGIN", fcgitest.AppendRecord(nil, fcgitest.Begin, 1, []byte{0, 1}), 0},
		{"wrong version", []byte{2, 1, 0, 1, 0, 8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, 0},
		{"HTTP", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := open(t, func(w http.ResponseWriter, r *http.Request) { t.Errorf("served %s", r.RequestURI) })
			raw(t, c, tt.raw)
			if tt.status != 0 {
				resp, err := c.ReadResponse(1)
				if err != nil || resp.Status != tt.status {
					t.Fatalf("got %+v, %v; want %d", resp, err, tt.status)
				}
				return
			}
			closed(t, c)
		})
	}
}

func TestServer_OneParamInManyRecordsAndPadding(t *testing.T) {
	t.Parallel()
	c := open(t, func(w http.ResponseWriter, r *http.Request) { readBody(w, r) })
	b := fcgitest.AppendBegin(nil, 1, true)
	for _, x := range fcgitest.EncodeParams(fcgitest.Request("PUT", "/", "CONTENT_LENGTH", "2")) {
		b = append(b, 1, fcgitest.Params, 0, 1, 0, 1, 7, 0, x, 0, 0, 0, 0, 0, 0, 0)
	}
	b = append(b, 1, fcgitest.Params, 0, 1, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	b = append(b, 1, fcgitest.Stdin, 0, 1, 0, 2, 6, 0, 'h', 'i', 0, 0, 0, 0, 0, 0)
	b = append(b, 1, fcgitest.Stdin, 0, 1, 0, 0, 1, 0, 0)
	raw(t, c, b)
	resp, err := c.ReadResponse(1)
	if err != nil {
		t.Fatal(err)
	}
	want(t, resp, 200, "2:hi")
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "0:")
}

func TestServer_OneRequestAtATime(t *testing.T) {
	t.Parallel()
	inBody, release := make(chan struct{}, 1), make(chan struct{})
	c := open(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		inBody <- struct{}{}
		<-release
		hello(w, r)
	})
	refused := func() {
		t.Helper()
		r, err := c.ReadRecord()
		if err != nil || r.Type != fcgitest.End || r.ID != 2 || r.Content[4] != endCantMultiplex {
			t.Fatalf("got %+v, %v; want END of request 2 with CANT_MPX_CONN", r, err)
		}
	}
	c.SendBegin(1, true)
	c.SendBegin(2, true) // among the parameters of 1
	refused()
	c.Send(fcgitest.Params, 2, []byte("not ours"))
	c.Send(fcgitest.Params, 1, fcgitest.EncodeParams(fcgitest.Request("PUT", "/", "HTTP_TRANSFER_ENCODING", "chunked")))
	c.Send(fcgitest.Params, 1, nil)
	c.Send(fcgitest.Stdin, 1, []byte("x"))
	c.SendBegin(2, true) // in its body
	refused()
	c.Send(fcgitest.Stdin, 2, []byte("not ours"))
	c.Send(fcgitest.Stdin, 1, nil)
	await(t, inBody, "the end of the body")
	c.SendBegin(2, true) // while it is worked on
	refused()
	c.Send(fcgitest.Stdin, 2, nil)
	close(release)
	resp, err := c.ReadResponse(1)
	if err != nil {
		t.Fatal(err)
	}
	want(t, resp, 200, "PUT /")
	c.Send(fcgitest.Stdin, 1, nil) // stray
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
}

func TestServer_NextRequestBeforeTheAnswerWaits(t *testing.T) {
	t.Parallel()
	c := open(t, hello)
	for _, uri := range []string{"/1", "/2"} {
		sendRequest(t, c, 1, true, fcgitest.Request("GET", uri))
		c.Send(fcgitest.Stdin, 1, nil)
	}
	for _, uri := range []string{"/1", "/2"} {
		resp, err := c.ReadResponse(1)
		if err != nil {
			t.Fatal(err)
		}
		want(t, resp, 200, "GET "+uri)
	}
}

func TestServer_UnknownRole(t *testing.T) {
	t.Parallel()
	c := open(t, hello)
	c.Send(fcgitest.Begin, 1, []byte{0, 2, 1, 0, 0, 0, 0, 0})
	resp, err := c.ReadResponse(1)
	if err != nil || resp.Protocol != endUnknownRole {
		t.Fatalf("got %+v, %v; want UNKNOWN_ROLE", resp, err)
	}
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
}

func TestServer_Management(t *testing.T) {
	t.Parallel()
	c := open(t, hello, func(s *Server) { s.MaxConns = 17 })
	c.Send(fcgitest.GetValues, 0, fcgitest.EncodeParams([]fcgitest.Param{{Name: "FCGI_MPXS_CONNS"}, {Name: "FCGI_MAX_CONNS"}, {Name: "FCGI_X"}, {Name: "FCGI_MAX_CONNS"}}))
	r, err := c.ReadRecord()
	wantPairs := fcgitest.EncodeParams([]fcgitest.Param{{Name: "FCGI_MPXS_CONNS", Value: "0"}, {Name: "FCGI_MAX_CONNS", Value: "17"}})
	if err != nil || r.Type != fcgitest.GetValuesResult || r.ID != 0 || !bytes.Equal(r.Content, wantPairs) {
		t.Errorf("GET_VALUES: %+v, %v; want %q", r, err, wantPairs)
	}
	c.Send(99, 0, []byte("?"))
	if r, err = c.ReadRecord(); err != nil || r.Type != fcgitest.Unknown || len(r.Content) != 8 || r.Content[0] != 99 {
		t.Errorf("type 99: %+v, %v; want UNKNOWN_TYPE 99", r, err)
	}
	want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, "GET /")
}

func TestServe_AsNetHTTPHasIt(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("unix", socketPath(t))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		served <- Serve(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, ProcessEnv(r)["REMOTE_USER"], len(ProcessEnv(r)["REQUEST_URI"]), Env(r)["REQUEST_URI"])
		}))
	}()
	want(t, do(t, dial(t, l.Addr().String()), fcgitest.Request("GET", "/x", "REMOTE_USER", "ann"), nil, keep), 200, "ann0/x")
	l.Close()
	if err := await(t, served, "Serve"); err == nil {
		t.Error("no error")
	}
}

func TestAppendStdout(t *testing.T) {
	t.Parallel()
	for _, sizes := range [][2]int{{0, 0}, {10, 0}, {0, 10}, {10, 6}, {100, maxContent}, {maxContent, 1}, {3, 3 * maxContent}} {
		head, body := bytes.Repeat([]byte("h"), sizes[0]), bytes.Repeat([]byte("b"), sizes[1])
		out := appendStdout(nil, 0x0102, head, body)
		var got []byte
		for len(out) > 0 {
			n, pad := int(binary.BigEndian.Uint16(out[4:])), int(out[6])
			if out[0] != 1 || out[1] != typeStdout || out[2] != 1 || out[3] != 2 || n == 0 || (n+pad)%8 != 0 {
				t.Fatalf("%v: record head % x", sizes, out[:8])
			}
			got = append(got, out[8:8+n]...)
			out = out[8+n+pad:]
		}
		if string(got) != string(head)+string(body) {
			t.Errorf("%v: content differs", sizes)
		}
	}
}
