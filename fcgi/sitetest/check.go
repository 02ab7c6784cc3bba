package sitetest

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Check holds the dialogues and checks what they cannot say, everything at once over the one site.
func (s *Site) Check(t *testing.T, dialogues string) {
	t.Run("dialogues", func(t *testing.T) { t.Parallel(); s.Dialogues(t, dialogues) })
	for name, check := range map[string]func(*testing.T){
		"forged headers":       s.forgedHeaders,
		"public path":          s.publicPath,
		"one connection":       s.oneConnection,
		"users at once":        s.usersAtOnce,
		"well-known":           s.wellKnown,
		"root of the host":     s.hostRoot,
		"raw targets":          s.rawTargets,
		"body cut off":         s.bodyCutOff,
		"user name":            s.userName,
		"compression is left":  s.noCompression,
		"pages of other sites": s.otherSites,
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); check(t) })
	}
}

// forgedHeaders: the names by which fronts and proxies name a user, in every spelling, change nothing about who asks.
func (s *Site) forgedHeaders(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	for _, name := range []string{
		"Remote-User", "Remote_User", "REMOTE_USER", "HTTP_REMOTE_USER", "X-Remote-User", "X_Remote_User", "x-remote-user",
		"X-Forwarded-User", "Redirect-Remote-User", "REDIRECT_REMOTE_USER", "X-User", "Auth-Type", "AUTH_TYPE",
	} {
		forged := map[string]string{name: "bob"}
		if status, who, err := s.whoWith(client, "", s.URL("/"), forged); err != nil || status != http.StatusUnauthorized {
			t.Errorf("nobody with %s: bob: status %d, user %q, error %v, want 401", name, status, who, err)
		}
		if status, who, err := s.whoWith(client, "ann", s.URL("/"), forged); err != nil || status != http.StatusMultiStatus || who != "ann" {
			t.Errorf("ann with %s: bob: status %d, user %q, error %v, want ann", name, status, who, err)
		}
	}
	// The name of a header in Connection makes a proxy drop it: then she may be nobody, and never bob.
	for _, name := range []string{"X-Remote-User", "Remote-User"} {
		forged := map[string]string{name: "bob", "Connection": name}
		if status, who, err := s.whoWith(client, "ann", s.URL("/"), forged); err != nil || who == "bob" || status >= 500 {
			t.Errorf("ann with Connection: %s: status %d, user %q, error %v", name, status, who, err)
		}
	}
	if status, who, err := s.whoWith(client, "ann", s.URL("/"), map[string]string{"Caldav-Base": "/x", "CALDAV_BASE": "/x", "Https": "off", "Script-Name": "/x"}); err != nil || status != http.StatusMultiStatus || who != "ann" {
		t.Errorf("ann with a base path of her own: status %d, user %q, error %v", status, who, err)
	}
}

// publicPath: where no login is asked for, a client that brings one is nobody, whether the password is right or not. With
// nginx's stock parameters it would be whoever it says it is.
func (s *Site) publicPath(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	for _, user := range []string{"admin:anything", "ann:wrong", "ann:", "ann", "nobody-knows:nobody-knows"} {
		for _, path := range []string{
			"/public/", "/public/x/", "/public/../", "/public/../principals/users/ann/", "/public/%2e%2e/calendars/ann/", "/public/..%2Fcalendars/ann/",
			"/public//../calendars/ann/", "/public/./../calendars/ann/calendar/",
		} {
			nobody, _, err := s.Who(client, "", path)
			if err != nil {
				t.Fatal(err)
			}
			status, who, err := s.Who(client, user, path)
			switch {
			case err != nil:
				t.Errorf("PROPFIND %s as %s: %v", path, user, err)
			case status >= 500, user != "ann" && (who != "" || status != nobody && status != http.StatusUnauthorized):
				t.Errorf("PROPFIND %s as %s: status %d, user %q, want what nobody gets: %d", path, user, status, who, nobody)
			}
		}
		if user == "ann" {
			continue
		}
		for _, path := range []string{"/", "/calendars/ann/", "/principals/users/ann/"} {
			if status, who, err := s.Who(client, user, path); err != nil || status != http.StatusUnauthorized {
				t.Errorf("PROPFIND %s as %s: status %d, user %q, error %v, want 401", path, user, status, who, err)
			}
		}
		answer, _, err := s.Do(client, user, "PUT", "/public/../calendars/ann/calendar/forged.ics", eventHeader, strings.NewReader(event("forged", 0)))
		if err != nil || answer.StatusCode < 400 || answer.StatusCode >= 500 {
			t.Errorf("PUT through the public path as %s: %v, error %v, want a refusal", user, answer, err)
		}
	}
}

// oneConnection: users take turns on a kept-alive connection, and each request has the one it names.
func (s *Site) oneConnection(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	client.Transport.(*http.Transport).MaxConnsPerHost = 1
	fresh := 0
	trace := &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		if !i.Reused {
			fresh++
		}
	}}
	turns := []struct {
		user, want string
		status     int
	}{
		{"ann", "ann", 207}, {"bob", "bob", 207}, {"", "", 401}, {"ann", "ann", 207}, {"bob:wrong", "", 401}, {"bob", "bob", 207}, {"", "", 401}, {"", "", 401}, {"bob", "bob", 207}, {"ann", "ann", 207},
	}
	for i, turn := range turns {
		rq, err := http.NewRequest("PROPFIND", s.URL("/"), strings.NewReader(whoBody))
		if err != nil {
			t.Fatal(err)
		}
		rq.Header.Set("Depth", "0")
		rq.Header.Set("Content-Type", "application/xml")
		if name, password, given := strings.Cut(turn.user, ":"); given {
			rq.SetBasicAuth(name, password)
		} else if name != "" {
			rq.SetBasicAuth(name, name)
		}
		answer, err := client.Do(rq.WithContext(httptrace.WithClientTrace(rq.Context(), trace)))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if who := whoIn(string(text)); err != nil || answer.StatusCode != turn.status || who != turn.want {
			t.Errorf("turn %d, %q: status %d, user %q, error %v, want %d, %q", i, turn.user, answer.StatusCode, who, err, turn.status, turn.want)
		}
	}
	if fresh != 1 {
		t.Errorf("%d connections were made for %d requests, want one", fresh, len(turns))
	}
}

// usersAtOnce: behind the front users share connections to the program, and do not see each other.
func (s *Site) usersAtOnce(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 8 {
		user := []string{"ann", "bob"}[i%2]
		wg.Go(func() {
			client := s.Client()
			defer client.CloseIdleConnections()
			for range 10 {
				if status, who, err := s.Who(client, user, "/"); err != nil || status != http.StatusMultiStatus || who != user {
					t.Errorf("%s: status %d, user %q, error %v", user, status, who, err)
				}
			}
		})
	}
	wg.Wait()
}

// wellKnown: every method is led on, without a login, and without scheme and host, which may be wrong behind another
// proxy. RFC 6764 §5.
func (s *Site) wellKnown(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "POST"} {
		for _, path := range []string{"/.well-known/caldav", "/.well-known/carddav", "/.well-known/caldav/"} {
			answer, _, err := s.do(client, "", method, s.Origin()+path, nil, nil)
			if err != nil {
				t.Errorf("%s %s: %v", method, path, err)
			} else if l := answer.Header.Get("Location"); answer.StatusCode != http.StatusMovedPermanently || l != s.Base+"/" {
				t.Errorf("%s %s: status %d, Location %q, want 301, %q", method, path, answer.StatusCode, l, s.Base+"/")
			}
		}
	}
}

// hostRoot: some clients ask the root of the host before anything else.
func (s *Site) hostRoot(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	if status, who, err := s.whoWith(client, "", s.Origin()+"/", nil); err != nil || status != http.StatusUnauthorized {
		t.Errorf("PROPFIND / of the host as nobody: status %d, user %q, error %v, want 401", status, who, err)
	}
	if status, who, err := s.whoWith(client, "bob", s.Origin()+"/", nil); err != nil || status != http.StatusMultiStatus || who != "bob" {
		t.Errorf("PROPFIND / of the host as bob: status %d, user %q, error %v, want 207, bob", status, who, err)
	}
	if s.Web.Name != "apache2" {
		return
	}
	// The site's own page is still there.
	if answer, text, err := s.do(client, "", "GET", s.Origin()+"/", nil, nil); err != nil || answer.StatusCode != http.StatusOK || !strings.Contains(text, "own page") {
		t.Errorf("GET / of the host: %v, error %v, want the site's own page", answer, err)
	}
}

// rawTargets: what a client writes into the request line arrives as it was written.
func (s *Site) rawTargets(t *testing.T) {
	login := "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("ann:ann")) + "\r\n"
	ask := func(target, header string) (*http.Response, string) {
		return s.raw(t, fmt.Sprintf("PROPFIND %s HTTP/1.1\r\nHost: %s\r\nDepth: 0\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n%s",
			target, s.host, len(whoBody), header, whoBody))
	}
	for _, target := range []string{s.Base + "/", s.Origin() + s.Base + "/", s.Base + "/principals/users/ann/", s.Base + "/calendars/ann"} {
		if answer, text := ask(target, login); answer.StatusCode != http.StatusMultiStatus || whoIn(text) != "ann" {
			t.Errorf("PROPFIND %s: status %d, user %q, want 207, ann", target, answer.StatusCode, whoIn(text))
		}
		if answer, _ := ask(target, ""); answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("PROPFIND %s as nobody: status %d, want 401", target, answer.StatusCode)
		}
	}
	put := func(target, body string) int {
		answer, _ := s.raw(t, fmt.Sprintf("PUT %s HTTP/1.1\r\nHost: %s\r\nContent-Type: text/calendar\r\nConnection: close\r\nContent-Length: %d\r\n%s\r\n%s", target, s.host, len(body), login, body))
		return answer.StatusCode
	}
	// Letters beyond ASCII without escapes, as some clients send them, name what the escaped form names.
	if status := put(s.Base+"/calendars/ann/calendar/grün.ics", event("raw", 0)); status != http.StatusCreated && status != http.StatusNoContent {
		t.Errorf("PUT of a name with a raw ü: status %d", status)
	}
	client := s.Client()
	defer client.CloseIdleConnections()
	if answer, text, err := s.Do(client, "ann", "GET", "/calendars/ann/calendar/gr%C3%BCn.ics", nil, nil); err != nil || text != event("raw", 0) {
		t.Errorf("GET of the same name with escapes: %v, error %v", answer, err)
	}
	// Dots lead nowhere, and never to a 500.
	for _, target := range []string{"/calendars/ann/../bob/", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/calendars/ann/%00", "/calendars/ann//calendar/", "/calendars/ann/%zz"} {
		if answer, text := ask(s.Base+target, login); answer.StatusCode >= 500 || strings.Contains(text, "/calendars/bob/") || strings.Contains(text, "root:") {
			t.Errorf("PROPFIND %s: status %d, %.300s", target, answer.StatusCode, text)
		}
	}
}

// bodyCutOff: a client that goes away in the middle of a PUT leaves nothing behind.
func (s *Site) bodyCutOff(t *testing.T) {
	body := event("cut", 40000)
	for _, head := range []string{fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body[:30000]), fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", 30000, body[:30000])} {
		c := s.dial(t)
		if _, err := fmt.Fprintf(c, "PUT %s/calendars/ann/calendar/cut.ics HTTP/1.1\r\nHost: %s\r\nContent-Type: text/calendar\r\nAuthorization: Basic %s\r\n%s",
			s.Base, s.host, base64.StdEncoding.EncodeToString([]byte("ann:ann")), head); err != nil {
			t.Fatal(err)
		}
		// Half closed, so that whatever is answered can be waited for.
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if answer, err := http.ReadResponse(bufio.NewReader(c), nil); err == nil {
			answer.Body.Close()
			if answer.StatusCode < 400 {
				t.Errorf("a PUT that was cut off: status %d", answer.StatusCode)
			}
		}
		c.Close()
	}
	client := s.Client()
	defer client.CloseIdleConnections()
	if answer, _, err := s.Do(client, "ann", "GET", "/calendars/ann/calendar/cut.ics", nil, nil); err != nil || answer.StatusCode != http.StatusNotFound {
		t.Errorf("GET of what was cut off: %v, error %v, want 404", answer, err)
	}
}

// userName: a name is the same however it comes: beyond ASCII, with an at sign.
func (s *Site) userName(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	const user = "jürgen@example.org"
	status, who, err := s.Who(client, user, "/")
	if plain, _ := url.PathUnescape(who); err != nil || status != http.StatusMultiStatus || plain != user {
		t.Errorf("%s: status %d, user %q, error %v", user, status, who, err)
		return
	}
	if status, again, err := s.Who(client, user, "/calendars/"+who+"/"); err != nil || status != http.StatusMultiStatus || again != who {
		t.Errorf("the home of %s: status %d, user %q, error %v", user, status, again, err)
	}
}

// noCompression: the examples switch off what the site has switched on for everything, and the tag stays the same.
func (s *Site) noCompression(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	put, _, err := s.Do(client, "ann", "PUT", "/calendars/ann/calendar/plain.ics", eventHeader, strings.NewReader(event("plain", 20000)))
	if err != nil {
		t.Fatal(err)
	}
	get, _, err := s.Do(client, "ann", "GET", "/calendars/ann/calendar/plain.ics", map[string]string{"Accept-Encoding": "gzip, deflate"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if get.StatusCode != http.StatusOK || get.Header.Get("ETag") != put.Header.Get("ETag") {
		t.Errorf("PUT gave ETag %q, GET with Accept-Encoding: gzip status %d, ETag %q", put.Header.Get("ETag"), get.StatusCode, get.Header.Get("ETag"))
	}
}

// otherSites: a page of another site cannot write with the login that a browser remembers; one of ours can.
func (s *Site) otherSites(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	for origin, status := range map[string]int{s.Origin(): http.StatusCreated, "https://evil.example": http.StatusForbidden, "null": http.StatusForbidden} {
		header := map[string]string{"Origin": origin, "Content-Type": eventHeader["Content-Type"]}
		if origin != s.Origin() {
			header["Sec-Fetch-Site"] = "cross-site"
		}
		answer, _, err := s.Do(client, "ann", "PUT", "/calendars/ann/calendar/origin.ics", header, strings.NewReader(event("origin", 0)))
		if err != nil || answer.StatusCode != status {
			t.Errorf("PUT with Origin: %s: %v, error %v, want %d", origin, answer, err, status)
		}
	}
}

// CheckCertificates is for a front that knows users by their certificates.
func (s *Site) CheckCertificates(t *testing.T) {
	for _, user := range []string{"ann", "bob"} {
		client := s.Client()
		client.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{s.Place.UserCertificate(t, user)}
		if status, who, err := s.Who(client, "", "/"); err != nil || status != http.StatusMultiStatus || who != user {
			t.Errorf("certificate of %s: status %d, user %q, error %v", user, status, who, err)
		}
		// A password beside it says nothing.
		if status, who, err := s.Who(client, "admin:anything", "/"); err != nil || status != http.StatusMultiStatus || who != user {
			t.Errorf("certificate of %s and another name: status %d, user %q, error %v", user, status, who, err)
		}
		client.CloseIdleConnections()
	}
	client := s.Client()
	defer client.CloseIdleConnections()
	for _, user := range []string{"", "ann"} {
		if status, who, err := s.Who(client, user, "/"); err != nil || who != "" || status != http.StatusUnauthorized && status != http.StatusForbidden {
			t.Errorf("%q without a certificate: status %d, user %q, error %v, want 401 or 403", user, status, who, err)
		}
	}
	s.wellKnown(t)
}

// CheckNobody is for a front that does not check passwords: whoever a client says it is, it is nobody.
func (s *Site) CheckNobody(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	for _, user := range []string{"", "ann", "ann:wrong", "admin:anything"} {
		for _, path := range []string{"/", "/calendars/ann/", "/public/"} {
			if status, who, err := s.Who(client, user, path); err != nil || status != http.StatusUnauthorized || who != "" {
				t.Errorf("PROPFIND %s as %q: status %d, user %q, error %v, want 401", path, user, status, who, err)
			}
		}
	}
}

// CheckHidden: what lies in the web space and is nobody's business is not handed out, to users neither.
func (s *Site) CheckHidden(t *testing.T, paths ...string) {
	client := s.Client()
	defer client.CloseIdleConnections()
	for _, path := range paths {
		for _, user := range []string{"", "ann"} {
			if answer, text, err := s.do(client, user, "GET", s.Origin()+path, nil, nil); err != nil || answer.StatusCode < 400 || answer.StatusCode >= 500 {
				t.Errorf("GET %s as %q: %v, error %v, %.100q", path, user, answer, err, text)
			}
		}
	}
}

// CheckGzip is for a variant in which the front does compress: the changed tags it sends are good to write with.
func (s *Site) CheckGzip(t *testing.T) {
	client := s.Client()
	defer client.CloseIdleConnections()
	const path = "/calendars/ann/calendar/zipped.ics"
	zip := map[string]string{"Accept-Encoding": "gzip"}
	put, _, err := s.Do(client, "ann", "PUT", path, eventHeader, strings.NewReader(event("zipped", 20000)))
	if err != nil || put.StatusCode != http.StatusCreated {
		t.Fatalf("PUT: %v, error %v", put, err)
	}
	get, _, err := s.Do(client, "ann", "GET", path, zip, nil)
	if err != nil {
		t.Fatal(err)
	}
	tag := get.Header.Get("ETag")
	if get.Header.Get("Content-Encoding") != "gzip" || tag == "" || tag == put.Header.Get("ETag") {
		t.Fatalf("GET: Content-Encoding %q, ETag %q: this front does not compress, or changes no tag", get.Header.Get("Content-Encoding"), tag)
	}
	want := func(method, condition, tag string, status int) {
		t.Helper()
		header := map[string]string{"Accept-Encoding": "gzip", condition: tag}
		var body io.Reader
		if method == "PUT" {
			header["Content-Type"] = eventHeader["Content-Type"]
			body = strings.NewReader(event("zipped", 21000))
		}
		answer, _, err := s.Do(client, "ann", method, path, header, body)
		if err != nil || answer.StatusCode != status {
			t.Errorf("%s with %s: %s: %v, error %v, want %d", method, condition, tag, answer, err, status)
		}
	}
	want("GET", "If-None-Match", tag, http.StatusNotModified)
	want("PUT", "If-Match", strings.Replace(tag, `"`, `"x`, 1), http.StatusPreconditionFailed)
	want("PUT", "If-Match", tag, http.StatusNoContent)
	want("PUT", "If-Match", tag, http.StatusPreconditionFailed) // that tag is the old one now
	want("DELETE", "If-Match", tag, http.StatusPreconditionFailed)
}

// CheckHTTP2: the same service over HTTP/2, which has no chunks.
func (s *Site) CheckHTTP2(t *testing.T) {
	transport := s.transport()
	transport.ForceAttemptHTTP2 = true
	client := &http.Client{Transport: transport, Timeout: patience, CheckRedirect: noRedirect}
	defer client.CloseIdleConnections()
	body := event("two", 1<<20)
	answer, _, err := s.Do(client, "ann", "PUT", "/calendars/ann/calendar/two.ics", eventHeader, io.MultiReader(strings.NewReader(body)))
	if err != nil || answer.StatusCode != http.StatusCreated || answer.ProtoMajor != 2 {
		t.Fatalf("PUT: %v, error %v, want 201 over HTTP/2", answer, err)
	}
	if answer, text, err := s.Do(client, "ann", "GET", "/calendars/ann/calendar/two.ics", nil, nil); err != nil || text != body {
		t.Errorf("GET: %v, error %v", answer, err)
	}
	if status, who, err := s.Who(client, "bob", "/"); err != nil || status != http.StatusMultiStatus || who != "bob" {
		t.Errorf("PROPFIND: status %d, user %q, error %v", status, who, err)
	}
}

// event is a calendar object with its UID and at least size octets.
func event(uid string, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example Corp.//CalDAV Client//EN\r\nBEGIN:VEVENT\r\nUID:%s@example.com\r\n"+
		"DTSTAMP:20260101T000000Z\r\nDTSTART:20260105T100000Z\r\nDURATION:PT1H\r\nSUMMARY:Meeting\r\n", uid)
	if size > 0 {
		b.WriteString("DESCRIPTION:x\r\n")
		for b.Len() < size {
			b.WriteString(" 0123456789012345678901234567890123456789012345678901234567890123456789\r\n")
		}
	}
	b.WriteString("END:VEVENT\r\nEND:VCALENDAR\r\n")
	return b.String()
}
