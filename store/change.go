package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

// change is one row of the log.
type change struct {
	rev, tag   int64
	collection int64
	object     int64
	name       string // only of what is gone, and of child collections
	body       int64  // what it replaced or removed
	hides      hiding // it may take the member out of somebody's sight; of what is gone: it was out of it before
	first      bool   // it makes something, whose id becomes the revision: the object, or with no collection given the collection
}

const (
	logColumns = `INSERT INTO change(rev, collection, object, name, tag, at, who, agent, body, hides, aces) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, `
	logChange  = logColumns + `NULL)`
	logGone    = logColumns + acesLeft + `)` // ace by its key
)

// record writes the row. The revision is known beforehand: writers are alone.
func (tx *Tx) record(c change) (change, error) {
	agent, err := tx.agentRow()
	if err != nil {
		return c, err
	}
	c.rev, c.tag = tx.rev+1, int64(rand.Uint64())
	switch {
	case c.first && c.collection == 0:
		c.collection = c.rev
	case c.first:
		c.object = c.rev
	}
	query, args := logChange, []any{c.rev, c.collection, link{&c.object}, text{&c.name}, c.tag, tx.Now.Unix(), link{&tx.who}, link{&agent}, link{&c.body}, num(&c.hides)}
	if c.name != "" && c.object != 0 {
		query, args = logGone, append(args, c.collection, c.object)
	}
	if _, err = tx.exec(query, args...); err != nil {
		return c, fmt.Errorf("log the change: %w", err)
	}
	tx.rev = c.rev
	return c, nil
}

const (
	maxAgent  = 200    // bytes of a User-Agent that are kept
	maxAgents = 10_000 // clients that make up a new one each time are logged without
)

func (tx *Tx) agentRow() (int64, error) {
	if tx.agent == "" || tx.agentID != 0 {
		return tx.agentID, nil
	}
	text := strings.ToValidUTF8(tx.agent[:min(len(tx.agent), maxAgent)], "")
	err := tx.one([]any{num(&tx.agentID)}, `SELECT id FROM agent WHERE text=?`, text)
	if !errors.Is(err, ErrNotFound) {
		return tx.agentID, err
	}
	res, err := tx.exec(`INSERT INTO agent(text) SELECT ? WHERE ifnull((SELECT max(id) FROM agent), 0)<?`, text, maxAgents)
	if n, err := affected(res, err); err != nil || n == 0 {
		tx.agent = ""
		return 0, err
	}
	tx.agentID, err = res.LastInsertId()
	return tx.agentID, err
}

// Origin is a random number that this database has from its first row on, and with it every copy of it.
func (tx *Tx) Origin() (int64, error) {
	if tx.origin != 0 {
		return tx.origin, nil
	}
	err := tx.one([]any{num(&tx.origin)}, `SELECT tag FROM change WHERE rev=(SELECT min(rev) FROM change)`)
	if err != nil {
		return 0, fmt.Errorf("read the first row of the change log: %w", err)
	}
	return tx.origin, nil
}

// Token is a state of a collection: its newest revision, and the random tag of that row, by which a revision is recognised that was
// given out again after a restore. The zero Token is the state before everything.
type Token struct {
	Collection, Rev, Tag int64
	// Sub is set where a page ends among many members that count as changed by one revision: all up to this revision of
	// their own have been listed. 0: all of them.
	Sub int64
}

const tokenPrefix = "urn:caldav-fcgi:sync:"

func (t Token) String() string {
	s := fmt.Sprintf("%s%d-%d-%016x", tokenPrefix, t.Collection, t.Rev, uint64(t.Tag))
	if t.Sub != 0 {
		s += "-" + strconv.FormatInt(t.Sub, 10)
	}
	return s
}

// ParseToken reads what String wrote and nothing else; ErrTokenUnknown.
func ParseToken(s string) (Token, error) {
	var t Token
	parts := strings.Split(strings.TrimPrefix(s, tokenPrefix), "-")
	if len(parts) == 3 || len(parts) == 4 {
		collection, err1 := strconv.ParseInt(parts[0], 10, 64)
		rev, err2 := strconv.ParseInt(parts[1], 10, 64)
		tag, err3 := strconv.ParseUint(parts[2], 16, 64)
		if errors.Join(err1, err2, err3) == nil && rev > 0 {
			t = Token{Collection: collection, Rev: rev, Tag: int64(tag)}
		}
		if len(parts) == 4 {
			sub, err := strconv.ParseInt(parts[3], 10, 64)
			if err != nil || sub <= 0 || t.Rev == 0 {
				return Token{}, fmt.Errorf("%w: %.100q", ErrTokenUnknown, s)
			}
			t.Sub = sub
		}
	}
	if t.String() != s || t == (Token{}) {
		return Token{}, fmt.Errorf("%w: %.100q", ErrTokenUnknown, s)
	}
	return t, nil
}

// Token of a collection as it is now. It also moves when a member, or a property, of a collection below it does.
// c.Rev counts, so c must have been read in this transaction.
func (tx *Tx) Token(c *Collection) (Token, error) {
	t := Token{Collection: c.ID, Rev: c.Rev, Tag: c.tag}
	if !c.Kind.home() {
		return t, nil
	}
	query := homeToken
	if c.Kind.nests() {
		query = treeToken
	}
	if err := tx.one([]any{num(&t.Rev), num(&t.Tag)}, query, c.ID); err != nil {
		return Token{}, fmt.Errorf("sync token of %q: %w", c.Name, err)
	}
	return t, nil
}

const homeToken = `SELECT rev, tag FROM change WHERE rev=max(
	(SELECT rev FROM collection WHERE id=?1),
	ifnull((SELECT max(` + childRev + `) FROM collection m WHERE parent=?1 AND deleted=0), 0))`

// childRev: an accepted share changes with what it points at.
const childRev = `max(m.rev, m.own, ifnull((SELECT t.rev FROM collection t WHERE t.id=m.target), 0))`

// treeToken: collection_parent, all the way down.
const treeToken = `WITH RECURSIVE tree(id, rev) AS (SELECT id, rev FROM collection WHERE id=?1
	UNION ALL SELECT c.id, max(c.rev, c.own) FROM tree CROSS JOIN collection c ON c.parent=tree.id AND c.deleted=0)
	SELECT rev, tag FROM change WHERE rev=(SELECT max(rev) FROM tree)`

// Change is a member that is not what it was.
type Change struct {
	Name       string
	In         []string // of ChangesBelow: the names that lead to the collection it is in
	Rev        int64
	Gone       bool
	Collection bool
}

// Changes lists what differs from the state since, a collection also for what is below it, each name once, the oldest change first: members whose revision is newer, and
// names that are gone, also when they came after since; Collection says what had the name. The zero Token gives all members and
// nothing gone. At most limit are listed (0: all); more says that there are others, which next leads to. ErrTokenUnknown.
//
// next is the last row listed, so whatever is written between two pages has a revision after it: nothing is lost, and something is
// listed twice only when it has changed in between.
func (tx *Tx) Changes(c *Collection, since Token, limit int) (changes []Change, next Token, more bool, err error) {
	changes, next, more, err = tx.changes(c, since, limit)
	if err != nil {
		return nil, Token{}, false, fmt.Errorf("changes of %q: %w", c.Name, err)
	}
	return changes, next, more, nil
}

func (tx *Tx) changes(c *Collection, since Token, limit int) (list []Change, next Token, more bool, err error) {
	initial := since == Token{}
	if !initial {
		if err := tx.known(c, since); err != nil {
			return nil, next, false, err
		}
	}
	from := since.Rev
	if since.Sub != 0 && since.Rev == tx.state.Pruned {
		from = since.Sub
	}
	query := changesMembers
	switch {
	case initial && c.Kind.nests():
		query = changesTreeInitial
	case c.Kind.nests():
		query = changesTree
	case initial && c.Kind.home():
		query = changesHomeInitial
	case initial:
		query = changesInitial
	case c.Kind.home():
		query = changesHome
	}
	bound := int64(-1)
	if limit > 0 {
		bound = int64(limit) + 1
	}
	var row Change
	step := func() bool {
		if limit > 0 && len(list) == limit {
			more = true
			return false
		}
		list = append(list, row)
		return true
	}
	if err := tx.each([]any{num(&row.Rev), &row.Name, truth{&row.Gone}, truth{&row.Collection}}, step, query, c.ID, from, bound); err != nil {
		return nil, next, false, err
	}
	if !more {
		next, err = tx.Token(c)
		return list, next, false, err
	}
	next, err = tx.pageToken(c, list[len(list)-1].Rev, 0)
	return list, next, true, err
}

// pageToken ends a page at the changes of that revision. What lies before the cut of the log counts as changed by the cut's own: a
// token of an older revision would be refused, since it could as well be one that was given out long ago.
func (tx *Tx) pageToken(c *Collection, rev, sub int64) (Token, error) {
	t := Token{Collection: c.ID, Rev: rev, Sub: sub}
	if rev < tx.state.Pruned {
		t.Rev, t.Sub = tx.state.Pruned, rev
	}
	return t, tx.one([]any{num(&t.Tag)}, `SELECT tag FROM change WHERE rev=?`, t.Rev)
}

// known says whether a token is of this collection and this history, and whether all that came after it is still known.
func (tx *Tx) known(c *Collection, t Token) error {
	unknown := fmt.Errorf("%w: %s", ErrTokenUnknown, t)
	var tag int64
	err := tx.one([]any{num(&tag)}, `SELECT tag FROM change WHERE rev=?`, t.Rev)
	switch {
	case errors.Is(err, ErrNotFound), err == nil && (tag != t.Tag || t.Collection != c.ID):
		return unknown
	case err != nil || t.Rev >= tx.state.Pruned:
		return err
	case t.Sub != 0:
		return unknown
	}
	// Older than the cut. Nothing can be missing after the newest one; own properties may have changed since, in a row that counts below.
	if newest, err := tx.Token(c); err != nil || newest == t {
		return err
	}
	// Of each collection the last row before the cut is kept: where there is none later than the token, nothing of it has been cut.
	cut, err := tx.has(changedSince, c.ID, t.Rev, tx.state.Pruned)
	if err == nil && cut {
		return unknown
	}
	return err
}

// changedSince: change_sync, for the collection, all below it, those that are gone included, and what shares there point at.
const changedSince = `WITH RECURSIVE tree(id) AS (SELECT ?1 UNION ALL SELECT m.id FROM tree CROSS JOIN collection m ON m.parent=tree.id)
	SELECT g.rev FROM tree CROSS JOIN change g ON g.collection=tree.id AND g.rev>?2 AND g.rev<=?3
	UNION ALL SELECT g.rev FROM tree CROSS JOIN collection m ON m.id=tree.id CROSS JOIN change g ON g.collection=m.target AND g.rev>?2 AND g.rev<=?3`

// Each part is read in the order of its index and merged; a tombstone counts when it is the last of its name and nobody has the name.
const (
	liveObjects  = `SELECT rev, name, 0, 0 FROM object WHERE collection=+?1 AND rev>?2`                                           // object_rev
	liveChildren = `SELECT ` + childRev + `, name, 0, 1 FROM collection m WHERE parent=+?1 AND deleted=0 AND ` + childRev + `>?2` // collection_parent
	gone         = `SELECT rev, name, 1, object IS NULL FROM change g WHERE collection=+?1 AND rev>?2 AND name IS NOT NULL` +     // change_gone
		` AND NOT EXISTS(SELECT 1 FROM change later WHERE later.collection=+?1 AND later.name=g.name AND later.rev>g.rev)` + // change_name
		` AND NOT EXISTS(SELECT 1 FROM object o WHERE o.collection=+?1 AND o.name=g.name)` // object_name
	goneHome = gone + ` AND NOT EXISTS(SELECT 1 FROM collection m WHERE m.parent=+?1 AND m.name=g.name AND m.deleted=0)`
	inOrder  = ` ORDER BY 1 LIMIT +?3`
	union    = ` UNION ALL `

	liveBranches = `SELECT max(branch.rev), m.name, 0, 1 FROM branch CROSS JOIN collection m ON m.id=branch.top GROUP BY branch.top HAVING max(branch.rev)>?2`
	branches     = `WITH RECURSIVE branch(top, id, rev) AS (SELECT id, id, max(rev, own) FROM collection WHERE parent=?1 AND deleted=0
	UNION ALL SELECT branch.top, c.id, max(c.rev, c.own) FROM branch CROSS JOIN collection c ON c.parent=branch.id AND c.deleted=0) ` // collection_parent

	changesInitial     = liveObjects + inOrder
	changesMembers     = liveObjects + union + gone + inOrder
	changesHomeInitial = liveObjects + union + liveChildren + inOrder
	changesHome        = liveObjects + union + goneHome + union + liveChildren + inOrder
	changesTreeInitial = branches + liveObjects + union + liveBranches + inOrder
	changesTree        = branches + liveObjects + union + goneHome + union + liveBranches + inOrder
)
