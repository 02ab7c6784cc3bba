package fcgi

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

type envKey struct{}

// Env returns the parameters the web server passed with r, without those of the client's headers (HTTP_*); nil when r
// did not come by FastCGI or CGI. The map is the request's own and must not be changed.
func Env(r *http.Request) map[string]string {
	env, _ := r.Context().Value(envKey{}).(map[string]string)
	return env
}

// ProcessEnv returns what Env does without the parameters that have a place in r, as net/http/fcgi.ProcessEnv.
func ProcessEnv(r *http.Request) map[string]string {
	env := Env(r)
	rest := make(map[string]string, len(env))
	for name, value := range env {
		switch name {
		case "CONTENT_LENGTH", "CONTENT_TYPE", "HTTPS", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR", "REMOTE_HOST",
			"REMOTE_PORT", "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "SERVER_PROTOCOL":
		default:
			rest[name] = value
		}
	}
	return rest
}

// errBadRequest marks what the client is told as 400.
var errBadRequest = errors.New("bad request")

func badRequest(format string, a ...any) error {
	return fmt.Errorf("%w: %s", errBadRequest, fmt.Sprintf(format, a...))
}

// lengthUnknown is the ContentLength of a body that neither CONTENT_LENGTH nor Transfer-Encoding speaks of: there may
// be none. It never reaches a handler.
const lengthUnknown = -2

// newRequest makes a request of a parameter map, as a server would have got it over HTTP. Its body is still to be
// set; its context carries Env. env loses its HTTP_ names.
func newRequest(ctx context.Context, env map[string]string) (*http.Request, error) {
	method := env["REQUEST_METHOD"]
	if !isToken(method) {
		return nil, badRequest("REQUEST_METHOD %q", method)
	}
	header, err := takeHeader(env)
	if err != nil {
		return nil, err
	}
	secret := takeSecret(env, header)
	target, authority, err := originForm(env["REQUEST_URI"])
	if err != nil {
		return nil, err
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, badRequest("REQUEST_URI %q: %v", target, err)
	}
	if target == "*" { // RFC 9112 §3.2.4
		u = &url.URL{Path: "*"}
	}
	r := &http.Request{
		Method:     method,
		URL:        u,
		RequestURI: target,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     header,
		Body:       http.NoBody,
		Host:       header.Get("Host"),
		RemoteAddr: net.JoinHostPort(env["REMOTE_ADDR"], cmp.Or(env["REMOTE_PORT"], "0")),
	}
	// HTTP/2 may come as "HTTP/2" or "HTTP/2.0", and nothing depends on it.
	if major, minor, ok := http.ParseHTTPVersion(env["SERVER_PROTOCOL"]); ok {
		r.Proto, r.ProtoMajor, r.ProtoMinor = env["SERVER_PROTOCOL"], major, minor
	}
	header.Del("Host")
	if r.Host == "" {
		r.Host = cmp.Or(authority, serverName(env))
	}
	if !validHost(r.Host) {
		return nil, badRequest("host %q", r.Host)
	}
	if r.ContentLength, err = contentLength(env["CONTENT_LENGTH"], header); err != nil {
		return nil, err
	}
	if r.ContentLength == -1 {
		r.TransferEncoding = []string{"chunked"}
	}
	header.Del("Transfer-Encoding")
	header.Del("Content-Length")
	if secure(env) {
		r.TLS = &tls.ConnectionState{HandshakeComplete: true} // a flag: nothing else is known
	}
	return r.WithContext(withSecret(context.WithValue(ctx, envKey{}, env), secret)), nil
}

// takeHeader moves the HTTP_ names of env into a header. RFC 3875 §4.1: a variable that is empty and one that is not
// there are the same.
func takeHeader(env map[string]string) (http.Header, error) {
	header := make(http.Header, len(env))
	for name, value := range env {
		key, ok := strings.CutPrefix(name, "HTTP_")
		if !ok {
			continue
		}
		delete(env, name)
		if value == "" || !isToken(key) {
			continue
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return nil, badRequest("header %s: control character", key)
		}
		header[http.CanonicalHeaderKey(strings.ReplaceAll(key, "_", "-"))] = []string{value}
	}
	if ct := env["CONTENT_TYPE"]; ct != "" {
		header["Content-Type"] = []string{ct}
	}
	return header, nil
}

// takeSecret removes the password, which nginx and lighttpd pass on and nothing here may log, and the Proxy header, which
// CGI programs took for their own HTTP_PROXY (CVE-2016-5386). Where the web server leaves the login to us it returns the
// password's field: the header, or what the web server has set in its place.
func takeSecret(env map[string]string, h http.Header) (field string) {
	field = h.Get("Authorization")
	if given, ok := env[secretParam]; ok {
		field = given
		delete(env, secretParam)
	}
	h.Del("Authorization")
	h.Del("Proxy-Authorization")
	h.Del("Proxy")
	if !byToken(env) {
		return ""
	}
	return field
}

// originForm cuts "scheme://authority" off a request target: Apache passes the absolute form of RFC 9112 §3.2.2 through.
func originForm(target string) (path, authority string, err error) {
	if strings.HasPrefix(target, "/") || target == "*" {
		return target, "", nil
	}
	scheme, rest, ok := strings.Cut(target, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", "", badRequest("REQUEST_URI %q is not a path", target)
	}
	authority, path = rest, "/"
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	if path[0] != '/' {
		path = "/" + path
	}
	return path, authority, nil
}

func serverName(env map[string]string) string {
	name, port := env["SERVER_NAME"], env["SERVER_PORT"]
	if name == "" || port == "" || port == "80" || port == "443" {
		return name
	}
	return net.JoinHostPort(strings.Trim(name, "[]"), port)
}

// contentLength follows what the servers do with a body of unknown length: Apache and nginx pass CONTENT_LENGTH absent
// or empty with Transfer-Encoding, Caddy passes -1. Where both are there the body has been buffered: the length counts.
func contentLength(s string, h http.Header) (int64, error) {
	switch s {
	case "-1":
		return -1, nil
	case "":
		if h.Get("Transfer-Encoding") != "" {
			return -1, nil
		}
		return lengthUnknown, nil
	}
	n, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, badRequest("CONTENT_LENGTH %q", s)
	}
	return int64(n), nil
}

func secure(env map[string]string) bool {
	switch strings.ToLower(env["HTTPS"]) {
	case "on", "1":
		return true
	}
	return strings.EqualFold(env["REQUEST_SCHEME"], "https")
}

// isToken is RFC 9110 §5.6.2.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return s != ""
}

// validHost takes what RFC 3986 §3.2.2 lets stand in a host and port; also none at all.
func validHost(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80 || strings.IndexByte("-._~!$&'()*+,;=:[]%", c) >= 0) {
			return false
		}
	}
	return true
}

// exactBody ends with io.ErrUnexpectedEOF when its source ends before the length that was announced, and never reads
// beyond it: for CGI, where more bytes are not the request's, and for net/http/fcgi, which takes a short body as whole.
type exactBody struct {
	r    io.Reader
	left int64
}

func (b *exactBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	if errors.Is(err, io.EOF) && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
