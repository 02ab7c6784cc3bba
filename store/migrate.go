package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// step is one migration; the first is number 1. A step is never edited after its release.
type step struct {
	name string
	sql  string
}

func migrations() ([]step, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	var steps []step
	for i, name := range names {
		base := name[len("migrations/"):]
		if n, err := strconv.Atoi(base[:min(4, len(base))]); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s: number %04d expected", base, i+1)
		}
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{base, string(text)})
	}
	return steps, nil
}

// migrate creates the file when there is none and runs the steps it lacks. The caller holds the lock: the switch to write-ahead
// logging is not covered by SQLite's own waiting.
func migrate(path string, steps []step) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	// No foreign keys meanwhile: a step that rebuilds a table drops the old one. They are checked before each commit.
	db, err := sql.Open("sqlite3", source(path, "_foreign_keys=off"))
	if err != nil {
		return err
	}
	defer db.Close()
	bg := context.Background()
	conn, err := db.Conn(bg)
	if err != nil {
		return explain(err)
	}
	defer conn.Close()
	version, err := schemaVersion(bg, conn)
	if err != nil {
		return err
	}
	for n := version; n < len(steps); n++ {
		if err := steps[n].run(bg, conn, n+1); err != nil {
			return fmt.Errorf("migration %s: %w", steps[n].name, explain(err))
		}
	}
	var mode string
	if err := conn.QueryRowContext(bg, `PRAGMA journal_mode=WAL`).Scan(&mode); err != nil {
		return fmt.Errorf("switch to write-ahead logging: %w", explain(err))
	}
	if mode != "wal" {
		return fmt.Errorf("write-ahead logging is not possible on this file system (journal mode %s)", mode)
	}
	return nil
}

// schemaVersion is 0 for a new file, which it prepares.
func schemaVersion(ctx context.Context, conn *sql.Conn) (int, error) {
	var id, version, tables int
	err := conn.QueryRowContext(ctx, `SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`).Scan(&id, &version, &tables)
	switch {
	case err != nil && notADatabase(err):
		return 0, errForeign
	case err != nil:
		return 0, explain(err)
	case id == applicationID:
		return version, nil
	case id != 0 || version != 0 || tables != 0:
		return 0, errForeign
	}
	// 8192: the store takes 1.43 times the raw size, 1.56 times with 4096.
	_, err = conn.ExecContext(ctx, `PRAGMA page_size=8192`)
	return 0, explain(err)
}

func (s step) run(ctx context.Context, conn *sql.Conn, number int) (err error) {
	if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_, rollback := conn.ExecContext(ctx, `ROLLBACK`)
			err = errors.Join(err, rollback)
		}
	}()
	if _, err := conn.ExecContext(ctx, s.sql); err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, `PRAGMA foreign_key_check`)
	if err != nil {
		return err
	}
	broken := rows.Next()
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return err
	}
	if broken {
		return errors.New("rows refer to others that do not exist: run the check command")
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT`, applicationID, number))
	return err
}
