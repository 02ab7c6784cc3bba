package dav_test

import (
	"fmt"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// Who may do what, among people and groups.
func TestDialogues_ACL(t *testing.T) {
	t.Parallel()
	davtest.RunAll(t, func(t *testing.T) davtest.Client {
		return &davtest.Handler{Handler: office(t, storetest.Open(t), dav.Options{Files: true}), BasePath: "/dav"}
	}, "../testdata/acl/*.txtar")
}

// All entries in a collection are read for every visitor: there is an end to them.
func TestACL_EntriesInACollectionAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(207, "bob", "PROPFIND", "/", "", "Depth", "0")
	for i := range 51 {
		w.want(201, "ann", "PUT", fmt.Sprintf("/calendars/ann/calendar/%d.ics", i), event(fmt.Sprint("e", i), "DTSTART:20260101T090000Z"))
	}
	if err := w.db.Update(t.Context(), func(tx *store.Tx) error {
		ann, err := tx.Principal(store.User, "ann")
		if err != nil {
			return err
		}
		home, err := tx.Root(ann.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		c, err := tx.Collection(home.ID, "calendar")
		if err != nil {
			return err
		}
		many := make([]privilege.ACE, 100)
		for i := range many {
			many[i] = privilege.ACE{Subject: privilege.ToAuthenticated, Allow: privilege.Read}
		}
		var ids []int64
		for o, err := range tx.Objects(c.ID, 0) {
			if err != nil {
				return err
			}
			ids = append(ids, o.ID)
		}
		for _, id := range ids[:50] {
			if err := tx.SetACEs(c.ID, id, many); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"50.ics", ""} {
		if a := w.want(403, "ann", "ACL", "/calendars/ann/calendar/"+path, aclOf(toBob, "grant", "d:read")); !strings.Contains(a.Body.String(), "limited-number-of-aces") {
			t.Errorf("%s: %s", path, a.Body)
		}
	}
	w.want(200, "ann", "ACL", "/calendars/ann/calendar/0.ics", aclOf(toBob, "grant", "d:read"))
	w.want(200, "ann", "ACL", "/calendars/ann/calendar/50.ics", aclOf(toBob, "grant", "d:read"))
}
