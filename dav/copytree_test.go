package dav_test

import (
	"context"
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// A COPY of a calendar is many commits, of which nobody sees any but the last; what is refused is refused before the
// first.
func TestCopy_OfATreeIsManyShortTransactions(t *testing.T) {
	t.Parallel()
	var clock atomic.Int64
	clock.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	now := func() time.Time { return time.Unix(clock.Add(1), 0) } // each transaction has its own
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Now: now})
	w := worldOf(t, db, dav.Options{})
	w.want(http.StatusMultiStatus, "ann", "PROPFIND", "/", "", "Depth", "0")
	bigCalendar(w, "big", 500)
	w.want(http.StatusCreated, "ann", "MKCALENDAR", "/calendars/ann/taken/", "")
	var rows int64
	count := func() (n int64) {
		t.Helper()
		if err := db.View(t.Context(), func(tx *store.Tx) error {
			home, err := tx.CollectionByID(2)
			if err != nil {
				return err
			}
			token, err := tx.Token(home)
			n = token.Rev
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	rows = count()
	for _, refused := range []struct {
		want   int
		header []string
	}{
		{http.StatusPreconditionFailed, []string{"Destination", "/calendars/ann/taken/", "Overwrite", "F"}},
		{http.StatusForbidden, []string{"Destination", "/calendars/ann/inbox/"}},
		{http.StatusForbidden, []string{"Destination", "/calendars/ann/big/below/"}},
		{http.StatusForbidden, []string{"Destination", "/calendars/ann/taken/below/"}},
		{http.StatusConflict, []string{"Destination", "/calendars/ann/none/below/"}},
		{http.StatusBadRequest, []string{"Destination", "/calendars/ann/copy/", "Depth", "1"}},
	} {
		w.want(refused.want, "ann", "COPY", "/calendars/ann/big/", "", refused.header...)
	}
	if _, err := db.ClaimJob(t.Context(), "purge"); err == nil || count() != rows {
		t.Errorf("what was refused had been begun: %d changes, %v", count()-rows, err)
	}
	w.want(http.StatusNoContent, "ann", "COPY", "/calendars/ann/big/", "", "Destination", "/calendars/ann/taken/")
	a := w.want(http.StatusMultiStatus, "ann", "PROPFIND", "/calendars/ann/taken/", propfindBody("<d:getlastmodified/>"), "Depth", "1")
	commits := map[string]int{}
	for _, when := range regexp.MustCompile(`<d:getlastmodified>([^<]*)<`).FindAllStringSubmatch(a.Body.String(), -1) {
		commits[when[1]]++
	}
	for when, n := range commits {
		if n > 200 {
			t.Errorf("%d of them are of one transaction, at %s", n, when)
		}
	}
	if len(commits) != 4 { // 200, 200, 100, and the collection
		t.Errorf("made in %d transactions: %v", len(commits), commits)
	}
	w.sound()
}

// A process that is killed in a COPY leaves nothing that anybody sees, and a job removes what it had copied.
func TestKill_ACopyIsThereOrNot(t *testing.T) {
	t.Parallel()
	path := storetest.Path(t)
	dir, err := os.MkdirTemp("", "dav-kill-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var later atomic.Int64
	db := storetest.OpenAt(t, path, store.Options{Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) }})
	w := worldOf(t, db, dav.Options{})
	w.want(http.StatusMultiStatus, "ann", "PROPFIND", "/", "", "Depth", "0")
	const many = 2000
	bigCalendar(w, "big", many)
	raw, err := sql.Open("sqlite3", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	hidden := func() (n int) {
		if err := raw.QueryRow(`SELECT count(*) FROM object WHERE collection IN (SELECT id FROM collection WHERE deleted<>0)`).Scan(&n); err != nil {
			t.Error(err)
		}
		return n
	}
	c := startChild(t, path, filepath.Join(dir, "s"))
	answered := make(chan int)
	go func() {
		r := request("COPY", "/calendars/ann/big/", "", "Test-User", "ann", "Destination", "/calendars/ann/copy/")
		a, err := c.client.Do(r)
		if err != nil {
			answered <- 0
			return
		}
		a.Body.Close()
		answered <- a.StatusCode
	}()
	code := -1
	for code < 0 && hidden() < 400 {
		select {
		case code = <-answered:
		case <-time.After(time.Millisecond):
		}
	}
	c.kill()
	if code < 0 {
		code = <-answered
	}
	w.sound()
	home := w.want(http.StatusMultiStatus, "ann", "PROPFIND", "/calendars/ann/", "", "Depth", "1").Body.String()
	if there := strings.Contains(home, "/calendars/ann/copy/"); there != (code == http.StatusCreated) {
		t.Errorf("COPY was answered with %d, and the copy is there: %v", code, there)
	}
	if code != 0 {
		t.Fatalf("the copy had ended already: %d", code)
	}
	if n := hidden(); n < 400 || n >= many {
		t.Errorf("%d objects had been copied: this tested nothing", n)
	}
	w.want(http.StatusNotFound, "ann", "PROPFIND", "/calendars/ann/copy/", "", "Depth", "0")
	w.want(http.StatusCreated, "ann", "COPY", "/calendars/ann/big/", "", "Destination", "/calendars/ann/copy/")
	later.Store(int64(11 * time.Minute))
	if err := w.s.Jobs().All(context.Background()); err != nil {
		t.Error(err)
	}
	if n := hidden(); n != 0 {
		t.Errorf("%d objects are left of it", n)
	}
	if n := len(w.listed("ann", "/calendars/ann/copy/")); n != many {
		t.Errorf("the second copy has %d objects", n)
	}
	w.sound()
}

// A copy holds what its maker may read.
func TestCopy_LeavesOutWhatIsClosed(t *testing.T) {
	t.Parallel()
	w := worldOf(t, storetest.Open(t), dav.Options{Files: true})
	w.want(http.StatusMultiStatus, "bob", "PROPFIND", "/", "", "Depth", "0")
	for _, uid := range []string{"open", "closed"} {
		w.want(http.StatusCreated, "ann", "PUT", "/calendars/ann/calendar/"+uid+".ics", event(uid, "DTSTART:20260101T090000Z"))
	}
	for _, path := range []string{"a/", "a/open/", "a/closed/", "a/closed/below/"} {
		w.want(http.StatusCreated, "ann", "MKCOL", "/files/ann/"+path, "")
	}
	for _, path := range []string{"a/f", "a/open/f", "a/closed/f", "a/closed/below/f"} {
		w.want(http.StatusCreated, "ann", "PUT", "/files/ann/"+path, "x")
	}
	if err := w.db.Update(t.Context(), func(tx *store.Tx) error {
		ann, err := tx.Principal(store.User, "ann")
		if err != nil {
			return err
		}
		bob, err := tx.Principal(store.User, "bob")
		if err != nil {
			return err
		}
		at := func(kind store.Kind, names ...string) *store.Collection {
			c, err := tx.Root(ann.ID, kind)
			for _, name := range names {
				if err == nil {
					c, err = tx.Collection(c.ID, name)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		read := []privilege.ACE{{Subject: privilege.ToPrincipal, Who: bob.ID, Allow: privilege.Read}}
		deny := []privilege.ACE{{Subject: privilege.ToPrincipal, Who: bob.ID, Deny: privilege.Read}}
		calendar := at(store.KindCalendarHome, "calendar")
		closed, err := tx.Object(calendar.ID, "closed.ics", 0)
		if err != nil {
			return err
		}
		for _, set := range []struct {
			collection, object int64
			aces               []privilege.ACE
		}{{calendar.ID, 0, read}, {calendar.ID, closed.ID, deny}, {at(store.KindFiles, "a").ID, 0, read}, {at(store.KindFiles, "a", "closed").ID, 0, deny}} {
			if err := tx.SetACEs(set.collection, set.object, set.aces); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.want(http.StatusCreated, "bob", "COPY", "/calendars/ann/calendar/", "", "Destination", "/calendars/bob/copy/")
	w.want(http.StatusOK, "bob", "GET", "/calendars/bob/copy/open.ics", "")
	w.want(http.StatusNotFound, "bob", "GET", "/calendars/bob/copy/closed.ics", "")
	w.want(http.StatusCreated, "bob", "COPY", "/files/ann/a/", "", "Destination", "/files/bob/a/")
	for path, want := range map[string]int{"f": 200, "open/f": 200, "closed/f": 404, "closed/": 404, "closed/below/f": 404} {
		w.want(want, "bob", "GET", "/files/bob/a/"+path, "")
	}
	w.sound()
}
