package dav_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// Whom somebody does not see is told from nobody by no octet and no statement.
func TestSecurity_HiddenPeopleAreAbsent(t *testing.T) {
	t.Parallel()
	for _, setting := range []webdav.People{webdav.OwnGroups, webdav.Nobody} {
		w := worldOf(t, storetest.Open(t), dav.Options{People: setting})
		people(t, w.db, w.s)
		for _, user := range []string{"dan", "ann"} {
			w.want(207, user, "PROPFIND", "/", "", "Depth", "0")
		}
		for _, c := range []struct{ there, absent string }{
			{"/principals/users/ann/", "/principals/users/zoe/"},
			{"/principals/users/ann/calendar-proxy-read/", "/principals/users/zoe/calendar-proxy-read/"},
			{"/principals/groups/staff/", "/principals/groups/stuff/"},
		} {
			for _, m := range []struct {
				method, body string
				header       []string
			}{
				{"GET", "", nil}, {"HEAD", "", nil}, {"OPTIONS", "", nil}, {"PROPFIND", "", []string{"Depth", "0"}}, {"PROPFIND", "", []string{"Depth", "1"}},
				{"PROPPATCH", `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>x</d:displayname></d:prop></d:set></d:propertyupdate>`, nil},
				{"REPORT", `<d:expand-property xmlns:d="DAV:"><d:property name="displayname"/></d:expand-property>`, nil},
				{"REPORT", `<d:principal-match xmlns:d="DAV:"><d:self/></d:principal-match>`, nil},
				{"REPORT", `<d:acl-principal-prop-set xmlns:d="DAV:"><d:prop><d:displayname/></d:prop></d:acl-principal-prop-set>`, nil},
				{"PUT", "x", nil}, {"DELETE", "", nil}, {"MKCOL", "", nil}, {"LOCK", "", nil}, {"ACL", `<d:acl xmlns:d="DAV:"/>`, nil},
				{"MOVE", "", []string{"Destination", "/principals/users/new/"}}, {"COPY", "", []string{"Destination", "/calendars/dan/new/"}},
			} {
				sameFor(t, w, "dan", c.there, c.absent, func(path string) *http.Request { return request(m.method, path, m.body, m.header...) })
			}
			// Named in a body: as a member, or as who an entry is for.
			for _, name := range []string{"group-member-set"} {
				sameFor(t, w, "dan", c.there, c.absent, func(path string) *http.Request {
					return request("PROPPATCH", "/principals/users/dan/calendar-proxy-read/", `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:`+name+`><d:href>`+path+`</d:href></d:`+name+`></d:prop></d:set></d:propertyupdate>`)
				})
			}
			sameFor(t, w, "dan", c.there, c.absent, func(path string) *http.Request {
				return request("ACL", "/calendars/dan/calendar/", `<d:acl xmlns:d="DAV:"><d:ace><d:principal><d:href>`+path+`</d:href></d:principal><d:grant><d:privilege><d:read/></d:privilege></d:grant></d:ace></d:acl>`)
			})
		}
		// Nor does a search, by any property, or a listing.
		for _, text := range []string{"ann", "lee", "example.org", "staff", ""} {
			for _, prop := range []string{"<d:displayname/>", "<cs:email-address-set/>", "<c:calendar-user-address-set/>", "<d:alternate-URI-set/>"} {
				a := w.want(207, "dan", "REPORT", "/principals/", `<d:principal-property-search xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"><d:property-search><d:prop>`+prop+`</d:prop><d:match>`+text+`</d:match></d:property-search><d:prop><d:displayname/></d:prop></d:principal-property-search>`)
				if strings.Contains(a.Body.String(), "/ann/") || strings.Contains(a.Body.String(), "staff") {
					t.Errorf("people=%s: a search for %q in %s finds %s", setting, text, prop, a.Body)
				}
			}
		}
		for _, path := range []string{"/principals/users/", "/principals/groups/", "/calendars/"} {
			if a := w.want(207, "dan", "PROPFIND", path, "", "Depth", "1"); strings.Contains(a.Body.String(), "/ann/") || strings.Contains(a.Body.String(), "staff") {
				t.Errorf("people=%s: %s shows %s", setting, path, a.Body)
			}
		}
	}
}

// sameFor compares the answers to one user for two addresses.
func sameFor(t *testing.T, w *world, user, there, absent string, make func(path string) *http.Request) {
	t.Helper()
	r1, r2 := make(there), make(absent)
	a, b := w.send(user, r1), w.send(user, r2)
	names := strings.NewReplacer("zoe", "ann", "stuff", "staff") // what the client itself has said
	if one, two := a.Body.String(), names.Replace(b.Body.String()); a.Code != b.Code || one != two {
		t.Errorf("%s: %s is told from %s: %d %s\n%d %s", r1.Method, there, absent, a.Code, one, b.Code, two)
	}
	if n, m := w.log.of(idOf(r1)), w.log.of(idOf(r2)); n != m {
		t.Errorf("%s: %d statements for %s, %d for %s", r1.Method, n, there, m, absent)
	}
}

// An administrator is who the setting names, letter by letter: the names in it are no patterns, and a user who is called
// like one, or like a group in it, is none.
func TestSecurity_AdministratorsByNameOnly(t *testing.T) {
	t.Parallel()
	w := worldOf(t, storetest.Open(t), dav.Options{Admins: []string{"root", "@wheel", ".*", "*", "%"}})
	people(t, w.db, w.s)
	body := `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>Mine</d:displayname></d:prop></d:set></d:propertyupdate>`
	for _, user := range []string{"ann", "@wheel", "wheel", "Root", "root ", "ROOT", "roo", "admin", "a.*", "", "@", "x"} {
		want := 403
		if user == "" {
			want = 401
		}
		w.want(want, user, "PROPPATCH", "/principals/groups/staff/", body)
		if user != "ann" {
			w.want(want, user, "PROPFIND", "/calendars/ann/calendar/", "", "Depth", "0")
		}
	}
	w.want(207, "root", "PROPPATCH", "/principals/groups/staff/", body)
}

// Whoever has more names for groups than a login should have, or odd ones, brings nothing out of order.
func TestSecurity_GroupNamesAreNoPatterns(t *testing.T) {
	t.Parallel()
	w := worldOf(t, storetest.Open(t), dav.Options{Admins: []string{"@wheel"}})
	for _, names := range [][]string{{"@wheel"}, {"WHEEL"}, {"wheel/"}, {"whee."}, {"../wheel"}, {"' OR '1'='1"}, {"%"}, {"<wheel>"}, {"wheel\x00"}} {
		c := dav.Caller{User: "ann", Groups: map[store.Source][]string{store.ByLogin: names}}
		if a := w.as(c, "PROPPATCH", "/principals/groups/"+"x/", `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>x</d:displayname></d:prop></d:set></d:propertyupdate>`); a.Code == 207 {
			t.Errorf("%q: %d", names, a.Code)
		}
		if a := w.as(c, "PROPFIND", "/principals/groups/", ""); a.Code != 207 {
			t.Errorf("%q: %d %s", names, a.Code, a.Body)
		}
		if a := w.as(c, "REPORT", "/principals/", `<d:principal-match xmlns:d="DAV:"><d:self/><d:prop><d:displayname/></d:prop></d:principal-match>`); a.Code != 207 || strings.Count(a.Body.String(), "<d:response>") > 2 {
			t.Errorf("%q: %d %s", names, a.Code, a.Body)
		}
	}
}

// However many people there are, a search takes as many statements, and shows a bounded number of them.
func TestSearch_CostsTheSameForMorePeople(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{})
	w.want(207, "ann", "PROPFIND", "/", "", "Depth", "0")
	search := func(match string) *http.Request {
		return request("REPORT", "/principals/", `<d:principal-property-search xmlns:d="DAV:" xmlns:cs="http://calendarserver.org/ns/" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:property-search><d:prop><cs:email-address-set/></d:prop><d:match>`+match+`</d:match></d:property-search><d:prop><d:displayname/><d:resourcetype/><cs:email-address-set/><c:calendar-user-address-set/><c:calendar-user-type/><d:principal-URL/></d:prop></d:principal-property-search>`)
	}
	made := 0
	statements := func(n int, match string, found int) int64 {
		t.Helper()
		if err := db.Update(t.Context(), func(tx *store.Tx) error {
			for ; made < n; made++ {
				p := &store.Principal{Kind: store.User, Name: fmt.Sprintf("u%04d", made), Display: "User"}
				if err := errors.Join(tx.CreatePrincipal(p), tx.SetAddresses(p.ID, []string{fmt.Sprintf("mailto:u%04d@example.org", made), fmt.Sprintf("mailto:other%d@example.org", made)})); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		r := search(match)
		a := w.send("ann", r)
		if got := strings.Count(a.Body.String(), "<d:response>"); a.Code != 207 || got != found {
			t.Errorf("%d of %d people match %q, want %d: %d", got, n, match, found, a.Code)
		}
		return w.log.of(idOf(r))
	}
	few := statements(3, "u000", 3)
	many := statements(400, "u", 400)
	if few != many || many > 5 {
		t.Errorf("%d statements for 3 people, %d for 400", few, many)
	}
	statements(600, "u0001@", 1)
	if a := w.send("ann", search("u")); a.Code != 403 || !strings.Contains(a.Body.String(), "number-of-matches-within-limits") {
		t.Errorf("600 matches: %d %.300s", a.Code, a.Body)
	}
}

// A renamed account keeps all it had, and a deleted one leaves nothing: neither of its own nor what pointed at it.
func TestAccounts_RenamedAndDeletedWithoutOrphans(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{})
	people(t, db, w.s)
	update := func(fn func(tx *store.Tx) error) {
		t.Helper()
		if err := db.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	user := func(tx *store.Tx, name string) *store.Principal {
		p, err := tx.Principal(store.User, name)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	calendar := func(tx *store.Tx, owner *store.Principal) *store.Collection {
		home, err := tx.Root(owner.ID, store.KindCalendarHome)
		if err != nil {
			t.Fatal(err)
		}
		c, err := tx.Collection(home.ID, "calendar")
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, u := range []string{"ann", "bob"} {
		w.want(201, u, "PUT", "/calendars/"+u+"/calendar/x.ics", event("of-"+u, "DTSTART:20260101T090000Z"))
	}
	update(func(tx *store.Tx) error {
		ann, bob, dan := user(tx, "ann"), user(tx, "bob"), user(tx, "dan")
		for _, pair := range [][2]*store.Principal{{ann, bob}, {bob, ann}} {
			share := &store.Share{Collection: calendar(tx, pair[0]).ID, Address: "mailto:" + pair[1].Name + "@example.org", Sharee: pair[1].ID, Level: privilege.ShareRead, Status: store.ShareInvited}
			if err := tx.PutShare(share); err != nil {
				return err
			}
			if _, err := tx.Accept(share, "shared"); err != nil {
				return err
			}
			group, err := tx.Proxy(pair[0].ID, store.ProxyWrite)
			if err != nil {
				return err
			}
			if err := errors.Join(tx.AddMember(group.ID, pair[1].ID, store.ByHand),
				tx.SetACEs(calendar(tx, pair[0]).ID, 0, []privilege.ACE{{Subject: privilege.ToPrincipal, Who: pair[1].ID, Allow: privilege.Read}, {Subject: privilege.ToPrincipal, Who: dan.ID, Allow: privilege.Read}})); err != nil {
				return err
			}
			if _, err := tx.NewToken(store.DeviceToken, pair[0].ID, 0, "phone", store.Never); err != nil {
				return err
			}
		}
		return nil
	})
	update(func(tx *store.Tx) error {
		p := user(tx, "ann")
		p.Name = "anna"
		return tx.SavePrincipal(p)
	})
	w.want(200, "anna", "GET", "/calendars/anna/calendar/x.ics", "")
	w.want(200, "bob", "GET", "/calendars/anna/calendar/x.ics", "")
	w.want(200, "bob", "GET", "/calendars/bob/shared/x.ics", "")
	w.want(200, "anna", "GET", "/calendars/anna/shared/x.ics", "")
	if a := w.want(207, "bob", "PROPFIND", "/principals/users/bob/", propfindBody(`<x:calendar-proxy-write-for xmlns:x="http://calendarserver.org/ns/"/>`), "Depth", "0"); !strings.Contains(a.Body.String(), "/principals/users/anna/") {
		t.Errorf("%s", a.Body)
	}
	update(func(tx *store.Tx) error { return tx.DeletePrincipal(user(tx, "anna")) })
	w.sound()
	if dump := storetest.Dump(t, db); strings.Contains(dump, "anna") || strings.Contains(dump, "of-ann@") || strings.Contains(dump, "ann@") {
		t.Errorf("something of the account is left:\n%s", dump)
	}
	w.want(404, "bob", "GET", "/calendars/bob/shared/x.ics", "")
	w.want(200, "bob", "GET", "/calendars/bob/calendar/x.ics", "")
	w.want(200, "dan", "GET", "/calendars/bob/calendar/x.ics", "")
	if a := w.want(207, "bob", "PROPFIND", "/principals/users/bob/calendar-proxy-write/", propfindBody("<d:group-member-set/>"), "Depth", "0"); strings.Contains(a.Body.String(), "anna") {
		t.Errorf("%s", a.Body)
	}
	// Who comes under the old name is somebody else.
	w.want(207, "anna", "PROPFIND", "/", "", "Depth", "0")
	w.want(403, "anna", "GET", "/calendars/bob/calendar/x.ics", "")
}

// Rights that came by way of a group or a delegation end with it, at the next request.
func TestSecurity_RevokedRightsEndAtOnce(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{})
	people(t, db, w.s)
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/x.ics", event("x", "DTSTART:20260101T090000Z"))
	w.want(200, "ann", "ACL", "/calendars/ann/calendar/", `<d:acl xmlns:d="DAV:"><d:ace><d:principal><d:href>/principals/groups/staff/</d:href></d:principal><d:grant><d:privilege><d:read/></d:privilege></d:grant></d:ace></d:acl>`)
	get := func(c dav.Caller, want int, what string) {
		t.Helper()
		if a := w.as(c, "GET", "/calendars/ann/calendar/x.ics", ""); a.Code != want {
			t.Errorf("%s: %d, want %d", what, a.Code, want)
		}
	}
	told := func(names ...string) dav.Caller {
		return dav.Caller{User: "dan", Groups: map[store.Source][]string{store.ByLogin: names}}
	}
	get(dav.Caller{User: "bob"}, 200, "a member")
	get(dav.Caller{User: "cat"}, 200, "a member of a member")
	get(dav.Caller{User: "dan"}, 403, "no member")
	get(told("staff"), 200, "a member by his login")
	get(dav.Caller{User: "dan"}, 200, "a login that says nothing")
	get(told("team"), 200, "another group's")
	get(told(), 403, "no member by his login")
	get(dav.Caller{User: "dan"}, 403, "and after that")
	members := func(hrefs ...string) string {
		body := `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:group-member-set>`
		for _, h := range hrefs {
			body += "<d:href>" + h + "</d:href>"
		}
		return body + `</d:group-member-set></d:prop></d:set></d:propertyupdate>`
	}
	const proxies = "/principals/users/ann/calendar-proxy-read/"
	w.want(207, "ann", "PROPPATCH", proxies, members("/principals/users/dan/"))
	get(dav.Caller{User: "dan"}, 200, "a delegate")
	w.want(207, "ann", "PROPPATCH", proxies, members())
	get(dav.Caller{User: "dan"}, 403, "no delegate any more")
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		team, err := tx.Principal(store.Group, "team")
		if err != nil {
			return err
		}
		return tx.DeletePrincipal(team)
	}); err != nil {
		t.Fatal(err)
	}
	get(dav.Caller{User: "cat"}, 403, "the group between is gone")
	get(dav.Caller{User: "bob"}, 200, "still a member")
}

// A calendar that everybody may read leads nobody to who there is.
func TestSecurity_PublicCalendarsShowNoPeople(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{})
	people(t, db, w.s)
	w.want(207, "ann", "PROPFIND", "/", "", "Depth", "0")
	w.want(200, "ann", "ACL", "/calendars/ann/calendar/", `<d:acl xmlns:d="DAV:"><d:ace><d:principal><d:all/></d:principal><d:grant><d:privilege><d:read/></d:privilege><d:privilege><d:read-acl/></d:privilege></d:grant></d:ace></d:acl>`)
	w.want(207, "", "PROPFIND", "/calendars/ann/calendar/", propfindBody("<d:resourcetype/>"), "Depth", "0")
	for _, body := range []string{
		`<d:principal-property-search xmlns:d="DAV:"><d:property-search><d:prop><d:displayname/></d:prop><d:match>e</d:match></d:property-search><d:prop><d:displayname/></d:prop><d:apply-to-principal-collection-set/></d:principal-property-search>`,
		`<d:principal-property-search xmlns:d="DAV:"><d:property-search><d:prop><d:displayname/></d:prop><d:match>e</d:match></d:property-search><d:prop><d:displayname/></d:prop></d:principal-property-search>`,
		`<cs:calendarserver-principal-search xmlns:d="DAV:" xmlns:cs="http://calendarserver.org/ns/"><cs:search-token>e</cs:search-token><d:prop><d:displayname/></d:prop><d:apply-to-principal-collection-set/></cs:calendarserver-principal-search>`,
		`<d:acl-principal-prop-set xmlns:d="DAV:"><d:prop><d:displayname/></d:prop></d:acl-principal-prop-set>`,
		`<d:expand-property xmlns:d="DAV:"><d:property name="owner"><d:property name="displayname"/><d:property name="alternate-URI-set"/></d:property><d:property name="principal-collection-set"><d:property name="displayname"/></d:property></d:expand-property>`,
		`<d:principal-match xmlns:d="DAV:"><d:self/><d:prop><d:displayname/></d:prop></d:principal-match>`,
		`<d:principal-match xmlns:d="DAV:"><d:principal-property><d:owner/></d:principal-property></d:principal-match>`,
	} {
		a := w.do("", "REPORT", "/calendars/ann/calendar/", body)
		for _, told := range []string{"Ann Lee", "Dan Lee", "Great Hall", "mailto:", "/dan/", "/hall/"} {
			if strings.Contains(a.Body.String(), told) {
				t.Errorf("%s tells nobody of %s: %d %s", body, told, a.Code, a.Body)
			}
		}
	}
	for _, path := range []string{"/principals/", "/principals/users/", "/principals/users/ann/", "/principals/users/zoe/", "/principals/locations/hall/"} {
		w.want(401, "", "PROPFIND", path, "", "Depth", "0")
	}
}

// One request names a bounded number of members, be they all the same.
func TestMembers_AreBounded(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{Admins: []string{"root"}})
	people(t, db, w.s)
	body := func(n int) string {
		return `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:group-member-set>` + strings.Repeat("<d:href>/principals/users/cat/</d:href>", n) + `</d:group-member-set></d:prop></d:set></d:propertyupdate>`
	}
	for _, c := range []struct{ user, path string }{{"root", "/principals/groups/team/"}, {"ann", "/principals/users/ann/calendar-proxy-read/"}} {
		w.within(10*time.Second, c.path, func() {
			if a := w.want(207, c.user, "PROPPATCH", c.path, body(2000)); !strings.Contains(a.Body.String(), "200 OK") {
				t.Errorf("%s", a.Body)
			}
			if a := w.want(207, c.user, "PROPPATCH", c.path, body(2001)); !strings.Contains(a.Body.String(), " 507 ") {
				t.Errorf("%s", a.Body)
			}
		})
	}
}
