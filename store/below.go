package store

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
)

// ChangesBelow is Changes of a collection together with those of all that lies below it, in one order: a sync with a level of infinite
// (RFC 6578 §3.3). What was in a collection that is gone is not listed, since it went with it (§3.5.2).
//
// A collection that came under its name, by its making or by a move, brings all that is below it: that counts as changed by the
// revision at which it came, in the order of its own. Where another one went from that name before, a page ends between the two: first
// the client is told that the old one is gone, with all that was in it, and with the next page of the new one.
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
	gone := map[string]bool{}
	for i, e := range all {
		if limit > 0 && i == limit || e.within(gone) {
			next, err = tx.tokenAfter(c, all[i-1])
			return changes, next, true, err
		}
		if e.Gone && e.Collection {
			gone[e.key()] = true
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

// node is a collection in the tree whose changes are asked for.
type node struct {
	id, rev, own int64
	data         int64 // whose members it has: its own id or, of an accepted share, that of what is shared
	viewed       int64 // when the level of a share last changed: others can be seen since
	kind         Kind
	up           *node // nil: the top
	path         []string
	came         int64 // all below it counts as changed by this revision at least
}

type event struct {
	Change
	at moment
	in *node
}

// key is the path from the top, as a key for maps. No name has a NUL.
func (e event) key() string { return keyOf(e.In) + e.Name + "\x00" }

func keyOf(path []string) string {
	if len(path) == 0 {
		return ""
	}
	return strings.Join(path, "\x00") + "\x00"
}

// within says whether the event is at or below one of these paths.
func (e event) within(paths map[string]bool) bool {
	if len(paths) == 0 {
		return false
	}
	for i := range e.In {
		if paths[keyOf(e.In[:i+1])] {
			return true
		}
	}
	return paths[e.key()]
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

// tokenAfter ends a page at an event.
func (tx *Tx) tokenAfter(c *Collection, last event) (Token, error) {
	sub := last.at.sub
	if sub == last.at.rev {
		sub = 0
	}
	return tx.pageToken(c, last.at.rev, sub)
}

// walk gathers events from a moment on.
type walk struct {
	tx      *Tx
	from    moment
	initial bool  // nothing was known before
	most    int64 // rows of one collection: more are not needed for a page
	list    []event
}

// eventsBelow are in order; of those beyond the limit some may be missing.
func (tx *Tx) eventsBelow(c *Collection, since Token, limit int) ([]event, error) {
	w := &walk{tx: tx, from: tx.moment(since), initial: since == Token{}, most: -1}
	if limit > 0 {
		w.most = int64(limit) + 1
	}
	top := &node{id: c.ID, data: c.ID, rev: c.Rev, own: c.Own, kind: c.Kind, came: tx.state.Pruned}
	if err := w.members(top); err != nil {
		return nil, err
	}
	var nodes []*node
	if c.Kind.home() {
		var err error
		if nodes, err = tx.nodesBelow(top); err != nil {
			return nil, err
		}
	}
	for _, n := range nodes {
		if err := w.collection(n); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(w.list, func(a, b event) int { return a.at.compare(b.at) })
	return w.list, nil
}

// treeBelow: collection_parent; what is higher up comes first.
const treeBelow = `WITH RECURSIVE tree(depth, id, parent, kind, name, rev, own, viewed, data) AS (
	SELECT 1, m.id, m.parent, m.kind, m.name, ` + childRev + `, m.own, m.viewed, ifnull(m.target, m.id) FROM collection m WHERE m.parent=?1 AND m.deleted=0
	UNION ALL SELECT depth+1, m.id, m.parent, m.kind, m.name, ` + childRev + `, m.own, m.viewed, ifnull(m.target, m.id) FROM tree CROSS JOIN collection m ON m.parent=tree.id AND m.deleted=0
	ORDER BY 1, 2) SELECT id, parent, kind, name, rev, own, viewed, data FROM tree`

func (tx *Tx) nodesBelow(top *node) (list []*node, err error) {
	byID := map[int64]*node{top.id: top}
	var row node
	var parent int64
	var name string
	step := func() bool {
		n := row
		n.up = byID[parent]
		n.path = append(slices.Clip(n.up.path), name)
		byID[n.id] = &n
		list = append(list, &n)
		return true
	}
	err = tx.each([]any{num(&row.id), num(&parent), num(&row.kind), &name, num(&row.rev), num(&row.own), num(&row.viewed), num(&row.data)}, step, treeBelow, top.id)
	return list, err
}

// collection adds what differs of one below the top: itself, what had its name before, its members.
func (w *walk) collection(n *node) error {
	n.came = n.up.came
	newest := max(n.rev, n.own, n.came)
	if newest < w.from.rev || newest == w.from.rev && w.from.sub == math.MaxInt64 {
		return nil
	}
	in, name := n.path[:len(n.path)-1], n.path[len(n.path)-1]
	var came int64
	err := w.tx.one([]any{num(&came)}, `SELECT rev FROM change WHERE collection=+? AND name=+? ORDER BY rev DESC LIMIT 1`, n.up.id, name) // change_name
	if err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	own := moment{max(n.own, n.came), n.own}
	if own.compare(w.from) > 0 {
		w.list = append(w.list, event{Change{Name: name, In: in, Rev: n.own, Collection: true}, own, n})
	}
	if !w.initial && came > w.from.rev && n.came <= w.from.rev {
		var rev int64
		err := w.tx.one([]any{num(&rev)}, `SELECT rev FROM change WHERE collection=+? AND name=+? AND rev>? AND rev<? AND object IS NULL ORDER BY rev DESC LIMIT 1`, n.up.id, name, w.from.rev, came) // change_name
		switch {
		case err == nil:
			w.list = append(w.list, event{Change{Name: name, In: in, Rev: rev, Gone: true, Collection: true}, moment{rev, rev}, n.up})
		case !errors.Is(err, ErrNotFound):
			return err
		}
	}
	n.came = max(n.came, came)
	return w.members(n)
}

// members adds what differs of the objects of a collection, and the collections that are gone from it.
func (w *walk) members(n *node) error {
	shown := max(n.came, n.viewed)
	known := w.from.rev // of members' own revisions
	switch {
	case w.from.rev < shown:
		known = 0
	case w.from.rev == shown && w.from.sub != math.MaxInt64:
		known = w.from.sub
	}
	at := len(w.list)
	if err := w.events(n, liveObjects+inOrder, known); err != nil {
		return err
	}
	for i := at; i < len(w.list); i++ {
		e := &w.list[i]
		e.at.rev = max(e.at.rev, shown)
	}
	switch {
	case w.initial:
		return nil
	case n.kind.home():
		return w.events(n, goneHome+inOrder, max(w.from.rev, n.came))
	}
	return w.events(n, gone+inOrder, max(w.from.rev, n.came))
}

func (w *walk) events(n *node, query string, since int64) error {
	row := Change{In: n.path}
	step := func() bool {
		w.list = append(w.list, event{row, moment{row.Rev, row.Rev}, n})
		return true
	}
	return w.tx.each([]any{num(&row.Rev), &row.Name, truth{&row.Gone}, truth{&row.Collection}}, step, query, n.data, since, w.most)
}
