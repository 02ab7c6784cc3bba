package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Job is work for later, written in the transaction that asks for it.
type Job struct {
	ID      int64
	Kind    string
	Key     string // one row for a kind and key: asking twice is asking once
	Payload []byte
	Due     int64 // unix; 0: at once
	Tries   int64
	Fate    string // how it ended, or went the last time

	holder int64
	lease  int64
}

// jobDone: the row is kept for its fate, and so that the same is not done twice.
const jobDone = int64(1) << 62

// jobLease is how long a worker may take before another one takes over.
const jobLease = 5 * time.Minute

var jobs = newTable("job", []column[Job]{
	{"id", read, func(j *Job) any { return num(&j.ID) }},
	{"kind", fixed, func(j *Job) any { return &j.Kind }},
	{"key", fixed, func(j *Job) any { return &j.Key }},
	{"payload", varies, func(j *Job) any { return &j.Payload }},
	{"due", varies, func(j *Job) any { return num(&j.Due) }},
	{"tries", read, func(j *Job) any { return num(&j.Tries) }},
	{"fate", read, func(j *Job) any { return &j.Fate }},
	{"holder", read, func(j *Job) any { return link{&j.holder} }},
	{"lease", read, func(j *Job) any { return num(&j.lease) }},
})

// Enqueue leaves with the commit or not at all. The same kind and key waiting: the newer payload, the earlier time. Being worked on: it is
// done once more. Done and kept: nothing.
func (tx *Tx) Enqueue(j Job) error {
	if j.Payload == nil {
		j.Payload = []byte{}
	}
	if j.Due == 0 {
		j.Due = tx.Now.Unix()
	}
	_, err := tx.exec(jobs.insert+` ON CONFLICT(kind, key) DO UPDATE SET payload=excluded.payload, due=min(due, excluded.due), holder=NULL WHERE due<>?`,
		append(jobs.values(&j, inserted), jobDone)...)
	if err != nil {
		return fmt.Errorf("enqueue %s %s: %w", j.Kind, j.Key, err)
	}
	return nil
}

const (
	jobWaiting = `FROM job WHERE due<=?1 AND lease<=?1 AND +kind IN (SELECT value FROM json_each(?2)) ORDER BY due LIMIT 1` // job_due: by kind it would pass all that are done
)

var jobClaim = `UPDATE job SET holder=?3, lease=?4, tries=tries+1 WHERE id=(SELECT id ` + jobWaiting + `) RETURNING ` + jobs.list

// ClaimJob takes the job of the given kinds that has been due longest; ErrNotFound when there is none. Its holder has five minutes.
func (db *DB) ClaimJob(ctx context.Context, kinds ...string) (*Job, error) {
	list, err := jsonNames(kinds)
	if err != nil {
		return nil, err
	}
	// Looking first keeps idle workers from the writers' lock.
	err = db.View(ctx, func(tx *Tx) error {
		return tx.one([]any{new(int64)}, `SELECT id `+jobWaiting, tx.Now.Unix(), list)
	})
	j := &Job{}
	if err == nil {
		err = db.Update(ctx, func(tx *Tx) error {
			holder := rand.Int64N(1<<62) + 1
			return tx.one(jobs.targets(j), jobClaim, tx.Now.Unix(), list, holder, tx.Now.Add(jobLease).Unix())
		})
	}
	if err != nil {
		return nil, fmt.Errorf("claim a job: %w", err)
	}
	return j, nil
}

// FinishJob ends a job that was claimed, in the transaction of its last effect. With a fate the row is kept, else it is removed.
// ErrLeaseLost when another worker has it by now. If it was asked for again meanwhile it becomes due again instead.
func (tx *Tx) FinishJob(j *Job, fate string) error {
	var err error
	if fate == "" {
		err = tx.mustTouch(`DELETE FROM job WHERE id=? AND holder=?`, j.ID, j.holder)
	} else {
		err = tx.mustTouch(`UPDATE job SET due=?, fate=?, holder=NULL, lease=0 WHERE id=? AND holder=?`, jobDone, fate, j.ID, j.holder)
	}
	if errors.Is(err, ErrNotFound) {
		err = tx.yieldJob(j)
	}
	if err != nil {
		return fmt.Errorf("finish job %s %s: %w", j.Kind, j.Key, err)
	}
	return nil
}

// yieldJob frees a job that Enqueue took from its holder.
func (tx *Tx) yieldJob(j *Job) error {
	err := tx.mustTouch(`UPDATE job SET lease=0, tries=0 WHERE id=? AND holder IS NULL AND lease=?`, j.ID, j.lease)
	if errors.Is(err, ErrNotFound) {
		return ErrLeaseLost
	}
	return err
}

// RetryJob gives a claimed job back, to be tried again at due; fate says why.
func (tx *Tx) RetryJob(j *Job, due int64, fate string) error {
	err := tx.mustTouch(`UPDATE job SET due=?, fate=?, holder=NULL, lease=0 WHERE id=? AND holder=?`, due, fate, j.ID, j.holder)
	if errors.Is(err, ErrNotFound) {
		err = tx.yieldJob(j)
	}
	if err != nil {
		return fmt.Errorf("give back job %s %s: %w", j.Kind, j.Key, err)
	}
	return nil
}

// FinishJob for a job whose effect is outside the database.
func (db *DB) FinishJob(ctx context.Context, j *Job, fate string) error {
	return db.Update(ctx, func(tx *Tx) error { return tx.FinishJob(j, fate) })
}
