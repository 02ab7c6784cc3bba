package dav_test

import (
	"log/slog"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/store/storetest"
)

// service is a fresh server over an empty database.
func service(t *testing.T) *dav.Server {
	t.Helper()
	s, err := dav.New(storetest.Open(t), dav.Options{Log: slog.New(slog.NewTextHandler(t.Output(), nil)), SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDialogues(t *testing.T) {
	t.Parallel()
	for _, set := range []string{"rfc", "webdav", "caldav", "tzdist", "clients", "smoke"} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			davtest.RunAll(t, func(t *testing.T) davtest.Client {
				return &davtest.Handler{Handler: service(t)}
			}, "../testdata/"+set+"/*.txtar")
		})
	}
}

// The whole service below a base path, as most sites have it.
func TestDialogues_BelowABase(t *testing.T) {
	t.Parallel()
	davtest.RunAll(t, func(t *testing.T) davtest.Client {
		return &davtest.Handler{Handler: service(t), BasePath: "/some/dav"}
	}, "../testdata/clients/*.txtar")
}
