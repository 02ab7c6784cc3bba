package store_test

import (
	"errors"
	"testing"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// calendar gives the calendar "calendar" of a seeded user.
func calendar(t testing.TB, tx *store.Tx, user string) *store.Collection {
	t.Helper()
	p, err := tx.Principal(store.User, user)
	if err != nil {
		t.Fatal(err)
	}
	home, err := tx.Root(p.ID, store.KindCalendarHome)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tx.Collection(home.ID, "calendar")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func update(t testing.TB, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func view(t testing.TB, db *store.DB, fn func(tx *store.Tx) error) {
	t.Helper()
	if err := db.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func TestPutObject_ReadsBack(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	body := []byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")
	var tag string
	update(t, db, func(tx *store.Tx) error {
		tx.As(1, "client/1.0")
		o := &store.Object{Name: "a.ics", Media: "text/calendar"}
		err := tx.PutObject(calendar(t, tx, "ann"), o, body, store.Index{Version: 1, Kind: 1, Flags: 4, UID: "u", First: 10, Last: 20, Series: []byte("s")})
		tag = o.Tag("")
		return err
	})
	view(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		o, err := tx.Object(c.ID, "a.ics", store.Body|store.Series)
		if err != nil {
			return err
		}
		if string(o.Body) != string(body) || string(o.Index.Series) != "s" || o.UID != "u" || o.Index.UID != "u" || o.Kind != 1 || o.Flags != 4 || o.Media != "text/calendar" || o.Tag("") != tag {
			t.Errorf("got %+v, tag %s want %s", o, o.Tag(""), tag)
		}
		if c.Objects != 1 || c.Bytes != int64(len(body)) || c.Rev != o.Rev {
			t.Errorf("collection %+v", c)
		}
		_, err = tx.Object(c.ID, "b.ics", 0)
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("missing object: %v", err)
		}
		return nil
	})
	storetest.Dump(t, db)
}
