package dav_test

import (
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/store/storetest"
)

// Who may do what, among people and groups.
func TestDialogues_ACL(t *testing.T) {
	t.Parallel()
	davtest.RunAll(t, func(t *testing.T) davtest.Client {
		return &davtest.Handler{Handler: office(t, storetest.Open(t), dav.Options{Files: true}), BasePath: "/dav"}
	}, "../testdata/acl/*.txtar")
}
