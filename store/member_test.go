package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// groups makes groups of these names.
func groups(t testing.TB, db *store.DB, names ...string) []*store.Principal {
	t.Helper()
	var list []*store.Principal
	update(t, db, func(tx *store.Tx) error {
		for _, name := range names {
			g := &store.Principal{Kind: store.Group, Name: name}
			if err := tx.CreatePrincipal(g); err != nil {
				return err
			}
			list = append(list, g)
		}
		return nil
	})
	return list
}

func memberships(t testing.TB, tx *store.Tx, principal int64) []string {
	t.Helper()
	list, err := tx.Memberships(principal)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range list {
		names = append(names, m.Name)
	}
	slices.Sort(names)
	return names
}

func TestMemberships_NestedAndInEachOther(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	g := groups(t, db, "a", "b", "c", "lonely")
	update(t, db, func(tx *store.Tx) error {
		err := errors.Join(
			tx.SetMembers(g[0].ID, store.ByHand, []int64{users[0].ID, g[2].ID, g[0].ID}), // c is in a, and a cannot be in itself
			tx.SetMembers(g[1].ID, store.ByHand, []int64{g[0].ID}),                       // a is in b
			tx.SetMembers(g[2].ID, store.ByHand, []int64{g[1].ID}),                       // b is in c
		)
		if got := memberships(t, tx, users[0].ID); !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("ann is in %q", got)
		}
		if got := memberships(t, tx, users[1].ID); got != nil {
			t.Errorf("bob is in %q", got)
		}
		if list, err := tx.GroupsOf(users[0].ID); err != nil || len(list) != 1 || list[0].Name != "a" {
			t.Errorf("ann's own: %v, %v", list, err)
		}
		if list, err := tx.Members(g[0].ID); err != nil || len(list) != 2 || list[0].Name != "ann" || list[1].Name != "c" {
			t.Errorf("members of a: %v, %v", list, err)
		}
		before := tx.Statements()
		memberships(t, tx, users[0].ID)
		if n := tx.Statements() - before; n != 1 {
			t.Errorf("%d statements", n)
		}
		if err := tx.AddMember(g[0].ID, g[0].ID, store.ByHand); !errors.Is(err, store.ErrBadName) {
			t.Errorf("a group in itself: %v", err)
		}
		return err
	})
	sound(t, db)
}

func TestMembership_EachSourceRefreshesItsOwn(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	ann := storetest.Seed(t, db, "ann")[0].ID
	g := groups(t, db, "a", "b", "c")
	for _, step := range []struct {
		name string
		do   func(tx *store.Tx) error
		want string
	}{
		{"by hand", func(tx *store.Tx) error { return tx.AddMember(g[0].ID, ann, store.ByHand) }, "[a]"},
		{"by login", func(tx *store.Tx) error { return tx.SetGroups(ann, store.ByLogin, []int64{g[0].ID, g[1].ID, g[1].ID}) }, "[a b]"},
		{"by file", func(tx *store.Tx) error { return tx.SetMembers(g[2].ID, store.ByFile, []int64{ann}) }, "[a b c]"},
		{"the login says less", func(tx *store.Tx) error { return tx.SetGroups(ann, store.ByLogin, nil) }, "[a c]"},
		{"again by hand", func(tx *store.Tx) error { return tx.SetMembers(g[0].ID, store.ByHand, []int64{ann}) }, "[a c]"},
		{"known twice", func(tx *store.Tx) error { return tx.SetGroups(ann, store.ByLogin, []int64{g[0].ID}) }, "[a c]"},
		{"taken out", func(tx *store.Tx) error { return tx.RemoveMember(g[0].ID, ann) }, "[c]"},
		{"taken out again", func(tx *store.Tx) error { return tx.RemoveMember(g[0].ID, ann) }, "[c]"},
		{"the file says less", func(tx *store.Tx) error { return tx.SetMembers(g[2].ID, store.ByFile, nil) }, "[]"},
	} {
		update(t, db, func(tx *store.Tx) error {
			if err := step.do(tx); err != nil {
				return err
			}
			if got := fmt.Sprint(memberships(t, tx, ann)); got != step.want {
				t.Errorf("%s: in %s, want %s", step.name, got, step.want)
			}
			return nil
		})
	}
}

func TestProxy_KeepsItsMembersWhenItsOwnerIsRenamed(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	ann, bob := users[0], users[1].ID
	view(t, db, func(tx *store.Tx) error {
		if _, err := tx.Proxy(ann.ID, store.ProxyWrite); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("one that was never asked for: %v", err)
		}
		return nil
	})
	update(t, db, func(tx *store.Tx) error {
		p, err := tx.Proxy(ann.ID, store.ProxyWrite)
		if err != nil {
			return err
		}
		ann.Name = "anna"
		return errors.Join(tx.AddMember(p.ID, bob, store.ByHand), tx.SavePrincipal(ann))
	})
	view(t, db, func(tx *store.Tx) error {
		list, err := tx.Memberships(bob)
		if err != nil || len(list) != 1 || list[0].Owner != ann.ID || list[0].Kind != store.ProxyWrite || list[0].Name != "anna" {
			t.Errorf("%+v, %v", list, err)
		}
		if list, err := tx.GroupsOf(bob); err != nil || list != nil {
			t.Errorf("groups: %v, %v", list, err)
		}
		return nil
	})
	sound(t, db)
	update(t, db, func(tx *store.Tx) error { return tx.DeletePrincipal(ann) })
	view(t, db, func(tx *store.Tx) error {
		if got := memberships(t, tx, bob); got != nil {
			t.Errorf("a delegate of who is gone: %q", got)
		}
		return nil
	})
	sound(t, db)
}
