package dav_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// After yesterday's backup has been restored, a token from before it leads on, and one that was given out after it is
// refused: a client with what is lost must not believe that nothing has changed.
func TestSync_AfterARestore(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{})
	sync := func(w *world, status int, path, level, token string) (next, body string) {
		t.Helper()
		a := w.want(status, "ann", "REPORT", path, `<d:sync-collection xmlns:d="DAV:"><d:sync-token>`+token+`</d:sync-token><d:sync-level>`+level+`</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`)
		_, next, _ = strings.Cut(a.Body.String(), "<d:sync-token>")
		next, _, _ = strings.Cut(next, "<")
		return next, a.Body.String()
	}
	const home, in = "/calendars/ann/", "/calendars/ann/calendar/"
	put := func(w *world, name string) {
		t.Helper()
		w.want(201, "ann", "PUT", in+name+".ics", event(name, "DTSTART:20260101T090000Z"))
	}
	put(w, "a")
	before, _ := sync(w, 207, in, "1", "")
	put(w, "b")

	backup := filepath.Join(t.TempDir(), "backup.db")
	h, err := sql.Open("sqlite3", "file:"+db.Path())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Exec(`VACUUM INTO ?`, backup); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	atBackup, _ := sync(w, 207, in, "1", before)
	homeAtBackup, _ := sync(w, 207, home, "infinite", "")

	put(w, "lost")
	var after, homeAfter []string
	for range 3 {
		w.want(204, "ann", "PUT", in+"lost.ics", event("lost", "DTSTART:20260101T090000Z"))
		c, _ := sync(w, 207, in, "1", "")
		i, _ := sync(w, 207, home, "infinite", "")
		after, homeAfter = append(after, c), append(homeAfter, i)
	}

	restored := worldOf(t, storetest.OpenAt(t, backup, store.Options{}), dav.Options{})
	check := func() {
		t.Helper()
		for i := range after {
			if _, body := sync(restored, 403, in, "1", after[i]); !strings.Contains(body, "valid-sync-token") {
				t.Error(body)
			}
			sync(restored, 403, home, "infinite", homeAfter[i])
			sync(restored, 403, home, "1", homeAfter[i])
		}
		if _, body := sync(restored, 207, in, "1", before); !strings.Contains(body, in+"b.ics") || strings.Contains(body, "404 Not Found") {
			t.Error(body)
		}
		sync(restored, 207, in, "1", atBackup)
		sync(restored, 207, home, "infinite", homeAtBackup)
	}
	check()
	// Life goes on; the revisions are given out a second time.
	for _, name := range []string{"c", "d", "e", "f", "g", "h"} {
		put(restored, name)
		check()
	}
	if _, body := sync(restored, 207, in, "1", atBackup); strings.Contains(body, in+"b.ics") || !strings.Contains(body, in+"h.ics") {
		t.Error(body)
	}
}
