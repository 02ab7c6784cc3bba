package dav_test

import (
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func TestDialogues_Share(t *testing.T) {
	t.Parallel()
	davtest.RunAll(t, func(t *testing.T) davtest.Client {
		return &davtest.Handler{Handler: service(t), BasePath: "/dav"}
	}, "../testdata/share/*.txtar")
}

// shareWith is a POST of Apple's dialect.
func shareWith(href, access string) string {
	return `<cs:share xmlns:d="DAV:" xmlns:cs="http://calendarserver.org/ns/"><cs:set><d:href>` + href + `</d:href>` + access + `</cs:set></cs:share>`
}

const homeTypes = `<d:propfind xmlns:d="DAV:"><d:prop><d:resourcetype/></d:prop></d:propfind>`

// What is shared with a group is in the homes of those whom the web server names as its members at their last login, and of no others.
func TestShare_FollowsTheGroupsOfALogin(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{})
	login := func(user string, groups ...string) string {
		t.Helper()
		r := w.as(dav.Caller{User: user, Groups: map[store.Source][]string{store.ByLogin: groups}}, "PROPFIND", "/calendars/"+user+"/ann-calendar/", homeTypes)
		return fmt.Sprint(r.Code, strings.Contains(r.Body.String(), "<cs:shared/>"))
	}
	expect := func(step, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %s, want %s", step, got, want)
		}
	}
	const has, hasNot = "207 true", "404 false"
	expect("a member before the share", login("bob", "team"), hasNot)
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/1.ics", event("1", "DTSTART:20260101T090000Z"))
	w.want(200, "ann", "POST", "/calendars/ann/calendar/", shareWith("/principals/groups/team/", "<cs:read/>"), "Content-Type", "application/xml")
	expect("a member after it", login("bob", "team"), has)
	w.want(200, "bob", "GET", "/calendars/bob/ann-calendar/1.ics", "")
	expect("one who is no member", login("carl", "other"), hasNot)
	w.want(403, "carl", "GET", "/calendars/ann/calendar/1.ics", "")
	expect("who logs in for the first time as one", login("dora", "team"), has)
	expect("one who leaves", login("bob", "other"), hasNot)
	w.want(404, "bob", "GET", "/calendars/bob/ann-calendar/1.ics", "")
	w.want(403, "bob", "GET", "/calendars/ann/calendar/1.ics", "")
	expect("and comes back", login("bob", "other", "team"), has)
	w.want(204, "bob", "DELETE", "/calendars/bob/ann-calendar/", "")
	expect("who does not want it", login("bob", "team"), hasNot)
	w.want(200, "ann", "POST", "/calendars/ann/calendar/", strings.ReplaceAll(shareWith("/principals/groups/team/", ""), "cs:set", "cs:remove"), "Content-Type", "application/xml")
	expect("after the end", login("dora", "team"), hasNot)
	w.want(403, "dora", "GET", "/calendars/ann/calendar/1.ics", "")
	if problems, err := db.Check(t.Context()); err != nil || problems != nil {
		t.Error(problems, err)
	}
}

// Where users are not asked, they have what is shared with them at once; and who is invited before his first visit finds the question.
func TestShare_Invitations(t *testing.T) {
	t.Parallel()
	for _, accept := range []bool{false, true} {
		db := storetest.Open(t)
		w := worldOf(t, db, dav.Options{AcceptShares: accept})
		w.want(207, "bob", "PROPFIND", "/calendars/bob/", "", "Depth", "0")
		if err := db.Update(t.Context(), func(tx *store.Tx) error {
			return tx.CreatePrincipal(&store.Principal{Kind: store.User, Name: "dora"})
		}); err != nil {
			t.Fatal(err)
		}
		for _, user := range []string{"bob", "dora"} {
			w.want(200, "ann", "POST", "/calendars/ann/calendar/", shareWith("/principals/users/"+user+"/", "<cs:read/>"), "Content-Type", "text/xml")
		}
		w.want(200, "ann", "POST", "/calendars/ann/calendar/", shareWith("mailto:Eve@example.org", "<cs:read/>"), "Content-Type", "text/xml")
		w.want(200, "ann", "POST", "/calendars/ann/calendar/", shareWith("fay@example.org", "<cs:read/>"), "Content-Type", "text/xml")
		w.want(207, "eve", "PROPFIND", "/calendars/eve/", "", "Depth", "0")
		for _, user := range []string{"eve", "fay"} { // the address is known from a later visit, or from the first
			w.as(dav.Caller{User: user, Claims: map[string]string{"mail": user + "@example.org"}}, "PROPFIND", "/calendars/"+user+"/", homeTypes)
		}
		want := map[bool]int{false: 404, true: 207}[accept]
		for _, user := range []string{"bob", "dora", "eve", "fay"} {
			w.want(207, user, "PROPFIND", "/calendars/"+user+"/", "", "Depth", "0")
			w.want(want, user, "PROPFIND", "/calendars/"+user+"/ann-calendar/", "", "Depth", "0")
			if a := w.want(207, user, "PROPFIND", "/calendars/"+user+"/notifications/", homeTypes, "Depth", "1"); !strings.Contains(a.Body.String(), "/notifications/invite-") {
				t.Errorf("%s is told nothing: %s", user, a.Body)
			}
		}
	}
}

// However many calendars others have shared with an account, its home takes the same number of statements.
func TestShare_StatementsOfAHome(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("makes 500 shares")
	}
	const body = `<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/" xmlns:ical="http://apple.com/ns/ical/"><d:prop>` +
		`<d:resourcetype/><d:displayname/><d:owner/><d:current-user-privilege-set/><d:share-access/><d:invite/><d:sync-token/><cs:getctag/><cs:invite/><cs:shared-url/>` +
		`<cs:allowed-sharing-modes/><c:supported-calendar-component-set/><ical:calendar-color/></d:prop></d:propfind>`
	statements := map[int]int{}
	for _, shares := range []int{1, 500} {
		db, log := storetest.Open(t), &counting{}
		s, err := dav.New(db, dav.Options{SpoolDir: t.TempDir(), Log: slog.New(log)})
		if err != nil {
			t.Fatal(err)
		}
		list := func(user string) string {
			r := httptest.NewRequestWithContext(t.Context(), "PROPFIND", "/calendars/"+user+"/", strings.NewReader(body))
			r.Header.Set("Depth", "1")
			a := httptest.NewRecorder()
			s.ServeHTTP(a, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: user})))
			return a.Body.String()
		}
		list("ann")
		list("bob")
		if err := db.Update(t.Context(), func(tx *store.Tx) error { return sharedByGroups(tx, shares) }); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(list("bob"), "<cs:shared/>"); n != shares {
			t.Errorf("%d of %d shares are listed", n, shares)
		}
		statements[shares] = log.statements
	}
	if statements[1] != statements[500] || statements[500] > 30 {
		t.Errorf("%d statements with one share, %d with 500; at most 30, whatever the number", statements[1], statements[500])
	}
}

// sharedByGroups puts bob into 200 groups and shares calendars of ann's with them and with him.
func sharedByGroups(tx *store.Tx, shares int) error {
	ann, err := tx.Principal(store.User, "ann")
	if err != nil {
		return err
	}
	bob, err := tx.Principal(store.User, "bob")
	if err != nil {
		return err
	}
	home, err := tx.Root(ann.ID, store.KindCalendarHome)
	if err != nil {
		return err
	}
	var groups []int64
	for i := range 200 {
		g := &store.Principal{Kind: store.Group, Name: fmt.Sprint("g", i)}
		if err := tx.CreatePrincipal(g); err != nil {
			return err
		}
		groups = append(groups, g.ID)
	}
	if err := tx.SetGroups(bob.ID, store.ByLogin, groups); err != nil {
		return err
	}
	for i := range shares {
		c := &store.Collection{Parent: home.ID, Owner: ann.ID, Kind: store.KindCalendar, Name: fmt.Sprint("c", i)}
		if err := tx.CreateCollection(c); err != nil {
			return err
		}
		if err := tx.PutShare(&store.Share{Collection: c.ID, Address: fmt.Sprint("g", i), Sharee: groups[i%len(groups)], Level: 2}); err != nil {
			return err
		}
	}
	return nil
}

// Who shares what with whom is said by those who have DAV:share there; who answers for somebody, by those who may add to his home.
func TestShare_NeedsItsPrivilege(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{})
	for _, user := range []string{"ann", "bob", "carl"} {
		w.want(207, user, "PROPFIND", "/calendars/"+user+"/", "", "Depth", "0")
	}
	grant := func(path string, rights privilege.Set) {
		t.Helper()
		if err := db.Update(t.Context(), func(tx *store.Tx) error {
			ann, err := tx.Principal(store.User, "ann")
			if err != nil {
				return err
			}
			bob, err := tx.Principal(store.User, "bob")
			if err != nil {
				return err
			}
			c, err := tx.Root(ann.ID, store.KindCalendarHome)
			if err == nil && path != "" {
				c, err = tx.Collection(c.ID, path)
			}
			if err != nil {
				return err
			}
			return tx.SetACEs(c.ID, 0, []privilege.ACE{{Subject: privilege.ToPrincipal, Who: bob.ID, Allow: rights}})
		}); err != nil {
			t.Fatal(err)
		}
	}
	reply := func(uid string) string {
		return `<cs:invite-reply xmlns:d="DAV:" xmlns:cs="http://calendarserver.org/ns/"><cs:invite-accepted/><cs:in-reply-to>` + uid + `</cs:in-reply-to></cs:invite-reply>`
	}
	for _, c := range []struct {
		rights privilege.Set
		want   int
	}{{0, 403}, {privilege.Read, 403}, {privilege.All &^ privilege.Share, 403}, {privilege.Share, 200}, {privilege.All, 200}} {
		grant("calendar", c.rights)
		w.want(c.want, "bob", "POST", "/calendars/ann/calendar/", shareWith("/principals/users/carl/", "<cs:read/>"), "Content-Type", "application/xml")
	}
	grant("calendar", 0)
	for _, c := range []struct {
		rights privilege.Set
		want   string
	}{{0, "need-privileges"}, {privilege.All &^ privilege.Bind, "need-privileges"}, {privilege.Bind | privilege.Read, "no such invitation"}} {
		grant("", c.rights)
		if a := w.want(403, "bob", "POST", "/calendars/ann/", reply("nothing"), "Content-Type", "application/xml"); !strings.Contains(a.Body.String(), c.want) {
			t.Errorf("with %b on the home: %s, want %s", c.rights, a.Body, c.want)
		}
	}
}
