package job

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
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
	wake  chan struct{}
}

// every is how often an idle runner looks for work. Looking takes no write lock.
const every = time.Minute

// gather is how long it lets more work come when it was woken.
const gather = time.Second

// New makes a Runner for these kinds.
func New(db *store.DB, log *slog.Logger, kinds map[string]Part) *Runner {
	return &Runner{db: db, log: log, kinds: kinds, names: slices.Sorted(maps.Keys(kinds)), wake: make(chan struct{}, 1)}
}

// Run does jobs until ctx ends.
func (r *Runner) Run(ctx context.Context) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := r.All(ctx); err != nil && ctx.Err() == nil {
			r.log.Warn("jobs failed: will try again", "error", err)
		}
		select {
		case <-tick.C:
		case <-r.wake:
			select { // what comes together is done together
			case <-time.After(gather):
			case <-ctx.Done():
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// Wake has an idle runner look soon: to be called after a commit that has left work for which somebody waits.
func (r *Runner) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// All does what is due by now. A job that fails does not keep the others from being done; the error tells of all that did.
func (r *Runner) All(ctx context.Context) error {
	var failed error
	for ctx.Err() == nil {
		j, err := r.db.ClaimJob(ctx, r.names...)
		if errors.Is(err, store.ErrNotFound) {
			return failed
		}
		if err != nil {
			return errors.Join(failed, err)
		}
		if err := r.one(ctx, j); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return errors.Join(failed, ctx.Err())
}

// one does a job that was claimed.
func (r *Runner) one(ctx context.Context, j *store.Job) error {
	for more := true; more; {
		if ctx.Err() != nil {
			// Given back, so that the next process need not wait for the lease to end.
			return r.giveBack(ctx, j, 0, "")
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
			err = fmt.Errorf("job %s %s: %w", j.Kind, j.Key, err)
			return errors.Join(err, r.giveBack(ctx, j, pause(j.Tries), err.Error()))
		}
	}
	return nil
}

// giveBack has a job tried again after a pause; who holds it by now decides for itself.
func (r *Runner) giveBack(ctx context.Context, j *store.Job, after time.Duration, fate string) error {
	fate = strings.ToValidUTF8(fate[:min(len(fate), maxFate)], "")
	err := r.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.RetryJob(j, tx.Now.Add(after).Unix(), fate) })
	if errors.Is(err, store.ErrLeaseLost) {
		return nil
	}
	return err
}

const (
	firstPause   = time.Minute
	longestPause = 6 * time.Hour
	maxFate      = 500 // bytes of what is kept about a failure
)

// pause grows with the number of tries.
func pause(tries int64) time.Duration {
	p := firstPause
	for ; tries > 1 && p < longestPause; tries-- {
		p *= 2
	}
	return min(p, longestPause)
}
