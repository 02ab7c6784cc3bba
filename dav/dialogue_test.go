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
	return serviceWith(t, dav.Options{})
}

func serviceWith(t *testing.T, opt dav.Options) *dav.Server {
	t.Helper()
	opt.Log, opt.SpoolDir = slog.New(slog.NewTextHandler(t.Output(), nil)), t.TempDir()
	s, err := dav.New(storetest.Open(t), opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDialogues(t *testing.T) {
	t.Parallel()
	for _, set := range []string{"rfc", "webdav", "caldav", "carddav", "tzdist", "clients", "smoke"} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			davtest.RunAll(t, func(t *testing.T) davtest.Client {
				return &davtest.Handler{Handler: service(t)}
			}, "../testdata/"+set+"/*.txtar")
		})
	}
}

// Plain files, which a site has to switch on.
func TestDialogues_Files(t *testing.T) {
	t.Parallel()
	davtest.RunAll(t, func(t *testing.T) davtest.Client {
		return &davtest.Handler{Handler: serviceWith(t, dav.Options{Files: true}), BasePath: "/dav"}
	}, "../testdata/files/*.txtar")
}

// The whole service below a base path, as most sites have it.
func TestDialogues_BelowABase(t *testing.T) {
	t.Parallel()
	davtest.RunAll(t, func(t *testing.T) davtest.Client {
		return &davtest.Handler{Handler: service(t), BasePath: "/some/dav"}
	}, "../testdata/clients/*.txtar")
}
