package job_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"caldav-fcgi/dav/job"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func enqueue(t *testing.T, db *store.DB, kind string, keys ...string) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		for _, key := range keys {
			if err := tx.Enqueue(store.Job{Kind: kind, Key: key}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestRunner_EachJobIsDoneOnceInParts(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	enqueue(t, db, "work", "a", "b", "c", "d", "e")
	enqueue(t, db, "of others", "x")
	var parts atomic.Int64
	done := map[string]int{}
	kinds := map[string]job.Part{"work": func(_ *store.Tx, j *store.Job) (bool, error) { // writers take turns: the map needs no lock
		parts.Add(1)
		done[j.Key]++
		return done[j.Key] < 3, nil
	}}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			if err := job.New(db, slog.New(slog.DiscardHandler), kinds).All(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if parts.Load() != 15 {
		t.Errorf("%d parts of 5 jobs of 3 parts: %v", parts.Load(), done)
	}
	if _, err := db.ClaimJob(t.Context(), "of others"); err != nil {
		t.Errorf("a job of another kind: %v", err)
	}
}

func TestRunner_GivesBackWhenItHasToEnd(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	enqueue(t, db, "work", "a")
	ctx, cancel := context.WithCancel(t.Context())
	kinds := map[string]job.Part{"work": func(*store.Tx, *store.Job) (bool, error) { cancel(); return true, nil }}
	if err := job.New(db, slog.New(slog.DiscardHandler), kinds).All(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := db.ClaimJob(t.Context(), "work"); err != nil {
		t.Errorf("another process gets it at once: %v", err)
	}
}

func TestRunner_FailedIsTriedAgainAfterItsLease(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Now: func() time.Time { return now }})
	enqueue(t, db, "work", "a")
	fault := store.ErrNotFound // of the job's own: the queue is not empty for it
	kinds := map[string]job.Part{"work": func(*store.Tx, *store.Job) (bool, error) { return false, fault }}
	r := job.New(db, slog.New(slog.DiscardHandler), kinds)
	if err := r.All(t.Context()); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("the fault of a job is told: %v", err)
	}
	fault = nil
	now = now.Add(time.Hour)
	if err := r.All(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := db.ClaimJob(t.Context(), "work"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a job is left: %v", err)
	}
}

func TestPurge_KeyThatIsNoNumber(t *testing.T) {
	t.Parallel()
	for _, part := range []job.Part{job.Purge, job.PurgeContent} {
		if _, err := part(nil, &store.Job{Key: "x"}); err == nil {
			t.Error("taken")
		}
	}
}
