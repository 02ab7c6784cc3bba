package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"
)

// Measured on a disk with a cheap fsync: groups of up to 32 write three times as much as single commits.
const (
	groupSize = 32
	groupTime = 25 * time.Millisecond
	queueTime = 10 * time.Second
	walSize   = 16 << 20 // checkpoint between groups above it
	walStep   = 4 << 20  // after a checkpoint that readers kept from finishing
)

// writer owns the writing connection, the lock file, BEGIN and COMMIT. Each request runs its own function in its own
// goroutine, when it has the turn.
type writer struct {
	db         *DB
	handle     *sql.DB
	conn       *sql.Conn
	session    *session // of conn, for as long as it is open
	lock       *flock
	queue      chan *turn
	quit, done chan struct{}
	checkpoint int64 // size of the write-ahead log that asks for one
	log        *slog.Logger
}

// turn is one request waiting for the writer. start has no buffer: either the request takes its turn or gives it up, never both.
type turn struct {
	start chan *Tx        // to the request; nil: the group could not begin
	end   chan error      // to the writer: what the function said
	fate  chan error      // to the request: how the group ended
	gone  <-chan struct{} // the request has given up
}

// Update runs fn in a savepoint of a group of writers, once, and returns when it is on disk. An error of fn undoes what it wrote
// and nobody else's. Waiting for the turn ends with ctx or after 10 seconds; once fn runs, ctx is no longer looked at.
// fn must not wait for anything outside: all writers of all processes wait for it.
func (db *DB) Update(ctx context.Context, fn func(*Tx) error) error {
	if ctx.Value(inTx{}) != nil {
		return errNested
	}
	wait, cancel := context.WithTimeoutCause(ctx, queueTime, ErrBusy)
	defer cancel()
	t := &turn{start: make(chan *Tx), end: make(chan error, 1), fate: make(chan error, 1), gone: wait.Done()}
	select {
	case <-wait.Done():
		return context.Cause(wait)
	default:
	}
	select {
	case db.write.queue <- t:
	case <-wait.Done():
		return context.Cause(wait)
	case <-db.write.quit:
		return ErrClosed
	}
	var tx *Tx
	select {
	case tx = <-t.start:
	case <-wait.Done():
		return context.Cause(wait)
	case <-db.write.done:
		return ErrClosed
	}
	if tx == nil {
		return <-t.fate
	}
	tx.ctx = context.WithoutCancel(ctx)
	answered := false
	defer func() { // a panic or Goexit in fn must not leave the writer waiting
		if !answered {
			tx.over()
			t.end <- errPanic
			<-t.fate
		}
	}()
	fnErr := fn(tx)
	if fnErr == nil && tx.dead != nil {
		fnErr = tx.dead
	}
	if fnErr == nil {
		fnErr = tx.withinQuotas()
	}
	tx.over()
	answered = true
	t.end <- fnErr
	fate := <-t.fate
	switch {
	case fnErr != nil:
		return fnErr
	case fate != nil:
		return fate
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case t := <-w.queue:
			w.group(t)
		case <-w.quit:
			return
		}
	}
}

// group runs first, and whoever else is waiting by then, in one transaction.
func (w *writer) group(first *turn) {
	if err := w.begin(); err != nil {
		w.refuse(first, err)
		return
	}
	defer w.lock.release()
	var members []*turn
	var lost error
	deadline := time.Now().Add(groupTime)
	for t := first; t != nil; {
		in, err := w.member(t, len(members) == 0)
		if in {
			members = append(members, t)
		}
		if lost = err; lost != nil {
			break
		}
		t = nil
		if len(members) < groupSize && time.Now().Before(deadline) {
			select {
			case t = <-w.queue:
			default:
			}
		}
	}
	if lost == nil {
		lost = w.exec(`COMMIT`)
	}
	if lost != nil {
		lost = fmt.Errorf("commit: %w", lost)
		if !w.session.autoCommit() {
			if err := w.exec(`ROLLBACK`); err != nil {
				w.log.Error("roll back", "err", err)
			}
		}
	}
	for _, t := range members {
		t.fate <- lost
	}
	w.keepLogShort()
}

func (w *writer) refuse(t *turn, err error) {
	select {
	case t.start <- nil:
		t.fate <- err
	case <-t.gone:
	}
}

func (w *writer) begin() error {
	if err := w.lock.acquire(); err != nil {
		return fmt.Errorf("%w: lock %s: %w", ErrBusy, w.lock.path, err)
	}
	err := w.db.same()
	if err == nil {
		err = w.exec(`BEGIN IMMEDIATE`)
	}
	if err != nil {
		w.lock.release()
	}
	return err
}

// member gives t its turn. in: it waits for the fate of the group. An error means that the whole group is gone. One that stands alone
// needs no savepoint, under which SQLite copies each page before it changes it: what it did is undone with the transaction.
func (w *writer) member(t *turn, alone bool) (in bool, err error) {
	select {
	case <-t.gone:
		return false, nil
	default:
	}
	begin, undo, end := `SAVEPOINT member`, `ROLLBACK TO member`, `RELEASE member`
	if alone {
		begin, undo, end = ``, `ROLLBACK`, ``
	}
	if err := w.exec(begin); err != nil {
		w.refuse(t, err)
		return false, err
	}
	tx := &Tx{Now: w.db.now(), db: w.db, ctx: context.Background(), session: w.session, writable: true}
	if err := tx.begin(); err != nil {
		w.refuse(t, err)
		return false, err
	}
	select {
	case t.start <- tx:
	case <-t.gone:
		return false, w.exec(end)
	}
	if fnErr := <-t.end; fnErr != nil {
		if w.session.autoCommit() { // SQLite has undone everything
			return true, fmt.Errorf("group rolled back: %w", fnErr)
		}
		if err := w.exec(undo); err != nil {
			return true, err
		}
		if alone {
			return true, w.exec(`BEGIN IMMEDIATE`)
		}
	}
	return true, w.exec(end)
}

// exec runs a statement without parameters; the empty one does nothing.
func (w *writer) exec(query string) error {
	if query == `` {
		return nil
	}
	return w.session.run(query)
}

// keepLogShort copies the write-ahead log back into the database when it has grown. SQLite tries that by itself, but never
// succeeds under readers that overlap; RESTART waits for them, a quarter of a second at most.
func (w *writer) keepLogShort() {
	info, err := os.Stat(w.db.path + "-wal")
	if err != nil || info.Size() <= w.checkpoint {
		return
	}
	bg := context.Background()
	var busy, frames, copied int
	err = errors.Join(
		w.exec(`PRAGMA busy_timeout=250`),
		w.conn.QueryRowContext(bg, `PRAGMA wal_checkpoint(RESTART)`).Scan(&busy, &frames, &copied),
		w.exec(`PRAGMA busy_timeout=10000`))
	if err != nil {
		w.log.Warn("checkpoint", "err", err)
	}
	w.checkpoint = walSize
	if busy != 0 || err != nil {
		w.checkpoint = info.Size() + walStep
	}
}
