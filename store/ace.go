package store

import (
	"fmt"

	"caldav-fcgi/dav/privilege"
)

// ACE is an access control entry as it stands on a collection, or with Object on one object in it. Share is set on one that a share
// has brought: such come after all others, so that an owner's deny stays one.
type ACE struct {
	Collection, Object int64
	privilege.ACE
	Share int64
}

const (
	aceList = `a.collection, a.object, a.subject, a.who, a.invert, a.allow, a.deny, a.view, a.share`
	acesOn  = `SELECT ` + aceList + ` FROM ace a WHERE a.collection=? ORDER BY a.collection, a.object, a.position`
	// acesOfHome: collection_parent, and ace by its key.
	acesOfHome = `WITH spot(id) AS (SELECT ?1 UNION SELECT id FROM collection WHERE parent=?1 AND deleted=0
		UNION SELECT target FROM collection WHERE parent=?1 AND deleted=0 AND target IS NOT NULL
		UNION SELECT t.parent FROM collection m CROSS JOIN collection t ON t.id=m.target WHERE m.parent=?1 AND m.deleted=0 AND t.parent IS NOT NULL)
		SELECT ` + aceList + ` FROM spot CROSS JOIN ace a ON a.collection=spot.id ORDER BY a.collection, a.object, a.position`
)

func (tx *Tx) aces(query string, args ...any) ([]ACE, error) {
	var list []ACE
	var a ACE
	step := func() bool { list = append(list, a); return true }
	err := tx.each([]any{num(&a.Collection), num(&a.Object), num(&a.Subject), link{&a.Who}, truth{&a.Invert}, num(&a.Allow), num(&a.Deny), num(&a.View), link{&a.Share}},
		step, query, args...)
	return list, err
}

// ACEs are those of a collection and of the objects in it, in their order.
func (tx *Tx) ACEs(collection int64) ([]ACE, error) {
	list, err := tx.aces(acesOn, collection)
	if err != nil {
		return nil, fmt.Errorf("access control entries of collection %d: %w", collection, err)
	}
	return list, nil
}

// ACEsOfHome are those of a home and of all collections in it, with their objects; and, for the shares accepted there, those of the
// collections that are shared and of the homes these lie in. One statement.
func (tx *Tx) ACEsOfHome(home int64) ([]ACE, error) {
	list, err := tx.aces(acesOfHome, home)
	if err != nil {
		return nil, fmt.Errorf("access control entries of home %d: %w", home, err)
	}
	return list, nil
}

// shareACE is the position from which entries stand that shares have brought, each at its share's number.
const shareACE = 1 << 40

// SetACEs replaces the entries of a collection, or of an object in it, but for those of shares. Sync tells of it: others may see it now,
// or no longer.
func (tx *Tx) SetACEs(collection, object int64, aces []privilege.ACE) error {
	if err := tx.setACEs(collection, object, aces); err != nil {
		return fmt.Errorf("set access control entries of collection %d, object %d: %w", collection, object, err)
	}
	return nil
}

func (tx *Tx) setACEs(collection, object int64, aces []privilege.ACE) error {
	if _, err := tx.exec(`DELETE FROM ace WHERE collection=? AND object=? AND share IS NULL`, collection, object); err != nil {
		return err
	}
	for n, a := range aces {
		if err := tx.insertACE(ACE{collection, object, a, 0}, int64(n)); err != nil {
			return err
		}
	}
	return tx.tellAccess(collection, object)
}

func (tx *Tx) insertACE(a ACE, position int64) error {
	_, err := tx.exec(`INSERT INTO ace(collection, object, position, subject, who, invert, allow, deny, view, share) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.Collection, a.Object, position, int64(a.Subject), link{&a.Who}, truth{&a.Invert}, int64(a.Allow), int64(a.Deny), int64(a.View), link{&a.Share})
	return err
}

// tellAccess logs that others may do with it what they could not, or the other way round.
func (tx *Tx) tellAccess(collection, object int64) error {
	row, err := tx.record(change{collection: collection, object: object, hides: byEntries})
	switch {
	case err != nil:
		return err
	case object == 0:
		return tx.mustTouch(`UPDATE collection SET own=? WHERE id=? AND deleted=0`, row.rev, collection)
	}
	if err := tx.mustTouch(`UPDATE object SET rev=? WHERE id=? AND collection=?`, row.rev, object, collection); err != nil {
		return err
	}
	return tx.mustTouch(`UPDATE collection SET rev=? WHERE id=? AND deleted=0`, row.rev, collection)
}

var reach = `SELECT ` + collections.of("collection") + `, ` + principals.of("p") + `
	FROM principal p CROSS JOIN collection ON collection.owner=p.id AND collection.kind=?1 AND collection.parent IS NULL AND collection.deleted=0
	WHERE p.kind=1 AND p.name=?2 AND (?4
	OR EXISTS(SELECT 1 FROM principal g WHERE g.owner=p.id AND g.id IN (SELECT value FROM json_each(?3)))
	OR EXISTS(SELECT 1 FROM collection c CROSS JOIN ace a ON a.collection=c.id AND a.allow<>0
		WHERE c.owner=p.id AND c.deleted=0 AND c.kind IN (SELECT value FROM json_each(?5))
		AND a.invert<>(a.subject=2 OR a.subject=3 AND ?3<>'[]' OR a.subject=4 AND ?3='[]' OR a.subject=1 AND a.who IN (SELECT value FROM json_each(?3)))))`

// principal by its UNIQUE, collection_root, principal_owner, collection_owner

// Reach finds the home of a user for somebody else, known by himself and all his groups (nobody: a caller without a login): when he
// stands in for the user, when anything in the home is granted to one of them, or when all is granted to him, as to an administrator.
// ErrNotFound otherwise, as for a user that there is not: the one statement is the same.
func (tx *Tx) Reach(kind Kind, user string, subjects []int64, all bool) (*Collection, *Principal, error) {
	h, p := &Collection{}, &Principal{}
	list, err := jsonIDs(subjects)
	if err == nil {
		var kinds string
		if kinds, err = jsonIDs(kind.within()); err == nil {
			err = tx.one(append(collections.targets(h), principals.targets(p)...), reach, int64(kind), user, list, truth{&all}, kinds)
		}
	}
	if err != nil {
		return nil, nil, fmt.Errorf("home of %q: %w", user, err)
	}
	return h, p, nil
}
