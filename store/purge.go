package store

import (
	"errors"
	"fmt"
)

// PurgeCollection empties a deleted collection, at most so many rows a call, so that nobody waits long for the writer.
// more is false when nothing is left of it. Its revisions stay in the change log, since tokens of the home name them.
func (tx *Tx) PurgeCollection(id int64, rows int) (more bool, err error) {
	var deleted int64
	err = tx.one([]any{num(&deleted)}, `SELECT deleted FROM collection WHERE id=?`, id)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	switch {
	case err == nil && deleted == 0:
		err = errors.New("it is not deleted")
	case err == nil && deleted == hidden: // whoever makes it is to notice
		_, err = tx.exec(`UPDATE collection SET deleted=? WHERE id=?`, max(1, tx.Now.Unix()), id)
	}
	if err == nil {
		more, err = tx.purge(id, max(1, rows), 0)
	}
	if err != nil {
		return false, fmt.Errorf("purge collection %d: %w", id, err)
	}
	return more, nil
}

// maxDepth bounds the walk through folders in folders.
const maxDepth = 100

func (tx *Tx) purge(id int64, rows, depth int) (more bool, err error) {
	if depth > maxDepth {
		return false, fmt.Errorf("more than %d folders deep", maxDepth)
	}
	var child int64
	err = tx.one([]any{num(&child)}, `SELECT id FROM collection WHERE parent=? LIMIT 1`, id)
	if err == nil {
		_, err = tx.purge(child, rows, depth+1)
		return true, err
	}
	if !errors.Is(err, ErrNotFound) {
		return false, err
	}
	n, err := tx.drop(id, rows, `SELECT id, ifnull(body, 0), ifnull(content, 0) FROM object WHERE collection=+? ORDER BY rev LIMIT +?`, // as bodies lie
		`DELETE FROM object WHERE id IN (SELECT value FROM json_each(?))`)
	if err != nil || n == rows {
		return true, err
	}
	m, err := tx.dropLog(id, rows-n)
	if err != nil || n+m == rows {
		return true, err
	}
	return false, tx.mustTouch(`DELETE FROM collection WHERE id=?`, id) // its properties go with it
}

// dropLog takes changes and the bodies that they replaced. What was moved away keeps its history: that goes after it.
func (tx *Tx) dropLog(collection int64, limit int) (n int, err error) {
	var left, moved, bodies []int64
	var rev, body int64
	var lives bool
	step := func() bool {
		switch {
		case lives:
			moved = append(moved, rev)
			return true
		case body != 0:
			bodies = append(bodies, body)
		}
		left = append(left, rev)
		return true
	}
	if err := tx.each([]any{num(&rev), num(&body), truth{&lives}}, step, `SELECT rev, ifnull(body, 0), EXISTS(SELECT 1 FROM object o WHERE o.id=g.object)
		FROM change g WHERE collection=+? LIMIT +?`, collection, limit); err != nil {
		return 0, err
	}
	for _, log := range []struct {
		query string
		revs  []int64
	}{
		{`UPDATE change SET collection=0, object=NULL, name=NULL, body=NULL WHERE rev IN (SELECT value FROM json_each(?))`, left},
		{`UPDATE change SET collection=(SELECT o.collection FROM object o WHERE o.id=change.object), name=NULL WHERE rev IN (SELECT value FROM json_each(?))`, moved},
	} {
		if len(log.revs) == 0 {
			continue
		}
		list, err := jsonIDs(log.revs)
		if err == nil {
			_, err = tx.exec(log.query, list)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(left) + len(moved), tx.removeBodies(bodies)
}

// drop takes rows and their bodies, large ones when nobody else has them.
func (tx *Tx) drop(collection int64, limit int, query, remove string) (n int, err error) {
	var ids, bodies, contents []int64
	var id, body, content int64
	step := func() bool {
		ids = append(ids, id)
		if body != 0 {
			bodies = append(bodies, body)
		}
		if content != 0 {
			contents = append(contents, content)
		}
		return true
	}
	if err := tx.each([]any{num(&id), num(&body), num(&content)}, step, query, collection, limit); err != nil || len(ids) == 0 {
		return 0, err
	}
	list, err := jsonIDs(ids)
	if err != nil {
		return 0, err
	}
	if _, err := tx.exec(remove, list); err != nil {
		return 0, err
	}
	for _, c := range contents {
		if err := tx.dropContent(c, tx.Now.Unix()); err != nil {
			return 0, err
		}
	}
	return len(ids), tx.removeBodies(bodies)
}

// removeTree deletes and purges at once.
func (tx *Tx) removeTree(id int64) error {
	c, err := tx.CollectionByID(id)
	if err == nil {
		err = tx.deleteCollection(c)
	}
	if err != nil && !errors.Is(err, ErrNotFound) { // already deleted: only to be purged
		return err
	}
	for more := true; more; {
		if more, err = tx.PurgeCollection(id, 1000); err != nil {
			return err
		}
	}
	return nil
}
