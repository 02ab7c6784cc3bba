package dav_test

import (
	"testing"

	"caldav-fcgi/dav/davtest"
)

func TestDialogues_Share(t *testing.T) {
	t.Parallel()
	davtest.RunAll(t, func(t *testing.T) davtest.Client {
		return &davtest.Handler{Handler: service(t), BasePath: "/dav"}
	}, "../testdata/share/*.txtar")
}

