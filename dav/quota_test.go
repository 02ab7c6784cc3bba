package dav_test

import (
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// RFC 4331 §6: whatever would make an account larger than its quota is 507 and changes nothing; what makes it smaller
// is let through.
func TestQuota_EveryWayIn(t *testing.T) {
	t.Parallel()
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Quota: 3000})
	w := worldOf(t, db, dav.Options{})
	padded := func(uid string, size int) string {
		e := event(uid, "DTSTART:20260101T090000Z", "DESCRIPTION:")
		return strings.Replace(e, "DESCRIPTION:", "DESCRIPTION:"+strings.Repeat("x", size-len(e)), 1)
	}
	full := func(method, path, body string, headers ...string) {
		t.Helper()
		if a := w.want(507, "ann", method, path, body, headers...); !strings.Contains(a.Body.String(), "<d:quota-not-exceeded") {
			t.Errorf("%s %s: %s", method, path, a.Body)
		}
	}
	const in = "/calendars/ann/calendar/"
	w.want(201, "ann", "PUT", in+"a.ics", padded("a", 1000))
	w.want(201, "ann", "PUT", in+"b.ics", padded("b", 1500))
	full("PUT", in+"c.ics", padded("c", 501))
	w.want(404, "ann", "GET", in+"c.ics", "")
	full("PUT", in+"a.ics", padded("a", 1501))
	full("POST", in, padded("c", 501), "Content-Type", "text/calendar")
	w.want(201, "ann", "MKCALENDAR", "/calendars/ann/other/", "")
	full("COPY", in+"a.ics", "", "Destination", "/calendars/ann/other/a.ics")
	full("COPY", in, "", "Destination", "/calendars/ann/copy/")
	w.want(404, "ann", "PROPFIND", "/calendars/ann/copy/", "", "Depth", "0")
	w.want(201, "ann", "COPY", in, "", "Destination", "/calendars/ann/empty/", "Depth", "0")
	w.want(201, "ann", "MOVE", in+"a.ics", "", "Destination", "/calendars/ann/other/a.ics")
	w.want(201, "ann", "PUT", in+"c.ics", padded("c", 500))

	// Lowered below what is there: moving, replacing by less and deleting go on.
	quota := func(n int64) {
		t.Helper()
		if err := db.Update(t.Context(), func(tx *store.Tx) error {
			p, err := tx.Principal(store.User, "ann")
			if err != nil {
				return err
			}
			p.Quota = &n
			return tx.SavePrincipal(p)
		}); err != nil {
			t.Fatal(err)
		}
	}
	quota(2000)
	if a := w.want(207, "ann", "PROPFIND", in, propfindBody("<d:quota-available-bytes/><d:quota-used-bytes/>"), "Depth", "0"); !strings.Contains(a.Body.String(), "available-bytes>0<") || !strings.Contains(a.Body.String(), "used-bytes>3000<") {
		t.Error(a.Body)
	}
	w.want(201, "ann", "MOVE", "/calendars/ann/other/", "", "Destination", "/calendars/ann/renamed/")
	w.want(201, "ann", "MOVE", in+"b.ics", "", "Destination", "/calendars/ann/renamed/b.ics")
	w.want(204, "ann", "PUT", in+"c.ics", padded("c", 500))
	w.want(204, "ann", "PUT", in+"c.ics", padded("c", 400))
	full("PUT", in+"c.ics", padded("c", 401))
	w.want(204, "ann", "DELETE", "/calendars/ann/renamed/", "")
	w.want(204, "ann", "PUT", in+"c.ics", padded("c", 2000))
	if a := w.want(207, "ann", "PROPFIND", in, propfindBody("<d:quota-available-bytes/>"), "Depth", "0"); !strings.Contains(a.Body.String(), "available-bytes>0<") {
		t.Error(a.Body)
	}
	quota(store.NoQuota)
	w.want(201, "ann", "PUT", in+"big.ics", padded("big", 9000))
	// Another account pays for itself.
	w.want(201, "bob", "PUT", "/calendars/bob/calendar/a.ics", padded("a", 3000))
}

// What lies in a shared calendar counts against the quota of its owner, whoever puts it there; who copies it into a
// calendar of his own pays for the copy.
func TestQuota_OfASharedCalendarIsItsOwners(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(207, "ann", "PROPFIND", "/", "", "Depth", "0")
	w.share(privilege.ShareReadWrite)
	padded := func(uid string) string {
		return event(uid, "DTSTART:20260101T090000Z", "DESCRIPTION:"+strings.Repeat("x", 1000))
	}
	quota := func(name string, n int64) {
		t.Helper()
		if err := w.db.Update(t.Context(), func(tx *store.Tx) error {
			p, err := tx.Principal(store.User, name)
			if err != nil {
				return err
			}
			p.Quota = &n
			return tx.SavePrincipal(p)
		}); err != nil {
			t.Fatal(err)
		}
	}
	full := func(method, path, body string, headers ...string) {
		t.Helper()
		if a := w.want(507, "bob", method, path, body, headers...); !strings.Contains(a.Body.String(), "<d:quota-not-exceeded") {
			t.Errorf("%s %s: %s", method, path, a.Body)
		}
	}
	const shared, own = "/calendars/bob/anns/", "/calendars/bob/calendar/"
	w.want(201, "bob", "PUT", shared+"a.ics", padded("a"))
	w.want(201, "bob", "PUT", own+"b.ics", padded("b"))
	quota("bob", 1500)
	full("COPY", shared+"a.ics", "", "Destination", own+"a.ics")
	full("COPY", shared, "", "Destination", "/calendars/bob/copy/")
	w.want(200, "bob", "GET", shared+"a.ics", "")
	w.want(201, "bob", "PUT", shared+"c.ics", padded("c"))
	quota("ann", 2500)
	full("PUT", shared+"d.ics", padded("d"))
	full("POST", shared, padded("d"), "Content-Type", "text/calendar")
	full("MOVE", own+"b.ics", "", "Destination", shared+"b.ics")
	w.want(204, "bob", "DELETE", shared+"c.ics", "")
	w.want(201, "bob", "MOVE", own+"b.ics", "", "Destination", shared+"b.ics")
	quota("bob", 2500)
	w.want(201, "bob", "COPY", shared+"a.ics", "", "Destination", own+"a.ics")
	w.sound()
}
