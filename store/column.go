package store

import (
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
)

// column is the one place where a column of T is named. bind gives a pointer that serves as scan target and as bound value.
type column[T any] struct {
	name string
	on   use
	bind func(*T) any
}

type use uint8

const (
	inserted use = 1 << iota
	updated
	ordering
	read   use = 0
	fixed  use = inserted
	varies use = inserted | updated
	// sorted is a column that stands in an index and seldom changes. SQLite writes every index of what is set, to the same value too.
	sorted use = varies | ordering
)

// table has the statements that follow from a list of columns.
type table[T any] struct {
	columns []column[T]
	list    string // for SELECT
	insert  string
	update  string // ends with WHERE id=?
	touch   string // … of all but what is sorted
}

func newTable[T any](name string, columns []column[T]) *table[T] {
	var list, ins, marks, set, touch []string
	for _, c := range columns {
		list = append(list, c.name)
		if c.on&inserted != 0 {
			ins, marks = append(ins, c.name), append(marks, "?")
		}
		if c.on&updated != 0 {
			set = append(set, c.name+"=?")
			if c.on&ordering == 0 {
				touch = append(touch, c.name+"=?")
			}
		}
	}
	return &table[T]{
		columns: columns,
		list:    strings.Join(list, ", "),
		insert:  "INSERT INTO " + name + "(" + strings.Join(ins, ", ") + ") VALUES(" + strings.Join(marks, ", ") + ")",
		update:  "UPDATE " + name + " SET " + strings.Join(set, ", ") + " WHERE id=?",
		touch:   "UPDATE " + name + " SET " + strings.Join(touch, ", ") + " WHERE id=?",
	}
}

// only is for reading some of the columns.
func (t *table[T]) only(names ...string) *table[T] {
	some := &table[T]{list: strings.Join(names, ", ")}
	for _, c := range t.columns {
		if slices.Contains(names, c.name) {
			some.columns = append(some.columns, c)
		}
	}
	return some
}

// of gives the list with every column qualified, for joins.
func (t *table[T]) of(alias string) string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
		if !strings.HasPrefix(c.name, "(") {
			names[i] = alias + "." + c.name
		}
	}
	return strings.Join(names, ", ")
}

func (t *table[T]) targets(v *T) []any {
	dest := make([]any, len(t.columns), len(t.columns)+2)
	for i, c := range t.columns {
		dest[i] = c.bind(v)
	}
	return dest
}

func (t *table[T]) values(v *T, on use) []any { return t.valuesBut(v, on, 0) }

// valuesBut leaves out what is also of another use.
func (t *table[T]) valuesBut(v *T, on, but use) []any {
	args := make([]any, 0, len(t.columns)+1)
	for _, c := range t.columns {
		if c.on&on != 0 && c.on&but == 0 {
			args = append(args, c.bind(v))
		}
	}
	return args
}

// The bindings below spare database/sql its reflection, a third of the cost of a listing.

type integer interface {
	~int64 | ~uint32 | ~uint8
}

type number[T integer] struct{ p *T }

func num[T integer](p *T) any { return number[T]{p} }

func (n number[T]) Scan(src any) error {
	v, ok := src.(int64)
	if !ok {
		return fmt.Errorf("integer wanted, column has %T", src)
	}
	*n.p = T(v)
	return nil
}

func (n number[T]) Value() (driver.Value, error) { return int64(*n.p), nil }

// link is a reference to another row: 0 is NULL.
type link struct{ p *int64 }

func (l link) Scan(src any) error {
	*l.p = 0
	if src == nil {
		return nil
	}
	return number[int64](l).Scan(src)
}

func (l link) Value() (driver.Value, error) {
	if *l.p == 0 {
		return nil, nil
	}
	return *l.p, nil
}

// text is a string whose empty value is NULL.
type text struct{ p *string }

func (t text) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t.p = ""
	case string:
		*t.p = v
	default:
		return fmt.Errorf("text wanted, column has %T", src)
	}
	return nil
}

func (t text) Value() (driver.Value, error) {
	if *t.p == "" {
		return nil, nil
	}
	return *t.p, nil
}

type truth struct{ p *bool }

func (b truth) Scan(src any) error {
	var n int64
	err := number[int64]{&n}.Scan(src)
	*b.p = n != 0
	return err
}

func (b truth) Value() (driver.Value, error) {
	if *b.p {
		return int64(1), nil
	}
	return int64(0), nil
}
