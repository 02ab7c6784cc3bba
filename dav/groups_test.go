package dav_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// groupsOf are the groups that a user himself is in, with who says so.
func groupsOf(t *testing.T, db *store.DB, user string) (list []string) {
	t.Helper()
	if err := db.View(t.Context(), func(tx *store.Tx) error {
		p, err := tx.Principal(store.User, user)
		if err != nil {
			return err
		}
		groups, err := tx.GroupsOf(p.ID)
		for _, g := range groups {
			told, e := tx.MembersFrom(g.ID, store.ByHand)
			if e != nil {
				return e
			}
			name := g.Name
			if !slices.Contains(told, p.ID) {
				name += " by hand"
			}
			list = append(list, name)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// Each source of memberships refreshes its own at a login, and only when it says something new.
func TestGroups_FollowTheLogin(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{Admins: []string{"@wheel"}})
	w.want(207, "ann", "PROPFIND", "/", "", "Depth", "0")
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		p, err := tx.Principal(store.User, "ann")
		if err != nil {
			return err
		}
		g := &store.Principal{Kind: store.Group, Name: "hand"}
		if err := tx.CreatePrincipal(g); err != nil {
			return err
		}
		return tx.AddMember(g.ID, p.ID, store.ByHand)
	}); err != nil {
		t.Fatal(err)
	}
	login := func(groups map[store.Source][]string) {
		t.Helper()
		if a := w.as(dav.Caller{User: "ann", Groups: groups}, "PROPFIND", "/", ""); a.Code != 207 {
			t.Fatalf("%d %s", a.Code, a.Body)
		}
	}
	accessed := func() (n int64) {
		if err := db.View(t.Context(), func(tx *store.Tx) error { n = tx.State().Access; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, c := range []struct {
		groups map[store.Source][]string
		want   string
	}{
		{map[store.Source][]string{store.ByLogin: {"staff", " team ", "staff", "", "..", "a\x01b", strings.Repeat("x", 256)}}, "hand by hand, staff, team"},
		{map[store.Source][]string{store.ByLogin: {"team", "staff"}}, "hand by hand, staff, team"}, // the same
		{nil, "hand by hand, staff, team"}, // says nothing, as a password of a device
		{map[store.Source][]string{store.ByFile: {"team", "file"}}, "file, hand by hand, staff, team"},
		{map[store.Source][]string{store.ByLogin: {"staff"}}, "file, hand by hand, staff, team"},
		{map[store.Source][]string{store.ByLogin: {"hand"}}, "file, hand, team"},
		{map[store.Source][]string{store.ByLogin: nil, store.ByFile: nil}, "hand by hand"},
	} {
		login(c.groups)
		if got := strings.Join(groupsOf(t, db, "ann"), ", "); got != c.want {
			t.Errorf("after %v: got %s, want %s", c.groups, got, c.want)
		}
		before := accessed()
		login(c.groups)
		if after := accessed(); after != before {
			t.Errorf("the same login, %v, wrote again", c.groups)
		}
	}
	// What the web server says decides who is an administrator, at once.
	for _, c := range []struct {
		groups []string
		want   int
	}{{nil, 403}, {[]string{"wheel"}, 207}, {[]string{"wheels"}, 403}, {[]string{"wheel"}, 207}, {nil, 403}} {
		body := `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>Staff</d:displayname></d:prop></d:set></d:propertyupdate>`
		a := w.as(dav.Caller{User: "ann", Groups: map[store.Source][]string{store.ByLogin: c.groups}}, "PROPPATCH", "/principals/groups/staff/", body)
		if a.Code != c.want {
			t.Errorf("in %q: %d, want %d", c.groups, a.Code, c.want)
		}
	}
	// However many a login names, the work is bounded.
	var many []string
	for i := range 3000 {
		many = append(many, fmt.Sprintf("g%d", i))
	}
	login(map[store.Source][]string{store.ByLogin: many})
	if n := len(groupsOf(t, db, "ann")); n != 1001 {
		t.Errorf("in %d groups, want 1000 and one by hand", n)
	}
}
