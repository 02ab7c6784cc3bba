package principal

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"caldav-fcgi/store"
)

// Devices checks passwords of single devices, for sites whose own login phones cannot do.
type Devices struct{ DB *store.DB }

// maxSecret is longer than any that was ever given out.
const maxSecret = 256

// Check says whether that is a user's password of a device; from is where the request came from. While wait is not 0,
// nothing is looked at, be it right or wrong. What ends a password, or the account, ends it here at once: nothing is remembered.
func (d *Devices) Check(ctx context.Context, user, password, from string) (ok bool, wait time.Duration, err error) {
	if user == "" || password == "" || len(password) > maxSecret {
		return false, 0, nil
	}
	key := attemptKey(user, from)
	var token *store.SecretToken
	var stale bool
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		seconds, err := tx.Allowed(key)
		if wait = time.Duration(seconds) * time.Second; err != nil || wait > 0 {
			return err
		}
		token, err = tx.SecretToken(store.DeviceToken, spelled(password))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		stale = token.Stale(tx.Now.Unix())
		p, err := tx.PrincipalByID(token.Principal)
		ok = err == nil && p.Kind == store.User && !p.Disabled && subtle.ConstantTimeCompare([]byte(p.Name), []byte(user)) == 1
		return err
	})
	if err != nil || wait > 0 {
		return false, wait, err
	}
	if ok && !stale {
		return true, 0, nil
	}
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		if !ok {
			return tx.Fail(key)
		}
		return errors.Join(tx.TokenUsed(token), tx.Succeed(key))
	})
	if ok && err != nil { // the hour of its last use is no reason to turn it away
		err = nil
	}
	return ok, 0, err
}

// spelled takes what people type from a screen: blanks and dashes between groups of letters, small letters.
func spelled(password string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(password))
}

// attemptKey is what wrong passwords are counted by: where they come from, and roughly for whom, so that a phone with an old
// one does not shut out everybody behind the same address, and nobody can fill the table with names.
func attemptKey(user, from string) string {
	if a, err := netip.ParseAddr(from); err == nil {
		bits := 64
		if a = a.Unmap().WithZone(""); a.Is4() {
			bits = 32
		}
		if p, err := a.Prefix(bits); err == nil {
			from = p.String()
		}
	} else {
		from = "local"
	}
	return fmt.Sprintf("device %s %x", from, sha256.Sum256([]byte(user)))[:len("device ")+len(from)+3]
}
