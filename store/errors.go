package store

import (
	"errors"
	"fmt"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"
)

// What callers test for with errors.Is.
var (
	ErrNotFound     = errors.New("not found")
	ErrExists       = errors.New("name is taken")
	ErrBadName      = errors.New("not a usable name")
	ErrTooLong      = errors.New("too long to be held at once")
	ErrTokenUnknown = errors.New("sync token is unknown")
	ErrLeaseLost    = errors.New("job is held by another worker")
	ErrBusy         = errors.New("database is busy")
	ErrFull         = errors.New("disk is full")
	ErrQuota        = errors.New("account may hold no more")
	ErrIncompatible = errors.New("database was upgraded for a newer version of the program")
	ErrReplaced     = errors.New("database file was removed or replaced while open: restart the program")
	ErrClosed       = errors.New("database is closed")
)

// UIDTaken says which object of the collection has the UID already.
type UIDTaken struct{ Name string }

func (e *UIDTaken) Error() string { return fmt.Sprintf("UID is in use by %q", e.Name) }

var (
	errNested   = errors.New("store: transaction inside a transaction")
	errReadOnly = errors.New("store: write in a View")
	errOver     = errors.New("store: transaction is over")
	errPanic    = errors.New("store: panic in a transaction")
)

// explain gives SQLite's errors the meaning callers know.
func explain(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Code == sqlite3.ErrFull, e.SystemErrno == syscall.ENOSPC, e.SystemErrno == syscall.EDQUOT:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case e.Code == sqlite3.ErrBusy, e.Code == sqlite3.ErrLocked:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	}
	return err
}

func notADatabase(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrNotADB
}

// autoCommit says whether the driver's connection has no open transaction.
func autoCommit(driverConn any) bool {
	c, ok := driverConn.(*sqlite3.SQLiteConn)
	return !ok || c.AutoCommit()
}
