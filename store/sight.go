package store

import (
	"encoding/json"
	"fmt"

	"caldav-fcgi/dav/privilege"
)

// hiding says what in a change has to do with who sees the member. The numbers are stored.
type hiding uint8

const (
	byEntries hiding = 1 << iota // other access control entries stand on it
	asPrivate                    // it became private, or it went and had been
)

// Sights is what of the changes since a token takes more than the rows that are there to be told rightly.
type Sights struct {
	Lost   map[string]bool // members that somebody may have seen and sees no longer
	Secret map[string]bool // names of what is gone, and was private when it went
	// Left are the entries that stood on what is gone, by its name, where they were the same ever since the token.
	Left map[string][]privilege.ACE
}

// sights: nobody with the token has seen what was made after it, unless something of the same name went since. Ids are the
// revisions that made them; that before a collection's logs its name where it came to.
const sights = `SELECT ifnull(g.name, o.name), g.name IS NOT NULL, g.hides, ifnull(g.aces, ''), g.aces IS NOT NULL AND EXISTS(
		SELECT 1 FROM change h WHERE h.collection=g.collection AND h.rev>?2 AND h.rev<g.rev AND h.object=g.object AND h.hides<>0)
	FROM change g LEFT JOIN object o ON o.id=g.object AND o.collection=g.collection
	WHERE g.collection=?1 AND g.rev>?2 AND (g.hides<>0 OR g.aces IS NOT NULL) AND (g.name IS NOT NULL OR o.id<=?2
	OR o.id IS NOT NULL AND EXISTS(SELECT 1 FROM change h WHERE h.collection=?1 AND h.name=o.name AND h.rev>?2))
	UNION ALL SELECT c.name, 0, g.hides, '', 0 FROM collection c CROSS JOIN change g ON g.collection=c.id AND g.rev>?2 AND g.hides<>0 AND g.object IS NULL
	WHERE c.parent=?1 AND c.deleted=0 AND (c.id<=?2 OR EXISTS(SELECT 1 FROM change h WHERE h.collection=?1 AND h.name=c.name AND h.rev>?2 AND h.rev<c.id-1))` // change_sync, change_name, collection_parent

// Sights looks through the changes of a collection's objects since a token.
func (tx *Tx) Sights(c *Collection, since Token) (Sights, error) {
	s := Sights{map[string]bool{}, map[string]bool{}, map[string][]privilege.ACE{}}
	var name, entries string
	var gone, changed bool
	var hides hiding
	var bad error
	step := func() bool {
		switch {
		case !gone:
			s.Lost[name] = true
		case hides != 0:
			s.Secret[name] = true
		}
		if gone {
			delete(s.Left, name)
		}
		if gone && entries != "" && !changed {
			s.Left[name], bad = readACEs(entries)
		}
		return bad == nil
	}
	err := tx.each([]any{&name, truth{&gone}, num(&hides), &entries, truth{&changed}}, step, sights, c.ID, since.Rev)
	if err == nil {
		err = bad
	}
	if err != nil {
		return s, fmt.Errorf("who has lost sight of what in %q: %w", c.Name, err)
	}
	return s, nil
}

// acesLeft are the entries of an object as a change row keeps them when it goes; NULL for none.
const acesLeft = `(SELECT CASE WHEN count(*)>0 THEN json_group_array(json_array(subject, ifnull(who, 0), invert, allow, deny, view)) END
	FROM (SELECT * FROM ace WHERE collection=? AND object=? ORDER BY position))`

func readACEs(text string) ([]privilege.ACE, error) {
	var rows [][6]int64
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("entries in the change log: %w", err)
	}
	list := make([]privilege.ACE, len(rows))
	for i, r := range rows {
		list[i] = privilege.ACE{Subject: privilege.Subject(r[0]), Who: r[1], Invert: r[2] != 0, Allow: privilege.Set(r[3]), Deny: privilege.Set(r[4]), View: privilege.View(r[5])}
	}
	return list, nil
}

// SharedToken is the token of a shared collection as the mount shows it: it moves, too, when more or less of it is shown there.
func (tx *Tx) SharedToken(mount, shared *Collection) (Token, error) {
	t, err := tx.Token(shared)
	if err != nil || mount.Viewed <= t.Rev {
		return t, err
	}
	t.Rev, t.Tag = mount.Viewed, mount.viewed
	return t, nil
}
