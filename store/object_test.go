package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// collectionNamed gives a child of the user's calendar home.
func collectionNamed(t testing.TB, tx *store.Tx, user, name string) *store.Collection {
	t.Helper()
	home, err := tx.CollectionByID(calendar(t, tx, user).Parent)
	if err != nil {
		t.Fatal(err)
	}
	c, err := tx.Collection(home.ID, name)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func object(t testing.TB, tx *store.Tx, c *store.Collection, name string) *store.Object {
	t.Helper()
	o, err := tx.Object(c.ID, name, store.Body|store.Series)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestPutObject_Conflicts(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		if err := errors.Join(put(tx, c, "a"), put(tx, c, "b"), put(tx, collectionNamed(t, tx, "ann", "tasks"), "a")); err != nil {
			return err // the UID of another calendar is free
		}
		var taken *store.UIDTaken
		if err := tx.PutObject(c, &store.Object{Name: "c"}, nil, store.Index{UID: "a"}); !errors.As(err, &taken) || taken.Name != "a" {
			t.Errorf("UID in use elsewhere: %v", err)
		}
		if err := tx.PutObject(c, object(t, tx, c, "b"), nil, store.Index{UID: "a"}); !errors.As(err, &taken) || taken.Name != "a" {
			t.Errorf("UID in use elsewhere, put on an object: %v", err)
		}
		if err := tx.PutObject(c, &store.Object{Name: "a"}, nil, store.Index{UID: "x"}); !errors.Is(err, store.ErrExists) {
			t.Errorf("a new object of a taken name: %v", err)
		}
		if err := tx.PutObject(c, &store.Object{ID: 4711, Name: "z"}, nil, store.Index{}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an object that is gone: %v", err)
		}
		for _, bad := range []string{"", "a\x00", "\xff", strings.Repeat("x", 1025)} {
			if err := put(tx, c, bad); !errors.Is(err, store.ErrBadName) {
				t.Errorf("name %.10q: %v", bad, err)
			}
		}
		for i := range 3 { // no UID is no conflict
			if err := tx.PutObject(c, &store.Object{Name: fmt.Sprint(i)}, nil, store.Index{}); err != nil {
				t.Error(err)
			}
		}
		return nil
	})
	sound(t, db) // what was refused left nothing behind, though the transaction went on
}

func TestPutObject_SameOctetsAgainIsAnotherTag(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		if err := put(tx, c, "a"); err != nil {
			return err
		}
		o := object(t, tx, c, "a")
		before, id := o.Tag(""), o.ID
		if err := tx.PutObject(c, o, o.Body, o.Index); err != nil {
			return err
		}
		if o.Tag("") == before || o.ID != id || !strings.HasSuffix(o.Tag("mask"), `-mask"`) {
			t.Errorf("tags %s, %s, %s", before, o.Tag(""), o.Tag("mask"))
		}
		return nil
	})
	sound(t, db)
}

func TestMoveObject_KeepsWhatBelongsToIt(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann", "bob")
	update(t, db, func(tx *store.Tx) error {
		from, to := calendar(t, tx, "ann"), calendar(t, tx, "bob")
		if err := put(tx, from, "a"); err != nil {
			return err
		}
		o := object(t, tx, from, "a")
		id, etag, modified := o.ID, string(o.ETag), o.Modified
		if err := errors.Join(tx.SetDead(from.ID, o.ID, "x:", "p", "<p>1</p>"), tx.MoveObject(from, o, to, "b")); err != nil {
			return err
		}
		o = object(t, tx, to, "b")
		dead, err := tx.DeadOfMembers(to.ID)
		if err != nil {
			return err
		}
		if o.ID != id || string(o.ETag) != etag || o.Modified != modified || o.UID != "a" || len(dead[id]) != 1 || dead[id][0].XML != "<p>1</p>" {
			t.Errorf("%+v, %v", o, dead)
		}
		if _, err := tx.Object(from.ID, "a", 0); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("still in the source: %v", err)
		}
		ann, err1 := tx.Principal(store.User, "ann")
		bob, err2 := tx.Principal(store.User, "bob")
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		if ann.Bytes != 0 || bob.Bytes != 1 || from.Objects != 0 || to.Objects != 1 {
			t.Errorf("ann %d, bob %d bytes; %d and %d objects", ann.Bytes, bob.Bytes, from.Objects, to.Objects)
		}
		// its UID is taken there, also under another name
		if err := put(tx, from, "a"); err != nil {
			return err
		}
		var taken *store.UIDTaken
		if err := tx.MoveObject(from, object(t, tx, from, "a"), to, "c"); !errors.As(err, &taken) || taken.Name != "b" {
			t.Errorf("UID conflict of a move: %v", err)
		}
		return nil
	})
	sound(t, db)
}

func TestObjects_NamesAskedFor(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	odd := []string{"a", `q"uote`, "ü/slash", "tab\there", "\u2028"}
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		for _, n := range odd {
			if err := put(tx, c, n); err != nil {
				return err
			}
		}
		return nil
	})
	view(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		before := tx.Statements()
		asked := append(slices.Clone(odd), "a", "missing", "", "\xff", "a\x00")
		slices.Reverse(asked)
		var got []string
		for o, err := range tx.Objects(c.ID, store.Body, asked...) {
			if err != nil {
				return err
			}
			got = append(got, o.Name)
		}
		want := []string{"a", "\u2028", "tab\there", "ü/slash", `q"uote`}
		if !slices.Equal(got, want) || tx.Statements() != before+1 {
			t.Errorf("got %q in %d statements, want %q", got, tx.Statements()-before, want)
		}
		for range tx.Objects(c.ID, 0, []string{}...) { // an empty list is a list; none at all is everything
			break
		}
		for o := range tx.ObjectsByUID(c.ID, "a", 0) {
			if o.Name != "a" {
				t.Errorf("by UID: %q", o.Name)
			}
		}
		return nil
	})
}

func TestOutlines_MissNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	const day, year = 86400, 365 * 86400
	for _, version := range []int64{0, 2} {
		db := storetest.OpenAt(t, storetest.Path(t), store.Options{IndexVersion: version})
		storetest.Seed(t, db, "ann")
		var all []store.Index
		var ids []int64
		update(t, db, func(tx *store.Tx) error {
			c := calendar(t, tx, "ann")
			for i := range 400 {
				ix := store.Index{Version: 2, Series: []byte{1}, Kind: 1 << r.IntN(4), UID: fmt.Sprint(i), First: r.Int64N(20*year) - 5*year}
				switch r.IntN(5) {
				case 0:
					ix.Last = store.MaxTime
				case 1:
					ix.Last = ix.First
				case 2:
					ix.First, ix.Last = store.MinTime, ix.First
				default:
					ix.Last = ix.First + r.Int64N(1<<r.IntN(30)+1)
				}
				if version == 2 && i%50 == 0 {
					ix.Version = 1
				}
				all = append(all, ix)
				o := &store.Object{Name: ix.UID}
				if err := tx.PutObject(c, o, nil, ix); err != nil {
					return err
				}
				ids = append(ids, o.ID)
			}
			return nil
		})
		view(t, db, func(tx *store.Tx) error {
			c := calendar(t, tx, "ann")
			for range 300 {
				from := r.Int64N(20*year) - 5*year
				to := from + r.Int64N(90*day)
				if r.IntN(5) == 0 {
					from = store.MinTime
				}
				if r.IntN(5) == 0 {
					to = store.MaxTime
				}
				kinds := uint32(r.IntN(16))
				q := store.Search{Kinds: kinds, From: from, To: to, Series: store.SeriesOf(r.IntN(3))}
				if r.IntN(3) == 0 {
					q.UID = fmt.Sprint(r.IntN(10))
				}
				got := map[int64]store.Outline{}
				for o, err := range tx.Outlines(c.ID, q) {
					if err != nil {
						return err
					}
					if got[o.ID].ID != 0 {
						t.Fatalf("%d listed twice", o.ID)
					}
					got[o.ID] = *o
				}
				for i, ix := range all {
					overlaps := ix.First <= to && ix.Last >= from && (kinds == 0 || kinds&ix.Kind != 0)
					stale := version == 2 && ix.Version != 2
					o, listed := got[ids[i]]
					want := strings.Contains(ix.UID, q.UID) && overlaps || stale && (q.UID == "" || strings.Contains(ix.UID, q.UID))
					if listed != want {
						t.Fatalf("%+v: %+v listed %v, want %v", q, ix, listed, want)
					}
					lies := store.Across
					switch {
					case !listed:
						continue
					case stale:
						lies = store.Unknown
					case ix.First >= from && ix.Last <= to:
						lies = store.Within
					}
					series := !stale && (q.Series == store.EverySeries || q.Series == store.SeriesAcross && lies == store.Across)
					if o.Lies != lies || (o.Series != nil) != series {
						t.Fatalf("%+v: %+v lies %d, want %d; series %v", q, ix, o.Lies, lies, o.Series)
					}
				}
			}
			return nil
		})
	}
}

// Reindexing is no change, and only of what was read.
func TestReindex(t *testing.T) {
	t.Parallel()
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{IndexVersion: 7})
	storetest.Seed(t, db, "ann")
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		for _, name := range []string{"a", "b", "c"} {
			if err := tx.PutObject(c, &store.Object{Name: name}, []byte(name), store.Index{UID: name, Version: 6}); err != nil {
				return err
			}
		}
		before := object(t, tx, c, "a")
		n := 0
		for o, err := range tx.Stale(store.KindCalendar, 7, before.ID, 10) {
			if err != nil {
				return err
			}
			if n++; string(o.Body) != o.Name || o.ID <= before.ID {
				t.Errorf("%d %q: %q", o.ID, o.Name, o.Body)
			}
		}
		if n != 2 {
			t.Errorf("%d stale after the first, want 2", n)
		}
		if err := tx.Reindex(before, store.Index{Version: 7, First: 5, Last: store.MaxTime, Series: []byte("s")}); err != nil {
			return err
		}
		after := object(t, tx, c, "a")
		if after.Rev != before.Rev || after.UID != "a" || after.Index.Version != 7 || after.First != 5 || string(after.Series) != "s" {
			t.Errorf("%+v", after)
		}
		old := *before
		old.ETag = []byte("another")
		if err := tx.Reindex(&old, store.Index{Version: 7}); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("an object that was changed: %v", err)
		}
		return nil
	})
}

func TestDeadProperties(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	update(t, db, func(tx *store.Tx) error {
		c, tasks := calendar(t, tx, "ann"), collectionNamed(t, tx, "ann", "tasks")
		if err := put(tx, c, "a"); err != nil {
			return err
		}
		o := object(t, tx, c, "a")
		err := errors.Join(
			tx.SetDead(c.ID, 0, "x:", "own", "<own/>"), tx.SetDead(c.ID, o.ID, "x:", "b", "old"), tx.SetDead(c.ID, o.ID, "x:", "b", "new"),
			tx.SetDead(c.ID, o.ID, "x:", "a", "1"), tx.RemoveDead(c.ID, o.ID, "x:", "missing"), tx.CopyDead(c.ID, o.ID, tasks.ID, 0),
			tx.RemoveDead(tasks.ID, 0, "x:", "a"))
		if err != nil {
			return err
		}
		of, err1 := tx.DeadProperties(c.ID, o.ID)
		own, err2 := tx.DeadProperties(c.ID, 0)
		members, err3 := tx.DeadOfMembers(c.ID)
		copied, err4 := tx.DeadProperties(tasks.ID, 0)
		if err := errors.Join(err1, err2, err3, err4); err != nil {
			return err
		}
		want := []store.DeadProperty{{o.ID, "x:", "a", "1"}, {o.ID, "x:", "b", "new"}}
		if !slices.Equal(of, want) || !slices.Equal(members[o.ID], want) || len(members) != 1 || len(own) != 1 || !slices.Equal(copied, []store.DeadProperty{{0, "x:", "b", "new"}}) {
			t.Errorf("object %v, members %v, own %v, copied %v", of, members, own, copied)
		}
		if err := tx.DeleteObject(c, o); err != nil {
			return err
		}
		if left, err := tx.DeadOfMembers(c.ID); err != nil || len(left) != 0 {
			t.Errorf("after the object: %v, %v", left, err)
		}
		return nil
	})
}

func TestTx_HasOneTime(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Now: func() time.Time { now = now.Add(time.Minute); return now }})
	storetest.Seed(t, db, "ann")
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		if err := errors.Join(put(tx, c, "a"), put(tx, c, "b")); err != nil {
			return err
		}
		if a, b := object(t, tx, c, "a"), object(t, tx, c, "b"); a.Created != b.Created || a.Created != tx.Now.Unix() {
			t.Errorf("%d, %d, %d", a.Created, b.Created, tx.Now.Unix())
		}
		return nil
	})
}

func TestOutlines_UIDHoldsThePart(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	storetest.Seed(t, db, "ann")
	uids := []string{"", "a", "B", "ab", "aB", "abc", "xABx", "b-ab-a", "ä", "Äb", "äb", "b%a_b", "1@example.org", "11@Example.org", "x11@example.org"}
	update(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		for i, uid := range uids {
			if err := tx.PutObject(c, &store.Object{Name: fmt.Sprint(i)}, nil, store.Index{UID: uid, Kind: 1}); err != nil {
				return err
			}
		}
		return nil
	})
	upper := func(s string) string {
		return strings.Map(func(r rune) rune {
			if 'a' <= r && r <= 'z' {
				r -= 'a' - 'A'
			}
			return r
		}, s)
	}
	view(t, db, func(tx *store.Tx) error {
		c := calendar(t, tx, "ann")
		for _, whole := range uids {
			for part := whole; part != ""; part = part[1:] {
				if !utf8.ValidString(part) {
					continue
				}
				for _, fold := range []bool{false, true} {
					q, read := store.Search{From: store.MinTime, To: store.MaxTime, UID: part, FoldUID: fold}, func(s string) string { return s }
					if fold {
						q.UID, read = upper(part), upper
					}
					var got, want []string
					for o, err := range tx.Outlines(c.ID, q) {
						if err != nil {
							return err
						}
						got = append(got, o.UID)
					}
					for _, uid := range uids {
						if strings.Contains(read(uid), q.UID) {
							want = append(want, uid)
						}
					}
					slices.Sort(got)
					slices.Sort(want)
					if !slices.Equal(got, want) {
						t.Errorf("%q, without case: %v: %q, want %q", part, fold, got, want)
					}
				}
			}
		}
		return nil
	})
}
