package store_test

import (
	"errors"
	"slices"
	"testing"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func grantTo(who int64, rights privilege.Set) privilege.ACE {
	return privilege.ACE{Subject: privilege.ToPrincipal, Who: who, Allow: rights}
}

func TestSetACEs_ReplacesAndTells(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	bob := users[1].ID
	update(t, db, func(tx *store.Tx) error { return put(tx, calendar(t, tx, "ann"), "1.ics") })
	lists := [][]privilege.ACE{
		{{Subject: privilege.ToAuthenticated, Invert: true, Deny: privilege.Bind}, grantTo(bob, privilege.Read)},
		{{Subject: privilege.ToAll, Allow: privilege.ReadFreeBusy, View: privilege.BusyTime}},
		nil,
	}
	for _, own := range lists {
		for _, onObject := range []bool{false, true} {
			update(t, db, func(tx *store.Tx) error {
				c := calendar(t, tx, "ann")
				o, err := tx.Object(c.ID, "1.ics", 0)
				if err != nil {
					return err
				}
				id := int64(0)
				if onObject {
					id = o.ID
				}
				if err := tx.SetACEs(c.ID, id, own); err != nil {
					return err
				}
				all, err := tx.ACEs(c.ID)
				var got []privilege.ACE
				for _, a := range all {
					if a.Object == id {
						got = append(got, a.ACE)
					}
				}
				if err != nil || !slices.Equal(got, own) {
					t.Errorf("got %+v, %v, want %+v", got, err, own)
				}
				now := calendar(t, tx, "ann")
				if onObject && now.Rev == c.Rev || !onObject && now.Own == c.Own {
					t.Errorf("sync is not told: %+v after %+v", now, c)
				}
				return nil
			})
		}
	}
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		o, err := tx.Object(c.ID, "1.ics", 0)
		if err != nil {
			return err
		}
		to := collectionNamed(t, tx, "ann", "tasks")
		if err := errors.Join(tx.SetACEs(c.ID, o.ID, lists[0]), tx.MoveObject(c, o, to, "2.ics")); err != nil {
			return err
		}
		if all, err := tx.ACEs(to.ID); err != nil || len(all) != 2 || all[0].Object != o.ID {
			t.Errorf("entries do not move with their object: %+v, %v", all, err)
		}
		if err := tx.DeleteObject(to, o); err != nil {
			return err
		}
		if all, err := tx.ACEs(to.ID); err != nil || all != nil {
			t.Errorf("entries of an object that is gone: %+v, %v", all, err)
		}
		return nil
	})
	sound(t, db)
}

func TestReach_OnlyWhoHasBeenGrantedAnything(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob", "carl", "dora")
	ann, bob, carl, dora := users[0].ID, users[1].ID, users[2].ID, users[3].ID
	team := groups(t, db, "team")[0].ID
	var home int64
	set := func(list ...privilege.ACE) {
		t.Helper()
		update(t, db, func(tx *store.Tx) error {
			c := calendar(t, tx, "ann")
			home = c.Parent
			return tx.SetACEs(c.ID, 0, list)
		})
	}
	reaches := func(what, user string, all bool, want bool, subjects ...int64) {
		t.Helper()
		view(t, db, func(tx *store.Tx) error {
			before := tx.Statements()
			h, p, err := tx.Reach(store.KindCalendarHome, user, subjects, all)
			switch {
			case tx.Statements()-before != 1:
				t.Errorf("%s: %d statements", what, tx.Statements()-before)
			case want && (err != nil || h.ID != home || p.ID != ann || h.Kind != store.KindCalendarHome):
				t.Errorf("%s: %+v %+v %v", what, h, p, err)
			case !want && !errors.Is(err, store.ErrNotFound):
				t.Errorf("%s: %v", what, err)
			}
			return nil
		})
	}
	set(grantTo(bob, privilege.Read), grantTo(team, privilege.ReadFreeBusy), privilege.ACE{Subject: privilege.ToPrincipal, Who: carl, Deny: privilege.All})
	reaches("a grant", "ann", false, true, bob)
	reaches("a grant to a group", "ann", false, true, dora, team)
	reaches("no grant", "ann", false, false, dora)
	reaches("a denial", "ann", false, false, carl)
	reaches("nobody", "ann", false, false)
	reaches("an administrator", "ann", true, true, dora)
	reaches("somebody there is not", "nobody", true, false, bob)
	set(privilege.ACE{Subject: privilege.ToAuthenticated, Allow: privilege.Read})
	reaches("whoever has logged in", "ann", false, true, dora)
	reaches("nobody", "ann", false, false)
	set(privilege.ACE{Subject: privilege.ToUnauthenticated, Allow: privilege.Read})
	reaches("nobody", "ann", false, true)
	reaches("whoever has logged in", "ann", false, false, dora)
	set(privilege.ACE{Subject: privilege.ToAll, Allow: privilege.Read})
	reaches("nobody", "ann", false, true)
	set(privilege.ACE{Subject: privilege.ToPrincipal, Who: bob, Invert: true, Allow: privilege.Read})
	reaches("everybody but him", "ann", false, false, bob)
	reaches("everybody but another", "ann", false, true, carl)
	set()
	reaches("no grant", "ann", false, false, bob)
	var proxy *store.Principal
	update(t, db, func(tx *store.Tx) (err error) { proxy, err = tx.Proxy(ann, store.ProxyRead); return err })
	reaches("a delegate", "ann", false, true, dora, proxy.ID)
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		return errors.Join(tx.SetACEs(c.ID, 0, []privilege.ACE{grantTo(bob, privilege.Read)}), tx.DeleteCollection(c))
	})
	reaches("a grant on what is deleted", "ann", false, false, bob)
	sound(t, db)
}
