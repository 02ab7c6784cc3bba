package store_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func TestCollection_NamesAndRoots(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	p := storetest.Seed(t, db, "ann")[0]
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		for name, bad := range map[string]struct {
			c    store.Collection
			want error
		}{
			"a taken name":    {store.Collection{Parent: c.Parent, Owner: p.ID, Kind: store.KindCalendar, Name: "tasks"}, store.ErrExists},
			"a second home":   {store.Collection{Owner: p.ID, Kind: store.KindCalendarHome, Name: "x"}, store.ErrExists},
			"no parent":       {store.Collection{Parent: 4711, Owner: p.ID, Kind: store.KindCalendar, Name: "x"}, store.ErrNotFound},
			"an unusable one": {store.Collection{Parent: c.Parent, Owner: p.ID, Kind: store.KindCalendar, Name: "\xff"}, store.ErrBadName},
		} {
			if err := tx.CreateCollection(&bad.c); !errors.Is(err, bad.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	})
}

func TestSaveCollection_ConfigMovesWithWhatObjectsAreCheckedBy(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	zone, display, order := "BEGIN:VTIMEZONE", "Ann's", int64(3)
	for _, step := range []struct {
		name   string
		change func(*store.Collection)
		config int64
	}{
		{"display", func(c *store.Collection) { c.Display, c.Order, c.Transparent = &display, &order, true }, 0},
		{"components", func(c *store.Collection) { c.Components = 3 }, 1},
		{"timezone", func(c *store.Collection) { c.Timezone = &zone }, 2},
		{"the same timezone", func(c *store.Collection) { same := strings.Clone(zone); c.Timezone = &same }, 2},
		{"no timezone", func(c *store.Collection) { c.Timezone = nil }, 3},
	} {
		var own, rev int64
		update(t, db, func(tx *store.Tx) error {
			c := calendar(t, tx, "ann")
			own, rev = c.Own, c.Rev
			step.change(c)
			return tx.SaveCollection(c)
		})
		view(t, db, func(tx *store.Tx) error {
			c := calendar(t, tx, "ann")
			if c.Config != step.config || c.Own <= own || c.Rev != rev || *c.Display != display || *c.Order != 3 || !c.Transparent || c.Color != nil {
				t.Errorf("%s: config %d, want %d; %+v", step.name, c.Config, step.config, c)
			}
			return nil
		})
	}
}

func TestDeleteCollection_IsGoneAtOnceAndEmptiedLater(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	p := storetest.Seed(t, db, "ann")[0]
	var id int64
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		id = c.ID
		for i := range 30 {
			if err := put(tx, c, fmt.Sprint(i)); err != nil {
				return err
			}
		}
		o := object(t, tx, c, "3")
		return errors.Join(tx.SetDead(c.ID, 0, "x:", "p", ""), tx.SetDead(c.ID, o.ID, "x:", "p", ""), tx.PutObject(c, o, []byte("new"), o.Index), tx.DeleteObject(c, object(t, tx, c, "4")))
	})
	undo := errors.New("undo")
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		if _, err := tx.PurgeCollection(id, 10); err == nil {
			t.Error("a live collection was purged")
		}
		c := calendar(t, tx, "ann")
		if err := tx.DeleteCollection(c); err != nil {
			return err
		}
		if err := put(tx, c, "late"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("put into a deleted collection: %v", err)
		}
		return undo
	})
	if !errors.Is(err, undo) {
		t.Error(err)
	}
	update(t, db, func(tx *store.Tx) error { return tx.DeleteCollection(calendar(t, tx, "ann")) })
	view(t, db, func(tx *store.Tx) error {
		if _, err := tx.CollectionByID(id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("by id: %v", err)
		}
		if p, err := tx.PrincipalByID(p.ID); err != nil || p.Bytes != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		return nil
	})
	update(t, db, func(tx *store.Tx) error { // the name is free at once
		home, err := tx.Root(p.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		return tx.CreateCollection(&store.Collection{Parent: home.ID, Owner: p.ID, Kind: store.KindCalendar, Name: "calendar"})
	})
	sound(t, db)
	j, err := db.ClaimJob(t.Context(), "purge")
	if err != nil || j.Key != fmt.Sprint(id) {
		t.Fatal(j, err)
	}
	rounds := 0
	for more := true; more; rounds++ {
		update(t, db, func(tx *store.Tx) (err error) { more, err = tx.PurgeCollection(id, 10); return err })
	}
	if rounds < 6 { // 29 objects and 33 changes
		t.Errorf("emptied in %d rounds", rounds)
	}
	if err := db.FinishJob(t.Context(), j, ""); err != nil {
		t.Error(err)
	}
	sound(t, db)
	if dump := storetest.Dump(t, db); strings.Contains(dump, `space="x:"`) || strings.Contains(dump, `data="`) {
		t.Errorf("something is left:\n%s", dump)
	}
}

func TestMoveCollection_IntoAnotherHomeChangesTheOwner(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		if err := put(tx, c, "a"); err != nil {
			return err
		}
		home, err := tx.Root(users[1].ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		if err := tx.MoveCollection(c, home, "tasks"); !errors.Is(err, store.ErrExists) {
			t.Errorf("a taken name: %v", err)
		}
		access := tx.State().Access
		if err := tx.MoveCollection(c, home, "from ann"); err != nil {
			return err
		}
		bob, err := tx.PrincipalByID(users[1].ID)
		if err != nil || bob.Bytes != 1 || c.Owner != bob.ID {
			t.Errorf("%+v, %v", bob, err)
		}
		tx.AfterCommit(func() {
			view(t, db, func(tx *store.Tx) error {
				if tx.State().Access <= access {
					t.Error("rights may have changed: access stands still")
				}
				return nil
			})
		})
		return nil
	})
	sound(t, db)
}

func TestMoveCollection_NotIntoItself(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	p := storetest.Seed(t, db, "ann")[0]
	update(t, db, func(tx *store.Tx) error {
		a := &store.Collection{Owner: p.ID, Kind: store.KindFiles, Name: "files"}
		if err := tx.CreateCollection(a); err != nil {
			return err
		}
		b := &store.Collection{Parent: a.ID, Owner: p.ID, Kind: store.KindFiles, Name: "b"}
		if err := tx.CreateCollection(b); err != nil {
			return err
		}
		if err := errors.Join(put(tx, b, "x")); err != nil {
			return err
		}
		for _, to := range []*store.Collection{a, b} {
			if err := tx.MoveCollection(a, to, "c"); !errors.Is(err, store.ErrBadName) {
				t.Errorf("into %s: %v", to.Name, err)
			}
		}
		return tx.DeleteCollection(a)
	})
	sound(t, db)
	update(t, db, func(tx *store.Tx) error { return tx.DeletePrincipal(p) })
	sound(t, db)
}

// An object keeps its old versions when the collection that it was moved away from is deleted; sync of where it is now tells nothing
// of them.
func TestPurge_LeavesTheHistoryOfWhatWasMovedAway(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann", "bob")
	var id int64
	var before store.Token
	update(t, db, func(tx *store.Tx) error {
		from, to := calendar(t, tx, "ann"), calendar(t, tx, "bob")
		err := errors.Join(put(tx, from, "a"), put(tx, from, "b"), put(tx, to, "c"))
		if err != nil {
			return err
		}
		o := object(t, tx, from, "a")
		id = o.ID
		if err := errors.Join(tx.PutObject(from, o, []byte("second"), o.Index), tx.MoveObject(from, o, to, "a")); err != nil {
			return err
		}
		before, err = tx.Token(calendar(t, tx, "bob"))
		return errors.Join(err, tx.DeleteCollection(calendar(t, tx, "ann")))
	})
	j, err := db.ClaimJob(t.Context(), "purge")
	if err != nil {
		t.Fatal(err)
	}
	collection, err := strconv.ParseInt(j.Key, 10, 64)
	for more := true; more && err == nil; {
		err = db.Update(t.Context(), func(tx *store.Tx) (err error) {
			if more, err = tx.PurgeCollection(collection, 2); err == nil && !more {
				err = tx.FinishJob(j, "")
			}
			return err
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	dump := storetest.Dump(t, db)
	if n := strings.Count(dump, fmt.Sprintf("object=%d", id)); n < 4 && n != 0 {
		t.Errorf("%d rows name the object:\n%s", n, dump)
	}
	view(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "bob")
		changes, next, _, err := tx.Changes(c, before, 0)
		if err != nil || len(changes) != 0 || next != before {
			t.Errorf("%v, %v, %v", changes, next, err)
		}
		changes, _, _, err = tx.Changes(c, store.Token{}, 0)
		if err != nil || len(changes) != 2 {
			t.Errorf("%v, %v", changes, err)
		}
		return nil
	})
	sound(t, db)
}
