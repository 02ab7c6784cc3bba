package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"sync"
	"time"
)

// Measured on a disk with a cheap fsync: groups of up to 32 write three times as much as single commits.
const (
	groupSize = 32                    // a group takes nobody more who was not waiting when it began …
	groupTime = 25 * time.Millisecond // … nor after that time
	queueTime = 10 * time.Second
	walSize   = 4 << 20 // checkpoint between groups above it
	walStep   = 4 << 20 // after a checkpoint that readers kept from finishing
	walWait   = 50      // milliseconds for those readers
	idleTime  = 5 * time.Second
)

// writer owns the writing connection, the lock file, BEGIN and COMMIT. Each request runs its own function in its own
// goroutine, when it has the turn.
type writer struct {
	db         *DB
	handle     *sql.DB
	conn       *sql.Conn
	session    *session // of conn, for as long as it is open
	lock       *flock
	wake       chan struct{} // somebody waits
	rest       chan struct{} // nobody asks for anything
	quit, done chan struct{}
	checkpoint int64         // size of the write-ahead log that asks for one
	idle       time.Duration // without a writer, after which the log is emptied
	log        *slog.Logger

	mu      sync.Mutex
	waiting []*turn // in the order they came
	groups  int64   // begun so far
	waited  int64   // the most groups that began while somebody waited, its own among them
}

// turn is one request waiting for the writer. start has no buffer: either the request takes its turn or gives it up, never both.
type turn struct {
	start chan *Tx        // to the request; nil: the group could not begin
	end   chan error      // to the writer: what the function said
	fate  chan error      // to the request: how the group ended
	gone  <-chan struct{} // the request has given up

	arrived int64 // groups begun by then
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
	db.write.join(t)
	var tx *Tx
	select {
	case tx = <-t.start:
	case <-wait.Done():
		db.write.leave(t)
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
	idle := time.NewTimer(w.idle)
	defer idle.Stop()
	for {
		select {
		case <-w.wake:
			if w.anybody() {
				w.group()
				idle.Reset(w.idle)
			}
		case <-idle.C:
			w.emptyLog()
		case <-w.rest:
			w.emptyLog()
			if err := w.exec(`PRAGMA shrink_memory`); err != nil {
				w.log.Warn("give memory back", "err", err)
			}
		case <-w.quit:
			return
		}
	}
}

func (w *writer) join(t *turn) {
	w.mu.Lock()
	t.arrived = w.groups
	w.waiting = append(w.waiting, t)
	w.mu.Unlock()
	w.ring()
}

func (w *writer) leave(t *turn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = slices.DeleteFunc(w.waiting, func(other *turn) bool { return other == t })
}

func (w *writer) ring() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// gather takes everybody who waits: nobody waits for more than the group that is under way and the next, which is their own.
func (w *writer) gather() []*turn {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.waiting
	w.waiting = nil
	if len(all) > 0 {
		w.groups++
		w.waited = max(w.waited, w.groups-all[0].arrived)
	}
	return all
}

// late takes one who came since, nil when there is none.
func (w *writer) late() *turn {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		return nil
	}
	t := w.waiting[0]
	w.waiting = slices.Delete(w.waiting, 0, 1)
	return t
}

// putBack has those first who were gathered for a group that was lost before their turn.
func (w *writer) putBack(turns []*turn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting = append(turns, w.waiting...)
}

func (w *writer) anybody() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.waiting) > 0
}

// group runs all who are waiting in one transaction, and with them who comes meanwhile, as long as it is short.
func (w *writer) group() {
	if err := w.begin(); err != nil {
		for _, t := range w.gather() {
			w.refuse(t, err)
		}
		return
	}
	defer w.lock.release()
	first := w.gather()
	var members []*turn
	var lost error
	deadline := time.Now().Add(groupTime)
	for lost == nil {
		var t *turn
		if len(first) > 0 {
			t, first = first[0], first[1:]
		} else if len(members) < groupSize && time.Now().Before(deadline) {
			t = w.late()
		}
		if t == nil {
			break
		}
		var in bool
		if in, lost = w.member(t, len(members) == 0); in {
			members = append(members, t)
		}
	}
	w.putBack(first)
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
	if w.anybody() {
		w.ring()
	}
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

// keepLogShort copies the write-ahead log back into the database when it has grown. SQLite's own way is switched off: under readers that
// overlap it tries in vain with every commit, and each time syncs the database. RESTART waits for them, a little.
func (w *writer) keepLogShort() {
	size := w.logSize()
	if size <= w.checkpoint {
		return
	}
	w.checkpoint = walSize
	if !w.checkpointed(`PRAGMA wal_checkpoint(RESTART)`) {
		w.checkpoint = size + walStep
	}
}

// emptyLog gives the room of the write-ahead log back when nobody has written for a while. Where readers are in the way, it stays.
func (w *writer) emptyLog() {
	if w.logSize() == 0 {
		return
	}
	if err := w.lock.acquire(); err != nil {
		return
	}
	defer w.lock.release()
	if w.db.same() == nil {
		w.checkpointed(`PRAGMA wal_checkpoint(TRUNCATE)`)
	}
}

func (w *writer) logSize() int64 {
	info, err := os.Stat(w.db.path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}

// checkpointed says whether all of the log could be copied.
func (w *writer) checkpointed(query string) bool {
	var busy, frames, copied int
	err := errors.Join(
		w.exec(fmt.Sprintf(`PRAGMA busy_timeout=%d`, walWait)),
		w.conn.QueryRowContext(context.Background(), query).Scan(&busy, &frames, &copied),
		w.exec(`PRAGMA busy_timeout=10000`))
	if err != nil {
		w.log.Warn("checkpoint", "err", err)
	}
	return err == nil && busy == 0
}
