package fcgi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	"caldav-fcgi/fcgi/fcgitest"
)

func TestParseParams(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		give []string
		want string
	}{
		{"plain", []string{"A", "1", "B", ""}, `map[A:1 B:]`},
		{"the server's word: the last wins (nginx sends both)", []string{"REMOTE_USER", "admin", "REMOTE_USER", ""}, `map[REMOTE_USER:]`},
		{"a header is joined", []string{"HTTP_IF", "a", "HTTP_IF", "b", "HTTP_IF", "c"}, `map[HTTP_IF:a, b, c]`},
		{"an empty one adds nothing", []string{"HTTP_IF", "", "HTTP_IF", "b", "HTTP_IF", ""}, `map[HTTP_IF:b]`},
		{"host: the last wins", []string{"HTTP_HOST", "localhost", "HTTP_HOST", "localhost:18445"}, `map[HTTP_HOST:localhost:18445]`},
		{"cookies", []string{"HTTP_COOKIE", "a=1", "HTTP_COOKIE", "b=2"}, `map[HTTP_COOKIE:a=1; b=2]`},
		{"long", []string{"A", strings.Repeat("x", 300)}, `map[A:` + strings.Repeat("x", 300) + `]`},
	} {
		var p []fcgitest.Param
		for i := 0; i < len(tt.give); i += 2 {
			p = append(p, fcgitest.Param{Name: tt.give[i], Value: tt.give[i+1]})
		}
		env, err := parseParams(fcgitest.EncodeParams(p))
		if got := fmt.Sprint(env); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

func envOf(params []fcgitest.Param) map[string]string {
	env := map[string]string{}
	for _, p := range params {
		env[p.Name] = p.Value
	}
	return env
}

func TestNewRequest_Target(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ uri, want string }{
		{"/dav/a%20b/x", "/dav/a%20b/x"},
		{"/dav/a%2Fb?export&x=%2F;y", "/dav/a%2Fb?export&x=%2F;y"},
		{"http://host:81/dav/x?y", "/dav/x?y"}, // Apache passes the absolute form
		{"HTTPS://host", "/"},
		{"https://host?q", "/?q"},
		{"//evil.example/x", "//evil.example/x"}, // a path, not a host
		{"/dav/../x/%2e%2e/y//z", "/dav/../x/%2e%2e/y//z"},
		{"/@+;'()!*,$&=:~%5C", "/@+;'()!*,$&=:~%5C"},
		{"/jürgen", "/jürgen"},
		{"/x#y", "/x#y"},
		{"*", "*"},
		{"", ""}, {"dav", ""}, {"@evil/x", ""}, {"ftp://host/x", ""}, {"javascript://x", ""},
		{"/%zz", ""}, {"/a\x01b", ""}, {"/a b\r\n", ""},
	} {
		r, err := newRequest(context.Background(), envOf(fcgitest.Request("PROPFIND", tt.uri)))
		if tt.want == "" {
			if !errors.Is(err, errBadRequest) {
				t.Errorf("%q: got %v, want a bad request", tt.uri, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", tt.uri, err)
			continue
		}
		if r.RequestURI != tt.want || r.URL.Host != "" || r.URL.Scheme != "" || r.Host != "cal.example.org" {
			t.Errorf("%q: got %q, URL %#v, host %q; want %q", tt.uri, r.RequestURI, r.URL, r.Host, tt.want)
		}
	}
}

func TestNewRequest_Fields(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		give []string
		want string
	}{
		{"defaults", nil, "cal.example.org HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"host with port", []string{"HTTP_HOST", "cal:8443"}, "cal:8443 HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"no host: the server's name", []string{"HTTP_HOST", "", "SERVER_PORT", "8443"}, "cal.example.org:8443 HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"no host, IPv6", []string{"HTTP_HOST", "", "SERVER_NAME", "[::1]", "SERVER_PORT", "81"}, "[::1]:81 HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"HTTP/2.0", []string{"SERVER_PROTOCOL", "HTTP/2.0"}, "cal.example.org HTTP/2.0 192.0.2.7:40000 false map[]"},
		{"HTTP/2", []string{"SERVER_PROTOCOL", "HTTP/2"}, "cal.example.org HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"no protocol", []string{"SERVER_PROTOCOL", ""}, "cal.example.org HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"TLS", []string{"HTTPS", "on"}, "cal.example.org HTTP/1.1 192.0.2.7:40000 true map[]"},
		{"TLS by scheme", []string{"REQUEST_SCHEME", "https"}, "cal.example.org HTTP/1.1 192.0.2.7:40000 true map[]"},
		{"TLS off", []string{"HTTPS", "off"}, "cal.example.org HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"a client's Https header", []string{"HTTP_HTTPS", "on"}, "cal.example.org HTTP/1.1 192.0.2.7:40000 false map[Https:[on]]"},
		{"IPv6 peer", []string{"REMOTE_ADDR", "2001:db8::1", "REMOTE_PORT", ""}, "cal.example.org HTTP/1.1 [2001:db8::1]:0 false map[]"},
		{"header", []string{"HTTP_IF_NONE_MATCH", "*", "HTTP_DEPTH", "1", "CONTENT_TYPE", "text/calendar"}, "cal.example.org HTTP/1.1 192.0.2.7:40000 false map[Content-Type:[text/calendar] Depth:[1] If-None-Match:[*]]"},
		{"empty header is none", []string{"HTTP_DEPTH", ""}, "cal.example.org HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"secrets, httpoxy, framing", []string{"HTTP_AUTHORIZATION", "Basic eDp5", "HTTP_PROXY_AUTHORIZATION", "x", "HTTP_PROXY", "http://evil/", "HTTP_TRANSFER_ENCODING", "chunked", "HTTP_CONTENT_LENGTH", "9"}, "cal.example.org HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"names that are none", []string{"HTTP_", "x", "HTTP_A B", "x", "http_depth", "1"}, "cal.example.org HTTP/1.1 192.0.2.7:40000 false map[]"},
		{"bad method", []string{"REQUEST_METHOD", "GE T"}, ""},
		{"bad host", []string{"HTTP_HOST", "a/b"}, ""},
		{"bad host, spaces", []string{"HTTP_HOST", "a b"}, ""},
		{"user in host", []string{"HTTP_HOST", "u@host"}, ""},
		{"line end in a header", []string{"HTTP_DEPTH", "1\r\nX: y"}, ""},
		{"NUL in a header", []string{"HTTP_DEPTH", "1\x00"}, ""},
	} {
		env := envOf(fcgitest.Request("GET", "/", tt.give...))
		r, err := newRequest(context.Background(), env)
		got := ""
		if err == nil {
			got = fmt.Sprint(r.Host, " ", r.Proto, " ", r.RemoteAddr, " ", r.TLS != nil, " ", r.Header)
			for name := range Env(r) {
				if strings.HasPrefix(name, "HTTP_") {
					t.Errorf("%s: Env has %s", tt.name, name)
				}
			}
		} else if !errors.Is(err, errBadRequest) {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got != tt.want {
			t.Errorf("%s: got %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
}

func TestProcessEnv_LeavesOutWhatTheRequestHas(t *testing.T) {
	t.Parallel()
	r, err := newRequest(context.Background(), envOf(fcgitest.Request("GET", "/x", "REMOTE_USER", "ann", "PATH_INFO", "/x", "CALDAV_BASE", "/dav", "HTTP_X", "y")))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_NAME": "cal.example.org", "SERVER_PORT": "80", "REMOTE_USER": "ann", "CALDAV_BASE": "/dav"}
	if got := ProcessEnv(r); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if Env(&http.Request{}) != nil || len(ProcessEnv(&http.Request{})) != 0 {
		t.Error("a request over plain HTTP has parameters")
	}
}

func TestExactBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		give string
		n    int64
		want string
		err  error
	}{
		{"hello", 5, "hello", nil}, {"hello", 3, "hel", nil}, {"hello", 0, "", nil},
		{"hello", 6, "hello", io.ErrUnexpectedEOF}, {"", 1, "", io.ErrUnexpectedEOF},
	} {
		got, err := io.ReadAll(&exactBody{r: strings.NewReader(tt.give), left: tt.n})
		if string(got) != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%q of %d: got %q, %v; want %q, %v", tt.give, tt.n, got, err, tt.want, tt.err)
		}
	}
}
