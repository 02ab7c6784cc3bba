package dav_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"caldav-fcgi/store"
)

// bigCalendar makes a calendar of that many objects in few transactions, and returns its row.
func bigCalendar(w *world, name string, n int) *store.Collection {
	w.t.Helper()
	w.want(http.StatusCreated, "ann", "MKCALENDAR", "/calendars/ann/"+name+"/", "")
	var c *store.Collection
	if err := w.db.Update(w.t.Context(), func(tx *store.Tx) error {
		p, err := tx.Principal(store.User, "ann")
		if err != nil {
			return err
		}
		home, err := tx.Root(p.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		if c, err = tx.Collection(home.ID, name); err != nil {
			return err
		}
		for i := range n {
			uid := fmt.Sprint("u", i)
			if err := tx.PutObject(c, &store.Object{Name: uid + ".ics"}, []byte(event(uid, "DTSTART:20260101T090000Z")), store.Index{UID: uid}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return c
}

// A DELETE of a large calendar takes as many statements as that of a small one. It is gone at once and whole; who was
// reading it reads it to its end.
func TestDelete_OfATreeIsOneShortTransaction(t *testing.T) {
	t.Parallel()
	const many = 2000
	w := newWorld(t)
	remove := func(name string) int64 {
		t.Helper()
		r, err := http.NewRequest("DELETE", "http://cal.example.com/calendars/ann/"+name+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := w.send("ann", r); a.Code != http.StatusNoContent {
			t.Fatalf("DELETE: %d %s", a.Code, a.Body)
		}
		return w.log.of(idOf(r))
	}
	bigCalendar(w, "small", 2)
	few := remove("small")
	big := bigCalendar(w, "big", many)
	if err := w.db.View(t.Context(), func(tx *store.Tx) error {
		seen := 0
		for _, err := range tx.Objects(big.ID, store.Body) {
			if err != nil {
				return err
			}
			if seen++; seen == 10 {
				if n := remove("big"); n != few || n == 0 {
					t.Errorf("DELETE of %d objects takes %d statements, of two %d", many, n, few)
				}
			}
		}
		if seen != many {
			t.Errorf("the reader saw %d of %d objects", seen, many)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	gone := func() {
		t.Helper()
		w.want(http.StatusNotFound, "ann", "PROPFIND", "/calendars/ann/big/", "", "Depth", "1")
		w.want(http.StatusNotFound, "ann", "GET", "/calendars/ann/big/u7.ics", "")
		if a := w.want(http.StatusMultiStatus, "ann", "PROPFIND", "/calendars/ann/", propfindBody("<d:quota-used-bytes/>"), "Depth", "1"); strings.Contains(a.Body.String(), "/big/") {
			t.Error(a.Body)
		}
	}
	gone()
	w.sound()

	// It is emptied in commits of 200 rows at most. Between any two of them others read and write, as if it were not there.
	j, err := w.db.ClaimJob(t.Context(), "purge")
	for err == nil && j.Key != strconv.FormatInt(big.ID, 10) {
		j, err = w.db.ClaimJob(t.Context(), "purge")
	}
	if err != nil {
		t.Fatal(err)
	}
	left := func() (n int) {
		t.Helper()
		if err := w.db.View(t.Context(), func(tx *store.Tx) error {
			for _, err := range tx.Objects(big.ID, 0) {
				if err != nil {
					return err
				}
				n++
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	commits := 0
	for more, before := true, many; more; commits++ {
		if err := w.db.Update(t.Context(), func(tx *store.Tx) (err error) {
			if more, err = tx.PurgeCollection(big.ID, 200); err == nil && tx.Statements() > 12 {
				t.Errorf("a part takes %d statements", tx.Statements())
			}
			if err == nil && !more {
				err = tx.FinishJob(j, "")
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		now := left()
		if before-now > 200 {
			t.Errorf("%d rows went in one commit", before-now)
		}
		before = now
		if commits%8 == 0 {
			gone()
			w.want(http.StatusCreated, "ann", "PUT", fmt.Sprintf("/calendars/ann/calendar/%d.ics", commits), event(fmt.Sprint("u", commits), "DTSTART:20260101T090000Z"))
		}
	}
	if commits < many/200 || left() != 0 {
		t.Errorf("%d commits, %d rows left", commits, left())
	}
	gone()
}

// The name is free at once, for another calendar with the same objects.
func TestDelete_OfATreeFreesItsName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bigCalendar(w, "big", 300)
	w.want(http.StatusNoContent, "ann", "DELETE", "/calendars/ann/big/", "")
	bigCalendar(w, "big", 300)
	w.want(http.StatusCreated, "ann", "COPY", "/calendars/ann/big/", "", "Destination", "/calendars/ann/copy/")
	w.want(http.StatusNoContent, "ann", "MOVE", "/calendars/ann/big/", "", "Destination", "/calendars/ann/copy/")
	if err := w.s.Jobs().All(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := w.want(http.StatusMultiStatus, "ann", "PROPFIND", "/calendars/ann/copy/", "", "Depth", "1"); strings.Count(a.Body.String(), "<d:response>") != 301 {
		t.Errorf("%d responses", strings.Count(a.Body.String(), "<d:response>"))
	}
	if _, err := w.db.ClaimJob(t.Context(), "purge"); err == nil {
		t.Error("a job is left")
	}
}
