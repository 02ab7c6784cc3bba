package dav_test

import (
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/store/storetest"
)

func aclOf(who, verdict string, what ...string) string {
	return `<d:acl ` + caldavNS + `><d:ace><d:principal>` + who + `</d:principal><d:` + verdict + `><d:privilege><` + strings.Join(what, `/></d:privilege><d:privilege><`) + `/></d:privilege></d:` + verdict + `></d:ace></d:acl>`
}

const toBob = `<d:href>/principals/users/bob/</d:href>`

// Where some of it is granted, the rest is guarded by the same gate: no query, no override, no media type and no name of a
// method leads to more than the privileges that there are.
func TestSecurity_NoWayAroundTheGateForGuests(t *testing.T) {
	t.Parallel()
	w := worldOf(t, storetest.Open(t), dav.Options{Files: true})
	w.want(207, "bob", "PROPFIND", "/", "", "Depth", "0")
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/x.ics", event("x", "DTSTART:20260101T090000Z"))
	w.want(200, "ann", "ACL", "/calendars/ann/calendar/", `<d:acl `+caldavNS+`><d:ace><d:principal><d:all/></d:principal><d:grant><d:privilege><d:read/></d:privilege></d:grant></d:ace></d:acl>`)
	before := storetest.Dump(t, w.db)
	for _, user := range []string{"bob", ""} {
		for _, q := range []string{"", "?export", "?_method=DELETE&action=delete", "?sabreAction=asset&user=ann&login=ann"} {
			for _, h := range [][]string{{}, {"X-HTTP-Method-Override", "DELETE"}, {"X-Method-Override", "PUT"}, {"Content-Type", "application/x-www-form-urlencoded"}, {"Content-Type", "text/calendar"},
				{"X-Remote-User", "ann"}, {"Authorization", "Basic YW5uOmFubg=="}, {"Accept", "text/html"}, {"Accept", "application/calendar+json"}, {"If", "(Not <DAV:no-lock>)"}} {
				for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PROPPATCH", "ACL", "MKCOL", "MKCALENDAR", "LOCK", "UNLOCK", "COPY", "MOVE", "PATCH", "SUBSCRIBE", "TRACE", "acl", "Delete"} {
					for _, path := range []string{"/calendars/ann/calendar/", "/calendars/ann/calendar/x.ics", "/calendars/ann/new/"} {
						a := w.do(user, method, path+q, "", append(h, "Destination", "/calendars/ann/calendar/y.ics")...)
						if reading := method == "GET" || method == "HEAD" || method == "OPTIONS"; a.Code < 300 && !reading {
							t.Errorf("%s %s as %q %v: %d", method, path+q, user, h, a.Code)
						}
					}
				}
			}
		}
	}
	if after := storetest.Dump(t, w.db); after != before {
		t.Errorf("before:\n%.2000s\nafter:\n%.2000s", before, after)
	}
}

// What somebody was given of a resource while he had rights (its ETag, a sync token, a lock) gives him nothing when he has none any more.
func TestSecurity_NothingKeptOutlivesItsRights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const cal, object = "/calendars/ann/calendar/", "/calendars/ann/calendar/x.ics"
	w.want(207, "bob", "PROPFIND", "/", "", "Depth", "0")
	w.want(201, "ann", "PUT", object, event("x", "DTSTART:20260101T090000Z"))
	w.want(200, "ann", "ACL", cal, aclOf(toBob, "grant", "d:all"))
	tag := w.want(200, "bob", "GET", object, "").Header().Get("ETag")
	token := readMulti(t, w.want(207, "bob", "REPORT", cal, syncBody(""))).Token
	lock := w.want(200, "bob", "LOCK", object, lockInfo).Header().Get("Lock-Token")
	w.want(200, "ann", "ACL", cal, `<d:acl xmlns:d="DAV:"/>`)
	changed := event("x", "DTSTART:20260101T100000Z")
	for _, c := range []struct {
		method, path, body string
		header             []string
	}{
		{"GET", object, "", []string{"If-None-Match", tag}}, {"GET", object, "", []string{"If-Match", tag}}, {"PUT", object, changed, []string{"If-Match", tag, "If", "(" + lock + ")"}},
		{"DELETE", object, "", []string{"If", "(" + lock + ")"}}, {"REPORT", cal, syncBody(token), nil}, {"PROPFIND", object, "", []string{"Depth", "0", "If", "(" + lock + ")"}},
		{"LOCK", object, "", []string{"If", "(" + lock + ")"}}, {"ACL", cal, aclOf(toBob, "grant", "d:all"), []string{"If", "<" + object + "> (" + lock + ")"}},
		{"PROPPATCH", "/calendars/bob/calendar/", "", []string{"If", "<" + object + "> ([" + tag + "])"}},
	} {
		a := w.do("bob", c.method, c.path, c.body, c.header...)
		if a.Code != 403 && a.Code != 412 {
			t.Errorf("%s %s: %d: %s", c.method, c.path, a.Code, a.Body)
		}
	}
	w.want(204, "bob", "UNLOCK", object, "", "Lock-Token", lock) // RFC 3744 §3.5: that he may
	w.want(204, "ann", "PUT", object, changed)
}

// Whoever may change a list cannot lift himself above its owner, nor above what is protected.
func TestSecurity_WhoMayWriteTheListIsNoOwner(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const cal = "/calendars/ann/calendar/"
	w.want(207, "bob", "PROPFIND", "/", "", "Depth", "0")
	w.want(201, "ann", "PUT", cal+"x.ics", event("x", "DTSTART:20260101T090000Z"))
	w.want(200, "ann", "ACL", cal, aclOf(toBob, "grant", "d:read", "d:read-acl", "d:write-acl"))
	for _, who := range []string{`<d:href>/principals/users/ann/</d:href>`, `<d:property><d:owner/></d:property>`} {
		w.want(403, "bob", "ACL", cal, aclOf(who, "deny", "d:write"))
	}
	w.want(200, "bob", "ACL", cal, aclOf(`<d:all/>`, "deny", "d:all"))
	w.want(204, "ann", "PUT", cal+"x.ics", event("x", "DTSTART:20260101T100000Z"))
	w.want(403, "bob", "GET", cal+"x.ics", "")
	w.want(200, "ann", "ACL", cal, aclOf(toBob, "grant", "d:all"))
	// The calendar's list is not that of the home, nor of what else is in it.
	w.want(200, "bob", "ACL", cal+"x.ics", aclOf(toBob, "grant", "d:all"))
	for _, path := range []string{"/calendars/ann/", "/calendars/ann/tasks/", "/addressbooks/ann/"} {
		w.want(403, "bob", "ACL", path, aclOf(toBob, "grant", "d:all"))
	}
}
