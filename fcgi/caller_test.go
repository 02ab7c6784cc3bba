package fcgi

import (
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/fcgi/fcgitest"
)

func showCaller(w http.ResponseWriter, r *http.Request) {
	c := webdav.LoginFrom(r.Context())
	fmt.Fprintf(w, "%s %s", c.User, c.Claims["name"])
}

// checkedCaller keeps what a handler behind Identity sees.
type checkedCaller struct {
	called bool
	dav.Caller
	header http.Header
}

func (c *checkedCaller) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	c.called, c.Caller, c.header = true, webdav.LoginFrom(r.Context()), r.Header
}

// check holds for every caller.
func (c *checkedCaller) check(t *testing.T) {
	t.Helper()
	if !utf8.ValidString(c.User) || len(c.User) > maxUser || strings.ContainsAny(c.User, "/\x00\n") || c.User == "." || c.User == ".." {
		t.Errorf("user %q", c.User)
	}
	if c.Base != "" && (c.Base[0] != '/' || strings.HasSuffix(c.Base, "/") || strings.Contains(c.Base, "//") || strings.ContainsAny(c.Base, "?# \n")) {
		t.Errorf("base %q", c.Base)
	}
	if len(c.ID) != 16 {
		t.Errorf("id %q", c.ID)
	}
}

// ask sends a request with these parameters through id and returns the status and what the handler saw.
func ask(t *testing.T, id *Identity, params ...string) (int, *checkedCaller) {
	t.Helper()
	r, err := newRequest(context.Background(), envOf(fcgitest.Request("GET", "/dav/x", params...)))
	if err != nil {
		t.Fatal(err)
	}
	got := &checkedCaller{}
	w := httptest.NewRecorder()
	id.Handler(got).ServeHTTP(w, r)
	if got.called {
		got.check(t)
	}
	return w.Code, got
}

func TestIdentity_User(t *testing.T) {
	t.Parallel()
	plain, folded := Identity{}, Identity{StripRealm: true, LowerUser: true}
	long := strings.Repeat("x", 255)
	for _, tt := range []struct {
		name   string
		id     Identity
		user   string
		status int
		want   string
	}{
		{"plain", plain, "alice", 200, "alice"},
		{"empty is anonymous", plain, "", 200, ""},
		{"UTF-8", plain, "jürgen", 200, "jürgen"},
		{"decomposed becomes NFC", plain, "ju\u0308rgen", 200, "jürgen"},
		{"mail address", plain, "bob@example.com", 200, "bob@example.com"},
		{"as typed", plain, "LARA", 200, "LARA"},
		{"lowered", folded, "LARA", 200, "lara"},
		{"lowered, not ASCII", folded, "ÉVA", 200, "éva"},
		{"realm stripped", folded, "gina@EX.TEST", 200, "gina"},
		{"the last realm only", folded, "bob@example.com@EX.TEST", 200, "bob@example.com"},
		{"domain with backslash", plain, `EX\bob`, 200, `EX\bob`},
		{"longest", plain, long, 200, long},
		{"too long", plain, long + "x", 403, ""},
		{"only a realm", folded, "@EX.TEST", 403, ""},
		{"Kerberos service", plain, "host/x@REALM", 403, ""},
		{"dot", plain, ".", 403, ""},
		{"dots", plain, "..", 403, ""},
		{"dots before a realm", folded, "..@EX.TEST", 403, ""},
		{"not UTF-8", plain, "j\xfcrgen", 403, ""},
		{"control character", plain, "a\nb", 403, ""},
		{"NUL", plain, "a\x00", 403, ""},
		{"C1 control", plain, "a\u0085", 403, ""},
		{"line separator", plain, "a\u2028", 403, ""},
	} {
		var log logBuffer
		tt.id.Log, tt.id.Base = log.logger(), "/dav"
		status, got := ask(t, &tt.id, "REMOTE_USER", tt.user, "AUTH_TYPE", "Basic")
		if status != tt.status || got.User != tt.want {
			t.Errorf("%s: got %d %q, want %d %q", tt.name, status, got.User, tt.status, tt.want)
		}
		if logged := strings.Contains(log.String(), "request refused"); logged != (tt.status == 403) {
			t.Errorf("%s: log %q", tt.name, log.String())
		}
	}
}

func TestIdentity_RemoteUserNeedsAuthType(t *testing.T) {
	t.Parallel()
	var log logBuffer
	h := (&Identity{Base: "/dav", Log: log.logger()}).Handler(http.HandlerFunc(showCaller))
	for _, tt := range []struct{ user, auth, want string }{
		{"root", "", " "}, {"root", "  ", " "}, {"", "Basic", " "}, {"ann", "Negotiate", "ann "}, {"ann", "oauth20", "ann "},
	} {
		r, err := newRequest(context.Background(), envOf(fcgitest.Request("GET", "/", "REMOTE_USER", tt.user, "AUTH_TYPE", tt.auth)))
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Body.String() != tt.want {
			t.Errorf("%q by %q: got %q, want %q", tt.user, tt.auth, w.Body, tt.want)
		}
	}
	if n := strings.Count(log.String(), "REMOTE_USER without AUTH_TYPE"); n != 1 {
		t.Errorf("%d warnings, want 1", n)
	}
}

// forged are headers by which somebody could hope to be somebody else.
var forged = []string{
	"HTTP_REMOTE_USER", "HTTP_X_REMOTE_USER", "HTTP_X_FORWARDED_USER", "HTTP_X_FORWARDED_EMAIL", "HTTP_AUTH_TYPE",
	"HTTP_HTTPS", "HTTP_CALDAV_BASE", "HTTP_AUTHORIZATION", "HTTP_PROXY", "HTTP_PROXY_AUTHORIZATION", "HTTP_REMOTE_EMAIL",
	"HTTP_REMOTE_NAME", "HTTP_REMOTE_GROUPS", "HTTP_X_AUTH_REQUEST_USER", "HTTP_X_WEBAUTH_USER", "HTTP_OIDC_CLAIM_email",
	"HTTP_AUTHENTICATE_MAIL", "HTTP_SSL_CLIENT_S_DN_CN", "HTTP_SSL_CLIENT_VERIFY", "HTTP_REDIRECT_REMOTE_USER", "HTTP_GSS_NAME",
}

func TestIdentity_ForgedHeaders(t *testing.T) {
	t.Parallel()
	// Even the setting for plain HTTP makes no header count here.
	id := &Identity{UserHeader: "Remote-User", TrustedProxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}, Log: quiet()}
	for _, name := range forged {
		_, got := ask(t, id, name, "root", "CALDAV_BASE", "/dav")
		if got.User != "" || got.Base != "/dav" || got.Claims != nil || len(got.header) != 0 {
			t.Errorf("%s: caller %+v, header %v", name, got.Caller, got.header)
		}
		_, got = ask(t, id, name, "root", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic", "CALDAV_BASE", "/dav", "HTTP_DEPTH", "1")
		if got.User != "ann" || got.Claims != nil || len(got.header) != 1 || got.header.Get("Depth") != "1" {
			t.Errorf("%s: caller %+v, header %v", name, got.Caller, got.header)
		}
	}
}

func TestIdentity_Claims(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		id   Identity
		give []string
		want string
	}{
		{"none", Identity{}, nil, "map[]"},
		{"LDAP", Identity{}, []string{"AUTHENTICATE_DISPLAYNAME", "Ann Lee", "AUTHENTICATE_CN", "ann", "AUTHENTICATE_MAIL", "ann@example.org"}, "map[mail:ann@example.org name:Ann Lee]"},
		{"LDAP, cn only", Identity{}, []string{"AUTHENTICATE_CN", "ann"}, "map[name:ann]"},
		{"OpenID", Identity{}, []string{"OIDC_CLAIM_name", "Ann", "OIDC_CLAIM_email", "a@x", "OIDC_CLAIM_groups", "a,b"}, "map[mail:a@x name:Ann]"},
		{"certificate", Identity{}, []string{"SSL_CLIENT_VERIFY", "SUCCESS", "SSL_CLIENT_S_DN_CN", "Ann", "SSL_CLIENT_SAN_Email_0", "a@x", "SSL_CLIENT_S_DN_Email", "b@x"}, "map[mail:a@x name:Ann]"},
		{"certificate, old address", Identity{}, []string{"SSL_CLIENT_VERIFY", "SUCCESS", "SSL_CLIENT_S_DN_Email", "b@x"}, "map[mail:b@x]"},
		{"certificate not verified", Identity{}, []string{"SSL_CLIENT_VERIFY", "GENEROUS", "SSL_CLIENT_S_DN_CN", "Root", "SSL_CLIENT_SAN_Email_0", "a@x"}, "map[]"},
		{"not text, too long", Identity{}, []string{"AUTHENTICATE_CN", "a\x01", "OIDC_CLAIM_name", "\xff", "AUTHENTICATE_MAIL", strings.Repeat("x", maxClaim+1)}, "map[]"},
	} {
		tt.id.Base, tt.id.Log = "/dav", quiet()
		_, got := ask(t, &tt.id, append(tt.give, "REMOTE_USER", "ann", "AUTH_TYPE", "Basic")...)
		if s := fmt.Sprint(got.Claims); s != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, s, tt.want)
		}
		if _, got := ask(t, &tt.id, tt.give...); got.Claims != nil {
			t.Errorf("%s: the anonymous caller has claims %v", tt.name, got.Claims)
		}
	}
}

func TestIdentity_TLSBehindATrustedProxy(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]bool{"127.0.0.1:1": true, "192.0.2.1:1": false} {
		id := &Identity{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}, Log: quiet()}
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		r.Header.Set("X-Forwarded-Proto", "https")
		id.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.TLS != nil; got != want {
				t.Errorf("%s: TLS %t, want %t", remote, got, want)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
}

func TestIdentity_WarnsOfAHostWithoutItsPort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		host, port string
		want       bool
	}{
		{"cal", "8443", true}, {"[::1]", "8443", true}, {"cal:8443", "8443", false}, {"[::1]:8443", "8443", false}, {"cal", "443", false}, {"cal", "80", false}, {"cal", "", false},
	} {
		var log logBuffer
		ask(t, &Identity{Base: "/dav", Log: log.logger()}, "HTTP_HOST", tt.host, "SERVER_PORT", tt.port)
		if got := strings.Contains(log.String(), "Host has no port"); got != tt.want {
			t.Errorf("%s on %s: warned %t, want %t", tt.host, tt.port, got, tt.want)
		}
	}
}

func TestIdentity_RealmAndID(t *testing.T) {
	t.Parallel()
	id := &Identity{Base: "/dav/", Realm: "calendar", Log: quiet()}
	_, a := ask(t, id)
	_, b := ask(t, id)
	if a.Realm != "calendar" || a.Base != "/dav" || a.ID == b.ID {
		t.Errorf("%+v, %+v", a.Caller, b.Caller)
	}
}

// askPlain is ask for a request over plain HTTP.
func askPlain(id *Identity, remote string, unix bool, header http.Header) (int, *checkedCaller) {
	r := httptest.NewRequest("GET", "/dav/x", nil)
	r.RemoteAddr, r.Header = remote, header
	var local net.Addr = &net.TCPAddr{}
	if unix {
		local = &net.UnixAddr{Net: "unix"}
	}
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
	got := &checkedCaller{}
	w := httptest.NewRecorder()
	id.Handler(got).ServeHTTP(w, r)
	return w.Code, got
}

func TestIdentity_UserHeader(t *testing.T) {
	t.Parallel()
	trusted := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		name    string
		setting string
		remote  string
		unix    bool
		values  []string
		status  int
		want    string
	}{
		{"no setting", "", "127.0.0.1:1", false, []string{"root"}, 200, ""},
		{"no setting, unix socket", "", "@", true, []string{"root"}, 200, ""},
		{"trusted proxy", "Remote-User", "127.0.0.1:1", false, []string{"ann"}, 200, "ann"},
		{"trusted, IPv6", "remote-user", "[fd00::1]:1", false, []string{"ann"}, 200, "ann"},
		{"trusted, mapped", "Remote-User", "[::ffff:127.0.0.1]:1", false, []string{"ann"}, 200, "ann"},
		{"unix socket", "Remote-User", "@", true, []string{"ann"}, 200, "ann"},
		{"stranger", "Remote-User", "192.0.2.1:1", false, []string{"root"}, 200, ""},
		{"bad address", "Remote-User", "?", false, []string{"root"}, 200, ""},
		{"absent", "Remote-User", "127.0.0.1:1", false, nil, 200, ""},
		{"empty", "Remote-User", "127.0.0.1:1", false, []string{""}, 200, ""},
		{"twice", "Remote-User", "127.0.0.1:1", false, []string{"root", "ann"}, 403, ""},
		{"odd name", "Remote-User", "127.0.0.1:1", false, []string{"a/b"}, 403, ""},
	} {
		id := &Identity{UserHeader: tt.setting, TrustedProxies: trusted, Log: quiet()}
		h := http.Header{"X-Forwarded-User": {"root"}, "Depth": {"1"}}
		if tt.values != nil {
			h["Remote-User"] = tt.values
		}
		status, got := askPlain(id, tt.remote, tt.unix, h)
		if status != tt.status || got.User != tt.want {
			t.Errorf("%s: got %d %q, want %d %q", tt.name, status, got.User, tt.status, tt.want)
		}
		if got.called && len(got.header) != 1 {
			t.Errorf("%s: header %v", tt.name, got.header)
		}
	}
}

func TestIdentity_Base(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, setting, param, uri, script, info, want string
	}{
		{"setting", "/dav/", "/other", "/dav/x", "/dav/x", "", "/dav"},
		{"setting, root", "/", "/other", "/dav/x", "/dav/x", "", ""},
		{"CALDAV_BASE", "", "/cal", "/cal/a%20b/x", "/cal/a b/x", "", "/cal"},
		{"CALDAV_BASE, slash", "", "/my/cal/", "/my/cal/x", "", "", "/my/cal"},
		{"CALDAV_BASE, root", "", "/", "/x", "/cgi-bin", "/x", ""},
		{"CALDAV_BASE, space", "", "/my cal", "/my%20cal/x", "", "", "/my%20cal"},
		{"CALDAV_BASE wrong: guessed", "", "cal", "/dav/a%20b/x", "/dav", "/a b/x", "/dav"},
		{"CALDAV_BASE with dots: guessed", "", "/a/../b", "/dav/x", "/dav", "/x", "/dav"},
		// What the servers send for /dav/a%20b/x without it:
		{"Apache ProxyPass, nginx stock: nothing to see", "", "", "/dav/a%20b/x", "/dav/a b/x", "", ""},
		{"Apache SetHandler: splits where the disk ends, the guess is wrong", "", "", "/dav/a%20b/x", "/dav/a b", "/x", "/dav/a%20b"},
		{"mod_fcgid, direct", "", "", "/cal/dav.fcgi/a%20b/x", "/cal/dav.fcgi", "/a b/x", "/cal/dav.fcgi"},
		{"mod_fcgid by .htaccess", "", "", "/cal/a%20b/x", "/cal/dav.fcgi", "", "/cal"},
		{"mod_fcgid by .htaccess, the base itself", "", "", "/cal", "/cal/dav.fcgi", "", "/cal"},
		{"mod_fcgid by .htaccess, top folder", "", "", "/a%20b/x", "/dav.fcgi", "", ""},
		{"Apache ScriptAlias, nginx split, lighttpd", "", "", "/dav/a%20b/x", "/dav", "/a b/x", "/dav"},
		{"lighttpd prefix /dav/: wrong split", "", "", "/dav/a%20b/x", "/dav/a b", "/x", "/dav/a%20b"},
		{"lighttpd, fix-root-scriptname; Caddy", "", "", "/dav/x", "", "/dav/x", ""},
		{"Caddy with split", "", "", "/cal/dav.fcgi/x", "/cal/dav.fcgi", "/x", "/cal/dav.fcgi"},
		{"escaped base", "", "", "/my%20cal/x", "/my cal", "/x", "/my%20cal"},
		{"not the same path", "", "", "/dav/x", "/other", "/x", ""},
		{"case counts", "", "", "/Dav/x", "/dav", "/x", ""},
		{"program elsewhere", "", "", "/dav/x", "/cgi-bin/dav.cgi", "", ""},
		{"part of a segment", "", "", "/davos/x", "/dav", "os/x", ""},
		{"dots in the path", "", "", "/a/../x", "/a/..", "/x", ""},
		{"query", "", "", "/dav/x?/y", "/dav", "/x", "/dav"},
	} {
		var log logBuffer
		id := &Identity{Base: tt.setting, Log: log.logger()}
		h := func() string {
			r, err := newRequest(context.Background(), envOf(fcgitest.Request("GET", tt.uri, "SCRIPT_NAME", tt.script, "PATH_INFO", tt.info, "CALDAV_BASE", tt.param)))
			if err != nil {
				t.Fatal(err)
			}
			got := &checkedCaller{}
			id.Handler(got).ServeHTTP(httptest.NewRecorder(), r)
			return got.Base
		}
		if got := h(); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
		guessed := tt.setting == "" && (tt.param == "" || strings.Contains(tt.name, "guessed"))
		if logged := strings.Contains(log.String(), "base path guessed"); logged != guessed {
			t.Errorf("%s: log %q", tt.name, log.String())
		}
	}
}

func TestIdentity_GuessIsLoggedOnce(t *testing.T) {
	t.Parallel()
	var log logBuffer
	h := (&Identity{Log: log.logger()}).Handler(http.HandlerFunc(showCaller))
	for range 5 {
		r, err := newRequest(context.Background(), envOf(fcgitest.Request("GET", "/dav/x", "SCRIPT_NAME", "/dav", "PATH_INFO", "/x")))
		if err != nil {
			t.Fatal(err)
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d log lines, want 1: %s", n, log.String())
	}
}

func TestCleanBase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ give, want string }{
		{"", ""}, {"/", ""}, {"//", ""}, {"/dav", "/dav"}, {"/dav/", "/dav"}, {"/a/b", "/a/b"}, {"/my cal", "/my%20cal"},
		{"/my%20cal", "/my%20cal"}, {"/a%2Fb", "/a%2Fb"}, {"/jürgen", "/j%C3%BCrgen"},
		{"dav", "error"}, {"/a//b", "error"}, {"/a/../b", "error"}, {"/.", "error"}, {"/%2e%2e", "error"}, {"/a?b", "error"}, {"/a#b", "error"},
		{"/%zz", "error"}, {"/a\nb", "error"}, {"/" + strings.Repeat("x", 1024), "error"},
	} {
		got, err := CleanBase(tt.give)
		if err != nil {
			got = "error"
		}
		if got != tt.want {
			t.Errorf("%q: got %q, %v; want %q", tt.give, got, err, tt.want)
		}
	}
}

func TestBasicUserGoesByIdentityRules(t *testing.T) {
	t.Parallel()
	b := newTestBasic(t, "LARA:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n") // password
	h := b.Handler((&Identity{LowerUser: true, Log: quiet()}).Handler(http.HandlerFunc(showCaller)))
	r := httptest.NewRequest("GET", (&url.URL{Path: "/"}).String(), nil)
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("LARA:password")))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Body.String() != "lara " {
		t.Errorf("got %d %q", w.Code, w.Body)
	}
}
