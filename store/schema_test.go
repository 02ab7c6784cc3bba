package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
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
		third := &Object{Name: "3.ics"}
		must(tx.PutObject(b, third, []byte("z"), Index{UID: "3"}), tx.Reindex(third, Index{Version: 3}))
		for _, token := range []string{"l:1", "l:2"} {
			must(tx.CreateLock(&Lock{Token: token, LockKey: LockKey{b.ID, "3.ics"}, Principal: p.ID, Expires: tx.Now.Unix() + 100}))
		}
		must(tx.RefreshLock("l:1", tx.Now.Unix()+200), tx.RekeyLock("l:1", LockKey{b.ID, ""}), tx.RemoveLock("l:2"))
		return tx.Enqueue(Job{Kind: "k", Key: "1"})
	}))
	large, err := db.WriteContent(ctx, strings.NewReader("large"))
	must(err)
	file := &Object{Name: "5"}
	must(db.Update(ctx, func(tx *Tx) error {
		must(tx.PutContent(folder, file, large))
		again, err := tx.ContentOf(file)
		must(err, tx.PutContent(folder, &Object{Name: "6"}, again))
		_, err = tx.Extent(home)
		return err
	}))
	must(db.View(ctx, func(tx *Tx) error { return tx.ReadContent(file.Content, io.Discard, 1, 3) }))
	must(db.View(ctx, func(tx *Tx) error {
		drain := func(seq func(func(*Object, error) bool)) {
			for _, err := range seq {
				must(err)
			}
		}
		for _, q := range []Search{{Kinds: 1, To: 10, Series: EverySeries}, {UID: "3"}} {
			for _, err := range tx.Outlines(b.ID, q) {
				must(err)
			}
		}
		drain(tx.Stale(KindCalendar, 7, 0, 10))
		drain(tx.Bodies(b.ID))
		for w := range Want(4) {
			drain(tx.Objects(b.ID, w))
			drain(tx.Objects(b.ID, w, "3.ics"))
			drain(tx.ObjectsByUID(b.ID, "3", w))
			drain(tx.ObjectsByID(b.ID, w, []int64{1, 2}))
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
		_, e11 := tx.HaveDead(b.ID)
		_, _, e12 := tx.DeadBeside(b.ID, 0, "x:", "a")
		_, e9 := tx.Locks([]LockKey{{b.ID, "3.ics"}}, []int64{home.ID})
		_, e10 := tx.LocksListed(home.ID)
		must(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12)
		for _, c := range []*Collection{fresh, home} {
			_, next, _, err := tx.Changes(c, Token{}, 1)
			must(err)
			_, _, _, err = tx.Changes(c, next, 1)
			must(err)
		}
		_, next, _, err := tx.ChangesBelow(home, Token{}, 1)
		must(err)
		_, _, _, err = tx.ChangesBelow(home, next, 1)
		must(err)
		_, err = tx.Origin()
		must(err)
		sight := Sight{Self: p.ID, Ties: []int64{p.ID}, Known: []int64{p.ID}, Within: []int64{p.ID}}
		_, err = tx.Visible(sight, User, "ann")
		must(err)
		for _, err := range tx.Directory(sight, User, Group) {
			must(err)
		}
		_, err = tx.Seen(sight, []int64{p.ID})
		must(err)
		_, err = tx.PrincipalsByID([]int64{p.ID})
		must(err)
		_, err = tx.Joined(p.ID)
		must(err)
		_, err = tx.MembersFrom(p.ID, ByHand)
		must(err)
		return nil
	}))
	cp, err := db.WriteCopy(ctx, CopyPlan{Source: folder, Parent: home, Name: "h", Sign: func(*Tx) {}})
	must(err)
	must(db.Update(ctx, func(tx *Tx) error {
		_, err := tx.FinishCopy(cp, &Collection{Parent: home.ID, Owner: p.ID, Kind: KindFiles, Name: "h"})
		return err
	}))
	cp, err = db.WriteCopy(ctx, CopyPlan{Source: b, Parent: home, Name: "i", Sign: func(*Tx) {}})
	must(err, db.DropCopy(ctx, cp))
	j, err := db.ClaimJob(ctx, "k")
	must(err, db.FinishJob(ctx, j, "sent"))
	must(db.Update(ctx, func(tx *Tx) error {
		must(tx.DeleteCollection(b))
		_, err := tx.PurgeCollection(b.ID, 100)
		must(err, tx.DeleteCollection(folder))
		for more := true; more; {
			more, err = tx.PurgeCollection(folder.ID, 1)
			must(err)
		}
		_, err = tx.PurgeContent(large.ID, 100)
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
		accessQueries(t, db)
		db.observe = nil
		// The one row of a counter, a list bound as a value, and rows made by the query itself are no tables.
		scan := regexp.MustCompile(`^SCAN (?:\d+ )?(\w+)`)
		harmless := []string{"json_each", "n", "k", "bucket", "below", "tree", "branch", "sqlite_sequence", "CONSTANT", "mine", "up", "j", "spot", "want", "have", "inside", "entitled", "e"}
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

// What most requests run is prepared once a connection: see shapes.
func TestStatements_StayPrepared(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{IndexVersion: 7})
	conn, err := db.read.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	queries := []string{principalByName, collectionRoot, collectionChild, collectionByID, deadProperties, deadOfChildren, acesBelow, changesInitial, changesMembers, changesHome, outlinesTrust, outlinesByUID, objectClash, bodiesOf}
	for w := range shapes(*objectByName) {
		queries = append(queries, objectByName[w], objectsAll[w], objectsNamed[w], objectsByID[w], objectsWithUID[w])
	}
	for _, q := range queries {
		err := conn.Raw(func(c any) error {
			s, err := c.(driver.Conn).Prepare(q)
			if err != nil {
				return err
			}
			defer s.Close()
			args := make([]driver.NamedValue, parameters(q))
			for i := range args {
				args[i] = driver.NamedValue{Ordinal: i + 1, Value: int64(7)}
			}
			for range 3 {
				rows, err := s.(driver.StmtQueryContext).QueryContext(t.Context(), args)
				if err == nil {
					err = rows.Close()
				}
				if err != nil {
					return err
				}
			}
			switch again := reflect.ValueOf(s).Elem().FieldByName("repreps"); {
			case !again.IsValid():
				t.Skip("the driver no longer counts it")
			case again.Int() > 0:
				t.Errorf("prepared anew %d times of 3: write +? for a parameter after = and LIMIT\n  in %s", again.Int(), q)
			}
			return nil
		})
		if err != nil {
			t.Fatalf("%s: %v", q, err)
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

// A request that takes more statements than it did shows here as a number.
func TestStatements_Budget(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	everything(t, db)
	var home, c *Collection
	if err := db.View(t.Context(), func(tx *Tx) error {
		p, err := tx.Principal(User, "ann")
		if err == nil {
			home, err = tx.Root(p.ID, KindCalendarHome)
		}
		if err == nil {
			c, err = tx.Collection(home.ID, "a")
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	o := &Object{Name: "o"}
	for _, step := range []struct {
		name string
		most int
		run  func(tx *Tx) error
	}{
		{"put, new", 6, func(tx *Tx) error { return tx.PutObject(c, o, []byte("x"), Index{UID: "o"}) }},
		{"put, replace", 6, func(tx *Tx) error { return tx.PutObject(c, o, []byte("xy"), Index{UID: "o"}) }},
		{"token of a calendar", 0, func(tx *Tx) error { _, err := tx.Token(c); return err }},
		{"token of a home", 1, func(tx *Tx) error { _, err := tx.Token(home); return err }},
		{"changes of a calendar", 1, func(tx *Tx) error { _, _, _, err := tx.Changes(c, Token{}, 0); return err }},
		{"changes of a home", 2, func(tx *Tx) error { _, _, _, err := tx.Changes(home, Token{}, 0); return err }},
		{"delete", 5, func(tx *Tx) error { return tx.DeleteObject(c, o) }},
	} {
		if err := db.Update(t.Context(), func(tx *Tx) error {
			before := tx.Statements()
			err := step.run(tx)
			if n := tx.Statements() - before; n > step.most {
				t.Errorf("%s takes %d statements, at most %d allowed", step.name, n, step.most)
			}
			return err
		}); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
	}
}

// planOf is what SQLite says of how it will run a statement, a line each.
func planOf(t *testing.T, db *DB, q string) (plan string) {
	t.Helper()
	rows, err := db.read.Query(`EXPLAIN QUERY PLAN `+q, make([]any, parameters(q))...)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var id, parent, x int
		var what string
		if err := rows.Scan(&id, &parent, &x, &what); err != nil {
			t.Fatal(err)
		}
		plan += what + "\n"
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	return plan
}

// A search by time reads what lasts long from object_long alone: in the table it would lie on a page of its own each.
func TestOutlines_LongOnesFromTheIndexAlone(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	for _, q := range []string{outlines, outlinesTrust} {
		plan := planOf(t, db, q)
		if !strings.Contains(plan, "USING COVERING INDEX object_long (collection=? AND kind=? AND bucket=? AND first>? AND first<?)") {
			t.Errorf("%s\nof %s", plan, q)
		}
	}
}

// A UID is one seek, whoever asks for it: with the plain comparison in sight SQLite would put its value into length(uid), too.
func TestUID_IsFoundByItsIndexAndInACollectionOnce(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	exists := `SELECT 1 FROM object WHERE collection=?1 AND length(uid)=length(?2) AND uid=?2 COLLATE NOCASE AND +uid=?2` // of the triggers
	for _, q := range []string{objectClash, objectsWithUID[0], outlinesByUID, exists} {
		if plan := planOf(t, db, q); !strings.Contains(plan, "INDEX object_uid (collection=? AND <expr>=? AND uid=?)") {
			t.Errorf("%s\nof %s", plan, q)
		}
	}
	everything(t, db)
	for _, c := range []struct {
		insert string
		ok     bool
	}{
		{`INSERT INTO object(collection, name, uid, kind, flags, etag, size, modified, created, rev, indexed, bucket, first, last) SELECT id, 'x', 'Twice', 1, 0, x'00', 0, 0, 0, 0, 0, 0, 0, 0 FROM collection LIMIT 1`, true},
		{`INSERT INTO object(collection, name, uid, kind, flags, etag, size, modified, created, rev, indexed, bucket, first, last) SELECT id, 'y', 'Twice', 1, 0, x'00', 0, 0, 0, 0, 0, 0, 0, 0 FROM collection LIMIT 1`, false},
		{`INSERT INTO object(collection, name, uid, kind, flags, etag, size, modified, created, rev, indexed, bucket, first, last) SELECT id, 'z', 'twice', 1, 0, x'00', 0, 0, 0, 0, 0, 0, 0, 0 FROM collection LIMIT 1`, true},
		{`UPDATE object SET uid='Twice' WHERE name='z'`, false},
		{`UPDATE object SET uid='Thrice' WHERE name='z'`, true},
	} {
		err := db.Update(t.Context(), func(tx *Tx) error { _, err := tx.exec(c.insert); return err })
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.insert, err)
		}
	}
}
