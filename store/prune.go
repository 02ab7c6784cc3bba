package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Prune cuts the change log: what was replaced or removed before that time is gone for good, and tokens of a state before it are
// refused, unless nothing has changed in their collection since. Kept is what describes the present state: the rows that objects and
// collections point at, and of each collection the last one before the cut. rows is how many are looked at in one transaction; done is
// told how many rows and bodies have gone by then.
func (db *DB) Prune(ctx context.Context, before time.Time, rows int, done func(cut, bodies int64)) error {
	err := db.prune(ctx, before, max(1, rows), done)
	if err != nil {
		return fmt.Errorf("prune the change log: %w", err)
	}
	return nil
}

func (db *DB) prune(ctx context.Context, before time.Time, rows int, done func(cut, bodies int64)) error {
	var to int64
	err := db.View(ctx, func(tx *Tx) error { return tx.one([]any{num(&to)}, pruneTo, before.Unix()) })
	if err != nil || to == 0 {
		return err
	}
	// First the tokens are refused, then the rows go.
	err = db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(`UPDATE state SET pruned=? WHERE id=1 AND pruned<?`, to, to)
		return err
	})
	var at, cut, bodies int64
	for err == nil && at < to {
		if err := ctx.Err(); err != nil {
			return err
		}
		err = db.Update(ctx, func(tx *Tx) error {
			c, b, err := tx.prune(&at, to, rows)
			cut, bodies = cut+c, bodies+b
			return err
		})
		done(cut, bodies)
	}
	return err
}

const (
	// pruneTo is the last row before the first that is younger: a clock that was put back cuts less, never more.
	pruneTo = `SELECT ifnull((SELECT max(rev) FROM change WHERE rev<ifnull((SELECT rev FROM change WHERE at>=? ORDER BY rev LIMIT 1), 1<<62)), 0)`

	pruneRows = `SELECT rev, ifnull(body, 0), rev=?2 OR rev=(SELECT min(rev) FROM change)
	OR EXISTS(SELECT 1 FROM object o WHERE o.collection=g.collection AND o.rev=g.rev)
	OR EXISTS(SELECT 1 FROM collection c WHERE c.id=g.collection AND (c.rev=g.rev OR c.own=g.rev OR c.viewed=g.rev))
	OR g.collection<>0 AND NOT EXISTS(SELECT 1 FROM change later WHERE later.collection=g.collection AND later.rev>g.rev AND later.rev<=?2)
	FROM change g WHERE rev>?1 AND rev<=?2 ORDER BY rev LIMIT ?3` // object_rev, change_sync
)

// prune looks at the rows after at, and moves at on.
func (tx *Tx) prune(at *int64, to int64, rows int) (cut, gone int64, err error) {
	var rev, body int64
	var keep bool
	var ids, emptied, bodies []int64
	step := func() bool {
		*at = rev
		switch {
		case !keep:
			ids = append(ids, rev)
		case body != 0:
			emptied = append(emptied, rev)
		}
		if body != 0 {
			bodies = append(bodies, body)
		}
		return true
	}
	if err := tx.each([]any{num(&rev), num(&body), truth{&keep}}, step, pruneRows, *at, to, rows); err != nil {
		return 0, 0, err
	}
	for _, drop := range []struct {
		query string
		ids   []int64
	}{
		{`DELETE FROM change WHERE rev IN (SELECT value FROM json_each(?))`, ids},
		{`UPDATE change SET body=NULL WHERE rev IN (SELECT value FROM json_each(?))`, emptied},
	} {
		list, jsonErr := jsonIDs(drop.ids)
		_, execErr := tx.exec(drop.query, list)
		err = errors.Join(err, jsonErr, execErr)
	}
	return int64(len(ids)), int64(len(bodies)), errors.Join(err, tx.removeBodies(bodies))
}
