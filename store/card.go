package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Key is a value that an object is found by. What the numbers of the properties mean, and how values are folded, is the
// caller's to know.
type Key struct {
	Prop  uint8
	Value string
}

// KeyTest compares a value.
type KeyTest struct {
	Kind   KeyMatch
	Part   string
	Negate bool
}

// KeyMatch is how.
type KeyMatch uint8

const (
	KeyContains KeyMatch = iota
	KeyEquals
	KeyStarts
	KeyEnds
)

// KeyQuery finds the objects with some value of a property that meets the tests, all or any of them; with no test those
// that have a value; with Absent those that have none.
type KeyQuery struct {
	Prop   uint8
	Tests  []KeyTest
	All    bool
	Absent bool
}

// putKeys replaces the keys of an object.
func (tx *Tx) putKeys(collection, object int64, fresh bool, keys []Key) error {
	if !fresh {
		if _, err := tx.exec(`DELETE FROM card WHERE object=?`, object); err != nil { // card_object
			return fmt.Errorf("remove keys: %w", err)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	list, err := json.Marshal(keys)
	if err == nil {
		_, err = tx.exec(`INSERT OR IGNORE INTO card(collection, prop, value, object)
			SELECT ?1, value->>'Prop', value->>'Value', ?3 FROM json_each(?2)`, collection, string(list), object)
	}
	if err != nil {
		return fmt.Errorf("add keys: %w", err)
	}
	return nil
}

// copyKeys gives an object the keys of another.
func (tx *Tx) copyKeys(from, collection, to int64) error {
	_, err := tx.exec(`INSERT OR IGNORE INTO card(collection, prop, value, object) SELECT ?2, prop, value, ?3 FROM card WHERE object=?1`, from, collection, to) // card_object
	return err
}

// ObjectsByKey are the rows that a query finds, in no order; each may come twice.
func (tx *Tx) ObjectsByKey(collection int64, q KeyQuery) ([]int64, error) {
	query, args := q.statement(collection)
	var ids []int64
	var id int64
	if err := tx.each([]any{num(&id)}, func() bool { ids = append(ids, id); return true }, query, args...); err != nil {
		return nil, fmt.Errorf("search by key: %w", err)
	}
	return ids, nil
}

func (q KeyQuery) statement(collection int64) (string, []any) {
	args := []any{collection, int64(q.Prop)}
	if q.Absent { // object_name, card_object
		return `SELECT id FROM object WHERE collection=? AND NOT EXISTS(SELECT 1 FROM card WHERE card.object=object.id AND card.prop=?)`, args
	}
	var tests []string
	for _, t := range q.Tests {
		text, more := t.condition()
		tests, args = append(tests, text), append(args, more...)
	}
	query := `SELECT object FROM card WHERE collection=? AND prop=?` // its key
	if len(tests) > 0 {
		join := ` OR `
		if q.All {
			join = ` AND `
		}
		query += ` AND (` + strings.Join(tests, join) + `)`
	}
	return query, args
}

func (t KeyTest) condition() (text string, args []any) {
	switch t.Kind {
	case KeyEquals:
		text, args = `value=?`, []any{t.Part}
	case KeyStarts: // no value has the last of all code points in it
		text, args = `(value>=? AND value<?)`, []any{t.Part, t.Part + string(utf8.MaxRune)}
	case KeyEnds:
		text, args = `substr(value, -?)=?`, []any{int64(utf8.RuneCountInString(t.Part)), t.Part}
		if t.Part == "" {
			text, args = `1`, nil
		}
	default:
		text, args = `instr(value, ?)`, []any{t.Part}
		if t.Part == "" {
			text, args = `1`, nil
		}
	}
	if t.Negate {
		text = `NOT ` + text
	}
	return text, args
}
