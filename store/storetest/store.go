// Package storetest opens real databases for tests: a temporary file costs milliseconds, so there is no double of the store.
package storetest

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caldav-fcgi/store"
)

var keep = flag.Bool("dump", false, "keep the databases of tests, to look at with the sqlite3 shell")

// Path is for a database of this test.
func Path(t testing.TB) string {
	t.Helper()
	if !*keep {
		return filepath.Join(t.TempDir(), "caldav.db")
	}
	dir, err := os.MkdirTemp("", "storetest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("database kept in %s", dir)
	return filepath.Join(dir, "caldav.db")
}

// Open makes an empty database, closed at the end of the test.
func Open(t testing.TB) *store.DB {
	t.Helper()
	return OpenAt(t, Path(t), store.Options{})
}

// OpenAt opens with options, at a path that other handles or processes may share.
func OpenAt(t testing.TB, path string, opt store.Options) *store.DB {
	t.Helper()
	db, err := store.Open(path, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// Seed makes users as the first visit would: own node, home, "calendar" and "tasks", address NAME@example.org.
func Seed(t testing.TB, db *store.DB, names ...string) []*store.Principal {
	t.Helper()
	var users []*store.Principal
	err := db.Update(t.Context(), func(tx *store.Tx) error {
		for _, name := range names {
			p, err := account(tx, name)
			if err != nil {
				return err
			}
			users = append(users, p)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return users
}

func account(tx *store.Tx, name string) (*store.Principal, error) {
	p := &store.Principal{Kind: store.User, Name: name, Display: strings.ToUpper(name[:1]) + name[1:]}
	if err := tx.CreatePrincipal(p); err != nil {
		return nil, err
	}
	if err := tx.SetAddresses(p.ID, []string{"mailto:" + name + "@example.org"}); err != nil {
		return nil, err
	}
	if err := tx.CreateCollection(&store.Collection{Owner: p.ID, Kind: store.KindPrincipal, Name: name}); err != nil {
		return nil, err
	}
	home := &store.Collection{Owner: p.ID, Kind: store.KindCalendarHome, Name: name}
	if err := tx.CreateCollection(home); err != nil {
		return nil, err
	}
	for _, c := range []store.Collection{{Name: "calendar", Components: 1}, {Name: "tasks", Components: 2}} {
		c.Parent, c.Owner, c.Kind = home.ID, p.ID, store.KindCalendar
		if err := tx.CreateCollection(&c); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Dump writes every table as text, for the log of a failing test and for comparing. The tags of changes are left out: they are random.
func Dump(t testing.TB, db *store.DB) string {
	t.Helper()
	h, err := sql.Open("sqlite3", "file:"+db.Path()+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var b strings.Builder
	for _, table := range []string{"state", "principal", "address", "member", "collection", "object", "body", "content", "agent", "change", "property", "job", "lock", "share", "ace", "overlay", "token", "attempt"} {
		if err := dumpTable(&b, h, table); err != nil {
			t.Fatalf("dump %s: %v", table, err)
		}
	}
	return b.String()
}

func dumpTable(b *strings.Builder, h *sql.DB, table string) error {
	rows, err := h.Query(`SELECT * FROM ` + table + ` ORDER BY 1, 2`)
	if err != nil {
		return err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return err
	}
	values, dest := make([]any, len(names)), make([]any, len(names))
	for i := range dest {
		dest[i] = &values[i]
	}
	fmt.Fprintf(b, "%s\n", table)
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, v := range values {
			switch v := v.(type) {
			case nil:
			case []byte:
				fmt.Fprintf(b, " %s=%.60q", names[i], v)
			case string:
				fmt.Fprintf(b, " %s=%.60q", names[i], v)
			default:
				if names[i] != "tag" {
					fmt.Fprintf(b, " %s=%v", names[i], v)
				}
			}
		}
		b.WriteByte('\n')
	}
	return rows.Err()
}
