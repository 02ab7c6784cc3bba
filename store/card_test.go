package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// book makes an address book with cards: by name, their keys.
func book(t testing.TB, db *DB, cards map[string][]Key) *Collection {
	t.Helper()
	var c *Collection
	err := db.Update(t.Context(), func(tx *Tx) error {
		p := &Principal{Kind: User, Name: "ann"}
		if err := tx.CreatePrincipal(p); err != nil {
			return err
		}
		home := &Collection{Owner: p.ID, Kind: KindAddressHome, Name: "ann"}
		if err := tx.CreateCollection(home); err != nil {
			return err
		}
		c = &Collection{Parent: home.ID, Owner: p.ID, Kind: KindAddressBook, Name: "book"}
		if err := tx.CreateCollection(c); err != nil {
			return err
		}
		for name, keys := range cards {
			if err := tx.PutObject(c, &Object{Name: name}, []byte(name), Index{UID: name, Keys: keys}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// found are the names of the objects that a query finds.
func found(t testing.TB, db *DB, c *Collection, q KeyQuery) string {
	t.Helper()
	var names []string
	err := db.View(t.Context(), func(tx *Tx) error {
		ids, err := tx.ObjectsByKey(c.ID, q)
		if err != nil {
			return err
		}
		for o, err := range tx.ObjectsByID(c.ID, 0, ids) {
			if err != nil {
				return err
			}
			if !slices.Contains(names, o.Name) {
				names = append(names, o.Name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return strings.Join(names, "")
}

func TestObjectsByKey(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	c := book(t, db, map[string][]Key{
		"a": {{1, "ANN LEE"}, {3, "ANN@EXAMPLE.ORG"}, {3, "LEE@EXAMPLE.NET"}},
		"b": {{1, "BOB"}, {3, "BOB@EXAMPLE.ORG"}},
		"c": {{1, "%_'\"\\"}, {1, "MU\u0308LLER"}, {3, ""}},
		"d": nil,
	})
	for _, q := range []struct {
		name, want string
		query      KeyQuery
	}{
		{"there", "abc", KeyQuery{Prop: 3}},
		{"absent", "d", KeyQuery{Prop: 3, Absent: true}},
		{"contains", "a", KeyQuery{Prop: 1, Tests: []KeyTest{{Part: "N L"}}}},
		{"contains nothing", "abc", KeyQuery{Prop: 1, Tests: []KeyTest{{Part: ""}}}},
		{"signs mean nothing", "c", KeyQuery{Prop: 1, Tests: []KeyTest{{Part: "%_'\"\\"}}}},
		{"equals", "b", KeyQuery{Prop: 1, Tests: []KeyTest{{Kind: KeyEquals, Part: "BOB"}}}},
		{"equals a part", "", KeyQuery{Prop: 1, Tests: []KeyTest{{Kind: KeyEquals, Part: "BO"}}}},
		{"equals nothing", "c", KeyQuery{Prop: 3, Tests: []KeyTest{{Kind: KeyEquals, Part: ""}}}},
		{"starts", "ab", KeyQuery{Prop: 3, Tests: []KeyTest{{Kind: KeyStarts, Part: "LEE"}, {Kind: KeyStarts, Part: "BOB"}}}},
		{"starts with nothing", "abc", KeyQuery{Prop: 3, Tests: []KeyTest{{Kind: KeyStarts, Part: ""}}}},
		{"ends", "a", KeyQuery{Prop: 3, Tests: []KeyTest{{Kind: KeyEnds, Part: ".NET"}}}},
		{"ends with letters of two octets", "c", KeyQuery{Prop: 1, Tests: []KeyTest{{Kind: KeyEnds, Part: "\u0308LLER"}}}},
		{"all of one value", "", KeyQuery{Prop: 3, All: true, Tests: []KeyTest{{Part: "ANN"}, {Part: ".NET"}}}},
		{"all", "a", KeyQuery{Prop: 3, All: true, Tests: []KeyTest{{Part: "ANN"}, {Part: ".ORG"}}}},
		{"negated", "bc", KeyQuery{Prop: 1, Tests: []KeyTest{{Part: "LEE", Negate: true}}}},
	} {
		if got := found(t, db, c, q.query); got != q.want {
			t.Errorf("%s: got %q, want %q", q.name, got, q.want)
		}
	}
}

// Keys go where their object goes.
func TestKeys_FollowTheObject(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	c := book(t, db, map[string][]Key{"a": {{1, "ANN"}}, "b": {{1, "BOB"}}})
	any := KeyQuery{Prop: 1}
	other := &Collection{Parent: c.Parent, Owner: c.Owner, Kind: KindAddressBook, Name: "other"}
	if err := db.Update(t.Context(), func(tx *Tx) error {
		if err := tx.CreateCollection(other); err != nil {
			return err
		}
		a, err := tx.Object(c.ID, "a", 0)
		if err != nil {
			return err
		}
		b, err := tx.Object(c.ID, "b", 0)
		if err != nil {
			return err
		}
		return errors.Join(tx.MoveObject(c, a, other, "a2"), tx.PutObject(c, b, []byte("new"), Index{UID: "b", Keys: []Key{{1, "ROB"}}}))
	}); err != nil {
		t.Fatal(err)
	}
	if here, there := found(t, db, c, any), found(t, db, other, any); here != "b" || there != "a2" {
		t.Errorf("after a move: %q here, %q there", here, there)
	}
	if got := found(t, db, c, KeyQuery{Prop: 1, Tests: []KeyTest{{Part: "BOB"}}}); got != "" {
		t.Errorf("the old key finds %q", got)
	}
	home := &Collection{ID: c.Parent, Owner: c.Owner}
	cp, err := db.WriteCopy(t.Context(), CopyPlan{Source: other, Parent: home, Name: "copy", Sign: nobody})
	if err != nil {
		t.Fatal(err)
	}
	copied := &Collection{Parent: c.Parent, Owner: c.Owner, Kind: KindAddressBook, Name: "copy"}
	if err := db.Update(t.Context(), func(tx *Tx) error { _, err := tx.FinishCopy(cp, copied); return err }); err != nil {
		t.Fatal(err)
	}
	if got := found(t, db, copied, any); got != "a2" {
		t.Errorf("in the copy: %q", got)
	}
	if err := db.Update(t.Context(), func(tx *Tx) error {
		o, err := tx.Object(other.ID, "a2", 0)
		return errors.Join(err, tx.DeleteObject(other, o))
	}); err != nil {
		t.Fatal(err)
	}
	if left := column1(t, db.read, `SELECT value FROM card WHERE collection=?`, other.ID); len(left) > 0 {
		t.Errorf("left of what was deleted: %v", left)
	}
}

// A search of a book takes its key, however large others are.
func TestObjectsByKey_ScansNoTable(t *testing.T) {
	t.Parallel()
	db := openTemp(t, Options{})
	for _, q := range []KeyQuery{{Prop: 1}, {Prop: 1, Absent: true}, {Prop: 1, Tests: []KeyTest{{Kind: KeyStarts, Part: "A"}}}, {Prop: 1, Tests: []KeyTest{{Part: "A"}, {Kind: KeyEnds, Part: "B"}}}} {
		query, args := q.statement(1)
		rows, err := db.read.Query("EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, x int
			var what string
			if err := rows.Scan(&id, &parent, &x, &what); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(what, "SCAN") {
				t.Errorf("%s\n  in %s", what, query)
			}
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Fatal(err)
		}
	}
}

// Somebody types into the search field of a large book: a part of a name or of an address.
func BenchmarkObjectsByKey(b *testing.B) {
	for _, n := range []int{1000, 10000, 50000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			db := openTemp(b, Options{})
			c := book(b, db, nil)
			for from := 0; from < n; from += 1000 {
				if err := db.Update(b.Context(), func(tx *Tx) error {
					for i := from; i < from+1000; i++ {
						name := fmt.Sprintf("GIVEN%d FAMILY%d", i%977, i)
						err := tx.PutObject(c, &Object{Name: fmt.Sprint(i)}, []byte("x"), Index{UID: fmt.Sprint(i), Keys: []Key{
							{1, name}, {2, fmt.Sprintf("FAMILY%d;GIVEN%d;;;", i, i%977)}, {3, fmt.Sprintf("GIVEN%d@EXAMPLE%d.ORG", i, i%31)}, {7, fmt.Sprint(i)}}})
						if err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				if err := db.View(b.Context(), func(tx *Tx) error {
					for _, prop := range []uint8{1, 2, 3} {
						if _, err := tx.ObjectsByKey(c.ID, KeyQuery{Prop: prop, Tests: []KeyTest{{Part: "N77"}}}); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
