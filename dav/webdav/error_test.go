package webdav

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"caldav-fcgi/store"
)

// RFC 4331 §6: a full account and a full disk are told apart.
func TestOutcomeOf_NoRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
		own  bool
	}{
		{store.ErrQuota, "<d:quota-not-exceeded", false},
		{store.ErrFull, "<d:sufficient-disk-space", true},
	} {
		o := outcomeOf(fmt.Errorf("put object: %w", c.err))
		w := newWriter("", nil)
		o.write(w, true)
		if o.status != http.StatusInsufficientStorage || o.own != c.own || !strings.Contains(string(w.buf), c.want) {
			t.Errorf("%v: %d %s", c.err, o.status, w.buf)
		}
	}
}
