package store

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"strings"
	"testing"
)

// octets are n of them, none of which is like its neighbours.
func octets(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8 + i>>16)
	}
	return b
}

// filesOf makes a user with an empty folder.
func filesOf(t testing.TB, db *DB) *Collection {
	t.Helper()
	p := &Principal{Kind: User, Name: "ann"}
	c := &Collection{Kind: KindFiles, Name: "ann"}
	update(t, db, func(tx *Tx) error {
		if err := tx.CreatePrincipal(p); err != nil {
			return err
		}
		c.Owner = p.ID
		return tx.CreateCollection(c)
	})
	return c
}

func update(t testing.TB, db *DB, fn func(*Tx) error) {
	t.Helper()
	if err := db.Update(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func putLarge(t testing.TB, db *DB, c *Collection, name string, data []byte) *Object {
	t.Helper()
	body, err := db.WriteContent(t.Context(), bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	o := &Object{Name: name}
	update(t, db, func(tx *Tx) error { return tx.PutContent(c, o, body) })
	return o
}

func sound(t testing.TB, db *DB) {
	t.Helper()
	if problems, err := db.Check(t.Context()); err != nil || problems != nil {
		t.Errorf("check: %v, %v", problems, err)
	}
}

func contents(t testing.TB, db *DB) (n int) {
	t.Helper()
	if err := db.read.QueryRow(`SELECT (SELECT count(*) FROM content) + (SELECT count(*) FROM chunk)`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// runContentJobs does all of them as if much time had passed.
func runContentJobs(t testing.TB, db *DB) {
	t.Helper()
	var keys []int64
	rows, err := db.read.Query(`SELECT CAST(key AS INTEGER) FROM job WHERE kind='content'`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var k int64
		if err := rows.Scan(&k); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	rows.Close()
	for _, k := range keys {
		for more := true; more; {
			update(t, db, func(tx *Tx) (err error) { more, err = tx.PurgeContent(k, 2); return err })
		}
	}
}

func TestContent_ComesBackFromAnyOffset(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	c := filesOf(t, db)
	for _, size := range []int{0, 1, ChunkSize - 1, ChunkSize, ChunkSize + 1, chunksAtOnce * ChunkSize, chunksAtOnce*ChunkSize + 5} {
		data := octets(size)
		o := putLarge(t, db, c, strings.Repeat("x", size%97+1), data)
		sum := sha256.Sum256(data)
		if o.Size != int64(size) || !bytes.Equal(o.ETag, sum[:hashSize]) {
			t.Errorf("%d octets: the row says %d, tag %x", size, o.Size, o.ETag)
		}
		for _, span := range [][2]int{{0, size}, {size / 2, size - size/2}, {0, min(3, size)}, {size, 0}, {min(size, ChunkSize-1), min(2, max(0, size-ChunkSize+1))}} {
			var got bytes.Buffer
			err := db.View(t.Context(), func(tx *Tx) error {
				return tx.ReadContent(o.Content, &got, int64(span[0]), int64(span[1]))
			})
			if err != nil || !bytes.Equal(got.Bytes(), data[span[0]:span[0]+span[1]]) {
				t.Errorf("%d octets from %d of %d: %d came, %v", span[1], span[0], size, got.Len(), err)
			}
		}
	}
	sound(t, db)
}

func TestContent_SameOctetsAreStoredOnce(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	c := filesOf(t, db)
	a := putLarge(t, db, c, "a", octets(ChunkSize+1))
	b := putLarge(t, db, c, "b", octets(ChunkSize+1))
	if a.Content != b.Content {
		t.Errorf("two bodies: %d and %d", a.Content, b.Content)
	}
	runContentJobs(t, db)
	if n := contents(t, db); n != 3 {
		t.Errorf("%d rows, want a body in two chunks", n)
	}
	update(t, db, func(tx *Tx) error { return tx.DeleteObject(c, a) })
	runContentJobs(t, db)
	if n := contents(t, db); n != 3 {
		t.Errorf("%d rows while b has it", n)
	}
	update(t, db, func(tx *Tx) error { return tx.PutObject(c, b, []byte("small now"), Index{}) })
	runContentJobs(t, db)
	if n := contents(t, db); n != 0 {
		t.Errorf("%d rows when nobody has it", n)
	}
	sound(t, db)
}

func TestContent_AbandonedUploadIsTakenAway(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	filesOf(t, db)
	cut := errors.New("cut")
	if _, err := db.WriteContent(t.Context(), io.MultiReader(bytes.NewReader(octets(chunksAtOnce*ChunkSize+1)), broken{cut})); !errors.Is(err, cut) {
		t.Errorf("got %v", err)
	}
	sound(t, db)
	if contents(t, db) == 0 {
		t.Error("nothing had been written")
	}
	runContentJobs(t, db)
	if n := contents(t, db); n != 0 {
		t.Errorf("%d rows left", n)
	}
	sound(t, db)
}

// An upload that a job took for abandoned is not half there.
func TestContent_PurgedMeanwhileIsRefused(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	c := filesOf(t, db)
	body, err := db.WriteContent(t.Context(), bytes.NewReader(octets(3*ChunkSize)))
	if err != nil {
		t.Fatal(err)
	}
	update(t, db, func(tx *Tx) error { _, err := tx.PurgeContent(body.ID, 1); return err })
	err = db.Update(t.Context(), func(tx *Tx) error { return tx.PutContent(c, &Object{Name: "a"}, body) })
	if !errors.Is(err, ErrBusy) {
		t.Errorf("got %v", err)
	}
}

func TestContent_GoesWithItsCollection(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	c := filesOf(t, db)
	below := &Collection{Parent: c.ID, Owner: c.Owner, Kind: KindFiles, Name: "below"}
	update(t, db, func(tx *Tx) error { return tx.CreateCollection(below) })
	putLarge(t, db, below, "a", octets(ChunkSize+1))
	update(t, db, func(tx *Tx) error {
		if e, err := tx.Extent(c); err != nil || e != (Extent{1, 2, 1}) {
			t.Errorf("extent %+v, %v", e, err)
		}
		return tx.DeleteCollection(below)
	})
	for more := true; more; {
		update(t, db, func(tx *Tx) (err error) { more, err = tx.PurgeCollection(below.ID, 1); return err })
	}
	runContentJobs(t, db)
	if n := contents(t, db); n != 0 {
		t.Errorf("%d rows left", n)
	}
	sound(t, db)
}

func TestContent_GoesWithItsAccount(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	c := filesOf(t, db)
	below := &Collection{Parent: c.ID, Owner: c.Owner, Kind: KindFiles, Name: "below"}
	update(t, db, func(tx *Tx) error { return tx.CreateCollection(below) })
	putLarge(t, db, c, "a", octets(ChunkSize+1))
	putLarge(t, db, below, "b", octets(ChunkSize+2))
	update(t, db, func(tx *Tx) error {
		p, err := tx.PrincipalByID(c.Owner)
		if err != nil {
			return err
		}
		return tx.DeletePrincipal(p)
	})
	sound(t, db)
	runContentJobs(t, db)
	if n := contents(t, db); n != 0 {
		t.Errorf("%d rows left", n)
	}
	sound(t, db)
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
