package store_test

import (
	"errors"
	"testing"
	"time"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func TestJob_ClaimFinishRetry(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Now: func() time.Time { return now }})
	enqueue := func(j store.Job) {
		t.Helper()
		update(t, db, func(tx *store.Tx) error { return tx.Enqueue(j) })
	}
	claim := func() *store.Job {
		t.Helper()
		j, err := db.ClaimJob(t.Context(), "mail", "push")
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		return j
	}
	none := func(why string) {
		t.Helper()
		if j, err := db.ClaimJob(t.Context(), "mail", "push"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: %+v, %v", why, j, err)
		}
	}
	finish := func(j *store.Job, fate string) {
		t.Helper()
		if err := db.FinishJob(t.Context(), j, fate); err != nil {
			t.Error(err)
		}
	}
	none("nothing there")
	enqueue(store.Job{Kind: "other", Key: "1"})
	none("another kind")
	enqueue(store.Job{Kind: "mail", Key: "1", Payload: []byte("x"), Due: now.Unix() + 60})
	none("not due")
	enqueue(store.Job{Kind: "mail", Key: "1", Payload: []byte("y"), Due: now.Unix() + 30})
	now = now.Add(30 * time.Second)
	j := claim()
	if string(j.Payload) != "y" || j.Tries != 1 {
		t.Errorf("%+v", j)
	}
	none("held")
	update(t, db, func(tx *store.Tx) error { return tx.RetryJob(j, now.Unix()+10, "greylisted") })
	none("to be tried later")
	now = now.Add(10 * time.Second)
	if j = claim(); j.Tries != 2 || j.Fate != "greylisted" {
		t.Errorf("%+v", j)
	}
	now = now.Add(10 * time.Minute) // the worker died
	second := claim()
	if err := db.FinishJob(t.Context(), j, "sent"); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("the first worker came back: %v", err)
	}
	finish(second, "sent")
	enqueue(store.Job{Kind: "mail", Key: "1"})
	none("a mail is sent once")

	enqueue(store.Job{Kind: "push", Key: "p"})
	j = claim()
	enqueue(store.Job{Kind: "push", Key: "p", Payload: []byte("again")})
	none("asked for again, but still held")
	finish(j, "")
	if j = claim(); string(j.Payload) != "again" {
		t.Errorf("%+v", j)
	}
	finish(j, "")
	none("all done")
}
