package fcgi

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/fcgi/fcgitest"
)

// requestBytes is a request as a web server sends it.
func requestBytes(id uint16, keep bool, body string, params []fcgitest.Param) []byte {
	b := fcgitest.AppendBegin(nil, id, keep)
	b = fcgitest.AppendRecord(b, fcgitest.Params, id, fcgitest.EncodeParams(params))
	b = fcgitest.AppendRecord(b, fcgitest.Params, id, nil)
	if body != "" {
		b = fcgitest.AppendRecord(b, fcgitest.Stdin, id, []byte(body))
	}
	return fcgitest.AppendRecord(b, fcgitest.Stdin, id, nil)
}

// FuzzRecords feeds a connection with anything: it must end when its input does, and answer only in whole records.
func FuzzRecords(f *testing.F) {
	get := requestBytes(1, true, "", fcgitest.Request("GET", "/x"))
	put := requestBytes(1, true, "hello", fcgitest.Request("PUT", "/x", "CONTENT_LENGTH", "5"))
	f.Add(get)
	f.Add(append(put, get...))
	f.Add(requestBytes(9, false, "hello", fcgitest.Request("PUT", "/x", "CONTENT_LENGTH", "50")))
	f.Add(requestBytes(9, true, "hello", fcgitest.Request("PUT", "/x", "HTTP_TRANSFER_ENCODING", "chunked")))
	f.Add(fcgitest.AppendRecord(get, fcgitest.Abort, 1, nil))
	f.Add(fcgitest.AppendRecord(fcgitest.AppendBegin(nil, 1, true), fcgitest.Abort, 1, nil))
	f.Add(fcgitest.AppendRecord(get, fcgitest.GetValues, 0, fcgitest.EncodeParams([]fcgitest.Param{{Name: "FCGI_MAX_REQS"}})))
	f.Add(fcgitest.AppendRecord(get, 42, 0, []byte("x")))
	f.Add(append(fcgitest.AppendBegin(fcgitest.AppendBegin(nil, 1, true), 2, true), put...))
	f.Add([]byte{1, 1, 0, 1, 0, 8, 255, 0, 0, 1, 1})
	f.Fuzz(func(t *testing.T, in []byte) {
		s := &Server{ErrorLog: quiet(), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.RequestURI, "/p") {
				panic("told to")
			}
			if r.Method != "PATCH" {
				io.Copy(io.Discard, r.Body)
			}
			hello(w, r)
		})}
		s.mu.Lock()
		s.prepare()
		s.mu.Unlock()
		near, far := net.Pipe()
		defer near.Close()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			newConn(s, far).serve()
			far.Close()
		}()
		read := make(chan error, 1)
		go func() {
			c := fcgitest.New(near)
			for {
				if _, err := c.ReadRecord(); err != nil {
					read <- err
					return
				}
			}
		}()
		near.SetDeadline(time.Now().Add(5 * time.Second))
		near.Write(in)
		near.Close()
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			t.Fatal("the connection outlives its peer")
		}
		<-read
	})
}

// FuzzParams: what is read and written again is the same.
func FuzzParams(f *testing.F) {
	f.Add(fcgitest.EncodeParams(fcgitest.Request("GET", "/")))
	f.Add(fcgitest.EncodeParams([]fcgitest.Param{{Name: "HTTP_IF", Value: "a"}, {Name: "HTTP_IF", Value: strings.Repeat("b", 200)}}))
	f.Add([]byte{0x80, 0, 0, 1, 0, 'A'})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, in []byte) {
		env, err := parseParams(in)
		if err != nil {
			return
		}
		size := 0
		var out []byte
		for name, value := range env {
			size += len(name) + len(value)
			out = appendPair(out, name, value)
		}
		if size > 2*len(in) {
			t.Errorf("%d bytes of input make %d", len(in), size)
		}
		again, err := parseParams(out)
		if err != nil || len(again) != len(env) {
			t.Fatalf("read again: %d of %d parameters, %v", len(again), len(env), err)
		}
		for name, value := range env {
			if again[name] != value {
				t.Errorf("%q: got %q, want %q", name, again[name], value)
			}
		}
	})
}

// FuzzRequest: a request that is built has a target we can route on, and the Identity can look at it.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/dav/x?y", "cal.example.org", "5", "ann", "/dav", "Remote-User", "x")
	f.Add("PROPFIND", "http://h/dav/a%2Fb", "", "-1", "gina@EX.TEST", "", "REMOTE_USER", "root")
	f.Add("PUT", "*", "[::1]:80", "", "j\xfcrgen", "//", "DEPTH", "1\r\n")
	f.Add("PUT", "/%2e%2e/x", "h", "99999999999999999999", "..", "/a/../b", "IF", "(<x>)")
	id := &Identity{StripRealm: true, LowerUser: true, Log: quiet()}
	f.Fuzz(func(t *testing.T, method, uri, host, length, user, base, name, value string) {
		env := map[string]string{
			"REQUEST_METHOD": method, "REQUEST_URI": uri, "HTTP_HOST": host, "CONTENT_LENGTH": length, "REMOTE_USER": user,
			"AUTH_TYPE": "Basic", "CALDAV_BASE": base, "SCRIPT_NAME": base, "PATH_INFO": uri, "HTTP_" + name: value,
		}
		r, err := newRequest(context.Background(), env)
		if err != nil {
			return
		}
		if r.RequestURI != "*" && r.RequestURI[0] != '/' || r.URL.Host != "" || r.URL.Scheme != "" {
			t.Errorf("target %q, URL %#v", r.RequestURI, r.URL)
		}
		if r.Header.Get("Authorization") != "" || r.Header.Get("Proxy") != "" {
			t.Errorf("header %v", r.Header)
		}
		var got checkedCaller
		id.Handler(&got).ServeHTTP(discard{}, r)
		if got.called {
			got.check(t)
		}
	})
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}
