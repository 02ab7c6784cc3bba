package dav_test

import (
	"database/sql"
	"errors"
	"net/http"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// Two versions may share a database while a web server replaces its processes: the older one has to go.
func TestGiveUp_WhenANewerProgramHasChangedTheDatabase(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	var told error
	s, err := dav.New(db, dav.Options{GiveUp: func(err error) { told = err }})
	if err != nil {
		t.Fatal(err)
	}
	if w := do(s, "PROPFIND", "/", ""); w.Code == http.StatusServiceUnavailable || told != nil {
		t.Fatalf("at first: %d, %v", w.Code, told)
	}
	other, err := sql.Open("sqlite3", db.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.Exec(`UPDATE state SET compat = 1000000`); err != nil {
		t.Fatal(err)
	}
	w := do(s, "PROPFIND", "/", "")
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("%d, Retry-After %q", w.Code, w.Header().Get("Retry-After"))
	}
	if !errors.Is(told, store.ErrIncompatible) {
		t.Errorf("told %v", told)
	}
}
