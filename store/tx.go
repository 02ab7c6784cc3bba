package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"
)

// Tx is a transaction: a snapshot in a View, one member of a group of writers in an Update.
// It belongs to the function it was given to, and to one goroutine.
type Tx struct {
	Now time.Time // one time for the whole transaction

	db         *DB
	ctx        context.Context // says when to give up; never that of an Update
	session    *session
	writable   bool
	dead       error // set when SQLite rolled everything back, or when the transaction is over
	state      State
	rev        int64 // newest revision of the file
	who        int64
	agent      string
	agentID    int64
	after      []func()
	origin     int64
	charges    map[int64]charge // by principal
	statements int
}

// State is read first in every transaction. Up to the revision Pruned the change log has been cut. Locked says whether there is any lock:
// while there is none, nobody has to look.
type State struct {
	Compat, Access, Pruned int64
	Locked                 bool
}

// State gives the row read at the beginning; caches of rights are keyed by Access.
func (tx *Tx) State() State { return tx.state }

// AfterCommit has fn run once the transaction is on disk. What must happen is a job row, not this.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// Statements is the number of SQL statements so far.
func (tx *Tx) Statements() int { return tx.statements }

// Context is for what is called inside the transaction: Update and View refuse it.
func (tx *Tx) Context() context.Context { return context.WithValue(tx.ctx, inTx{}, true) }

// As names who is writing, for the change log: a principal (0: nobody) and the client's User-Agent.
func (tx *Tx) As(who int64, agent string) {
	tx.who, tx.agent, tx.agentID = who, agent, 0
}

type inTx struct{}

// View runs fn on a snapshot. It waits neither for writers nor for clients; fn must not wait for a client either,
// since an open snapshot keeps the write-ahead log from being reused.
func (db *DB) View(ctx context.Context, fn func(*Tx) error) error {
	if ctx.Value(inTx{}) != nil {
		return errNested
	}
	wait, cancel := context.WithTimeoutCause(ctx, queueTime, ErrBusy)
	defer cancel()
	conn, err := db.read.Conn(wait)
	if err != nil {
		if cause := context.Cause(wait); cause != nil {
			return cause
		}
		return fmt.Errorf("open a reader of %s: %w", db.path, explain(err))
	}
	defer conn.Close()
	err = nil
	lost := conn.Raw(func(c any) error {
		session, unusable := newSession(c)
		if unusable != nil {
			return unusable
		}
		if err = session.run(`BEGIN`); err != nil {
			err = fmt.Errorf("begin: %w", err)
			return nil
		}
		err = db.snapshot(ctx, session, fn)
		if session.run(`ROLLBACK`) != nil {
			return driver.ErrBadConn // not back into the pool
		}
		return nil
	})
	if err == nil && !errors.Is(lost, driver.ErrBadConn) {
		err = lost
	}
	return err
}

func (db *DB) snapshot(ctx context.Context, s *session, fn func(*Tx) error) error {
	tx := &Tx{Now: db.now(), db: db, ctx: ctx, session: s}
	defer tx.over()
	if err := tx.begin(); err != nil { // takes the snapshot
		return err
	}
	if err := fn(tx); err != nil {
		return err
	}
	for _, f := range tx.after {
		f()
	}
	return nil
}

// begin reads the state, and for writers the newest revision.
func (tx *Tx) begin() error {
	var err error
	now := tx.Now.Unix()
	if tx.writable {
		err = tx.one([]any{&tx.state.Compat, &tx.state.Access, &tx.state.Pruned, truth{&tx.state.Locked}, num(&tx.rev)},
			`SELECT compat, access, pruned, EXISTS(SELECT 1 FROM lock WHERE expires>?), ifnull((SELECT seq FROM sqlite_sequence WHERE name='change'), 0) FROM state WHERE id=1`, now) // lock_expires
	} else {
		err = tx.one([]any{&tx.state.Compat, &tx.state.Access, &tx.state.Pruned, truth{&tx.state.Locked}},
			`SELECT compat, access, pruned, EXISTS(SELECT 1 FROM lock WHERE expires>?) FROM state WHERE id=1`, now) // lock_expires
	}
	if err != nil {
		return fmt.Errorf("read the state of %s: %w", tx.db.path, err)
	}
	if tx.state.Compat > int64(tx.db.program) {
		return fmt.Errorf("%s: %w (it asks for schema %d, this program has %d)", tx.db.path, ErrIncompatible, tx.state.Compat, tx.db.program)
	}
	return nil
}

func (tx *Tx) over() { tx.dead = errOver }

func (tx *Tx) usable() error {
	if tx.dead != nil {
		return tx.dead
	}
	if tx.ctx.Err() != nil {
		return context.Cause(tx.ctx)
	}
	return nil
}

// fault looks at every SQL error: some roll the whole transaction back, and what came after would be committed on its own.
func (tx *Tx) fault(err error) error {
	if err == nil {
		return nil
	}
	err = explain(err)
	if tx.writable && tx.session.autoCommit() {
		tx.dead = fmt.Errorf("transaction was rolled back: %w", err)
	}
	return err
}

func (tx *Tx) noteStatement(query string) {
	tx.statements++
	if tx.db.observe != nil {
		tx.db.observe(query)
	}
}

// exec runs a statement that returns no rows.
func (tx *Tx) exec(query string, args ...any) (sql.Result, error) {
	if err := tx.usable(); err != nil {
		return nil, err
	}
	if !tx.writable {
		return nil, errReadOnly
	}
	tx.noteStatement(query)
	res, err := tx.session.exec(query, args)
	return res, tx.fault(err)
}

// each scans every row into dest and calls step, until it returns false.
func (tx *Tx) each(dest []any, step func() bool, query string, args ...any) error {
	if err := tx.usable(); err != nil {
		return err
	}
	tx.noteStatement(query)
	rows, err := tx.session.query(query, args)
	if err != nil {
		return tx.fault(err)
	}
	defer rows.Close()
	row := make([]driver.Value, len(dest))
	for n := 1; ; n++ {
		if n%64 == 0 && tx.ctx.Err() != nil {
			return context.Cause(tx.ctx)
		}
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return tx.fault(err)
		}
		for i, v := range row {
			if err := assign(dest[i], v); err != nil {
				return fmt.Errorf("column %d: %w", i, err)
			}
		}
		if !step() {
			return nil
		}
	}
}

// one scans the first row; ErrNotFound when there is none.
func (tx *Tx) one(dest []any, query string, args ...any) error {
	found := false
	err := tx.each(dest, func() bool { found = true; return false }, query, args...)
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// has says whether the query has a row.
func (tx *Tx) has(query string, args ...any) (bool, error) {
	err := tx.one([]any{new(int64)}, query, args...)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func affected(res sql.Result, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
