package store

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ChangesBelow is Changes of a home together with those of all members of its collections, in one order: a home's sync with a level of
// infinite (RFC 6578 §3.3). Members of a collection that is gone are not listed, since they went with it (§3.5.2).
//
// A collection that came under its name, by its making or by a move, brings all its members: they count as changed by the revision at
// which it came, in the order of their own. Where another one went from that name before, a page ends between the two: first the client
// is told that the old one is gone, with all that was in it, and with the next page of the new one.
func (tx *Tx) ChangesBelow(c *Collection, since Token, limit int) (changes []Change, next Token, more bool, err error) {
	if since != (Token{}) {
		err = tx.known(c, since)
	}
	var all []event
	if err == nil {
		all, err = tx.eventsBelow(c, since, limit)
	}
	if err != nil {
		return nil, Token{}, false, fmt.Errorf("changes of %q and below: %w", c.Name, err)
	}
	slices.SortFunc(all, func(a, b event) int { return a.at.compare(b.at) })
	gone := map[string]bool{}
	for i, e := range all {
		if limit > 0 && i == limit || gone[e.top()] {
			last := all[i-1].at
			sub := last.sub
			if sub == last.rev {
				sub = 0
			}
			next, err = tx.pageToken(c, last.rev, sub)
			return changes, next, true, err
		}
		if e.Gone && e.Collection {
			gone[e.Name] = true
		}
		changes = append(changes, e.Change)
	}
	next, err = tx.Token(c)
	return changes, next, false, err
}

// moment is a place in the order of changes: what came by one revision is ordered by the revisions of its own.
type moment struct{ rev, sub int64 }

func (m moment) compare(n moment) int {
	return cmp.Or(cmp.Compare(m.rev, n.rev), cmp.Compare(m.sub, n.sub))
}

type event struct {
	Change
	at moment
}

// top is the name in the home that the event is at or below.
func (e event) top() string {
	if e.In != "" {
		return e.In
	}
	return e.Name
}

// moment is up to where the holder of a token knows everything.
func (tx *Tx) moment(t Token) moment {
	switch {
	case t == Token{}:
		return moment{}
	case t.Rev < tx.state.Pruned: // nothing came between it and the cut
		return moment{tx.state.Pruned, math.MaxInt64}
	case t.Sub == 0:
		return moment{t.Rev, math.MaxInt64}
	}
	return moment{t.Rev, t.Sub}
}

func (tx *Tx) eventsBelow(home *Collection, since Token, limit int) ([]event, error) {
	initial := since == Token{}
	from := tx.moment(since)
	most := int64(-1)
	if limit > 0 {
		most = int64(limit) + 1
	}
	var list []event
	if !initial {
		if err := tx.events(&list, "", goneHome+inOrder, home.ID, from.rev, most); err != nil {
			return nil, err
		}
		for i := range list {
			list[i].Collection = true
		}
	}
	var children []*Collection
	for m, err := range tx.Collections(home.ID) {
		if err != nil {
			return nil, err
		}
		children = append(children, m)
	}
	for _, m := range children {
		newest := max(m.Rev, m.Own)
		if newest <= from.rev && from.sub == math.MaxInt64 {
			continue
		}
		var came int64
		err := tx.one([]any{num(&came)}, `SELECT rev FROM change WHERE collection=? AND name=? ORDER BY rev DESC LIMIT 1`, home.ID, m.Name) // change_name
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, err
		}
		own := event{Change{Name: m.Name, Rev: m.Own, Collection: true}, moment{max(m.Own, tx.state.Pruned), m.Own}}
		if own.at.compare(from) > 0 {
			list = append(list, own)
		}
		if !initial && came > from.rev {
			if err := tx.former(&list, home, m.Name, from.rev, came); err != nil {
				return nil, err
			}
		}
		if err := tx.eventsIn(&list, m, from, max(came, tx.state.Pruned), initial, most); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// former adds that a collection went from the name before the present one came.
func (tx *Tx) former(list *[]event, home *Collection, name string, from, came int64) error {
	var rev int64
	err := tx.one([]any{num(&rev)}, `SELECT rev FROM change WHERE collection=? AND name=? AND rev>? AND rev<? ORDER BY rev DESC LIMIT 1`, home.ID, name, from, came) // change_name
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	*list = append(*list, event{Change{Name: name, Rev: rev, Gone: true, Collection: true}, moment{rev, rev}})
	return err
}

// eventsIn adds what differs in a collection that counts as made at the revision came.
func (tx *Tx) eventsIn(list *[]event, c *Collection, from moment, came int64, initial bool, most int64) error {
	known := from.rev // of members' own revisions
	switch {
	case from.rev < came:
		known = 0
	case from.rev == came && from.sub != math.MaxInt64:
		known = from.sub
	}
	at := len(*list)
	if err := tx.events(list, c.Name, liveObjects+inOrder, c.ID, known, most); err != nil {
		return err
	}
	for i := at; i < len(*list); i++ {
		e := &(*list)[i]
		e.at.rev = max(e.at.rev, came)
	}
	if initial {
		return nil
	}
	return tx.events(list, c.Name, gone+inOrder, c.ID, max(from.rev, came), most)
}

func (tx *Tx) events(list *[]event, in string, query string, args ...any) error {
	var row Change
	step := func() bool {
		row.In = in
		*list = append(*list, event{row, moment{row.Rev, row.Rev}})
		return true
	}
	return tx.each([]any{num(&row.Rev), &row.Name, truth{&row.Gone}, truth{&row.Collection}}, step, query, args...)
}
