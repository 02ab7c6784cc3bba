package nginx_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

// floors measures what an operation costs in SQLite alone: the same rows by key in a plain table, and durable commits of
// one row.
type floors struct {
	t  testing.TB
	b  *bench
	db *sql.DB
}

func openFloors(t testing.TB, b *bench) *floors {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(t.TempDir(), "floor.db")+"?_journal_mode=WAL&_synchronous=FULL")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	f := &floors{t: t, b: b, db: db}
	f.exec(`CREATE TABLE obj(id INTEGER PRIMARY KEY, coll INTEGER NOT NULL, name TEXT NOT NULL, etag TEXT NOT NULL, rev INTEGER NOT NULL, data BLOB NOT NULL)`)
	f.exec(`CREATE UNIQUE INDEX obj_name ON obj(coll, name)`)
	f.exec(`CREATE INDEX obj_rev ON obj(coll, rev)`)
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range b.objs {
		if _, err := tx.Exec(`INSERT INTO obj(coll, name, etag, rev, data) VALUES(1, ?, '0123456789abcdef', ?, ?)`, o.Name, i, []byte(o.Body)); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *floors) exec(query string, args ...any) {
	f.t.Helper()
	if _, err := f.db.Exec(query, args...); err != nil {
		f.t.Fatal(err)
	}
}

// cost is the CPU time of one of run in milliseconds, taken on one thread.
func (f *floors) cost(times int, run func(i int)) float64 {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	used := func() time.Duration {
		var u syscall.Rusage
		const thread = 1 // RUSAGE_THREAD
		if err := syscall.Getrusage(thread, &u); err != nil {
			f.t.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	run(0)
	before, began, n := used(), time.Now(), 0
	for n = 1; times > 0 && n <= times || times == 0 && time.Since(began) < 300*time.Millisecond; n++ {
		run(n)
	}
	return ms(used()-before) / float64(n-1)
}

func (f *floors) rows(s *sql.Stmt, args ...any) {
	rows, err := s.Query(args...)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		f.t.Fatal(err)
	}
	values, at := make([]sql.RawBytes, len(columns)), make([]any, len(columns))
	for i := range values {
		at[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(at...); err != nil {
			f.t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
}

func (f *floors) prepare(query string) *sql.Stmt {
	s, err := f.db.Prepare(query)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { s.Close() })
	return s
}

// byName reads rows one by one.
func (f *floors) byName(names []string, columns string) float64 {
	s := f.prepare("SELECT " + columns + " FROM obj WHERE coll=1 AND name=?")
	return f.cost(0, func(int) {
		for _, name := range names {
			f.rows(s, name)
		}
	})
}

// one reads one row, another one each time.
func (f *floors) one() float64 {
	s := f.prepare("SELECT etag, data FROM obj WHERE coll=1 AND name=?")
	return f.cost(0, func(i int) { f.rows(s, f.b.objs[i*7907%len(f.b.objs)].Name) })
}

func (f *floors) all(columns string) float64 {
	s := f.prepare("SELECT " + columns + " FROM obj WHERE coll=1")
	return f.cost(0, func(int) { f.rows(s) })
}

func (f *floors) since(n int) float64 {
	s := f.prepare("SELECT name, etag FROM obj WHERE coll=1 AND rev>=?")
	return f.cost(0, func(int) { f.rows(s, len(f.b.objs)-n) })
}

func (f *floors) insert() float64 {
	s := f.prepare(`INSERT INTO obj(coll, name, etag, rev, data) VALUES(2, ?, '0123456789abcdef', 0, ?)`)
	return f.cost(0, func(i int) {
		if _, err := s.Exec(fmt.Sprintf("%08d.ics", i), []byte(f.b.objs[i%len(f.b.objs)].Body)); err != nil {
			f.t.Fatal(err)
		}
	})
}

func (f *floors) update() float64 {
	s := f.prepare(`UPDATE obj SET rev=rev, data=? WHERE coll=1 AND name=?`)
	return f.cost(0, func(i int) {
		o := f.b.objs[i*7919%len(f.b.objs)]
		if _, err := s.Exec([]byte(o.Body), o.Name); err != nil {
			f.t.Fatal(err)
		}
	})
}

// remove is called after insert, whose rows it takes.
func (f *floors) remove() float64 {
	s := f.prepare(`DELETE FROM obj WHERE coll=2 AND name=?`)
	return f.cost(200, func(i int) {
		if _, err := s.Exec(fmt.Sprintf("%08d.ics", i)); err != nil {
			f.t.Fatal(err)
		}
	})
}

// removeAll comes last.
func (f *floors) removeAll() float64 {
	return f.cost(1, func(i int) {
		if i == 1 { // run(0) is the one that is not counted
			f.exec(`DELETE FROM obj WHERE coll=1`)
		}
	})
}
