package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"caldav-fcgi/store"
)

// Part does a part of a job, in a transaction of its own, so that no request waits long for the writer. more says that
// there is another part.
type Part func(tx *store.Tx, j *store.Job) (more bool, err error)

// Runner does the jobs of some kinds.
type Runner struct {
	db    *store.DB
	log   *slog.Logger
	kinds map[string]Part
	names []string
}

// every is how often an idle runner looks for work. Looking takes no write lock.
const every = time.Minute

// New makes a Runner for these kinds.
func New(db *store.DB, log *slog.Logger, kinds map[string]Part) *Runner {
	return &Runner{db: db, log: log, kinds: kinds, names: slices.Sorted(maps.Keys(kinds))}
}

// Run does jobs until ctx ends.
func (r *Runner) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := r.All(ctx); err != nil && ctx.Err() == nil {
			r.log.Warn("a job failed: will try again", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// All does what is due by now.
func (r *Runner) All(ctx context.Context) error {
	for ctx.Err() == nil {
		if found, err := r.one(ctx); err != nil || !found {
			return err
		}
	}
	return ctx.Err()
}

// one does one job, if any is due.
func (r *Runner) one(ctx context.Context) (found bool, err error) {
	j, err := r.db.ClaimJob(ctx, r.names...)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for more := true; more; {
		if ctx.Err() != nil {
			// Given back, so that the next process need not wait for the lease to end.
			return true, r.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.RetryJob(j, tx.Now.Unix(), "") })
		}
		var rest bool
		err := r.db.Update(ctx, func(tx *store.Tx) (err error) {
			if rest, err = r.kinds[j.Kind](tx, j); err != nil || rest {
				return err
			}
			return tx.FinishJob(j, "")
		})
		switch {
		case err == nil:
			more = rest
		case ctx.Err() == nil:
			return true, fmt.Errorf("job %s %s: %w", j.Kind, j.Key, err)
		}
	}
	return true, nil
}
