package store_test

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// model is what a collection's sync must say: the revision of each name that is there, and of the last tombstone of each that is not.
type model struct{ live, gone map[string]int64 }

func newModel() *model { return &model{map[string]int64{}, map[string]int64{}} }

func (m *model) put(name string, rev int64) { m.live[name] = rev; delete(m.gone, name) }

func (m *model) remove(name string, rev int64) { delete(m.live, name); m.gone[name] = rev }

func (m *model) since(rev int64, initial, collections bool, limit int) (list []store.Change, more bool) {
	for name, r := range m.live {
		if r > rev {
			list = append(list, store.Change{Name: name, Rev: r, Collection: collections})
		}
	}
	for name, r := range m.gone {
		if r > rev && !initial {
			list = append(list, store.Change{Name: name, Rev: r, Gone: true, Collection: collections})
		}
	}
	slices.SortFunc(list, func(a, b store.Change) int { return cmp.Compare(a.Rev, b.Rev) })
	if limit > 0 && len(list) > limit {
		return list[:limit], true
	}
	return list, false
}

// world is a home with calendars in it, and what it must look like.
type world struct {
	t         *testing.T
	db        *store.DB
	r         *rand.Rand
	home      int64
	homeModel *model
	calendars map[int64]*model
	names     map[int64]string
}

func (w *world) pick() int64 {
	ids := slices.Sorted(maps.Keys(w.calendars))
	return ids[w.r.IntN(len(ids))]
}

func (w *world) name() string { return fmt.Sprintf("%d.ics", w.r.IntN(8)) }

func (w *world) calendarName() string { return fmt.Sprintf("c%d", w.r.IntN(4)) }

// child notes the revision a calendar now has in its home.
func (w *world) child(tx *store.Tx, id int64) error {
	c, err := tx.CollectionByID(id)
	if err == nil {
		w.homeModel.put(c.Name, max(c.Rev, c.Own))
		w.names[id] = c.Name
	}
	return err
}

// step changes something at random, and the model with it.
func (w *world) step(tx *store.Tx) error {
	id := w.pick()
	c, err := tx.CollectionByID(id)
	if err != nil {
		return err
	}
	m, name := w.calendars[id], w.name()
	o, err := tx.Object(id, name, 0)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	switch k := w.r.IntN(20); {
	case k < 9:
		if o == nil {
			o = &store.Object{Name: name}
		}
		if err := tx.PutObject(c, o, []byte(name), store.Index{}); err != nil {
			return err
		}
		m.put(name, o.Rev)
		return w.child(tx, id)
	case k < 13:
		if o == nil {
			return nil
		}
		if err := tx.DeleteObject(c, o); err != nil {
			return err
		}
		m.remove(name, c.Rev)
		return w.child(tx, id)
	case k < 16:
		return w.move(tx, c, o)
	case k < 17:
		if err := tx.SaveCollection(c); err != nil {
			return err
		}
		return w.child(tx, id)
	default:
		return w.calendar(tx, c, k)
	}
}

func (w *world) move(tx *store.Tx, c *store.Collection, o *store.Object) error {
	if o == nil {
		return nil
	}
	to, err := tx.CollectionByID(w.pick())
	if err != nil {
		return err
	}
	old, name := o.Name, w.name()
	if _, taken := w.calendars[to.ID].live[name]; taken {
		if err := tx.MoveObject(c, o, to, name); (to.ID != c.ID || name != old) && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("moved onto another object: %w", err)
		}
		return nil
	}
	if err := tx.MoveObject(c, o, to, name); err != nil {
		return err
	}
	w.calendars[c.ID].remove(old, o.Rev-1)
	w.calendars[to.ID].put(name, o.Rev)
	return errors.Join(w.child(tx, c.ID), w.child(tx, to.ID))
}

func (w *world) calendar(tx *store.Tx, c *store.Collection, k int) error {
	name := w.calendarName()
	_, taken := w.homeModel.live[name]
	home, err := tx.CollectionByID(w.home)
	if err != nil {
		return err
	}
	homeRev := func() int64 {
		h, err := tx.CollectionByID(w.home)
		if err != nil {
			w.t.Error(err)
			return 0
		}
		return h.Rev
	}
	switch {
	case k == 17 && !taken:
		n := &store.Collection{Parent: home.ID, Owner: home.Owner, Kind: store.KindCalendar, Name: name}
		if err := tx.CreateCollection(n); err != nil {
			return err
		}
		w.calendars[n.ID] = newModel()
		return w.child(tx, n.ID)
	case k == 18 && !taken:
		old := c.Name
		if err := tx.MoveCollection(c, home, name); err != nil {
			return err
		}
		w.homeModel.remove(old, homeRev()-1)
		return w.child(tx, c.ID)
	case k == 19 && len(w.calendars) > 1:
		if err := tx.DeleteCollection(c); err != nil {
			return err
		}
		delete(w.calendars, c.ID)
		w.homeModel.remove(c.Name, homeRev())
		if w.r.IntN(2) == 0 {
			for more := true; more && err == nil; {
				more, err = tx.PurgeCollection(c.ID, 1+w.r.IntN(5))
			}
		}
		return err
	}
	return nil
}

// reader is a client: what it believes, and where it is.
type reader struct {
	collection int64
	token      store.Token
	believes   map[string]int64
	listed     map[string]bool // in this sync, while nothing was written
}

func (w *world) page(rd *reader) {
	err := w.db.View(w.t.Context(), func(tx *store.Tx) error {
		m, isHome := w.calendars[rd.collection], rd.collection == w.home
		if isHome {
			m = w.homeModel
		}
		c, err := tx.CollectionByID(rd.collection)
		if err != nil {
			return err
		}
		if _, err := store.ParseToken(rd.token.String()); err != nil && rd.token != (store.Token{}) {
			return err
		}
		limit := w.r.IntN(4)
		got, next, more, err := tx.Changes(c, rd.token, limit)
		if err != nil {
			return err
		}
		want, wantMore := m.since(rd.token.Rev, rd.token == store.Token{}, isHome, limit)
		if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) || more != wantMore {
			w.t.Fatalf("since %d, limit %d:\ngot  %v %v\nwant %v %v", rd.token.Rev, limit, got, more, want, wantMore)
		}
		for _, ch := range got {
			if rd.listed[ch.Name] {
				w.t.Errorf("%s listed twice", ch.Name)
			}
			rd.listed[ch.Name] = true
			rd.believes[ch.Name] = ch.Rev
			if ch.Gone {
				delete(rd.believes, ch.Name)
			}
		}
		rd.token = next
		if !more {
			clear(rd.listed)
			if !maps.Equal(rd.believes, m.live) {
				w.t.Fatalf("after a sync a client believes %v, there is %v", rd.believes, m.live)
			}
			if now, err := tx.Token(c); err != nil || now != next {
				w.t.Errorf("token of the collection %v, of the report %v, %v", now, next, err)
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func TestChanges_AgreeWithAModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			db := storetest.Open(t)
			p := storetest.Seed(t, db, "ann")[0]
			w := &world{t: t, db: db, r: rand.New(rand.NewPCG(seed, 1)), homeModel: newModel(), calendars: map[int64]*model{}, names: map[int64]string{}}
			update(t, db, func(tx *store.Tx) error {
				home, err := tx.Root(p.ID, store.KindCalendarHome)
				if err != nil {
					return err
				}
				w.home = home.ID
				for c, err := range tx.Collections(home.ID) {
					if err != nil {
						return err
					}
					w.calendars[c.ID] = newModel()
					w.homeModel.put(c.Name, max(c.Rev, c.Own))
				}
				return nil
			})
			var readers []*reader
			for range 250 {
				if w.r.IntN(3) > 0 {
					update(t, db, func(tx *store.Tx) error {
						for range 1 + w.r.IntN(3) { // several changes a transaction: a page may end inside one
							if err := w.step(tx); err != nil {
								return err
							}
						}
						return nil
					})
					for _, rd := range readers {
						clear(rd.listed)
					}
					continue
				}
				if len(readers) < 6 {
					id := w.home
					if w.r.IntN(3) > 0 {
						id = w.pick()
					}
					readers = append(readers, &reader{collection: id, believes: map[string]int64{}, listed: map[string]bool{}})
				}
				i := w.r.IntN(len(readers))
				if rd := readers[i]; rd.collection != w.home && w.calendars[rd.collection] == nil {
					readers = slices.Delete(readers, i, i+1) // its calendar is deleted
				} else {
					w.page(rd)
				}
			}
			sound(t, db)
		})
	}
}

// A client that pages while others write ends up with what there is.
func TestChanges_PagingBesideWriters(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	var wg sync.WaitGroup
	for g := range 3 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(g), 2))
			for range 60 {
				name := fmt.Sprint(r.IntN(10))
				err := db.Update(t.Context(), func(tx *store.Tx) error {
					c := calendar(t, tx, "ann")
					o, err := tx.Object(c.ID, name, 0)
					switch {
					case errors.Is(err, store.ErrNotFound):
						return tx.PutObject(c, &store.Object{Name: name}, nil, store.Index{})
					case err == nil:
						return tx.DeleteObject(c, o)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	quiet := make(chan struct{})
	go func() { wg.Wait(); close(quiet) }()
	believes := map[string]bool{}
	var token store.Token
	for last := false; ; {
		more := false
		view(t, db, func(tx *store.Tx) error {
			var list []store.Change
			var err error
			list, token, more, err = tx.Changes(calendar(t, tx, "ann"), token, 2)
			for _, c := range list {
				believes[c.Name] = true
				if c.Gone {
					delete(believes, c.Name)
				}
			}
			return err
		})
		if last && !more {
			break
		}
		select {
		case <-quiet:
			last = true
		default:
		}
	}
	view(t, db, func(tx *store.Tx) error {
		there := map[string]bool{}
		for o, err := range tx.Objects(calendar(t, tx, "ann").ID, 0) {
			if err != nil {
				return err
			}
			there[o.Name] = true
		}
		if !maps.Equal(there, believes) {
			t.Errorf("believes %v, there is %v", believes, there)
		}
		return nil
	})
}

func TestToken_UnknownOnes(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann", "bob")
	view(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		good, err := tx.Token(c)
		if err != nil || good.Rev == 0 {
			t.Fatalf("an empty calendar has a token: %v, %v", good, err)
		}
		other, err := tx.Token(calendar(t, tx, "bob"))
		if err != nil {
			return err
		}
		for name, bad := range map[string]store.Token{
			"of the future":            {Collection: c.ID, Rev: good.Rev + 1000, Tag: good.Tag},
			"of another life":          {Collection: c.ID, Rev: good.Rev, Tag: good.Tag + 1},
			"of another collection":    other,
			"with another's number":    {Collection: c.ID, Rev: other.Rev, Tag: good.Tag},
			"that is only a number":    {Rev: good.Rev},
			"that is only a tag":       {Tag: good.Tag},
			"with a negative revision": {Collection: c.ID, Rev: -1, Tag: good.Tag},
		} {
			if _, _, _, err := tx.Changes(c, bad, 0); !errors.Is(err, store.ErrTokenUnknown) {
				t.Errorf("a token %s: %v", name, err)
			}
		}
		if list, next, more, err := tx.Changes(c, good, 0); err != nil || len(list) != 0 || next != good || more {
			t.Errorf("nothing changed: %v %v %v %v", list, next, more, err)
		}
		return nil
	})
}

// Inside a restored backup the counter starts again; revisions that were given out after the backup are told by their tags.
func TestToken_AfterARestore(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	var before, lost store.Token
	undo := errors.New("undo")
	view(t, db, func(tx *store.Tx) (err error) { before, err = tx.Token(calendar(t, tx, "ann")); return err })
	err := db.Update(t.Context(), func(tx *store.Tx) (err error) { // a change that is gone afterwards is what a restore looks like
		c := calendar(t, tx, "ann")
		if err := put(tx, c, "a"); err != nil {
			return err
		}
		lost, err = tx.Token(c)
		return errors.Join(undo, err)
	})
	if !errors.Is(err, undo) {
		t.Fatal(err)
	}
	update(t, db, func(tx *store.Tx) error { return put(tx, calendar(t, tx, "ann"), "b") })
	view(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		if _, _, _, err := tx.Changes(c, lost, 0); !errors.Is(err, store.ErrTokenUnknown) || lost.Rev != c.Rev {
			t.Errorf("a token after the backup (revision %d, now %d): %v", lost.Rev, c.Rev, err)
		}
		if list, _, _, err := tx.Changes(c, before, 0); err != nil || len(list) != 1 {
			t.Errorf("a token from before the backup: %v, %v", list, err)
		}
		return nil
	})
}

func FuzzParseToken(f *testing.F) {
	f.Add(store.Token{Collection: 3, Rev: 7, Tag: -2}.String())
	f.Add("urn:caldav-fcgi:sync:1-2-3")
	f.Add("")
	f.Add("urn:caldav-fcgi:sync:--" + strings.Repeat("9", 40))
	f.Fuzz(func(t *testing.T, s string) {
		token, err := store.ParseToken(s)
		if err == nil && token.String() != s {
			t.Errorf("%q reads as %q", s, token)
		}
		if err != nil && !errors.Is(err, store.ErrTokenUnknown) {
			t.Error(err)
		}
	})
}
