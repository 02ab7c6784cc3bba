package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOpen_PragmasHoldOnEveryConnection(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{Readers: 2})
	for name, h := range map[string]func(string) string{
		"writer": func(q string) (s string) {
			db.write.conn.QueryRowContext(context.Background(), q).Scan(&s)
			return s
		},
		"reader": func(q string) (s string) { db.read.QueryRow(q).Scan(&s); return s },
	} {
		want := map[string]string{"journal_mode": "wal", "foreign_keys": "1", "busy_timeout": "10000", "page_size": "8192", "query_only": "0"}
		if name == "reader" {
			want["query_only"] = "1"
		} else {
			want["synchronous"] = "2"
		}
		for pragma, value := range want {
			if got := h(`PRAGMA ` + pragma); got != value {
				t.Errorf("%s: %s is %q, want %q", name, pragma, got, value)
			}
		}
	}
	info, err := os.Stat(db.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestOpen_Refuses(t *testing.T) {
	t.Parallel()
	sqlite := func(script string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			h, err := sql.Open("sqlite3", "file:"+path)
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			if _, err := h.Exec(script); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		path  string
		setup func(t *testing.T, path string)
		want  string
		is    error
	}{
		"another application":     {"x.db", sqlite(`PRAGMA application_id=7; CREATE TABLE t(x)`), "not a database of this program", nil},
		"tables of nobody":        {"x.db", sqlite(`CREATE TABLE t(x)`), "not a database of this program", nil},
		"no database":             {"x.db", func(t *testing.T, path string) { os.WriteFile(path, []byte(strings.Repeat("text ", 100)), 0o600) }, "not a database of this program", nil},
		"a short file":            {"x.db", func(t *testing.T, path string) { os.WriteFile(path, []byte("text"), 0o600) }, "not a database of this program", nil},
		"a missing folder":        {"no/such/x.db", nil, "make it first", nil},
		"a file for a folder":     {"f/x.db", func(t *testing.T, path string) { os.WriteFile(filepath.Dir(path), nil, 0o600) }, "not a folder", nil},
		"a newer, breaking store": {"x.db", upgraded, "upgraded for a newer version", ErrIncompatible},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), c.path)
			if c.setup != nil {
				c.setup(t, path)
			}
			db, err := Open(path, Options{})
			if err == nil {
				db.Close()
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// upgraded is a store after a step that older programs cannot live with.
func upgraded(t *testing.T, path string) {
	db, err := Open(path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(t.Context(), func(tx *Tx) error { return tx.mustTouch(`UPDATE state SET compat=99`) }); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(t.Context(), func(tx *Tx) error { return nil }); !errors.Is(err, ErrIncompatible) {
		t.Errorf("a running program goes on: %v", err)
	}
	if err := db.View(t.Context(), func(tx *Tx) error { return nil }); !errors.Is(err, ErrIncompatible) {
		t.Errorf("a running program reads on: %v", err)
	}
	db.Close()
}

func TestOpen_MakesOneFolderAndFollowsLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := Open(filepath.Join(dir, "new ?#%", "x.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	info, err := os.Stat(filepath.Join(dir, "new ?#%"))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	link := filepath.Join(dir, "link.db")
	if err := os.Symlink(db.Path(), link); err != nil {
		t.Fatal(err)
	}
	other, err := Open(link, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if other.write.lock.path != db.write.lock.path {
		t.Errorf("two locks: %s, %s", other.write.lock.path, db.write.lock.path)
	}
}

func TestOpen_ExistingDoesNotWaitForTheLock(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	if err := db.write.lock.acquire(); err != nil {
		t.Fatal(err)
	}
	defer db.write.lock.release()
	began := time.Now()
	other, err := Open(db.path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("opened in %v", time.Since(began))
	other.Close()
}

func TestUpdate_FullDiskIsSaidAndNothingHalfWritten(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	everything(t, db)
	if err := db.write.exec(`PRAGMA max_page_count=40`); err != nil {
		t.Fatal(err)
	}
	p := &Principal{Kind: User, Name: "bob"}
	err := db.Update(t.Context(), func(tx *Tx) error {
		if err := tx.CreatePrincipal(p); err != nil {
			return err
		}
		if _, err := tx.addBody(make([]byte, 1<<20)); err == nil {
			t.Error("a megabyte found room")
		}
		tx.exec(`INSERT INTO agent(text) VALUES('after the error')`) // must not be committed on its own
		return nil
	})
	if !errors.Is(err, ErrFull) {
		t.Errorf("got %v, want ErrFull", err)
	}
	if err := db.write.exec(`PRAGMA max_page_count=100000`); err != nil {
		t.Fatal(err)
	}
	if err := db.Update(t.Context(), func(tx *Tx) error { return tx.CreatePrincipal(p) }); err != nil {
		t.Errorf("the writer did not recover: %v", err)
	}
	if list := column1(t, db.read, `SELECT text FROM agent`); slices.Contains(list, "after the error") {
		t.Error("a statement after the rollback was committed")
	}
}

func TestUpdate_LostGroupFailsAllItsMembers(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	w := db.write
	if err := w.begin(); err != nil {
		t.Fatal(err)
	}
	turnOf := func() *turn {
		return &turn{start: make(chan *Tx), end: make(chan error, 1), fate: make(chan error, 1), gone: make(chan struct{})}
	}
	good, bad := turnOf(), turnOf()
	go func() { tx := <-good.start; good.end <- tx.CreatePrincipal(&Principal{Kind: User, Name: "good"}) }()
	if in, err := w.member(good, true); !in || err != nil {
		t.Fatal(in, err)
	}
	go func() { <-bad.start; w.exec(`ROLLBACK`); bad.end <- errPanic }()
	if in, err := w.member(bad, false); !in || err == nil {
		t.Errorf("in %v, err %v: a group that is gone must be lost", in, err)
	}
	w.lock.release()
}

func TestUpdate_FirstOfAGroupIsUndoneAlone(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	w := db.write
	if err := w.begin(); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"bad", "good", "worse"} {
		m := &turn{start: make(chan *Tx), end: make(chan error, 1), fate: make(chan error, 1), gone: make(chan struct{})}
		go func() {
			tx := <-m.start
			err := tx.CreatePrincipal(&Principal{Kind: User, Name: name})
			if name != "good" {
				err = errors.Join(err, errPanic)
			}
			m.end <- err
		}()
		if in, err := w.member(m, i == 0); !in || err != nil {
			t.Fatal(name, in, err)
		}
	}
	if err := w.exec(`COMMIT`); err != nil {
		t.Fatal(err)
	}
	w.lock.release()
	if list := column1(t, db.read, `SELECT name FROM principal`); !slices.Equal(list, []string{"good"}) {
		t.Errorf("%q are there, want the one that did not fail", list)
	}
}

func TestCheckpoint_KeepsTheLogShort(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	db.write.checkpoint = 1 << 16
	for range 3 {
		if err := db.Update(t.Context(), func(tx *Tx) error { _, err := tx.addBody(make([]byte, 1<<17)); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if db.write.checkpoint != walSize {
		t.Errorf("no checkpoint was made: %d", db.write.checkpoint)
	}
}

func TestUpdate_WaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	other, err := openLock(db.path + ".lock") // another process that is writing
	if err != nil {
		t.Fatal(err)
	}
	defer other.file.Close()
	if err := other.acquire(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	for range 3 {
		if err := db.Update(ctx, func(*Tx) error { t.Error("ran"); return nil }); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
	other.release()
	if err := db.Update(t.Context(), func(*Tx) error { return nil }); err != nil {
		t.Errorf("after the other is done: %v", err)
	}
}

func TestCheckpoint_EmptiesTheLogWhenNobodyWrites(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	w := db.write
	if err := db.Update(t.Context(), func(tx *Tx) error { _, err := tx.addBody([]byte("x")); return err }); err != nil {
		t.Fatal(err)
	}
	if err := db.View(t.Context(), func(*Tx) error { w.emptyLog(); return nil }); err != nil {
		t.Fatal(err)
	}
	w.emptyLog() // a reader may have been in the way
	if n := w.logSize(); n != 0 {
		t.Errorf("%d octets of log are left", n)
	}
	close(w.quit)
	<-w.done
	w.idle, w.quit, w.done = time.Millisecond, make(chan struct{}), make(chan struct{})
	go w.run()
	if err := db.Update(t.Context(), func(tx *Tx) error { _, err := tx.addBody([]byte("y")); return err }); err != nil {
		t.Fatal(err)
	}
	for begin := time.Now(); w.logSize() != 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("the log is not emptied by itself")
		}
	}
}

func TestUpdate_WaitsForTwoGroupsAtMost(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			for n := range 5 {
				if err := db.Update(t.Context(), func(tx *Tx) error {
					for began := time.Now(); i%2 == 0 && time.Since(began) < groupTime/10; { // twenty of these take longer than a group may
						runtime.Gosched()
					}
					_, err := tx.addBody([]byte{byte(i), byte(n)})
					return err
				}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	w := db.write
	if w.waited != 1 || w.groups >= 200 { // beside the one that was under way
		t.Errorf("%d groups of %d began while somebody waited", w.waited, w.groups)
	}
}

func TestRest_ClosesWhoReads(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	look := func() error { return db.View(t.Context(), func(*Tx) error { return nil }) }
	if err := look(); err != nil || db.read.Stats().Idle == 0 {
		t.Fatalf("%d connections wait for readers, %v", db.read.Stats().Idle, err)
	}
	db.Rest()
	if n := db.read.Stats().OpenConnections; n != 0 {
		t.Errorf("%d connections are open at rest", n)
	}
	if err := errors.Join(look(), look()); err != nil || db.read.Stats().Idle != 1 {
		t.Errorf("%d connections after it, %v", db.read.Stats().Idle, err)
	}
}

func TestRest_EmptiesTheLog(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	if err := db.Update(t.Context(), func(tx *Tx) error { _, err := tx.addBody([]byte("x")); return err }); err != nil {
		t.Fatal(err)
	}
	db.Rest()
	for begin := time.Now(); db.write.logSize() != 0; time.Sleep(time.Millisecond) {
		if time.Since(begin) > idleTime/2 {
			t.Fatal("the log is there still")
		}
	}
}

// The driver passes over a setting that it does not know, and preparing each statement anew costs as much as running it.
func TestSource_KeepsStatementsPrepared(t *testing.T) {
	t.Parallel()
	_, settings, _ := strings.Cut(source("/x", ""), "?")
	values, err := url.ParseQuery(settings)
	if err != nil || values.Get("_stmt_cache_size") != "100" || values.Get("_mutex") != "no" {
		t.Errorf("%s: %v", settings, err)
	}
}
