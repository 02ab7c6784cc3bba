package fcgi

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"caldav-fcgi/dav"
)

// Identity says who is calling and where the service is, by what the web server passes and the settings allow.
type Identity struct {
	Base           string         // "" asks CALDAV_BASE, then guesses
	StripRealm     bool           // gina@EX.TEST is gina
	LowerUser      bool           // LARA is lara
	Realm          string         // for the WWW-Authenticate of a 401
	UserHeader     string         // over plain HTTP: the header in which a trusted peer names the user
	TrustedProxies []netip.Prefix // who may set UserHeader, besides peers on a unix socket
	GroupsParam    string         // the parameter with the user's groups; OIDC_CLAIM_groups when ""
	Htgroup        *Htgroup       // the web server's group file; nil without
	Devices        Devices        // passwords of single devices; nil where they are switched off
	Log            *slog.Logger   // slog.Default() when nil
}

// Limits of what is taken from parameters, in bytes.
const (
	maxUser   = 255
	maxClaim  = 1024
	maxGroups = 16 << 10
)

// errUser marks a user name that is refused with 403.
var errUser = errors.New("user name refused")

type verifiedKey struct{}

// withVerified carries the user whose password Basic has checked.
func withVerified(ctx context.Context, user string) context.Context {
	return context.WithValue(ctx, verifiedKey{}, user)
}

// identifier is an Identity at work: with what it has said already.
type identifier struct {
	Identity
	log    *slog.Logger
	mu     sync.Mutex
	warned map[string]bool
}

// maxWarnings bounds what is remembered, and logged once each.
const maxWarnings = 32

// Handler puts the dav.Caller into each request's context and drops the headers that look like one.
func (id *Identity) Handler(next http.Handler) http.Handler {
	d := &identifier{Identity: *id, log: orDefault(id.Log), warned: map[string]bool{}}
	if d.GroupsParam == "" {
		d.GroupsParam = "OIDC_CLAIM_groups"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := dav.Caller{Realm: d.Realm, ID: requestID()}
		var err error
		env := Env(r)
		if env != nil {
			d.checkHost(env, r.Host)
			c.Base = d.base(env, r.URL.EscapedPath(), &c)
			if byToken(env) {
				var refused bool
				if c.User, refused, err = d.byDevice(w, r, secretOf(r)); refused {
					return
				}
			} else if c.User, err = d.user(d.paramUser(env, &c)); err == nil && c.User != "" {
				c.Claims = d.claims(env)
			}
		} else {
			c.Base = d.fixedBase()
			if r.TLS == nil && d.trusted(r) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
				r.TLS = &tls.ConnectionState{HandshakeComplete: true}
			}
			var name string
			if name, err = d.plainUser(r); err == nil {
				c.User, err = d.user(name)
			}
			if err == nil && c.User == "" && d.Devices != nil && d.UserHeader == "" {
				var refused bool
				if c.User, refused, err = d.byDevice(w, r, r.Header.Get("Authorization")); refused {
					return
				}
			}
		}
		if c.Scheme = "http"; r.TLS != nil {
			c.Scheme = "https"
		}
		if err != nil {
			d.log.Warn("request refused", "id", c.ID, "error", err)
			writeError(w, http.StatusForbidden, "this user name cannot be used here")
			return
		}
		c.Groups = d.groups(env, c.User)
		dropLookAlikes(r.Header, d.UserHeader)
		next.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), c)))
	})
}

func requestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	return hex.EncodeToString(b[:])
}

// once logs a message for each distinct value once, as far as maxWarnings.
func (d *identifier) once(msg, value string, a ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if key := msg + "\x00" + value; !d.warned[key] && len(d.warned) < maxWarnings {
		d.warned[key] = true
		d.log.Warn(msg, a...)
	}
}

// checkHost tells of a Host that has lost its port, as Debian's fastcgi_params of nginx make it: addresses shown to people
// are then wrong.
func (d *identifier) checkHost(env map[string]string, host string) {
	port := env["SERVER_PORT"]
	if port == "" || port == "80" || port == "443" || strings.LastIndexByte(host, ':') > strings.LastIndexByte(host, ']') {
		return
	}
	d.once("Host has no port although the web server listens on another than 80 and 443 (nginx: fastcgi_param HTTP_HOST $http_host;)", "", "host", host, "port", port)
}

// paramUser believes REMOTE_USER only where AUTH_TYPE says that somebody has checked it: nginx with its stock
// parameters passes any name that a client types.
func (d *identifier) paramUser(env map[string]string, c *dav.Caller) string {
	name := env["REMOTE_USER"]
	if name != "" && strings.TrimSpace(env["AUTH_TYPE"]) == "" {
		const note = "REMOTE_USER without AUTH_TYPE: taken as anonymous. Where the web server checks the password, let it also pass AUTH_TYPE (nginx: fastcgi_param AUTH_TYPE Basic;)"
		d.once(note, "")
		c.Notes = append(c.Notes, note)
		return ""
	}
	return name
}

// plainUser is the user of a request that came over plain HTTP.
func (d *identifier) plainUser(r *http.Request) (string, error) {
	if user, ok := r.Context().Value(verifiedKey{}).(string); ok {
		return user, nil
	}
	if d.UserHeader == "" {
		return "", nil
	}
	values := r.Header.Values(d.UserHeader)
	switch {
	case len(values) == 0:
		return "", nil
	case !d.trusted(r):
		d.once("user header from a peer that is not trusted: taken as anonymous (see -trusted-proxy)", "", "header", d.UserHeader, "peer", r.RemoteAddr)
		return "", nil
	case len(values) > 1:
		// A proxy that adds its header to the client's, instead of replacing it.
		return "", fmt.Errorf("%w: header %s came %d times", errUser, d.UserHeader, len(values))
	}
	return values[0], nil
}

// trusted says whether the peer may name the user.
func (d *identifier) trusted(r *http.Request) bool {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok && a.Network() == "unix" {
		return true
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, p := range d.TrustedProxies {
		if p.Contains(peer.Addr().Unmap().WithZone("")) {
			return true
		}
	}
	return false
}

// user applies the site's rules to a name. A name that cannot be a segment of a URL everywhere, or that looks like
// another, is refused.
func (d *identifier) user(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	given := name
	if !utf8.ValidString(name) {
		return "", fmt.Errorf("%w: %q is not UTF-8", errUser, given)
	}
	if d.StripRealm {
		if i := strings.LastIndexByte(name, '@'); i >= 0 {
			name = name[:i]
		}
	}
	if d.LowerUser {
		name = strings.ToLower(name)
	}
	name = norm.NFC.String(name)
	switch {
	case name == "":
		return "", fmt.Errorf("%w: %q has nothing before its realm", errUser, given)
	case len(name) > maxUser:
		return "", fmt.Errorf("%w: it has %d bytes, at most %d can be", errUser, len(name), maxUser)
	case name == "." || name == "..":
		return "", fmt.Errorf("%w: %q", errUser, given)
	case strings.Contains(name, "/"):
		return "", fmt.Errorf("%w: %q has a slash", errUser, given)
	case strings.ContainsFunc(name, notInName):
		return "", fmt.Errorf("%w: %q has a control character", errUser, given)
	}
	return name, nil
}

// notInName tells characters that do not show, or that XML cannot hold.
func notInName(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == '\ufffe' || r == '\uffff'
}

// claims collects what the web server's authentication says about the user. A certificate counts only when the web server
// has verified it.
func (d *identifier) claims(env map[string]string) map[string]string {
	names := []string{"AUTHENTICATE_DISPLAYNAME", "AUTHENTICATE_CN", "OIDC_CLAIM_name"}
	mails := []string{"AUTHENTICATE_MAIL", "OIDC_CLAIM_email"}
	if env["SSL_CLIENT_VERIFY"] == "SUCCESS" {
		names = append(names, "SSL_CLIENT_S_DN_CN")
		mails = append(mails, "SSL_CLIENT_SAN_Email_0", "SSL_CLIENT_S_DN_Email")
	}
	claims := map[string]string{}
	for claim, params := range map[string][]string{"name": names, "mail": mails} {
		for _, p := range params {
			if v := strings.TrimSpace(env[p]); v != "" && len(v) <= maxClaim && utf8.ValidString(v) && !strings.ContainsFunc(v, notInName) {
				claims[claim] = norm.NFC.String(v)
				break
			}
		}
	}
	if len(claims) == 0 {
		return nil
	}
	return claims
}

// lookAlikes are headers, and beginnings of headers ("-" at the end), by which proxies and modules name a user. Nothing
// here reads them; dropping them makes sure that nothing ever will.
var lookAlikes = [...]string{
	"Authorization", "Proxy-Authorization", "Proxy", "Auth-Type", "Auth-User", "Caldav-", "Https", "User", "X-User",
	"Remote-", "X-Remote-", "X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups",
	"X-Forwarded-Preferred-Username", "X-Auth-", "X-Authenticated-", "X-Webauth-", "X-Webobjects-Remote-", "X-Ssl-Client-",
	"Ssl-Client-", "Authenticate-", "Authorize-", "Oidc-", "X-Oidc-", "Gss-", "Redirect-",
}

func dropLookAlikes(h http.Header, userHeader string) {
	if userHeader != "" {
		h.Del(userHeader)
	}
	for name := range h {
		// Some servers fold "_" into "-", some do not: both forms count.
		folded := http.CanonicalHeaderKey(strings.ReplaceAll(name, "_", "-"))
		for _, l := range lookAlikes {
			if folded == l || strings.HasSuffix(l, "-") && strings.HasPrefix(folded, l) {
				delete(h, name)
				break
			}
		}
	}
}
