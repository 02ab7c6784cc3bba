package main

import (
	"os"
	"path/filepath"
	"testing"

	"caldav-fcgi/fcgi/sitetest"
)

// Over plain HTTP; behind web servers it runs in the tests of nginx and apache.
func TestServe_Litmus(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "users"), demoPasswords(), 0o600); err != nil {
		t.Fatal(err)
	}
	r := start(t, nil, "serve", "-db", filepath.Join(dir, "c.db"), "-http", "127.0.0.1:0", "-htpasswd", filepath.Join(dir, "users"), "-base", "/dav", "-files=on")
	url := r.until(t, `msg=serving .*(http://[0-9.:]+/)`)
	sitetest.Litmus(t, url+"dav/files/ann/", "ann", "ann")
	r.cancel()
	if err := r.wait(t); err != nil {
		t.Error(err)
	}
}
