package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

func TestSecretToken_ItsLife(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	users := storetest.Seed(t, db, "ann", "bob")
	ann, bob := users[0].ID, users[1].ID
	var phone, link string
	update(t, db, func(tx *store.Tx) (err error) {
		if phone, err = tx.NewToken(store.DeviceToken, ann, 0, "phone", store.Never); err != nil {
			return err
		}
		if link, err = tx.NewToken(store.AddressToken, ann, calendar(t, tx, "ann").ID, "phone", tx.Now.Unix()+100); err != nil {
			return err
		}
		if _, err := tx.NewToken(store.DeviceToken, ann, 0, "phone", store.Never); !errors.Is(err, store.ErrExists) {
			t.Errorf("a second of that name: %v", err)
		}
		if _, err := tx.NewToken(store.DeviceToken, ann, 0, "", store.Never); !errors.Is(err, store.ErrBadName) {
			t.Errorf("one without a name: %v", err)
		}
		if _, err := tx.NewToken(store.DeviceToken, bob, 0, "phone", tx.Now.Unix()-1); err != nil {
			return err
		}
		return nil
	})
	if len(phone) < 26 || phone == link || strings.Contains(storetest.Dump(t, db), phone) {
		t.Errorf("secrets %q, %q, or the database has them", phone, link)
	}
	update(t, db, func(tx *store.Tx) error {
		got, err := tx.SecretToken(store.DeviceToken, phone)
		if err != nil || got.Principal != ann || got.Used != 0 || !got.Stale(tx.Now.Unix()) {
			t.Fatalf("%+v, %v", got, err)
		}
		if err := tx.TokenUsed(got); err != nil {
			return err
		}
		got, err = tx.SecretToken(store.DeviceToken, phone)
		if err != nil || got.Used != tx.Now.Unix() || got.Stale(tx.Now.Unix()+3599) || !got.Stale(tx.Now.Unix()+3600) {
			t.Errorf("used: %+v, %v", got, err)
		}
		for name, secret := range map[string]string{"of another kind": link, "that is none": phone + "x", "that is empty": ""} {
			if _, err := tx.SecretToken(store.DeviceToken, secret); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("a secret %s: %v", name, err)
			}
		}
		if list, err := tx.Tokens(ann); err != nil || len(list) != 2 {
			t.Errorf("%+v, %v", list, err)
		}
		tx.Now = tx.Now.Add(101 * time.Second)
		if _, err := tx.SecretToken(store.AddressToken, link); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("after its end: %v", err)
		}
		tx.Now = tx.Now.Add(-101 * time.Second)
		if got, err := tx.SecretToken(store.AddressToken, link); err != nil || got.Collection == 0 {
			t.Errorf("%+v, %v", got, err)
		}
		if err := tx.DeleteCollection(calendar(t, tx, "ann")); err != nil {
			return err
		}
		if _, err := tx.SecretToken(store.AddressToken, link); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the address of what is deleted: %v", err)
		}
		if err := tx.RevokeToken(store.DeviceToken, ann, "phone"); err != nil {
			return err
		}
		if _, err := tx.SecretToken(store.DeviceToken, phone); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("revoked: %v", err)
		}
		if err := errors.Join(tx.TokenUsed(got)); err != nil {
			t.Errorf("the use of what was revoked meanwhile: %v", err)
		}
		if err := tx.RevokeToken(store.DeviceToken, ann, "phone"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("revoked twice: %v", err)
		}
		return tx.DeletePrincipal(users[1])
	})
	view(t, db, func(tx *store.Tx) error {
		if list, err := tx.Tokens(bob); err != nil || list != nil {
			t.Errorf("tokens of who is gone: %v, %v", list, err)
		}
		return nil
	})
	sound(t, db)
}

func TestAttempts_WaitLongerEachTime(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	update(t, db, func(tx *store.Tx) error {
		begin := tx.Now
		var waits []int64
		for range 18 {
			if err := tx.Fail("ann"); err != nil {
				return err
			}
			wait, err := tx.Allowed("ann")
			if err != nil {
				return err
			}
			waits = append(waits, wait)
		}
		for i, w := range waits {
			switch {
			case i < 4 && w != 0, i == 4 && w != 2, i > 4 && w != min(900, 2*waits[i-1]):
				t.Errorf("wait after attempt %d: %d of %v", i+1, w, waits)
			}
		}
		if w, err := tx.Allowed("bob"); err != nil || w != 0 {
			t.Errorf("of another: %d, %v", w, err)
		}
		tx.Now = begin.Add(20 * time.Minute)
		if w, err := tx.Allowed("ann"); err != nil || w != 0 {
			t.Errorf("after the wait: %d, %v", w, err)
		}
		if err := tx.Fail("ann"); err != nil {
			return err
		}
		if w, err := tx.Allowed("ann"); err != nil || w != 900 {
			t.Errorf("wrong again: %d, %v", w, err)
		}
		tx.Now = begin.Add(30 * time.Hour)
		if err := errors.Join(tx.Fail("bob"), tx.Fail("ann")); err != nil {
			return err
		}
		if w, err := tx.Allowed("ann"); err != nil || w != 0 {
			t.Errorf("a day later: %d, %v", w, err)
		}
		return tx.Succeed("ann")
	})
	view(t, db, func(tx *store.Tx) error {
		if w, err := tx.Allowed("ann"); err != nil || w != 0 {
			t.Errorf("after a right one: %d, %v", w, err)
		}
		return nil
	})
}
