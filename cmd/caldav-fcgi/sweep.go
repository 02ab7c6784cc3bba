package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"caldav-fcgi/store"
)

const (
	sweepEvery = time.Minute
	sweepRows  = 200 // a commit: a client waits for no more
	sweepParts = 16  // of a large file: 4 MB
)

// sweep empties deleted calendars and folders, and large files that nobody has any more, while the service runs. A
// DELETE only marks them, so that it is quick. Looking for work takes no write lock, and of several processes one gets
// each job.
func (s *service) sweep(ctx context.Context, log *slog.Logger) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		for ctx.Err() == nil {
			err := s.sweepOne(ctx)
			if errors.Is(err, store.ErrNotFound) {
				break
			}
			if err != nil && ctx.Err() == nil {
				log.Warn("emptying what was deleted: will try again", "error", err)
				break
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// sweepOne does one job; store.ErrNotFound when there is none.
func (s *service) sweepOne(ctx context.Context) error {
	j, err := s.db.ClaimJob(ctx, "purge", "content")
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(j.Key, 10, 64)
	if err != nil {
		return fmt.Errorf("job %s %q: %w", j.Kind, j.Key, err)
	}
	for more := true; more; {
		if ctx.Err() != nil {
			// Given back, so that the next process need not wait for the lease to end.
			return s.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.RetryJob(j, tx.Now.Unix(), "") })
		}
		err := s.db.Update(ctx, func(tx *store.Tx) (err error) {
			if j.Kind == "content" {
				more, err = tx.PurgeContent(id, sweepParts)
			} else {
				more, err = tx.PurgeCollection(id, sweepRows)
			}
			if err != nil || more {
				return err
			}
			return tx.FinishJob(j, "")
		})
		if err != nil {
			return err
		}
	}
	return nil
}
