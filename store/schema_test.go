package store

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

var updateGolden = flag.Bool("update", false, "rewrite schema.sql")

func openTemp(t testing.TB, opt Options) *DB {
	t.Helper()
	db, err := Open(filepath.Join(t.TempDir(), "x.db"), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func column1(t testing.TB, h *sql.DB, query string, args ...any) []string {
	t.Helper()
	rows, err := h.Query(query, args...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		list = append(list, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSchema_IsWhatMigrationsLeave(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	list := column1(t, db.read, `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid`)
	got := "-- The schema as the migrations leave it, for reading; written by: go test ./store -update\n" + strings.Join(list, ";\n") + ";\n"
	if *updateGolden {
		if err := os.WriteFile("schema.sql", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("schema.sql is not what the migrations leave (go test ./store -update); got\n%s", got)
	}
}

func TestSchema_ForeignKeysHaveIndexes(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	for _, fk := range column1(t, db.read, `SELECT m.name || '.' || f."from" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type='table'`) {
		table, col, _ := strings.Cut(fk, ".")
		first := column1(t, db.read, `SELECT i.name FROM sqlite_schema m, pragma_index_list(m.name) l, pragma_index_info(l.name) i WHERE m.name=? AND i.seqno=0`, table)
		if !slices.Contains(first, col) {
			t.Errorf("%s has no index", fk)
		}
	}
}

// everything calls whatever a request or a job can, once.
func everything(t testing.TB, db *DB) {
	t.Helper()
	ctx := t.Context()
	must := func(errs ...error) {
		t.Helper()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
	}
	var home, a, b, folder *Collection
	p := &Principal{Kind: User, Name: "ann"}
	must(db.Update(ctx, func(tx *Tx) error {
		tx.As(1, "test/1")
		must(tx.CreatePrincipal(p), tx.SavePrincipal(p), tx.SetAddresses(p.ID, []string{"Ann@example.org"}))
		home = &Collection{Owner: p.ID, Kind: KindCalendarHome, Name: "ann"}
		must(tx.CreateCollection(home))
		a, b, folder = &Collection{Parent: home.ID, Owner: p.ID, Kind: KindCalendar, Name: "a"}, &Collection{Parent: home.ID, Owner: p.ID, Kind: KindCalendar, Name: "b"}, &Collection{Parent: home.ID, Owner: p.ID, Kind: KindFiles, Name: "f"}
		must(tx.CreateCollection(a), tx.CreateCollection(b), tx.CreateCollection(folder), tx.SaveCollection(a), tx.MoveCollection(folder, home, "g"))
		o := &Object{Name: "1.ics"}
		must(tx.PutObject(a, o, []byte("x"), Index{UID: "1"}), tx.PutObject(a, o, []byte("y"), Index{UID: "1"}))
		must(tx.SetDead(a.ID, o.ID, "x:", "p", "<p/>"), tx.CopyDead(a.ID, o.ID, b.ID, 0), tx.RemoveDead(b.ID, 0, "x:", "p"))
		must(tx.MoveObject(a, o, b, "2.ics"), tx.DeleteObject(b, o))
		must(tx.PutObject(b, &Object{Name: "3.ics"}, []byte("z"), Index{UID: "3"}))
		return tx.Enqueue(Job{Kind: "k", Key: "1"})
	}))
	must(db.View(ctx, func(tx *Tx) error {
		drain := func(seq func(func(*Object, error) bool)) {
			for _, err := range seq {
				must(err)
			}
		}
		for w := range Want(4) {
			drain(tx.Objects(b.ID, w))
			drain(tx.Objects(b.ID, w, "3.ics"))
			drain(tx.ObjectsByUID(b.ID, "3", w))
			drain(tx.Candidates(b.ID, 1, 0, 10, w))
			_, err := tx.Object(b.ID, "3.ics", w)
			must(err)
		}
		for _, err := range tx.Principals(User) {
			must(err)
		}
		for _, err := range tx.Collections(home.ID) {
			must(err)
		}
		_, e1 := tx.Root(p.ID, KindCalendarHome)
		_, e2 := tx.Collection(home.ID, "b")
		fresh, e3 := tx.CollectionByID(b.ID)
		_, e4 := tx.PrincipalByID(p.ID)
		_, e5 := tx.PrincipalByAddress("mailto:ann@example.org")
		_, e6 := tx.Addresses(p.ID)
		_, e7 := tx.DeadProperties(b.ID, 0)
		_, e8 := tx.DeadOfMembers(b.ID)
		must(e1, e2, e3, e4, e5, e6, e7, e8)
		for _, c := range []*Collection{fresh, home} {
			_, next, _, err := tx.Changes(c, Token{}, 1)
			must(err)
			_, _, _, err = tx.Changes(c, next, 1)
			must(err)
		}
		return nil
	}))
	j, err := db.ClaimJob(ctx, "k")
	must(err, db.FinishJob(ctx, j, "sent"))
	must(db.Update(ctx, func(tx *Tx) error {
		must(tx.DeleteCollection(b))
		_, err := tx.PurgeCollection(b.ID, 100)
		return err
	}))
}

func TestStatements_ScanNoTable(t *testing.T) {
	t.Parallel()
	for _, version := range []int64{0, 7} {
		db := openTemp(t, Options{IndexVersion: version})
		seen := map[string]bool{}
		db.observe = func(q string) { seen[q] = true }
		everything(t, db)
		db.observe = nil
		// The one row of a counter, a list bound as a value, and rows made by the query itself are no tables.
		scan := regexp.MustCompile(`^SCAN (?:\d+ )?(\w+)`)
		harmless := []string{"json_each", "n", "k", "bucket", "below", "sqlite_sequence", "CONSTANT"}
		for _, q := range slices.Sorted(maps.Keys(seen)) {
			rows, err := db.read.Query(`EXPLAIN QUERY PLAN `+q, make([]any, parameters(q))...)
			if err != nil {
				t.Errorf("%s: %v", q, err)
				continue
			}
			for rows.Next() {
				var id, parent, x int
				var what string
				if err := rows.Scan(&id, &parent, &x, &what); err != nil {
					t.Fatal(err)
				}
				if m := scan.FindStringSubmatch(what); m != nil && !slices.Contains(harmless, m[1]) {
					t.Errorf("%s\n  in %s", what, q)
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				t.Error(err)
			}
		}
		if len(seen) < 40 {
			t.Errorf("only %d statements seen", len(seen))
		}
	}
}

// parameters counts what a statement binds.
func parameters(q string) int {
	n := strings.Count(q, "?")
	for i := 1; i < 10; i++ {
		if k := strings.Count(q, fmt.Sprintf("?%d", i)); k > 0 {
			n = n - k + 1
		}
	}
	return n
}

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
	if in, err := w.member(good); !in || err != nil {
		t.Fatal(in, err)
	}
	go func() { <-bad.start; w.exec(`ROLLBACK`); bad.end <- errPanic }()
	if in, err := w.member(bad); !in || err == nil {
		t.Errorf("in %v, err %v: a group that is gone must be lost", in, err)
	}
	w.lock.release()
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
