package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// applicationID marks our files: "CDAV" in the header of the database.
const applicationID = 0x43444156

// DB is an open database. All methods may be used by many goroutines.
type DB struct {
	path    string
	file    os.FileInfo // the file that is open, to see when another one takes its place
	program int         // newest schema this program knows
	index   int64
	quota   int64
	now     func() time.Time
	read    *sql.DB
	readers int // connections of read
	write   *writer
	close   sync.Once
	observe func(query string) // tests look at the plan of every statement
}

// Options of Open; the zero value is usable.
type Options struct {
	AllowNetworkFS bool             // for those who know that one host alone uses the file
	Readers        int              // snapshots open at the same time, 4 when 0
	IndexVersion   int64            // what Candidates trusts the columns of; 0: of any version
	Quota          int64            // bytes that a principal without a quota of its own may hold; 0: any number
	Now            func() time.Time // time.Now when nil
	Log            *slog.Logger
}

// Open opens the database, creating it (mode 0600, and its folder, 0700, when only that is missing) or bringing its schema up to date.
func Open(path string, opt Options) (*DB, error) {
	db, err := open(path, opt)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return db, nil
}

func open(path string, opt Options) (*DB, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Readers <= 0 {
		opt.Readers = 4
	}
	path, err := place(path, opt)
	if err != nil {
		return nil, err
	}
	steps, err := migrations()
	if err != nil {
		return nil, err
	}
	current, err := ready(path, len(steps))
	if err != nil {
		return nil, err
	}
	lock, err := openLock(path + ".lock")
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, program: len(steps), index: opt.IndexVersion, quota: opt.Quota, now: opt.Now}
	if !current {
		if err := lock.acquire(); err != nil {
			return nil, errors.Join(err, lock.file.Close())
		}
		err := migrate(path, steps)
		lock.release()
		if err != nil {
			return nil, errors.Join(err, lock.file.Close())
		}
	}
	if err := db.connect(lock, opt); err != nil {
		return nil, errors.Join(err, db.release(lock))
	}
	go db.write.run()
	return db, nil
}

// connect opens the handles; the writing one first, so that a reader finds the write-ahead log in order.
func (db *DB) connect(lock *flock, opt Options) (err error) {
	if db.file, err = os.Stat(db.path); err != nil {
		return err
	}
	bg := context.Background()
	w := &writer{db: db, lock: lock, wake: make(chan struct{}, 1), rest: make(chan struct{}, 1), quit: make(chan struct{}), done: make(chan struct{}), checkpoint: walSize, idle: idleTime, log: opt.Log}
	db.write = w
	// The driver is compiled with synchronous=NORMAL for write-ahead logs: FULL has to be said.
	if w.handle, err = sql.Open("sqlite3", source(db.path, "_journal_mode=WAL&_txlock=immediate&_synchronous=FULL")); err != nil {
		return err
	}
	w.handle.SetMaxOpenConns(1)
	if w.conn, err = w.handle.Conn(bg); err != nil {
		return explain(err)
	}
	if err = w.conn.Raw(func(c any) (err error) { w.session, err = newSession(c); return err }); err != nil {
		return err
	}
	// A savepoint's copies of pages would else become a temporary file for each group of writers.
	if err = errors.Join(w.exec(fmt.Sprintf(`PRAGMA journal_size_limit=%d`, walSize)), w.exec(`PRAGMA wal_autocheckpoint=0`), w.exec(`PRAGMA temp_store=MEMORY`)); err != nil {
		return err
	}
	// What they cache each commit of others makes void, and a page is quickly read again: half of SQLite's 2 MB each takes no longer.
	if db.read, err = sql.Open("sqlite3", source(db.path, "_query_only=1&_cache_size=-1000")); err != nil {
		return err
	}
	db.readers = opt.Readers
	db.read.SetMaxOpenConns(opt.Readers)
	db.read.SetMaxIdleConns(opt.Readers)
	if err := db.View(bg, func(*Tx) error { return nil }); err != nil { // compat
		return err
	}
	return db.same()
}

// Close waits for the transaction that is being written; those still waiting for their turn get ErrClosed.
func (db *DB) Close() error {
	var err error
	db.close.Do(func() {
		close(db.write.quit)
		select {
		case <-db.write.done:
		case <-time.After(queueTime): // another process sits on the lock
			err = fmt.Errorf("close database %s: %w", db.path, ErrBusy)
			return
		}
		err = db.release(db.write.lock)
	})
	return err
}

func (db *DB) release(lock *flock) error {
	var errs []error
	if db.read != nil {
		errs = append(errs, db.read.Close())
	}
	if w := db.write; w != nil {
		if w.conn != nil {
			errs = append(errs, w.conn.Close())
		}
		if w.handle != nil {
			errs = append(errs, w.handle.Close())
		}
	}
	return errors.Join(append(errs, lock.file.Close())...)
}

// Rest gives back the memory in which connections keep what they have read. For those who read, the next request opens another one.
func (db *DB) Rest() {
	db.read.SetMaxIdleConns(-1)
	db.read.SetMaxIdleConns(db.readers)
	select {
	case db.write.rest <- struct{}{}:
	default: // it has been told, and is busy
	}
}

// same fails when the path no longer names the file that is open: writes would go into a file nobody finds again.
func (db *DB) same() error {
	info, err := os.Stat(db.path)
	if err != nil || !os.SameFile(info, db.file) {
		return fmt.Errorf("%s: %w", db.path, ErrReplaced)
	}
	return nil
}

// place resolves links, so that all processes agree on the name of the lock file, and looks at the folder.
func place(path string, opt Options) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	dir := filepath.Dir(path)
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		if errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("folder %s does not exist, nor does the one above it: make it first", dir)
		}
		return "", fmt.Errorf("make folder %s: %w", dir, err)
	}
	if info, err := os.Stat(dir); err != nil {
		return "", err
	} else if !info.IsDir() {
		return "", fmt.Errorf("%s is not a folder", dir)
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	} else if real, err := filepath.EvalSymlinks(dir); err == nil {
		path = filepath.Join(real, filepath.Base(path))
	}
	if name := networkFS(filepath.Dir(path)); name != "" {
		if !opt.AllowNetworkFS {
			return "", fmt.Errorf("it lies on a network file system (%s), where SQLite can lose data: choose a folder on a local disk (-db), or, if one host alone uses the file, allow it (-allow-network-fs)", name)
		}
		opt.Log.Warn("database on a network file system: one host alone may use it", "path", path, "type", name)
	}
	return path, nil
}

// ready looks at the header of the file alone, which costs nothing: true when there is nothing to create or to migrate.
// A stale header (its newest page still in the write-ahead log) only costs a look under the lock.
func ready(path string, newest int) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	var h [100]byte
	switch n, err := io.ReadFull(f, h[:]); {
	case n == 0:
		return false, nil
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return false, err
	case err != nil, !bytes.HasPrefix(h[:], []byte("SQLite format 3\x00")):
		return false, errForeign
	}
	wal := h[18] == 2 && h[19] == 2
	version, id := binary.BigEndian.Uint32(h[60:]), binary.BigEndian.Uint32(h[68:])
	if id != applicationID && id != 0 {
		return false, errForeign
	}
	return wal && id == applicationID && int64(version) >= int64(newest), nil
}

var errForeign = errors.New("the file is not a database of this program: choose another path")

// source is the driver's name for the file. An existing file is opened, never made: migrate makes it, with its mode.
func source(path, more string) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?mode=rw&_busy_timeout=10000&_foreign_keys=on&_stmt_cache_size=100&_mutex=no&" + more
}

// Path of the file that is open, links resolved.
func (db *DB) Path() string { return db.path }
