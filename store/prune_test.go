package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func TestPrune_CutsHistoryAndRefusesItsTokens(t *testing.T) {
	t.Parallel()
	now := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Now: func() time.Time { return now }})
	storetest.Seed(t, db, "ann", "bob")
	token := func(user string) (tok store.Token) {
		t.Helper()
		view(t, db, func(tx *store.Tx) (err error) { tok, err = tx.Token(calendar(t, tx, user)); return err })
		return tok
	}
	write := func(user string, names ...string) {
		t.Helper()
		for _, name := range names {
			update(t, db, func(tx *store.Tx) error {
				c := calendar(t, tx, user)
				o, err := tx.Object(c.ID, name, 0)
				if errors.Is(err, store.ErrNotFound) {
					return put(tx, c, name)
				}
				if err != nil {
					return err
				}
				return tx.PutObject(c, o, []byte("again"), store.Index{UID: name})
			})
		}
	}
	remove := func(user, name string) {
		t.Helper()
		update(t, db, func(tx *store.Tx) error {
			c := calendar(t, tx, user)
			o, err := tx.Object(c.ID, name, 0)
			if err != nil {
				return err
			}
			return tx.DeleteObject(c, o)
		})
	}
	write("bob", "x")
	idle := token("bob") // nothing of bob's changes until long after the cut
	write("ann", "a", "b", "c")
	old := token("ann")
	write("ann", "a", "b", "b")
	remove("ann", "c")
	write("ann", "d", "e")
	last := token("ann")
	now = now.AddDate(1, 0, 0)
	cut := now
	now = now.AddDate(1, 0, 0)
	write("ann", "f")

	var rows, bodies int64
	if err := db.Prune(t.Context(), cut, 2, func(n, m int64) { rows, bodies = n, m }); err != nil {
		t.Fatal(err)
	}
	if bodies != 4 || rows < 5 {
		t.Errorf("%d rows and %d bodies cut", rows, bodies)
	}
	if problems, err := db.Check(t.Context()); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	changes := func(user string, since store.Token, limit int) ([]string, store.Token, error) {
		t.Helper()
		var names []string
		var next store.Token
		var failed error
		view(t, db, func(tx *store.Tx) error {
			list, n, _, err := tx.Changes(calendar(t, tx, user), since, limit)
			for _, c := range list {
				names = append(names, c.Name)
			}
			next, failed = n, err
			return nil
		})
		return names, next, failed
	}
	if _, _, err := changes("ann", old, 0); !errors.Is(err, store.ErrTokenUnknown) {
		t.Errorf("a token whose changes were cut: %v", err)
	}
	if names, _, err := changes("ann", last, 0); err != nil || !slices.Equal(names, []string{"f"}) {
		t.Errorf("the last token before the cut: %v, %v", names, err)
	}
	write("bob", "y")
	if names, _, err := changes("bob", idle, 0); err != nil || !slices.Equal(names, []string{"y"}) {
		t.Errorf("a token older than the cut, of what had not changed: %v, %v", names, err)
	}
	// A first sync in pages passes what is older than the cut.
	var all []string
	var next store.Token
	for {
		names, n, err := changes("ann", next, 1)
		if err != nil {
			t.Fatalf("after %v: %v", all, err)
		}
		if len(names) == 0 || n == next {
			break
		}
		all, next = append(all, names...), n
		if parsed, err := store.ParseToken(n.String()); err != nil || parsed != n {
			t.Errorf("token %s reads as %v, %v", n, parsed, err)
		}
	}
	if slices.Sort(all); !slices.Equal(all, []string{"a", "b", "d", "e", "f"}) {
		t.Errorf("in pages: %v", all)
	}
	// Once more does nothing.
	if err := db.Prune(t.Context(), cut, 100, func(n, m int64) { rows, bodies = n, m }); err != nil || rows+bodies != 0 {
		t.Errorf("the second time: %d, %d, %v", rows, bodies, err)
	}
}

// The token that a collection has is known, also where its own properties have changed since, and all of it was before the cut.
func TestPrune_KeepsTheNewestToken(t *testing.T) {
	t.Parallel()
	now := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Now: func() time.Time { return now }})
	storetest.Seed(t, db, "ann")
	update(t, db, func(tx *store.Tx) error { return put(tx, calendar(t, tx, "ann"), "a") })
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		home, err := tx.CollectionByID(c.Parent)
		return errors.Join(err, tx.SaveCollection(c), tx.SaveCollection(home))
	})
	now = now.AddDate(1, 0, 0)
	if err := db.Prune(t.Context(), now, 100, func(_, _ int64) {}); err != nil {
		t.Fatal(err)
	}
	view(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		home, err := tx.CollectionByID(c.Parent)
		if err != nil {
			return err
		}
		for _, c := range []*store.Collection{c, home} {
			token, err := tx.Token(c)
			if err != nil {
				return err
			}
			if changes, next, _, err := tx.Changes(c, token, 0); err != nil || len(changes) != 0 || next != token {
				t.Errorf("%s: %v, %v, %v", c.Name, changes, next, err)
			}
		}
		return nil
	})
}
