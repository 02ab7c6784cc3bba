package dav_test

import (
	"errors"
	"log/slog"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// office is a site with people, groups and rooms: Ann and Bob are staff, Cat is in the team, which is in staff; Dan is in no group.
// Root is an administrator.
func office(t testing.TB, db *store.DB, opt dav.Options) *dav.Server {
	t.Helper()
	opt.Admins = []string{"root", "@wheel"}
	if opt.Log == nil {
		opt.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	opt.SpoolDir = t.TempDir()
	s, err := dav.New(db, opt)
	if err != nil {
		t.Fatal(err)
	}
	people(t, db, s)
	return s
}

// people fills the database of a service.
func people(t testing.TB, db *store.DB, s *dav.Server) {
	t.Helper()
	users := map[string]*store.Principal{}
	for user, name := range map[string]string{"ann": "Ann Lee", "bob": "Bob Ångström", "cat": "Cat Müller", "dan": "Dan Lee", "root": "Admin"} {
		p, err := s.Engine().AddAccount(t.Context(), webdav.Login{User: user, Claims: map[string]string{"name": name, "mail": user + "@example.org"}})
		if err != nil {
			t.Fatal(err)
		}
		users[user] = p
	}
	if err := db.Update(t.Context(), func(tx *store.Tx) error {
		staff, team := &store.Principal{Kind: store.Group, Name: "staff", Display: "All Staff"}, &store.Principal{Kind: store.Group, Name: "team"}
		hall, beamer := &store.Principal{Kind: store.Room, Name: "hall", Display: "Great Hall"}, &store.Principal{Kind: store.Resource, Name: "beamer"}
		err := errors.Join(tx.CreatePrincipal(staff), tx.CreatePrincipal(team), tx.CreatePrincipal(hall), tx.CreatePrincipal(beamer))
		if err != nil {
			return err
		}
		return errors.Join(tx.SetAddresses(hall.ID, []string{"mailto:hall@example.org"}), tx.SetAddresses(staff.ID, []string{"mailto:staff@example.org"}),
			tx.SetMembers(staff.ID, store.ByHand, []int64{users["ann"].ID, users["bob"].ID, team.ID}), tx.SetMembers(team.ID, store.ByHand, []int64{users["cat"].ID}))
	}); err != nil {
		t.Fatal(err)
	}
}

// Who there is, and who sees whom, with each value of the setting.
func TestDialogues_Principals(t *testing.T) {
	t.Parallel()
	for dir, people := range map[string]webdav.People{"": webdav.Everybody, "groups/": webdav.OwnGroups, "none/": webdav.Nobody} {
		t.Run(string(people), func(t *testing.T) {
			t.Parallel()
			davtest.RunAll(t, func(t *testing.T) davtest.Client {
				return &davtest.Handler{Handler: office(t, storetest.Open(t), dav.Options{People: people}), BasePath: "/dav"}
			}, "../testdata/principal/"+dir+"*.txtar")
		})
	}
}
