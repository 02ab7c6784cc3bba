package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func put(tx *store.Tx, c *store.Collection, name string) error {
	return tx.PutObject(c, &store.Object{Name: name}, []byte("x"), store.Index{UID: name, Kind: 1})
}

func TestUpdate_OneFailsOthersStand(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	bad := errors.New("bad")
	var wg sync.WaitGroup
	var after atomic.Int64
	for i := range 64 {
		wg.Go(func() {
			err := db.Update(t.Context(), func(tx *store.Tx) error {
				tx.AfterCommit(func() { after.Add(1) })
				if err := put(tx, calendar(t, tx, "ann"), fmt.Sprint(i)); err != nil {
					return err
				}
				if i%7 == 0 {
					return bad
				}
				return nil
			})
			if (i%7 == 0) != errors.Is(err, bad) {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Go(func() { // gives up while waiting
		ctx, cancel := context.WithTimeout(t.Context(), time.Microsecond)
		defer cancel()
		db.Update(ctx, func(tx *store.Tx) error { return nil })
	})
	wg.Go(func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		db.Update(t.Context(), func(tx *store.Tx) error {
			if err := put(tx, calendar(t, tx, "ann"), "panic"); err != nil {
				t.Error(err)
			}
			panic("x")
		})
	})
	wg.Wait()
	view(t, db, func(tx *store.Tx) error {
		n := 0
		c := calendar(t, tx, "ann")
		for o, err := range tx.Objects(c.ID, store.Body) {
			if err != nil {
				return err
			}
			n++
			for inner, err := range tx.Objects(c.ID, 0, o.Name) { // a query within rows
				if err != nil || inner.ID != o.ID {
					t.Errorf("%v, %v", inner, err)
				}
			}
		}
		if n != 54 || c.Objects != 54 || after.Load() != 54 {
			t.Errorf("%d rows, %d counted, %d after commit; want 54", n, c.Objects, after.Load())
		}
		return nil
	})
	sound(t, db)
}

func TestUpdate_CancelledInsideIsFinished(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	ctx, cancel := context.WithCancel(t.Context())
	err := db.Update(ctx, func(tx *store.Tx) error {
		cancel()
		return put(tx, calendar(t, tx, "ann"), "a")
	})
	if err != nil {
		t.Errorf("a transaction that has begun: %v", err)
	}
	if err := db.Update(ctx, func(*store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a transaction that has not: %v", err)
	}
	if err := db.View(ctx, func(*store.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("view: %v", err)
	}
}

func TestTx_NotNestedNotKeptNotWrittenInView(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	nothing := func(*store.Tx) error { return nil }
	var kept *store.Tx
	for name, run := range map[string]func(context.Context, func(*store.Tx) error) error{"View": db.View, "Update": db.Update} {
		err := run(t.Context(), func(tx *store.Tx) error {
			kept = tx
			if db.Update(tx.Context(), nothing) == nil || db.View(tx.Context(), nothing) == nil {
				t.Errorf("a transaction inside %s was allowed", name)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		if _, err := kept.Principal(store.User, "ann"); err == nil {
			t.Errorf("Tx of %s works after its end", name)
		}
	}
	err := db.View(t.Context(), func(tx *store.Tx) error { return put(tx, calendar(t, tx, "ann"), "a") })
	if err == nil {
		t.Error("wrote in a View")
	}
}

func TestView_SeesOneState(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	view(t, db, func(tx *store.Tx) error {
		update(t, db, func(w *store.Tx) error { return put(w, calendar(t, w, "ann"), "a") })
		if c := calendar(t, tx, "ann"); c.Objects != 0 {
			t.Errorf("the snapshot moved: %d objects", c.Objects)
		}
		return nil
	})
}

func TestUpdate_RefusesAReplacedFile(t *testing.T) {
	t.Parallel()
	path := storetest.Path(t)
	db := storetest.OpenAt(t, path, store.Options{})
	storetest.Seed(t, db, "ann")
	if err := os.Rename(path, path+".away"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := db.Update(t.Context(), func(*store.Tx) error { t.Error("ran"); return nil })
	if !errors.Is(err, store.ErrReplaced) {
		t.Errorf("got %v", err)
	}
}

func TestClose_TurnsWritersAway(t *testing.T) {
	t.Parallel()
	db, err := store.Open(storetest.Path(t), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Close(), db.Close()); err != nil {
		t.Error(err)
	}
	if err := db.Update(t.Context(), func(*store.Tx) error { return nil }); !errors.Is(err, store.ErrClosed) {
		t.Errorf("got %v", err)
	}
}
