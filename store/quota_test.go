package store

import (
	"errors"
	"testing"
)

func TestUpdate_QuotaIsAskedAtTheEnd(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{Quota: 100})
	ctx := t.Context()
	p, q := &Principal{Kind: User, Name: "ann"}, &Principal{Kind: User, Name: "bob"}
	a, b, c := &Collection{Kind: KindCalendar, Name: "a"}, &Collection{Kind: KindCalendar, Name: "b"}, &Collection{Kind: KindCalendar, Name: "c"}
	update := func(want error, steps ...func(*Tx) error) {
		t.Helper()
		err := db.Update(ctx, func(tx *Tx) error {
			for _, step := range steps {
				if err := step(tx); err != nil {
					return err
				}
			}
			return nil
		})
		if !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
	}
	held := func(p *Principal, want int64) {
		t.Helper()
		if err := db.View(ctx, func(tx *Tx) error {
			now, err := tx.PrincipalByID(p.ID)
			if err == nil && now.Bytes != want {
				t.Errorf("%s holds %d bytes, want %d", p.Name, now.Bytes, want)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	update(nil, func(tx *Tx) error {
		err := errors.Join(tx.CreatePrincipal(p), tx.CreatePrincipal(q))
		home, other := &Collection{Owner: p.ID, Kind: KindCalendarHome, Name: "ann"}, &Collection{Owner: q.ID, Kind: KindCalendarHome, Name: "bob"}
		err = errors.Join(err, tx.CreateCollection(home), tx.CreateCollection(other))
		a.Parent, a.Owner, b.Parent, b.Owner, c.Parent, c.Owner = home.ID, p.ID, home.ID, p.ID, other.ID, q.ID
		return errors.Join(err, tx.CreateCollection(a), tx.CreateCollection(b), tx.CreateCollection(c))
	})
	x, y := &Object{Name: "x"}, &Object{Name: "y"}
	put := func(c *Collection, o *Object, size int) func(*Tx) error {
		return func(tx *Tx) error { return tx.PutObject(c, o, make([]byte, size), Index{}) }
	}
	update(nil, put(a, x, 90))
	update(ErrQuota, put(a, &Object{Name: "y"}, 11))
	held(p, 90)
	update(nil, put(a, y, 10))
	update(ErrQuota, put(a, y, 11))
	// One step goes over, the transaction does not.
	update(nil, put(b, &Object{Name: "z"}, 90), func(tx *Tx) error { return tx.DeleteObject(a, x) })
	held(p, 100)
	// An account that holds too much may move things about and replace them by smaller ones, and not grow.
	update(nil, func(tx *Tx) error {
		*p = *must1(t)(tx.PrincipalByID(p.ID))
		p.Quota = new(int64(50))
		return tx.SavePrincipal(p)
	})
	update(nil, func(tx *Tx) error { return tx.MoveObject(a, y, b, "y") })
	update(nil, put(b, y, 9))
	update(ErrQuota, put(b, y, 10))
	// Another account pays for what comes to it.
	update(nil, put(c, &Object{Name: "big"}, 95))
	update(ErrQuota, func(tx *Tx) error { return tx.MoveObject(b, y, c, "y") })
	update(nil, func(tx *Tx) error {
		*q = *must1(t)(tx.PrincipalByID(q.ID))
		q.Quota = new(NoQuota)
		return tx.SavePrincipal(q)
	})
	update(nil, func(tx *Tx) error { return tx.MoveObject(b, y, c, "y") })
	held(p, 90)
	held(q, 104)
}

func must1(t *testing.T) func(*Principal, error) *Principal {
	return func(p *Principal, err error) *Principal {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
}
