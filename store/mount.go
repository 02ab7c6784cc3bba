package store

import "fmt"

// Target is what an accepted share points at.
type Target struct {
	Collection *Collection
	Owner      *Principal
}

var (
	targetRow = `SELECT ` + collections.of("collection") + `, ` + principals.of("p") + ` FROM collection JOIN principal p ON p.id=collection.owner WHERE collection.id=? AND collection.deleted=0`
	// The mounts are found by their parent, each target by its id.
	targetRows = `SELECT m.id, ` + collections.of("collection") + `, ` + principals.of("p") + ` FROM collection m
		CROSS JOIN collection ON collection.id=m.target CROSS JOIN principal p ON p.id=collection.owner
		WHERE m.parent=? AND m.deleted=0 AND collection.deleted=0` // collection_parent
)

// Target is what stands behind a collection that is an accepted share; ErrNotFound when it is gone.
func (tx *Tx) Target(mount *Collection) (Target, error) {
	t := Target{&Collection{}, &Principal{}}
	if err := tx.one(append(collections.targets(t.Collection), principals.targets(t.Owner)...), targetRow, mount.Target); err != nil {
		return Target{}, fmt.Errorf("what is shared as %q: %w", mount.Name, err)
	}
	return t, nil
}

// Targets are what stands behind all accepted shares in a home, by the id of the row there.
func (tx *Tx) Targets(home int64) (map[int64]Target, error) {
	all := map[int64]Target{}
	var id int64
	c, p := &Collection{}, &Principal{}
	step := func() bool {
		row, owner := *c, *p
		all[id] = Target{&row, &owner}
		return true
	}
	if err := tx.each(append(append([]any{num(&id)}, collections.targets(c)...), principals.targets(p)...), step, targetRows, home); err != nil {
		return nil, fmt.Errorf("what is shared into home %d: %w", home, err)
	}
	return all, nil
}
