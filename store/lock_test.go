package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// lock makes one that lasts for some seconds from the transaction's time.
func lock(tx *store.Tx, token string, c *store.Collection, name string, seconds int64) error {
	return tx.CreateLock(&store.Lock{Token: token, LockKey: store.LockKey{Collection: c.ID, Name: name}, Owner: "<o/>", Principal: c.Owner, Expires: tx.Now.Unix() + seconds})
}

func tokens(list []store.Lock) string {
	var all []string
	for _, l := range list {
		all = append(all, l.Token)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestLocks_AreFoundByKeyAndBelow(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann", "bob")
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		home, err := tx.CollectionByID(c.Parent)
		return errors.Join(err, lock(tx, "home", home, "", 100), lock(tx, "calendar", c, "", 100), lock(tx, "a", c, "a.ics", 100),
			lock(tx, "new", home, "new", 100), lock(tx, "bob", calendar(t, tx, "bob"), "a.ics", 100))
	})
	view(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		for _, q := range []struct {
			keys  []store.LockKey
			trees []int64
			want  string
		}{
			{nil, nil, ""},
			{[]store.LockKey{{c.ID, "a.ics"}}, nil, "a"},
			{[]store.LockKey{{c.ID, "a.ics"}, {c.ID, ""}, {c.Parent, ""}}, nil, "a calendar home"},
			{[]store.LockKey{{c.ID, "b.ics"}}, nil, ""},
			{nil, []int64{c.ID}, "a calendar"},
			{nil, []int64{c.Parent}, "a calendar home new"},
		} {
			list, err := tx.Locks(q.keys, q.trees)
			if err != nil || tokens(list) != q.want {
				t.Errorf("%v below %v: got %q, %v; want %q", q.keys, q.trees, tokens(list), err, q.want)
			}
			for _, l := range list {
				if path := strings.Join(l.Path, "/"); l.Top == c.Parent && l.Token == "a" && path != "calendar/a.ics" || l.Top == c.Parent && l.Token == "new" && path != "new" {
					t.Errorf("%s is at %q", l.Token, path)
				}
				if l.Owner != "<o/>" || l.Principal != c.Owner || l.Expires != tx.Now.Unix()+100 && l.Expires != tx.Now.Unix()+99 {
					t.Errorf("%+v", l)
				}
			}
		}
		listed, err := tx.LocksListed(c.Parent)
		if err != nil || len(listed) != 3 || tokens(listed[store.LockKey{Collection: c.ID}]) != "calendar" {
			t.Errorf("listed: %+v, %v", listed, err)
		}
		return nil
	})
	storetest.Dump(t, db)
}

func TestLocks_ExpiredOnesNeverCount(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Now: func() time.Time { return now }})
	storetest.Seed(t, db, "ann")
	update(t, db, func(tx *store.Tx) error { return lock(tx, "old", calendar(t, tx, "ann"), "a.ics", 10) })
	found := func(want string) {
		t.Helper()
		view(t, db, func(tx *store.Tx) error {
			c := calendar(t, tx, "ann")
			list, err := tx.Locks([]store.LockKey{{Collection: c.ID, Name: "a.ics"}}, nil)
			below, err2 := tx.Locks(nil, []int64{c.Parent})
			listed, err3 := tx.LocksListed(c.ID)
			if got := tokens(list); got != want || tokens(below) != want || len(listed) != len(list) || tx.State().Locked != (want != "") {
				t.Errorf("got %q, want %q; below %q, listed %v, any %v", got, want, tokens(below), listed, tx.State().Locked)
			}
			return errors.Join(err, err2, err3)
		})
	}
	found("old")
	now = now.Add(9 * time.Second)
	update(t, db, func(tx *store.Tx) error { return tx.RefreshLock("old", tx.Now.Unix()+10) })
	now = now.Add(9 * time.Second)
	found("old")
	now = now.Add(time.Second)
	found("")
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.RefreshLock("old", tx.Now.Unix()+10) }); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("refreshing what has expired: %v", err)
	}
	update(t, db, func(tx *store.Tx) error { return lock(tx, "new", calendar(t, tx, "ann"), "b.ics", 10) })
	update(t, db, func(tx *store.Tx) error { // swept, so its token is free
		return tx.CreateLock(&store.Lock{Token: "old", LockKey: store.LockKey{Collection: calendar(t, tx, "ann").ID, Name: "a.ics"}, Principal: calendar(t, tx, "ann").Owner, Expires: tx.Now.Unix() + 10})
	})
	view(t, db, func(tx *store.Tx) error {
		list, err := tx.Locks(nil, []int64{calendar(t, tx, "ann").ID})
		if tokens(list) != "new old" {
			t.Errorf("after the sweep: %q", tokens(list))
		}
		return err
	})
}

func TestLocks_AreCountedForEachPrincipal(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann", "bob")
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		if err := lock(tx, "bob", calendar(t, tx, "bob"), "x", 100); err != nil {
			return err
		}
		for i := range 1000 {
			if err := lock(tx, fmt.Sprint(i), calendar(t, tx, "ann"), fmt.Sprint(i), 100); err != nil {
				return err
			}
		}
		return errors.Join(errors.New("none too many"), lock(tx, "one more", calendar(t, tx, "ann"), "x", 100))
	})
	if !errors.Is(err, store.ErrTooManyLocks) {
		t.Errorf("got %v", err)
	}
}

func TestLocks_GoWithTheirCollection(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann")
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		return errors.Join(lock(tx, "a", c, "", 100), tx.DeleteCollection(c))
	})
	update(t, db, func(tx *store.Tx) error {
		home, err := tx.Root(users[0].ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		list, err := tx.Locks(nil, []int64{home.ID})
		if len(list) != 0 {
			t.Errorf("locks of a deleted collection: %v", tokens(list))
		}
		return err
	})
	storetest.Dump(t, db)
}

// lockEnv makes a child process try for one lock.
const lockEnv = "STORE_TEST_LOCK"

func childLock(path, token string) error {
	db, err := store.Open(path, store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Update(context.Background(), func(tx *store.Tx) error {
		p, err := tx.Principal(store.User, "ann")
		if err != nil {
			return err
		}
		home, err := tx.Root(p.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		list, err := tx.Locks([]store.LockKey{{Collection: home.ID, Name: "x"}}, nil)
		if err != nil || len(list) > 0 {
			return err
		}
		fmt.Println(token)
		return lock(tx, token, home, "x", 100)
	})
}

func TestLocks_ProcessesAgree(t *testing.T) {
	t.Parallel()
	path := storetest.Path(t)
	db := storetest.OpenAt(t, path, store.Options{})
	storetest.Seed(t, db, "ann")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var got []string
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			cmd := exec.CommandContext(t.Context(), exe)
			cmd.Env = append(os.Environ(), childEnv+"="+path, fmt.Sprintf("%s=l:%d", lockEnv, i))
			out, err := cmd.CombinedOutput()
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Errorf("%v: %s", err, out)
			}
			got = append(got, strings.Fields(string(out))...)
		})
	}
	wg.Wait()
	if len(got) != 1 {
		t.Fatalf("locked by %v, want one", got)
	}
	view(t, db, func(tx *store.Tx) error {
		home, err := tx.CollectionByID(calendar(t, tx, "ann").Parent)
		if err != nil {
			return err
		}
		if list, err := tx.Locks([]store.LockKey{{Collection: home.ID, Name: "x"}}, nil); err != nil || tokens(list) != got[0] {
			t.Errorf("here it is %q, %v", tokens(list), err)
		}
		return nil
	})
}
