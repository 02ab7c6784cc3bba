package store

import "fmt"

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
}

const sights = `SELECT ifnull(g.name, o.name), g.name IS NOT NULL FROM change g LEFT JOIN object o ON o.id=g.object AND o.collection=g.collection
	WHERE g.collection=?1 AND g.rev>?2 AND g.hides<>0 AND (g.name IS NOT NULL OR o.id IS NOT NULL)` // change_sync

// Sights looks through the changes of a collection's objects since a token.
func (tx *Tx) Sights(c *Collection, since Token) (Sights, error) {
	s := Sights{map[string]bool{}, map[string]bool{}}
	var name string
	var gone bool
	step := func() bool {
		if gone {
			s.Secret[name] = true
		} else {
			s.Lost[name] = true
		}
		return true
	}
	if err := tx.each([]any{&name, truth{&gone}}, step, sights, c.ID, since.Rev); err != nil {
		return s, fmt.Errorf("who has lost sight of what in %q: %w", c.Name, err)
	}
	return s, nil
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
