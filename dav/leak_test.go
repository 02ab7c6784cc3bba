package dav_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/store/storetest"
)

// secret stands in all that is not for others: in texts, names that people give, UIDs, properties, owners of locks.
const secret = "TOPSECRET"

// vault is what ann keeps. Everything below hidden is nobody's business; of what lies in open, all is but hidden.ics.
type vault struct {
	*world
	hidden []string // resources that are there, and nobody else may know of
	tags   []string // ETags and tokens of all that is hidden
}

func newVault(t *testing.T) *vault {
	v := &vault{world: worldOf(t, storetest.Open(t), dav.Options{Files: true})}
	for _, user := range []string{"ann", "bob", "cat", "dan"} {
		v.want(207, user, "PROPFIND", "/", "", "Depth", "0")
	}
	ev := func(uid string) string { return event(secret+uid, "DTSTART:20260101T090000Z", "SUMMARY:"+secret) }
	put := func(path, body, media string) {
		a := v.want(201, "ann", "PUT", path, body, "Content-Type", media)
		v.hidden, v.tags = append(v.hidden, path), append(v.tags, strings.Trim(a.Header().Get("ETag"), `"`))
	}
	v.want(201, "ann", "MKCALENDAR", "/calendars/ann/hidden/", "")
	v.want(201, "ann", "MKCOL", "/files/ann/hidden/", "")
	v.hidden = append(v.hidden, "/calendars/ann/hidden/", "/files/ann/hidden/")
	put("/calendars/ann/hidden/x.ics", ev("x"), "text/calendar")
	put("/files/ann/hidden/x.txt", secret, "text/plain")
	if a := v.do("ann", "MKCOL", "/addressbooks/ann/hidden/", `<d:mkcol xmlns:d="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><d:set><d:prop><d:resourcetype><d:collection/><card:addressbook/></d:resourcetype></d:prop></d:set></d:mkcol>`); a.Code == 201 {
		v.hidden = append(v.hidden, "/addressbooks/ann/hidden/")
		put("/addressbooks/ann/hidden/x.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:"+secret+"\r\nFN:"+secret+"\r\nN:"+secret+";;;;\r\nEND:VCARD\r\n", "text/vcard")
	}
	props := `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>` + secret + `</d:displayname><x xmlns="u:x">` + secret + `</x></d:prop></d:set></d:propertyupdate>`
	for _, path := range v.hidden {
		v.do("ann", "PROPPATCH", path, props)
		a := v.do("ann", "LOCK", path, `<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><write/></locktype><owner>`+secret+`</owner></lockinfo>`, "Depth", "0")
		v.tags = append(v.tags, strings.Trim(a.Header().Get("Lock-Token"), "<>"))
		if strings.HasSuffix(path, "/") {
			v.tags = append(v.tags, readMulti(t, v.want(207, "ann", "REPORT", path, syncBody(""))).Token)
		}
	}
	// And what is granted to cat: a calendar but for one event in it, and when ann is busy by another.
	acl := func(path, verdict, what string) {
		v.want(200, "ann", "ACL", path, `<d:acl `+caldavNS+`><d:ace><d:principal><d:href>/principals/users/cat/</d:href></d:principal><d:`+verdict+`><d:privilege><`+what+`/></d:privilege></d:`+verdict+`></d:ace></d:acl>`)
	}
	v.want(201, "ann", "MKCALENDAR", "/calendars/ann/open/", "")
	v.want(201, "ann", "PUT", "/calendars/ann/open/seen.ics", event("seen", "DTSTART:20260101T090000Z"))
	acl("/calendars/ann/open/", "grant", "d:read")
	put("/calendars/ann/open/hidden.ics", event(secret, "DTSTART:20260201T090000Z", "SUMMARY:"+secret), "text/calendar")
	acl("/calendars/ann/open/hidden.ics", "deny", "d:all")
	card := func(name string) string {
		return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + name + "\r\nFN:" + name + "\r\nN:" + name + ";;;;\r\nEND:VCARD\r\n"
	}
	const book = `<d:mkcol xmlns:d="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><d:set><d:prop><d:resourcetype><d:collection/><card:addressbook/></d:resourcetype></d:prop></d:set></d:mkcol>`
	v.want(201, "ann", "MKCOL", "/addressbooks/ann/open/", book)
	v.want(201, "ann", "PUT", "/addressbooks/ann/open/seen.vcf", card("seen"), "Content-Type", "text/vcard")
	acl("/addressbooks/ann/open/", "grant", "d:read")
	put("/addressbooks/ann/open/hidden.vcf", card(secret), "text/vcard")
	acl("/addressbooks/ann/open/hidden.vcf", "deny", "d:all")
	v.want(201, "ann", "MKCOL", "/files/ann/open/", "")
	v.want(201, "ann", "PUT", "/files/ann/open/seen.txt", "seen")
	acl("/files/ann/open/", "grant", "d:read")
	put("/files/ann/open/hidden.txt", secret, "text/plain")
	acl("/files/ann/open/hidden.txt", "deny", "d:all")
	v.want(201, "ann", "MKCOL", "/files/ann/open/hidden/", "")
	acl("/files/ann/open/hidden/", "deny", "d:all")
	put("/files/ann/open/hidden/x.txt", secret, "text/plain")
	v.want(201, "ann", "MKCALENDAR", "/calendars/ann/busy/", "")
	v.want(201, "ann", "PUT", "/calendars/ann/busy/x.ics", ev("busy"))
	v.want(207, "ann", "PROPPATCH", "/calendars/ann/busy/", props)
	acl("/calendars/ann/busy/", "grant", "c:read-free-busy")
	return v
}

// question is one way to read something.
type question struct {
	method, body string
	header       []string
}

// questions are all ways there are, with and without what only somebody can know who has seen the resource.
func (v *vault) questions(hrefs ...string) []question {
	all := []question{{"OPTIONS", "", nil}, {"GET", "", nil}, {"HEAD", "", nil}, {"GET", "", []string{"Accept", "text/html"}}, {"GET", "", []string{"Accept", "text/calendar"}}, {"GET", "", []string{"Range", "bytes=0-3"}}}
	asked := map[string]bool{}
	for _, tag := range v.tags {
		kind := regexp.MustCompile(`[0-9a-f]+`).ReplaceAllString(tag, "")
		if asked[kind] { // one of a kind tells as much as all
			continue
		}
		asked[kind] = true
		all = append(all, question{"GET", "", []string{"If-None-Match", `"` + tag + `"`}}, question{"GET", "", []string{"If-Match", `"` + tag + `"`}},
			question{"PROPFIND", "", []string{"Depth", "0", "If", "(<" + tag + ">)"}}, question{"PROPFIND", "", []string{"Depth", "0", "If", `(Not ["` + tag + `"])`}},
			question{"UNLOCK", "", []string{"Lock-Token", "<" + tag + ">"}})
		if strings.Contains(tag, ":sync:") {
			all = append(all, question{"REPORT", syncBody(tag), nil})
		}
	}
	named := `<d:displayname/><d:getetag/><d:owner/><d:acl/><d:lockdiscovery/><d:sync-token/><d:resource-id/><d:quota-used-bytes/><d:group-membership/><x xmlns="u:x"/>`
	for _, body := range []string{"", `<d:propfind xmlns:d="DAV:"><d:propname/></d:propfind>`, propfindBody(named), `<d:propfind xmlns:d="DAV:"><d:allprop/><d:include><d:acl/><d:owner/></d:include></d:propfind>`} {
		for _, depth := range []string{"0", "1", "infinity"} {
			all = append(all, question{"PROPFIND", body, []string{"Depth", depth}})
		}
	}
	href := "<d:href>" + strings.Join(append(slices.Clone(v.hidden), hrefs...), "</d:href><d:href>") + "</d:href>"
	prop := `<d:prop>` + named + `<c:calendar-data/></d:prop>`
	for _, body := range []string{
		syncBody(""), strings.Replace(syncBody(""), "<d:sync-level>1", "<d:sync-level>infinite", 1), query("20250101T000000Z", "20270101T000000Z", "<c:calendar-data/>"), busyBody("20250101T000000Z", "20270101T000000Z"),
		`<c:calendar-query ` + caldavNS + `>` + prop + `<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>`,
		`<c:calendar-multiget ` + caldavNS + `>` + prop + href + `</c:calendar-multiget>`,
		`<card:addressbook-multiget xmlns:card="urn:ietf:params:xml:ns:carddav" xmlns:d="DAV:"><d:prop><d:getetag/><card:address-data/></d:prop>` + href + `</card:addressbook-multiget>`,
		`<card:addressbook-query xmlns:card="urn:ietf:params:xml:ns:carddav" xmlns:d="DAV:"><d:prop><d:getetag/><card:address-data/></d:prop><card:filter/></card:addressbook-query>`,
		`<d:expand-property xmlns:d="DAV:"><d:property name="owner"><d:property name="displayname"/></d:property><d:property name="acl"><d:property name="displayname"/></d:property></d:expand-property>`,
		`<d:acl-principal-prop-set xmlns:d="DAV:"><d:prop><d:displayname/></d:prop></d:acl-principal-prop-set>`,
		`<d:principal-match xmlns:d="DAV:"><d:self/><d:prop><d:displayname/></d:prop></d:principal-match>`,
	} {
		for _, depth := range []string{"0", "1", "infinity"} {
			all = append(all, question{"REPORT", body, []string{"Depth", depth}})
		}
	}
	return all
}

func (v *vault) ask(user, path string, q question) (code int, text string, statements int64) {
	r := request(q.method, path, q.body, q.header...)
	a := v.send(user, r)
	var h strings.Builder
	for _, name := range []string{"Allow", "Etag", "Dav", "Last-Modified", "Content-Type", "Content-Range", "Location", "Content-Location", "Www-Authenticate", "Lock-Token"} {
		fmt.Fprintf(&h, "%s: %s\n", name, a.Header().Get(name))
	}
	return a.Code, h.String() + a.Body.String(), v.log.of(idOf(r))
}

// Whatever is asked of what may not be seen, the answer is that of what is not there: its octets but for the address, its header, and
// the statements it took. Nothing of it shows.
func TestLeak_HiddenAndAbsentAreTheSame(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	absent := strings.NewReplacer("/ann/hidden/", "/zoe/hidden/")
	beside := strings.NewReplacer("/hidden/", "/absent/") // for cat, who knows of ann's home
	for _, path := range v.hidden {
		if strings.Contains(path, "/open/") {
			continue // its parent may be read: 403 and 404 are told apart
		}
		for _, q := range v.questions() {
			for user, other := range map[string]string{"bob": absent.Replace(path), "": absent.Replace(path), "cat": beside.Replace(path)} {
				code, text, n := v.ask(user, path, q)
				code2, text2, n2 := v.ask(user, other, q)
				text2 = strings.ReplaceAll(text2, strings.TrimSuffix(other, "/"), strings.TrimSuffix(path, "/"))
				if code != code2 || text != text2 {
					t.Errorf("%s %s as %q %v: %d %s\nand of %s: %d %s", q.method, path, user, q.header, code, text, other, code2, text2)
				}
				if n != n2 {
					t.Errorf("%s %s as %q: %d statements, and %d for %s", q.method, path, user, n, n2, other)
				}
				if code < 300 && q.method != "OPTIONS" {
					t.Errorf("%s %s as %q: %d", q.method, path, user, code)
				}
				v.nothing(text, q, path, user)
			}
		}
	}
}

// Nor does anything that would change it tell them apart, sent to it or naming it as a destination or in an If header.
func TestLeak_WritesTellNothing(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	for _, user := range []string{"bob", "cat"} {
		v.want(201, user, "PUT", "/calendars/"+user+"/calendar/mine.ics", event("mine", "DTSTART:20260101T090000Z"))
		v.want(201, user, "PUT", "/files/"+user+"/mine.txt", "mine")
	}
	absent := strings.NewReplacer("/ann/hidden/", "/zoe/hidden/")
	beside := strings.NewReplacer("/hidden/", "/absent/")
	body := event("new", "DTSTART:20260101T090000Z")
	questions := []question{
		{"PUT", body, []string{"Content-Type", "text/calendar"}}, {"PUT", body, []string{"If-None-Match", "*"}}, {"PUT", body, []string{"If-Match", "*", "Prefer", "return=representation"}},
		{"POST", body, []string{"Content-Type", "text/calendar"}}, {"DELETE", "", nil}, {"MKCOL", "", nil}, {"MKCALENDAR", "", nil}, {"LOCK", lockInfo, nil}, {"LOCK", lockInfo, []string{"Depth", "0"}}, {"LOCK", "", []string{"If", "(<urn:uuid:x>)"}},
		{"PROPPATCH", `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><x xmlns="u:x"/></d:prop></d:set></d:propertyupdate>`, nil}, {"ACL", `<d:acl xmlns:d="DAV:"/>`, nil}, {"UNLOCK", "", []string{"Lock-Token", "<urn:uuid:x>"}},
	}
	for _, user := range []string{"bob", "cat", ""} {
		for _, method := range []string{"COPY", "MOVE"} {
			questions = append(questions, question{method, "", []string{"Destination", "/calendars/" + user + "/calendar/new.ics"}}, question{method, "", []string{"Destination", "/files/" + user + "/new/", "Overwrite", "F"}})
		}
	}
	for _, path := range v.hidden {
		if strings.Contains(path, "/open/") {
			continue
		}
		for user, other := range map[string]string{"bob": absent.Replace(path), "": absent.Replace(path), "cat": beside.Replace(path)} {
			same := func(q question, there, where string, place func(string) (string, question)) {
				t.Helper()
				at, q1 := place(there)
				at2, q2 := place(where)
				code, text, n := v.ask(user, at, q1)
				code2, text2, n2 := v.ask(user, at2, q2)
				text2 = strings.NewReplacer("/zoe/", "/ann/", "/absent/", "/hidden/").Replace(text2)
				if code != code2 || text != text2 || n != n2 || code < 400 {
					t.Errorf("%s as %q %v: %d, %d statements: %s\nand of %s: %d, %d statements: %s", q.method, user, q1.header, code, n, text, where, code2, n2, text2)
				}
				v.nothing(text, q1, at, user)
			}
			for _, q := range questions {
				same(q, path, other, func(p string) (string, question) { return p, q })
			}
			for _, method := range []string{"COPY", "MOVE"} {
				for _, from := range []string{"/calendars/" + user + "/calendar/mine.ics", "/files/" + user + "/mine.txt", "/calendars/" + user + "/tasks/"} {
					for _, over := range []string{"T", "F"} {
						q := question{method, "", nil}
						same(q, path, other, func(p string) (string, question) {
							return from, question{method, "", []string{"Destination", p, "Overwrite", over}}
						})
					}
				}
			}
			for _, list := range []string{`(["x"])`, `(<urn:uuid:x>)`, `(["` + v.tags[0] + `"])`, `(<` + v.tags[3] + `>)`} {
				same(question{"DELETE", "", nil}, path, other, func(p string) (string, question) {
					return "/calendars/" + user + "/calendar/mine.ics", question{"DELETE", "", []string{"If", "<" + p + "> " + list}}
				})
			}
		}
	}
}

// nothing of what is hidden stands in an answer; what the client itself has sent may.
func (v *vault) nothing(text string, q question, path, user string) {
	v.t.Helper()
	for _, word := range append([]string{secret}, v.tags...) {
		if word != "" && strings.Contains(text, word) && !strings.Contains(q.body+strings.Join(q.header, " "), word) {
			v.t.Errorf("%s %s as %q shows %q: %.2000s", q.method, path, user, word, text)
		}
	}
}

var hrefs = regexp.MustCompile(`<d:href>([^<]*)</d:href>`)

// Whoever goes from address to address, and asks each in every way, finds nothing of what is not for him: no text, no tag, no token,
// and no address that he has not named himself.
func TestLeak_NothingIsFoundByGoingAround(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	for _, user := range []string{"bob", "cat", ""} {
		seen := map[string]bool{}
		todo := []string{"/", "/calendars/", "/calendars/ann/", "/calendars/ann/open/", "/calendars/ann/open/seen.ics", "/calendars/ann/busy/", "/files/", "/files/ann/", "/addressbooks/", "/addressbooks/ann/", "/addressbooks/ann/open/", "/files/ann/open/", "/principals/users/ann/", "/principals/users/ann/calendar-proxy-write/"}
		qs := v.questions("/calendars/ann/open/seen.ics")
		for len(todo) > 0 && len(seen) < 60 {
			path := todo[0]
			todo = todo[1:]
			if seen[path] {
				continue
			}
			seen[path] = true
			for _, q := range qs {
				if q.method == "UNLOCK" {
					continue
				}
				_, text, _ := v.ask(user, path, q)
				v.nothing(text, q, path, user)
				for _, m := range hrefs.FindAllStringSubmatch(text, -1) {
					href := m[1]
					if strings.Contains(q.body, "<d:href>"+href+"</d:href>") || strings.HasPrefix(href, "mailto:") || strings.HasPrefix(href, "urn:") {
						continue
					}
					if strings.Contains(href, "hidden") {
						v.t.Errorf("%s %s as %q names %s", q.method, path, user, href)
					}
					if !seen[href] {
						todo = append(todo, href)
					}
				}
			}
		}
		if want := map[string]int{"bob": 15, "cat": 15, "": 5}[user]; len(seen) < want {
			t.Errorf("as %q only %d addresses were found: this tested nothing", user, len(seen))
		}
	}
	// Cat has what she was given all the while.
	for _, path := range []string{"/calendars/ann/open/seen.ics", "/addressbooks/ann/open/seen.vcf", "/files/ann/open/seen.txt"} {
		v.want(200, "cat", "GET", path, "")
	}
	if a := v.want(200, "cat", "REPORT", "/calendars/ann/busy/", busyBody("20250101T000000Z", "20270101T000000Z"), "Depth", "1"); !strings.Contains(a.Body.String(), "FREEBUSY") {
		t.Errorf("nothing busy: %s", a.Body)
	}
}

// A copy holds what its maker sees.
func TestLeak_CopiesLeaveOutWhatIsHidden(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	for _, tree := range []string{"calendars", "addressbooks", "files"} {
		v.want(201, "cat", "COPY", "/"+tree+"/ann/open/", "", "Destination", "/"+tree+"/cat/copy/")
		list := v.want(207, "cat", "PROPFIND", "/"+tree+"/cat/copy/", propfindBody("<d:displayname/>"), "Depth", "1").Body.String()
		if !strings.Contains(list, "/seen.") || strings.Contains(list, "hidden") {
			t.Errorf("the copy in %s: %s", tree, list)
		}
		for _, method := range []string{"COPY", "MOVE"} {
			for name, want := range map[string]int{"hidden.ics": 403, "hidden.vcf": 403, "hidden.txt": 403} {
				a := v.do("cat", method, "/"+tree+"/ann/open/"+name, "", "Destination", "/"+tree+"/cat/copy/"+name)
				if a.Code != want && a.Code != 404 {
					t.Errorf("%s of %s in %s: %d", method, name, tree, a.Code)
				}
			}
		}
	}
}

// A refusal names nothing that its reader may not know of.
func TestLeak_RefusalsNameNothingHidden(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	for _, tree := range []string{"calendars", "addressbooks", "files"} {
		v.want(200, "ann", "ACL", "/"+tree+"/ann/open/", aclOf(`<d:href>/principals/users/cat/</d:href>`, "grant", "d:read", "d:write"))
	}
	for _, c := range []struct {
		status                   int
		method, path, body, kind string
		header                   []string
	}{
		{403, "PUT", "/calendars/ann/open/other.ics", event(secret, "DTSTART:20260201T090000Z"), "text/calendar", nil},
		{403, "POST", "/calendars/ann/open/", event(secret, "DTSTART:20260201T090000Z"), "text/calendar", nil},
		{403, "PUT", "/calendars/ann/open/seen.ics", event(secret, "DTSTART:20260201T090000Z"), "text/calendar", nil},
		{403, "PUT", "/addressbooks/ann/open/other.vcf", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + secret + "\r\nFN:x\r\nN:x;;;;\r\nEND:VCARD\r\n", "text/vcard", nil},
		{403, "LOCK", "/calendars/ann/open/", lockInfo, "application/xml", nil},
		{403, "LOCK", "/files/ann/open/", lockInfo, "application/xml", nil},
		{403, "DELETE", "/files/ann/open/", "", "", nil},
	} {
		a := v.want(c.status, "cat", c.method, c.path, c.body, append(c.header, "Content-Type", c.kind)...)
		if strings.Contains(a.Body.String(), "hidden") || c.kind != "application/xml" && strings.Contains(a.Body.String(), secret) {
			t.Errorf("%s %s: %s", c.method, c.path, a.Body)
		}
	}
}

// What is hidden is not counted either: neither in a listing, nor by a limit, nor when it changes.
func TestLeak_CountsAndChanges(t *testing.T) {
	t.Parallel()
	v := newVault(t)
	first := readMulti(t, v.want(207, "cat", "REPORT", "/calendars/ann/open/", syncBody("")))
	if len(first.Responses) != 1 {
		t.Errorf("%d members, want 1", len(first.Responses))
	}
	v.want(204, "ann", "PUT", "/calendars/ann/open/hidden.ics", event(secret, "DTSTART:20260201T090000Z", "SUMMARY:changed"))
	v.want(201, "ann", "PUT", "/calendars/ann/open/new.ics", event("new", "DTSTART:20260201T090000Z"))
	second := readMulti(t, v.want(207, "cat", "REPORT", "/calendars/ann/open/", syncBody(first.Token)))
	if len(second.Responses) != 1 || !strings.HasSuffix(second.Responses[0].Href, "new.ics") {
		t.Errorf("%+v", second.Responses)
	}
	v.want(http.StatusNoContent, "ann", "DELETE", "/calendars/ann/open/hidden.ics", "")
	third := readMulti(t, v.want(207, "cat", "REPORT", "/calendars/ann/open/", syncBody(second.Token)))
	if len(third.Responses) != 0 {
		t.Errorf("what cat has never seen is gone: %+v", third.Responses)
	}
}
