package store_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func TestPrincipal_RoundTrip(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	quota := int64(1 << 30)
	want := store.Principal{Kind: store.Room, Name: "Room 1", Display: "R", Claims: []byte{1, 2}, Settings: `{"a":1}`, Quota: &quota, Disabled: true}
	update(t, db, func(tx *store.Tx) error {
		p := want
		if err := tx.CreatePrincipal(&p); err != nil {
			return err
		}
		want.ID = p.ID
		if err := tx.CreatePrincipal(&store.Principal{Kind: store.Room, Name: "Room 1"}); !errors.Is(err, store.ErrExists) {
			t.Errorf("a taken name: %v", err)
		}
		return errors.Join(tx.CreatePrincipal(&store.Principal{Kind: store.User, Name: "Room 1"}), tx.CreatePrincipal(&store.Principal{Kind: store.Room, Name: "A"}))
	})
	update(t, db, func(tx *store.Tx) error {
		got, err := tx.Principal(store.Room, "Room 1")
		if err != nil {
			return err
		}
		if got.ID != want.ID || got.Display != "R" || string(got.Claims) != "\x01\x02" || got.Settings != want.Settings || *got.Quota != quota || !got.Disabled {
			t.Errorf("got %+v", got)
		}
		got.Name = "A"
		if err := tx.SavePrincipal(got); !errors.Is(err, store.ErrExists) {
			t.Errorf("renamed to a taken name: %v", err)
		}
		got.Name, got.Quota = "B", nil
		if err := tx.SavePrincipal(got); err != nil {
			return err
		}
		var names []string
		for p, err := range tx.Principals(store.Room) {
			if err != nil {
				return err
			}
			names = append(names, p.Name)
		}
		if !slices.Equal(names, []string{"A", "B"}) {
			t.Errorf("%q", names)
		}
		return nil
	})
}

func TestSetAddresses(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	update(t, db, func(tx *store.Tx) error {
		list := []string{"MAILTO:Ann.Lee@Example.org", "bob@example.org", " urn:UUID:0A ", "", "ann.lee@example.org"}
		if err := tx.SetAddresses(users[0].ID, list); err != nil {
			return err
		}
		got, err := tx.Addresses(users[0].ID)
		if want := []string{"mailto:ann.lee@example.org", "urn:uuid:0a"}; err != nil || !slices.Equal(got, want) {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
		for address, name := range map[string]string{"mailto:Bob@example.org": "bob", "Ann.Lee@example.org": "ann"} {
			if p, err := tx.PrincipalByAddress(address); err != nil || p.Name != name {
				t.Errorf("%s: %+v, %v", address, p, err)
			}
		}
		if _, err := tx.PrincipalByAddress("mailto:ann@example.org"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an address given up: %v", err)
		}
		return nil
	})
}

func TestDeletePrincipal_LeavesNothing(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	p := storetest.Seed(t, db, "ann", "bob")[0]
	update(t, db, func(tx *store.Tx) error {
		if err := tx.CreatePrincipal(&store.Principal{Kind: store.ProxyRead, Name: "ann/read", Owner: p.ID}); err != nil {
			return err
		}
		c := calendar(t, tx, "ann")
		return errors.Join(put(tx, c, "secret.ics"), tx.DeleteCollection(collectionNamed(t, tx, "ann", "tasks")), tx.SetDead(c.ID, 0, "secret:", "p", ""))
	})
	update(t, db, func(tx *store.Tx) error { return tx.DeletePrincipal(p) })
	sound(t, db)
	dump := storetest.Dump(t, db)
	for _, trace := range []string{"secret", `"ann`, "ann@"} {
		if strings.Contains(dump, trace) {
			t.Errorf("%s is still there:\n%s", trace, dump)
		}
	}
	update(t, db, func(tx *store.Tx) error {
		again := &store.Principal{Kind: store.User, Name: "ann"}
		if err := tx.CreatePrincipal(again); err != nil {
			return err
		}
		if again.ID <= p.ID {
			t.Errorf("id %d of a deleted account was given out again as %d", p.ID, again.ID)
		}
		return nil
	})
}
