package store

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func nobody(*Tx) {}

// ticking gives every transaction a time of its own, so that the log tells them apart.
func ticking(t testing.TB, opt Options) *DB {
	t.Helper()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	opt.Now = func() time.Time { now = now.Add(time.Second); return now }
	return openTemp(t, opt)
}

func fill(t testing.TB, db *DB, c *Collection, n, size int) {
	t.Helper()
	update(t, db, func(tx *Tx) error {
		for i := range n {
			name := fmt.Sprint("o", i)
			if err := tx.PutObject(c, &Object{Name: name, Media: "x/y"}, octets(size), Index{UID: name}); err != nil {
				return err
			}
		}
		return nil
	})
}

func folder(t testing.TB, db *DB, in *Collection, name string) *Collection {
	t.Helper()
	c := &Collection{Parent: in.ID, Owner: in.Owner, Kind: KindFiles, Name: name}
	update(t, db, func(tx *Tx) error { return tx.CreateCollection(c) })
	return c
}

func finish(t testing.TB, db *DB, cp *Copy, in *Collection, name string) *Collection {
	t.Helper()
	c := &Collection{Parent: in.ID, Owner: in.Owner, Kind: in.Kind, Name: name}
	update(t, db, func(tx *Tx) error {
		done, err := tx.FinishCopy(cp, c)
		if !done && err == nil {
			t.Error("too much is left")
		}
		return err
	})
	return c
}

// picture is what a tree looks like: names, octets, properties.
func picture(t testing.TB, tx *Tx, c *Collection, path string) (lines []string) {
	t.Helper()
	dead := func(id, object int64) string {
		list, err := tx.DeadProperties(id, object)
		if err != nil {
			t.Fatal(err)
		}
		var s []string
		for _, p := range list {
			s = append(s, p.Local+"="+p.XML)
		}
		return strings.Join(s, ",")
	}
	for o, err := range tx.Objects(c.ID, Body|Series) {
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("%s%s %s %s %d %x %s", path, o.Name, o.UID, o.Media, o.Index.First, hashOf(o.Body), dead(c.ID, o.ID)))
	}
	for child, err := range tx.Collections(c.ID) {
		if err != nil {
			t.Fatal(err)
		}
		display := ""
		if child.Display != nil {
			display = *child.Display
		}
		lines = append(lines, fmt.Sprintf("%s%s/ %s %s", path, child.Name, display, dead(child.ID, 0)))
		lines = append(lines, picture(t, tx, child, path+child.Name+"/")...)
	}
	slices.Sort(lines)
	return lines
}

func TestCopy_IsSeenWithItsLastCommitOnly(t *testing.T) {
	t.Parallel()
	db := ticking(t, Options{})
	top := filesOf(t, db)
	src := folder(t, db, top, "src")
	fill(t, db, src, 900, 10)
	var before Token
	parts := 0
	cp, err := db.WriteCopy(t.Context(), CopyPlan{Source: src, Parent: top, Name: "copy", Sign: func(tx *Tx) {
		tx.As(7, "test/1")
		if parts++; parts == 1 {
			var err error
			if before, err = tx.Token(top); err != nil {
				t.Error(err)
			}
		}
		if _, err := tx.Collection(top.ID, "copy"); !errors.Is(err, ErrNotFound) {
			t.Errorf("part %d: it is there: %v", parts, err)
		}
		if p, err := tx.PrincipalByID(top.Owner); err != nil || p.Bytes != 9000 {
			t.Errorf("part %d: %d bytes are counted, %v", parts, p.Bytes, err)
		}
		if now, err := tx.Token(top); err != nil || now != before {
			t.Errorf("part %d: the token of the top has moved: %v", parts, err)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if parts != 6 { // its row, 900 objects by 200
		t.Errorf("%d transactions", parts)
	}
	var most int
	if err := db.read.QueryRow(`SELECT max(n) FROM (SELECT count(*) n FROM change WHERE who=7 GROUP BY at)`).Scan(&most); err != nil || most != copyRows {
		t.Errorf("%d changes in one commit, %v", most, err)
	}
	sound(t, db) // as a process that is killed leaves it
	c := finish(t, db, cp, top, "copy")
	sound(t, db)
	if c.Objects != 900 || c.Bytes != 9000 || c.Own <= c.Rev || c.ID == src.ID {
		t.Errorf("%+v", c)
	}
	if err := db.View(t.Context(), func(tx *Tx) error {
		if p, err := tx.PrincipalByID(top.Owner); err != nil || p.Bytes != 18000 {
			t.Errorf("%d bytes are counted, %v", p.Bytes, err)
		}
		if got, want := picture(t, tx, c, ""), picture(t, tx, src, ""); !slices.Equal(got, want) {
			t.Errorf("copied\n%q\nof\n%q", got, want)
		}
		// Whoever synchronises is told of it as of a collection that was moved here.
		top, err := tx.CollectionByID(top.ID)
		if err != nil {
			return err
		}
		changes, _, _, err := tx.Changes(top, before, 0)
		if err != nil || len(changes) != 1 || changes[0].Name != "copy" {
			t.Errorf("level 1: %v, %v", changes, err)
		}
		if changes, _, _, err = tx.ChangesBelow(top, before, 0); err != nil || len(changes) != 901 {
			t.Errorf("all levels: %d changes, %v", len(changes), err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := db.ClaimJob(t.Context(), "purge"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a job to empty it is left: %v", err)
	}
}

// Others who write have their turns between its commits, however long the whole takes.
func TestCopy_OthersWriteMeanwhile(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	top := filesOf(t, db)
	src := folder(t, db, top, "src")
	fill(t, db, src, 3000, 10)
	ctx, done := context.WithCancel(t.Context())
	seen := map[int64]bool{}
	other := make(chan error)
	go func() {
		for n := 0; ctx.Err() == nil; n++ {
			err := db.Update(t.Context(), func(tx *Tx) error {
				var copied int64
				err := tx.one([]any{num(&copied)}, `SELECT ifnull(max(objects), 0) FROM collection WHERE deleted=-1`)
				seen[copied] = true
				return errors.Join(err, tx.Enqueue(Job{Kind: "other", Key: fmt.Sprint(n % 10)}))
			})
			if err != nil {
				other <- err
				return
			}
		}
		other <- nil
	}()
	cp, err := db.WriteCopy(t.Context(), CopyPlan{Source: src, Parent: top, Name: "copy", Sign: nobody})
	done()
	if err := errors.Join(err, <-other); err != nil {
		t.Fatal(err)
	}
	if len(seen) < 5 {
		t.Errorf("of 16 commits others saw %d", len(seen))
	}
	finish(t, db, cp, top, "copy")
	sound(t, db)
}

// A process that is killed leaves a copy that nobody sees; after ten minutes a job empties it.
func TestCopy_OfAKilledProcessIsEmptied(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	path := filepath.Join(t.TempDir(), "x.db")
	open := func() *DB {
		db, err := Open(path, Options{Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return db
	}
	db := open()
	top := filesOf(t, db)
	src := folder(t, db, top, "src")
	fill(t, db, folder(t, db, src, "below"), 20, 10)
	putLarge(t, db, src, "large", octets(ChunkSize+1))
	rows := func(db *DB) (n int) {
		t.Helper()
		if err := db.read.QueryRow(`SELECT (SELECT count(*) FROM collection) + (SELECT count(*) FROM object) + (SELECT count(*) FROM body)`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	few := rows(db)
	cp, err := db.writeCopy(t.Context(), CopyPlan{Source: src, Parent: top, Name: "copy", Sign: nobody}, 7)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()

	db = open()
	sound(t, db)
	update(t, db, func(tx *Tx) error { // the name is free
		return tx.PutObject(top, &Object{Name: "copy"}, []byte("x"), Index{})
	})
	now = now.Add(copyTime - time.Second)
	if _, err := db.ClaimJob(t.Context(), "purge"); !errors.Is(err, ErrNotFound) {
		t.Errorf("it is emptied too early: %v", err)
	}
	now = now.Add(time.Second)
	j, err := db.ClaimJob(t.Context(), "purge")
	if err != nil {
		t.Fatal(err)
	}
	for more := true; more; {
		update(t, db, func(tx *Tx) (err error) {
			if more, err = tx.PurgeCollection(cp.top.ID, 5); err == nil && !more {
				err = tx.FinishJob(j, "")
			}
			return err
		})
		// Whoever still works on it is told.
		if err := db.GrowCopy(t.Context(), &Copy{plan: cp.plan, top: cp.top, have: map[string]*Collection{}, rows: 7}); !errors.Is(err, ErrBusy) {
			t.Errorf("goes on with what is emptied: %v", err)
		}
	}
	if n := rows(db); n != few+2 {
		t.Errorf("%d rows, %d before it", n, few+2)
	}
	sound(t, db)
}

func TestCopy_KeepsQuotas(t *testing.T) {
	t.Parallel()
	db := ticking(t, Options{Quota: 5000})
	top := filesOf(t, db)
	src := folder(t, db, top, "src")
	fill(t, db, src, 20, 100)
	cp, err := db.WriteCopy(t.Context(), CopyPlan{Source: src, Parent: top, Name: "one", Sign: nobody})
	if err != nil {
		t.Fatal(err)
	}
	one := finish(t, db, cp, top, "one")
	began := 0
	if _, err = db.WriteCopy(t.Context(), CopyPlan{Source: src, Parent: top, Name: "two", Sign: func(*Tx) { began++ }}); !errors.Is(err, ErrQuota) || began != 1 {
		t.Errorf("a third time 2000 in 5000: %v, after %d transactions", err, began)
	}
	// What is replaced makes room.
	if cp, err = db.WriteCopy(t.Context(), CopyPlan{Source: src, Parent: top, Name: "one", Sign: nobody}); err != nil {
		t.Fatal(err)
	}
	// For good it is judged at the end.
	fill(t, db, folder(t, db, top, "meanwhile"), 9, 100)
	c := &Collection{Parent: top.ID, Owner: top.Owner, Kind: KindFiles, Name: "two"}
	if err := db.Update(t.Context(), func(tx *Tx) error { _, err := tx.FinishCopy(cp, c); return err }); err == nil || !errors.Is(err, ErrQuota) {
		t.Errorf("a third one after all: %v", err)
	}
	c.Name = "one"
	if err := db.Update(t.Context(), func(tx *Tx) error { _, err := tx.FinishCopy(cp, c); return err }); !errors.Is(err, ErrExists) {
		t.Errorf("two of one name: %v", err)
	}
	update(t, db, func(tx *Tx) error {
		if err := tx.DeleteCollection(one); err != nil {
			return err
		}
		c := &Collection{Parent: top.ID, Owner: top.Owner, Kind: KindFiles, Name: "one"}
		done, err := tx.FinishCopy(cp, c)
		if !done {
			t.Error("not done")
		}
		return err
	})
	sound(t, db)
}

// What is not to be seen is left out, with all below it.
func TestCopy_OfWhatIsSeen(t *testing.T) {
	t.Parallel()
	db := ticking(t, Options{})
	top := filesOf(t, db)
	src := folder(t, db, top, "src")
	fill(t, db, src, 4, 10)
	a := folder(t, db, src, "a")
	closed := folder(t, db, a, "closed")
	fill(t, db, folder(t, db, closed, "below"), 2, 10)
	fill(t, db, a, 2, 10)
	cp, err := db.writeCopy(t.Context(), CopyPlan{Source: src, Parent: top, Name: "copy", Sign: nobody, Sees: func(c *Collection, o *Object) (bool, error) {
		if o != nil {
			return o.Name != "o1", nil
		}
		return c.ID != closed.ID, nil
	}}, 3)
	if err != nil {
		t.Fatal(err)
	}
	c := finish(t, db, cp, top, "copy")
	if err := db.View(t.Context(), func(tx *Tx) error {
		var names []string
		for _, line := range picture(t, tx, c, "") {
			name, _, _ := strings.Cut(line, " ")
			names = append(names, name)
		}
		if want := []string{"a/", "a/o0", "o0", "o2", "o3"}; !slices.Equal(names, want) {
			t.Errorf("copied %q, want %q", names, want)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	sound(t, db)
}

// Whatever is done to the source in between, at the end the copy is as the source is.
func TestCopy_HoldsWhatTheSourceHoldsInTheEnd(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			g := &copyGame{t: t, db: ticking(t, Options{}), r: rand.New(rand.NewPCG(seed, 0))}
			g.play()
		})
	}
}

type copyGame struct {
	t    *testing.T
	db   *DB
	r    *rand.Rand
	top  *Collection
	src  *Collection
	made int
}

func (g *copyGame) play() {
	g.top = filesOf(g.t, g.db)
	g.src = folder(g.t, g.db, g.top, "src")
	aside := folder(g.t, g.db, g.top, "aside")
	for range 60 {
		update(g.t, g.db, g.step)
	}
	writers := 0
	disturb := func(tx *Tx) {
		if writers++; writers > 40 {
			return
		}
		for range g.r.IntN(4) {
			if err := g.step(tx); err != nil {
				g.t.Error(err)
			}
		}
	}
	cp, err := g.db.writeCopy(g.t.Context(), CopyPlan{Source: g.src, Parent: aside, Name: "copy", Sign: disturb}, 1+g.r.IntN(6))
	if err != nil {
		g.t.Fatal(err)
	}
	writers = 0
	for done := false; !done; {
		update(g.t, g.db, func(tx *Tx) error {
			disturb(tx)
			c := &Collection{Parent: aside.ID, Owner: aside.Owner, Kind: KindFiles, Name: "copy"}
			var err error
			if done, err = tx.FinishCopy(cp, c); err != nil || !done {
				return err
			}
			if got, want := picture(g.t, tx, c, ""), picture(g.t, tx, g.src, ""); !slices.Equal(got, want) {
				g.t.Errorf("copied\n%s\nof\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			return nil
		})
		if !done {
			if err := g.db.GrowCopy(g.t.Context(), cp); err != nil {
				g.t.Fatal(err)
			}
		}
	}
	for {
		j, err := g.db.ClaimJob(g.t.Context(), "purge")
		if err != nil {
			break
		}
		var id int64
		if _, err := fmt.Sscan(j.Key, &id); err != nil {
			g.t.Fatal(err)
		}
		update(g.t, g.db, func(tx *Tx) error {
			for more := true; more; {
				var err error
				if more, err = tx.PurgeCollection(id, 100); err != nil {
					return err
				}
			}
			return tx.FinishJob(j, "")
		})
	}
	sound(g.t, g.db)
	var left int
	if err := g.db.read.QueryRow(`SELECT count(*) FROM collection WHERE deleted<>0`).Scan(&left); err != nil || left != 0 {
		g.t.Errorf("%d collections are left that nobody sees, %v", left, err)
	}
}

// pick finds a folder in the source, at random.
func (g *copyGame) pick(tx *Tx) *Collection {
	c, err := tx.CollectionByID(g.src.ID)
	if err != nil {
		g.t.Fatal(err)
	}
	for g.r.IntN(3) > 0 {
		var below []*Collection
		for child, err := range tx.Collections(c.ID) {
			if err != nil {
				g.t.Fatal(err)
			}
			below = append(below, child)
		}
		if len(below) == 0 {
			break
		}
		c = below[g.r.IntN(len(below))]
	}
	return c
}

// step does one thing to the source; what is not possible is left.
func (g *copyGame) step(tx *Tx) error {
	g.made++
	c, other := g.pick(tx), g.pick(tx)
	name, uid := fmt.Sprint("o", g.r.IntN(5)), fmt.Sprint("u", g.r.IntN(8))
	child := fmt.Sprint("c", g.r.IntN(3))
	o, err := tx.Object(c.ID, name, 0)
	if errors.Is(err, ErrNotFound) {
		o, err = nil, nil
	}
	if err != nil {
		return err
	}
	switch n := g.r.IntN(10); {
	case n < 4:
		if o == nil {
			o = &Object{Name: name}
		}
		err = tx.PutObject(c, o, octets(10+g.made), Index{UID: uid, First: int64(g.made)})
		if err == nil {
			err = tx.SetDead(c.ID, o.ID, "x:", fmt.Sprint("p", g.made%3), fmt.Sprint(g.made))
		}
	case n == 4 && o != nil:
		err = tx.DeleteObject(c, o)
	case n == 5 && o != nil:
		err = tx.MoveObject(c, o, other, fmt.Sprint("o", g.r.IntN(5)))
	case n == 6:
		err = tx.CreateCollection(&Collection{Parent: c.ID, Owner: c.Owner, Kind: KindFiles, Name: child})
	case n == 7 && c.ID != g.src.ID:
		err = tx.MoveCollection(c, other, child)
	case n == 8 && c.ID != g.src.ID:
		display := fmt.Sprint("n", g.made)
		c.Display = &display
		err = errors.Join(tx.SetDead(c.ID, 0, "x:", "q", display), tx.SaveCollection(c))
	case n == 9 && c.ID != g.src.ID && g.r.IntN(2) == 0:
		err = tx.DeleteCollection(c)
	}
	var taken *UIDTaken
	if errors.Is(err, ErrExists) || errors.Is(err, ErrBadName) || errors.As(err, &taken) {
		err = nil
	}
	return err
}
