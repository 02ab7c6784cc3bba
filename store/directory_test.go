package store_test

import (
	"errors"
	"slices"
	"testing"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func names(t *testing.T, tx *store.Tx, s store.Sight, kinds ...store.PrincipalKind) (list []string) {
	t.Helper()
	for l, err := range tx.Directory(s, kinds...) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, l.Name)
	}
	return list
}

func TestDirectory_Sight(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob", "cat", "dan")
	ann, bob, cat, dan := users[0], users[1], users[2], users[3]
	all := []store.PrincipalKind{store.User, store.Group, store.Room, store.Resource}
	update(t, db, func(tx *store.Tx) error {
		inner, outer := &store.Principal{Kind: store.Group, Name: "inner"}, &store.Principal{Kind: store.Group, Name: "outer"}
		err := errors.Join(tx.CreatePrincipal(inner), tx.CreatePrincipal(outer), tx.CreatePrincipal(&store.Principal{Kind: store.Room, Name: "hall"}),
			tx.AddMember(outer.ID, ann.ID, store.ByHand), tx.AddMember(outer.ID, inner.ID, store.ByHand), tx.AddMember(inner.ID, bob.ID, store.ByHand), tx.AddMember(inner.ID, outer.ID, store.ByHand))
		if err != nil {
			return err
		}
		check := func(what string, s store.Sight, want ...string) {
			t.Helper()
			if got := names(t, tx, s, all...); !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
			var ids []int64
			byName := map[string]store.PrincipalKind{}
			for l, err := range tx.Directory(store.Sight{All: true}, all...) {
				if err != nil {
					t.Fatal(err)
				}
				ids, byName[l.Name] = append(ids, l.ID), l.Kind
			}
			seen, err := tx.Seen(s, ids)
			if err != nil || len(seen) != len(want) {
				t.Errorf("%s: %d of %d are seen, want %d (%v)", what, len(seen), len(ids), len(want), err)
			}
			for name, kind := range byName {
				before := tx.Statements()
				_, err := tx.Visible(s, kind, name)
				if n := tx.Statements() - before; n != 1 {
					t.Errorf("%s: %d statements for %s", what, n, name)
				}
				if found := err == nil; found != slices.Contains(want, name) || err != nil && !errors.Is(err, store.ErrNotFound) {
					t.Errorf("%s: %s: %v", what, name, err)
				}
			}
		}
		check("all", store.Sight{All: true}, "ann", "bob", "cat", "dan", "inner", "outer", "hall")
		check("nobody", store.Sight{Self: cat.ID, Ties: []int64{cat.ID}}, "cat", "hall")
		check("own groups", store.Sight{Self: ann.ID, Ties: []int64{ann.ID, outer.ID}, Known: []int64{outer.ID}, Within: []int64{outer.ID}}, "ann", "bob", "inner", "outer", "hall")
		// Who has granted something, to him or to a group of his, is known to him, and the other way round.
		if err := tx.SetACEs(collectionNamed(t, tx, "dan", "tasks").ID, 0, []privilege.ACE{{Subject: privilege.ToPrincipal, Who: cat.ID, Allow: privilege.Read}}); err != nil {
			return err
		}
		check("granted", store.Sight{Self: cat.ID, Ties: []int64{cat.ID}}, "cat", "dan", "hall")
		check("grantor", store.Sight{Self: dan.ID, Ties: []int64{dan.ID}}, "cat", "dan", "hall")
		proxy, err := tx.Proxy(bob.ID, store.ProxyRead)
		if err != nil {
			return err
		}
		if err := tx.AddMember(proxy.ID, ann.ID, store.ByHand); err != nil {
			return err
		}
		check("delegate", store.Sight{Self: ann.ID, Ties: []int64{ann.ID, proxy.ID}}, "ann", "bob", "hall")
		check("delegator", store.Sight{Self: bob.ID, Ties: []int64{bob.ID}}, "ann", "bob", "hall")
		byID, err := tx.PrincipalsByID([]int64{proxy.ID, ann.ID})
		if err != nil || len(byID) != 3 || byID[bob.ID] == nil || byID[bob.ID].Name != "bob" || byID[proxy.ID].Owner != bob.ID {
			t.Errorf("by id: %v, %v", byID, err)
		}
		return nil
	})
}

func TestDirectory_Addresses(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	ann := storetest.Seed(t, db, "ann")[0]
	update(t, db, func(tx *store.Tx) error {
		want := []string{"mailto:z@example.org", "mailto:a@example.org"}
		if err := tx.SetAddresses(ann.ID, want); err != nil {
			return err
		}
		for l, err := range tx.Directory(store.Sight{All: true}, store.User) {
			if err != nil || !slices.Equal(l.Addresses, want) {
				t.Errorf("%q, %v", l.Addresses, err)
			}
		}
		return nil
	})
}
