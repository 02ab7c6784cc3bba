package dav_test

import (
	"net/http"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/store/storetest"
)

// No string of a client becomes a file name, and no path leads out of the tree of the rows.
func TestSecurity_PathsLeadNowhereElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(207, "ann", "PROPFIND", "/", "", "Depth", "0")
	for _, path := range []string{"/calendars/ann/../bob/calendar/", "/calendars/ann/%2e%2e/bob/", "/calendars/ann/./calendar/", "/calendars//ann/", "/calendars/ann/calendar/%00.ics",
		"/calendars/ann/calendar/%ff.ics", "/calendars/ann/calendar/%ef%bf%bf.ics", "/calendars/ann/calendar/" + strings.Repeat("x", 1025), "/" + strings.Repeat("x/", 40),
		"/calendars/ann/calendar/%01.ics"} {
		for _, method := range []string{"GET", "PUT", "DELETE", "PROPFIND", "MKCALENDAR", "MOVE"} {
			a := w.do("ann", method, path, "", "Destination", "/calendars/ann/calendar/y.ics", "Depth", "0")
			if a.Code != http.StatusBadRequest {
				t.Errorf("%s %.60s: %d, want 400", method, path, a.Code)
			}
		}
	}
	// A slash or a backslash in a segment is data, and the name of an object is nothing but a name.
	for i, name := range []string{"..%2f..%2fetc%2fpasswd", "..%5c..%5cboot.ini", "a%2f", "%2e%2e%2e", "-", "%20", "%0d%0aSet-Cookie:%20x", "'%3b%20DROP%20TABLE%20object%3b--",
		"%25", "_", "%22quoted%22%3b%20filename=x.html", "%c3%a4%f0%9d%84%9e", "x.html", "%7f", strings.Repeat("x", 1024)} {
		path := "/calendars/ann/calendar/" + name
		w.want(201, "ann", "PUT", path, event("u-"+string(rune('a'+i)), "DTSTART:20260101T090000Z"))
		a := w.want(200, "ann", "GET", path, "")
		if d := a.Header().Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || strings.ContainsAny(d, "\r\n") {
			t.Errorf("GET %.60s: Content-Disposition %q", path, d)
		}
		if a := w.want(207, "ann", "PROPFIND", path, "", "Depth", "0"); strings.Count(a.Body.String(), "<d:response>") != 1 {
			t.Errorf("PROPFIND %.60s: %s", path, a.Body)
		}
	}
	if a := w.want(207, "ann", "PROPFIND", "/calendars/ann/calendar/", "", "Depth", "1"); strings.Count(a.Body.String(), "<d:response>") != 16 {
		t.Errorf("%d responses, want 16", strings.Count(a.Body.String(), "<d:response>"))
	}
}

// A user's name is compared as it is: it is no pattern, no path, no SQL.
func TestSecurity_UserNamesAreNoPatterns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/x.ics", event("x", "DTSTART:20260101T090000Z"))
	for _, user := range []string{".*", "%", "_nn", "ANN", "ann ", " ann", "ann\t", "ann%00", "..", ".", "a/../ann", "ann/calendar", "' OR '1'='1", "*", "^ann$", "ａnn", "ann@example.com", "ann\u200b"} {
		for _, path := range []string{"/calendars/ann/", "/calendars/ann/calendar/", "/calendars/ann/calendar/x.ics"} {
			for _, method := range []string{"GET", "PROPFIND", "DELETE", "PROPPATCH"} {
				a := w.do(user, method, path, "", "Depth", "0")
				if a.Code != http.StatusForbidden || strings.Contains(a.Body.String(), "VEVENT") {
					t.Errorf("%s %s as %q: %d, want 403", method, path, user, a.Code)
				}
			}
		}
		w.want(207, user, "PROPFIND", "/", propfindBody("<d:current-user-principal/>"), "Depth", "0")
	}
}

// Identity is the request's: nothing of it stays with the connection, the handler or its caches.
func TestSecurity_TwoUsersInTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, u := range []string{"ann", "bob"} {
		w.want(201, u, "PUT", "/calendars/"+u+"/calendar/x.ics", event("of-"+u, "DTSTART:20260101T090000Z"))
	}
	for range 5 {
		w.want(200, "ann", "GET", "/calendars/ann/calendar/x.ics", "")
		w.want(403, "bob", "GET", "/calendars/ann/calendar/x.ics", "")
		w.want(401, "", "GET", "/calendars/ann/calendar/x.ics", "")
		w.want(200, "bob", "GET", "/calendars/bob/calendar/x.ics", "")
		for _, u := range []string{"ann", "bob"} {
			a := w.want(207, u, "PROPFIND", "/", propfindBody("<d:current-user-principal/>"), "Depth", "0")
			if !strings.Contains(a.Body.String(), "/principals/users/"+u+"/") {
				t.Errorf("as %s: %s", u, a.Body)
			}
		}
	}
}

// Only REMOTE_USER, which the front turns into the Caller, says who it is.
func TestSecurity_HeadersAreNoIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/x.ics", event("x", "DTSTART:20260101T090000Z"))
	forged := []string{"Authorization", "Basic YW5uOmFubg==", "Remote-User", "ann", "X-Remote-User", "ann", "X-Forwarded-User", "ann", "Remote_User", "ann", "X-Auth-Request-User", "ann",
		"Cookie", "user=ann", "Proxy", "http://evil/"}
	w.want(401, "", "GET", "/calendars/ann/calendar/x.ics", "", forged...)
	w.want(403, "bob", "GET", "/calendars/ann/calendar/x.ics", "", forged...)
}

// There is one gate, and neither the query nor an override of the method leads around it.
func TestSecurity_NoWayAroundTheGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/x.ics", event("x", "DTSTART:20260101T090000Z"))
	for _, q := range []string{"?export", "?sabreAction=asset&assetName=x", "?action=delete", "?_method=DELETE", "?user=ann", "?REMOTE_USER=ann", "?export=1&user=ann", "?login"} {
		for _, path := range []string{"/calendars/ann/calendar/", "/calendars/ann/calendar/x.ics", "/calendars/ann/"} {
			for user, want := range map[string]int{"": 401, "bob": 403} {
				a := w.want(want, user, "GET", path+q, "", "X-HTTP-Method-Override", "OPTIONS", "X-Method-Override", "OPTIONS", "Accept", "text/calendar")
				if strings.Contains(a.Body.String(), "VEVENT") {
					t.Errorf("GET %s as %q shows %s", path+q, user, a.Body)
				}
			}
		}
	}
	w.do("ann", "GET", "/calendars/ann/calendar/x.ics?_method=DELETE", "", "X-HTTP-Method-Override", "DELETE")
	w.do("ann", "OPTIONS", "/calendars/ann/calendar/x.ics", "", "X-HTTP-Method-Override", "DELETE")
	w.want(200, "ann", "GET", "/calendars/ann/calendar/x.ics", "")
	for _, method := range []string{"get", "Get", "GET ", "TRACE", "CONNECT", "PATCH", "SUBSCRIBE"} {
		r, _ := http.NewRequest("GET", "http://cal.example.com/calendars/ann/calendar/x.ics", nil)
		r.Method = method
		if a := w.send("bob", r); a.Code < 400 {
			t.Errorf("%q: %d", method, a.Code)
		}
	}
}

// What is there and may not be seen looks like what is not there, to the last octet and statement.
func TestSecurity_NoOracleOfExistence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/x.ics", event("x", "DTSTART:20260101T090000Z"))
	w.want(201, "bob", "PUT", "/calendars/bob/calendar/x.ics", event("y", "DTSTART:20260101T090000Z"))
	const lockBody = `<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><write/></locktype></lockinfo>`
	token := strings.Trim(w.want(200, "ann", "LOCK", "/calendars/ann/calendar/", lockBody).Header().Get("Lock-Token"), "<>")
	for _, c := range []struct{ there, absent string }{
		{"/calendars/ann/calendar/x.ics", "/calendars/ann/calendar/z.ics"},
		{"/calendars/ann/calendar/x.ics", "/calendars/zoe/calendar/x.ics"},
		{"/calendars/ann/calendar/", "/calendars/ann/absentee/"},
		{"/calendars/ann/calendar/", "/calendars/zoe/calendar/"},
		{"/calendars/ann/", "/calendars/zoe/"},
	} {
		for _, m := range []struct {
			method, body string
			header       []string
		}{
			{"GET", "", nil}, {"HEAD", "", nil}, {"DELETE", "", nil}, {"OPTIONS", "", nil}, {"GET", "", []string{"Accept", "text/html"}},
			{"GET", "", []string{"If-None-Match", "*"}}, {"PUT", event("q", "DTSTART:20260101T090000Z"), nil},
			{"PUT", event("q", "DTSTART:20260101T090000Z"), []string{"If-None-Match", "*"}}, {"PUT", event("q", "DTSTART:20260101T090000Z"), []string{"If-Match", "*"}},
			{"PUT", "rubbish", nil}, {"POST", event("q", "DTSTART:20260101T090000Z"), []string{"Content-Type", "text/calendar"}},
			{"PROPFIND", "", []string{"Depth", "0"}}, {"PROPFIND", "", []string{"Depth", "1"}}, {"PROPFIND", "", nil},
			{"PROPPATCH", `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>x</d:displayname></d:prop></d:set></d:propertyupdate>`, nil},
			{"MKCALENDAR", "", nil}, {"MKCOL", "", nil}, {"LOCK", "", nil}, {"ACL", "", nil},
			{"LOCK", lockBody, nil}, {"LOCK", lockBody, []string{"Depth", "0"}}, {"LOCK", "", []string{"If", "(<urn:uuid:x>)"}}, {"UNLOCK", "", []string{"Lock-Token", "<urn:uuid:x>"}},
			{"PUT", event("q", "DTSTART:20260101T090000Z"), []string{"If", "(<urn:uuid:x>)"}}, {"DELETE", "", []string{"If", `(Not ["x"])`}},
			{"COPY", "", []string{"Destination", "/calendars/bob/calendar/new.ics"}}, {"MOVE", "", []string{"Destination", "/calendars/bob/calendar/new.ics"}},
			{"REPORT", syncBody(""), nil}, {"REPORT", query("20260101T000000Z", "20270101T000000Z", ""), []string{"Depth", "1"}},
			{"REPORT", busyBody("20260101T000000Z", "20270101T000000Z"), []string{"Depth", "1"}},
			{"REPORT", `<c:calendar-multiget ` + caldavNS + `><d:prop><d:getetag/></d:prop><d:href>/x</d:href></c:calendar-multiget>`, nil},
		} {
			same(t, w, c.there, c.absent, func(path string) *http.Request { return request(m.method, path, m.body, m.header...) })
		}
		// And as a destination, a tag of an If header, or an href in a body.
		for _, list := range []string{`(["x"])`, `(Not ["x"])`, `(<` + token + `>)`, `(Not <` + token + `>)`} {
			same(t, w, c.there, c.absent, func(path string) *http.Request {
				return request("PROPPATCH", "/calendars/bob/calendar/x.ics", "", "If", "<"+path+"> "+list)
			})
		}
		for _, method := range []string{"COPY", "MOVE"} {
			for _, over := range []string{"T", "F"} {
				same(t, w, c.there, c.absent, func(path string) *http.Request {
					return request(method, "/calendars/bob/calendar/x.ics", "", "Destination", path, "Overwrite", over)
				})
			}
		}
		same(t, w, c.there, c.absent, func(path string) *http.Request {
			return request("REPORT", "/calendars/bob/calendar/", `<c:calendar-multiget `+caldavNS+`><d:prop><d:getetag/><c:calendar-data/></d:prop><d:href>`+path+`</d:href></c:calendar-multiget>`)
		})
	}
	w.want(200, "ann", "GET", "/calendars/ann/calendar/x.ics", "")
}

func request(method, path, body string, header ...string) *http.Request {
	r, err := http.NewRequest(method, "http://cal.example.com"+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

// same compares the answers for two addresses, as bob and as nobody.
func same(t *testing.T, w *world, there, absent string, make func(path string) *http.Request) {
	t.Helper()
	for _, user := range []string{"bob", ""} {
		r1, r2 := make(there), make(absent)
		a, b := w.send(user, r1), w.send(user, r2)
		names := strings.NewReplacer("zoe", "ann", "z.ics", "x.ics", "absentee", "calendar") // what the client itself has said
		one, two := a.Body.String(), names.Replace(b.Body.String())
		if a.Code != b.Code || one != two {
			t.Errorf("%s as %q: %s is told from %s: %d %s\n%d %s", r1.Method, user, there, absent, a.Code, one, b.Code, two)
		}
		for k := range a.Header() {
			if k != "Content-Length" && a.Header().Get(k) != b.Header().Get(k) {
				t.Errorf("%s as %q: %s differs in %s: %q, %q", r1.Method, user, there, k, a.Header().Get(k), b.Header().Get(k))
			}
		}
		if user != "" && a.Code < 300 && r1.Method != "OPTIONS" && r1.Method != "REPORT" {
			t.Errorf("%s %s as %s: %d", r1.Method, there, user, a.Code)
		}
		if n, m := w.log.of(idOf(r1)), w.log.of(idOf(r2)); n != m {
			t.Errorf("%s as %q: %d statements for %s, %d for %s", r1.Method, user, n, there, m, absent)
		}
	}
}

// Whatever a page of another site can make a browser send is refused where it could change something.
func TestSecurity_CrossSiteRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := event("x", "DTSTART:20260101T090000Z")
	for _, h := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
		{"Origin", "http://cal.example.com.evil.example"}, {"Origin", "http://cal.example.com:8081"}, {"Sec-Fetch-Site", "cross-site", "Origin", "http://cal.example.com"},
	} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PROPFIND", "PROPPATCH", "MKCALENDAR", "MKCOL", "MOVE", "COPY", "REPORT", "LOCK"} {
			for _, ct := range []string{"text/calendar", "text/plain", "application/xml", "application/x-www-form-urlencoded"} {
				w.want(403, "ann", method, "/calendars/ann/calendar/", body, append(h, "Content-Type", ct, "Destination", "/calendars/ann/other/")...)
			}
		}
		if a := w.want(200, "ann", "OPTIONS", "/calendars/ann/calendar/", "", append(h, "Access-Control-Request-Method", "PUT")...); a.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%v: a preflight is answered with %v", h, a.Header())
		}
	}
	// Where a browser sends neither header, a form still has none but these types.
	for _, ct := range []string{"", "text/plain", "TEXT/PLAIN; charset=utf-8", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"} {
		w.want(415, "ann", "POST", "/calendars/ann/calendar/", body, "Content-Type", ct)
	}
	w.want(201, "ann", "POST", "/calendars/ann/calendar/", body, "Content-Type", "text/calendar")
	w.want(201, "ann", "POST", "/calendars/ann/calendar/", event("y", "DTSTART:20260101T090000Z"), "Content-Type", "text/calendar", "Origin", "http://cal.example.com")
	w.want(201, "ann", "POST", "/calendars/ann/calendar/", event("z", "DTSTART:20260101T090000Z"), "Content-Type", "text/calendar", "Sec-Fetch-Site", "same-origin")
}

// GET changes nothing, whatever its query says.
func TestSecurity_ReadingWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/x.ics", event("x", "DTSTART:20260101T090000Z"))
	w.want(207, "ann", "PROPFIND", "/", "", "Depth", "0")
	before := storetest.Dump(t, w.db)
	for _, path := range []string{"/", "/calendars/ann/", "/calendars/ann/calendar/", "/calendars/ann/calendar/?export", "/calendars/ann/calendar/x.ics", "/principals/users/ann/", "/.well-known/caldav"} {
		for _, q := range []string{"", "?delete=1", "?action=remove&confirm=yes"} {
			for _, accept := range []string{"text/html", "text/calendar", "*/*"} {
				w.do("ann", "GET", path+q, "", "Accept", accept)
				w.do("ann", "HEAD", path+q, "", "Accept", accept)
			}
		}
	}
	if after := storetest.Dump(t, w.db); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// Every answer carries what keeps a browser from running anything in it.
func TestSecurity_HeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	script := `<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>`
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/x.html", event("x", "DTSTART:20260101T090000Z", "SUMMARY:"+script, "DESCRIPTION:<svg onload=alert(1)>"))
	w.want(207, "ann", "PROPPATCH", "/calendars/ann/calendar/", `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>&lt;script>alert(1)&lt;/script></d:displayname><x xmlns="u:x">`+script+`</x></d:prop></d:set></d:propertyupdate>`)
	for _, c := range []struct {
		status             int
		user, method, path string
		body               string
		header             []string
	}{
		{200, "ann", "GET", "/calendars/ann/calendar/x.html", "", nil},
		{200, "ann", "HEAD", "/calendars/ann/calendar/x.html", "", nil},
		{200, "ann", "GET", "/calendars/ann/calendar/x.html", "", []string{"Accept", "text/html"}},
		{200, "ann", "GET", "/calendars/ann/calendar/?export", "", nil},
		{304, "ann", "GET", "/calendars/ann/calendar/x.html", "", []string{"If-None-Match", "*"}},
		{200, "ann", "GET", "/calendars/ann/calendar/", "", []string{"Accept", "text/html"}},
		{200, "ann", "GET", "/", "", []string{"Accept", "text/html"}},
		{207, "ann", "PROPFIND", "/calendars/ann/calendar/", "", []string{"Depth", "1"}},
		{207, "ann", "REPORT", "/calendars/ann/calendar/", query("20260101T000000Z", "20270101T000000Z", ""), []string{"Depth", "1"}},
		{200, "ann", "REPORT", "/calendars/ann/calendar/", busyBody("20260101T000000Z", "20270101T000000Z"), []string{"Depth", "1"}},
		{401, "", "GET", "/calendars/ann/", "", nil},
		{403, "bob", "GET", "/calendars/ann/", "", nil},
		{403, "ann", "POST", "/", "", []string{"Origin", "https://evil.example"}},
		{404, "ann", "GET", "/calendars/ann/calendar/none.ics", "", nil},
		{404, "ann", "GET", "/none%3Cscript%3E", "", nil},
		{405, "ann", "MKCOL", "/calendars/ann/calendar/", "", nil},
		{400, "ann", "GET", "/a//b", "", nil},
		{400, "ann", "PROPFIND", "/", "<a", []string{"Depth", "0"}},
		{412, "ann", "PUT", "/calendars/ann/calendar/x.html", event("x", "DTSTART:20260101T090000Z"), []string{"If-None-Match", "*"}},
		{403, "ann", "PUT", "/calendars/ann/calendar/y.ics", "<html>", nil},
		{501, "ann", "BREW", "/", "", nil},
		{301, "", "GET", "/.well-known/caldav", "", nil},
		{301, "", "PROPFIND", "/.well-known/caldav", "", nil},
		{200, "", "OPTIONS", "/", "", nil},
		{204, "ann", "DELETE", "/calendars/ann/calendar/x.html", "", nil},
	} {
		a := w.want(c.status, c.user, c.method, c.path, c.body, c.header...)
		h := a.Header()
		csp := h.Get("Content-Security-Policy")
		switch {
		case h.Get("X-Content-Type-Options") != "nosniff", h.Get("Cross-Origin-Resource-Policy") != "same-origin":
			t.Errorf("%s %s: %d: headers %v", c.method, c.path, a.Code, h)
		case !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") || strings.Contains(csp, "script-src"):
			t.Errorf("%s %s: %d: policy %q", c.method, c.path, a.Code, csp)
		case a.Body.Len() > 0 && h.Get("Content-Type") == "":
			t.Errorf("%s %s: %d: a body without a type", c.method, c.path, a.Code)
		}
		if ct := h.Get("Content-Type"); strings.HasPrefix(ct, "text/html") {
			if c.header == nil || strings.Contains(a.Body.String(), "<script") || strings.Contains(a.Body.String(), "<svg") {
				t.Errorf("%s %s: %s", c.method, c.path, a.Body)
			}
		} else if !strings.Contains(csp, "sandbox") {
			t.Errorf("%s %s: %d %s: no sandbox: %q", c.method, c.path, a.Code, ct, csp)
		}
		if ct := h.Get("Content-Type"); a.Code == 200 && c.method == "GET" && strings.HasPrefix(ct, "text/calendar") && !strings.HasPrefix(h.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s %s: a stored body is no attachment: %v", c.method, c.path, h)
		}
		if a.Code == 401 && h.Get("WWW-Authenticate") == "" {
			t.Errorf("%s %s: 401 without a challenge", c.method, c.path)
		}
	}
}

// A text that became a line of the export is still one line.
func TestSecurity_NoLineBreaksOutOfProperties(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	evil := "x&#13;&#10;BEGIN:VEVENT&#13;&#10;UID:evil"
	w.want(207, "ann", "PROPPATCH", "/calendars/ann/calendar/", `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>`+evil+
		`</d:displayname><calendar-color xmlns="http://apple.com/ns/ical/">`+evil+`</calendar-color></d:prop></d:set></d:propertyupdate>`)
	if a := w.want(200, "ann", "GET", "/calendars/ann/calendar/?export", ""); strings.Contains(a.Body.String(), "\nBEGIN:VEVENT") || strings.Contains(a.Body.String(), "\nUID") {
		t.Errorf("%s", a.Body)
	}
}

func TestSecurity_RedirectsStayHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{"/.well-known/caldav", "/.well-known/caldav/", "/.well-known/caldav?x=//evil.example/"} {
		a := w.do("", "GET", path, "", "Host", "evil.example", "X-Forwarded-Host", "evil.example")
		if l := a.Header().Get("Location"); a.Code/100 == 3 && (!strings.HasPrefix(l, "/") || strings.HasPrefix(l, "//") || strings.Contains(l, "evil")) {
			t.Errorf("%s: Location %q", path, l)
		}
	}
	for _, d := range []string{"http://evil.example/calendars/ann/calendar/y.ics", "//evil.example/y.ics", "ftp://x/y", "javascript:1", "", "y.ics", "http://", "http://[::1/", "/%zz", "/calendars/ann/../x",
		"http://cal.example.com", "/calendars/ann/calendar/y.ics\r\nX: y", strings.Repeat("/x", 4000)} {
		for _, m := range []string{"MOVE", "COPY"} {
			if a := w.do("ann", m, "/calendars/ann/calendar/", "", "Destination", d); a.Code < 400 {
				t.Errorf("%s to %.60q: %d", m, d, a.Code)
			}
		}
	}
}

func TestSecurity_OnlyTheBasePathLeadsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]int{"/dav/": 207, "/dav": 207, "/davos/": 404, "/dav/../": 400, "/dav%2f": 404, "/other": 404, "/DAV/": 404} {
		r := request("PROPFIND", path, "", "Depth", "0")
		r = r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann", Base: "/dav"}))
		a := recorded(w, r)
		if a.Code != want {
			t.Errorf("%s: %d, want %d", path, a.Code, want)
		}
	}
}
