package principal_test

import (
	"errors"
	"strings"
	"testing"

	"caldav-fcgi/dav/principal"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// newDevice makes a password for a user.
func newDevice(t *testing.T, db *store.DB, user *store.Principal, name string) (secret string) {
	t.Helper()
	if err := db.Update(t.Context(), func(tx *store.Tx) (err error) {
		secret, err = tx.NewToken(store.DeviceToken, user.ID, 0, name, store.Never)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestDevices_Check(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	ann := users[0]
	phone, desk := newDevice(t, db, ann, "phone"), newDevice(t, db, ann, "desk")
	var feed string
	update := func(fn func(tx *store.Tx) error) {
		t.Helper()
		if err := db.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	update(func(tx *store.Tx) (err error) {
		feed, err = tx.NewToken(store.AddressToken, ann.ID, 0, "feed", store.Never)
		return err
	})
	d := &principal.Devices{DB: db}
	n := 0
	check := func(user, password string, want bool) {
		t.Helper()
		n++
		ok, wait, err := d.Check(t.Context(), user, password, "2001:db8:"+strings.Repeat("1", n%4+1)+"::1")
		if ok != want || wait != 0 || err != nil {
			t.Errorf("%s with %q: %t, %v, %v, want %t", user, password, ok, wait, err, want)
		}
	}
	check("ann", phone, true)
	check("ann", desk, true)
	check("ann", strings.ToLower(phone[:5])+"-"+phone[5:9]+" "+phone[9:], true) // as people type it
	check("bob", phone, false)
	check("Ann", phone, false)
	check("", phone, false)
	check("ann", "", false)
	check("ann", phone+"A", false)
	check("ann", phone[1:], false)
	check("ann", feed, false) // the secret of something else
	check("ann", strings.Repeat("A", 1<<20), false)
	update(func(tx *store.Tx) error { return tx.RevokeToken(store.DeviceToken, ann.ID, "phone") })
	check("ann", phone, false)
	check("ann", desk, true)
	disable := func(off bool) {
		update(func(tx *store.Tx) error {
			p, err := tx.Principal(store.User, "ann")
			if err != nil {
				return err
			}
			p.Disabled = off
			return tx.SavePrincipal(p)
		})
	}
	disable(true)
	check("ann", desk, false)
	disable(false)
	check("ann", desk, true)
	update(func(tx *store.Tx) error {
		list, err := tx.Tokens(ann.ID)
		if err != nil || len(list) != 2 || list[0].Used == 0 {
			t.Errorf("%+v, %v", list, err)
		}
		if dump := storetest.Dump(t, db); strings.Contains(dump, desk) {
			t.Error("the password lies in the database")
		}
		return nil
	})
	update(func(tx *store.Tx) error { return tx.DeletePrincipal(ann) })
	check("ann", desk, false)
}

// Whoever guesses has to wait, be it right or wrong in the end; others, and other places, need not.
func TestDevices_GuessingIsSlow(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	ann := storetest.Seed(t, db, "ann")[0]
	phone := newDevice(t, db, ann, "phone")
	d := &principal.Devices{DB: db}
	waited := false
	for range 8 {
		ok, wait, err := d.Check(t.Context(), "ann", "WRONG", "192.0.2.7")
		if ok || err != nil {
			t.Fatal(ok, err)
		}
		waited = waited || wait > 0
	}
	if !waited {
		t.Error("eight wrong passwords, and no wait")
	}
	if ok, wait, err := d.Check(t.Context(), "ann", phone, "192.0.2.7"); ok || wait == 0 || err != nil {
		t.Errorf("the right one after that: %t, %v, %v", ok, wait, err)
	}
	for _, from := range []string{"192.0.2.8", "2001:db8::1", "", "unix"} {
		if ok, wait, err := d.Check(t.Context(), "ann", phone, from); !ok || wait != 0 || err != nil {
			t.Errorf("from %s: %t, %v, %v", from, ok, wait, err)
		}
	}
	// However many names are tried from one place, the table stays small.
	for i := range 600 {
		if _, _, err := d.Check(t.Context(), strings.Repeat("x", i+1), "WRONG", "192.0.2.9"); err != nil && !errors.Is(err, store.ErrBusy) {
			t.Fatal(err)
		}
	}
	if n := strings.Count(storetest.Dump(t, db), "device 192.0.2.9"); n > 256 {
		t.Errorf("%d rows of attempts", n)
	}
}
