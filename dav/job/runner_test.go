package job_test

import (
	"context"
	"errors"
	"fmt"
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

func TestRunner_BacksOffFromAJobThatFails(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Now: func() time.Time { return now }})
	enqueue(t, db, "work", "bad")
	fault := store.ErrNotFound // of the job's own: the queue is not empty for it
	tries, others := 0, 0
	kinds := map[string]job.Part{"work": func(_ *store.Tx, j *store.Job) (bool, error) {
		if j.Key != "bad" {
			others++
			return false, nil
		}
		tries++
		return false, fault
	}}
	r := job.New(db, slog.New(slog.DiscardHandler), kinds)
	wait := time.Minute
	for _, pause := range []time.Duration{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360} { // minutes
		if pause *= time.Minute; pause > 0 {
			now = now.Add(pause - time.Second)
			enqueue(t, db, "work", fmt.Sprint(pause, now))
			before := others
			if err := r.All(t.Context()); err != nil || others != before+1 {
				t.Errorf("before %v are over: %v, %d others done", pause, err, others-before)
			}
			now = now.Add(time.Second)
		}
		enqueue(t, db, "work", fmt.Sprint("beside ", now)) // is not kept from being done
		before, done := tries, others
		if err := r.All(t.Context()); !errors.Is(err, store.ErrNotFound) || tries != before+1 || others != done+1 {
			t.Errorf("after %v: %d tries, %d others, %v", pause, tries-before, others-done, err)
		}
		wait = pause
	}
	if wait != 6*time.Hour || now.Sub(start) > 24*time.Hour {
		t.Errorf("ended with %v, at %v", wait, now)
	}
	// Who asks for it again has it done at once; the last failure is kept with it.
	enqueue(t, db, "work", "bad")
	j, err := db.ClaimJob(t.Context(), "work")
	if err != nil || j.Fate == "" {
		t.Fatalf("%+v, %v", j, err)
	}
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.RetryJob(j, now.Unix(), j.Fate) }); err != nil {
		t.Fatal(err)
	}
	fault = nil
	if err := r.All(t.Context()); err != nil {
		t.Error(err)
	}
	now = now.Add(24 * time.Hour)
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

// Work that somebody waits for is done when it comes, not when the runner looks the next time.
func TestRunner_IsWoken(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	done := make(chan struct{})
	r := job.New(db, slog.New(slog.DiscardHandler), map[string]job.Part{"test": func(*store.Tx, *store.Job) (bool, error) {
		close(done)
		return false, nil
	}})
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() { defer close(ended); r.Run(ctx) }()
	if err := db.Update(ctx, func(tx *store.Tx) error {
		tx.AfterCommit(r.Wake)
		return tx.Enqueue(store.Job{Kind: "test", Key: "x"})
	}); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-ctx.Done():
		t.Error("it was not woken")
	}
	cancel()
	<-ended
}
