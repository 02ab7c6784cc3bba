package store

import "fmt"

// DeadProperty is one the server only keeps. Object 0 is the collection itself.
type DeadProperty struct {
	Object            int64
	Space, Local, XML string
}

func (tx *Tx) deadRows(each func(DeadProperty), query string, args ...any) error {
	var p DeadProperty
	step := func() bool { each(p); return true }
	return tx.each([]any{num(&p.Object), &p.Space, &p.Local, &p.XML}, step, query, args...)
}

const deadProperties = `SELECT ifnull(object,0), space, name, xml FROM property WHERE collection=+? AND ifnull(object,0)=+? ORDER BY space, name` // property_key

// DeadProperties of an object, or with 0 of the collection itself.
func (tx *Tx) DeadProperties(collection, object int64) ([]DeadProperty, error) {
	var list []DeadProperty
	err := tx.deadRows(func(p DeadProperty) { list = append(list, p) }, deadProperties, collection, object)
	if err != nil {
		return nil, fmt.Errorf("dead properties: %w", err)
	}
	return list, nil
}

// maxDeadHeld is how many octets DeadOfMembers holds at once.
const maxDeadHeld = 32 << 20

// DeadOfMembers has those of all objects of a collection, by object, in one statement. ErrTooLong: they are to be asked
// for one object after the other.
func (tx *Tx) DeadOfMembers(collection int64) (map[int64][]DeadProperty, error) {
	return tx.deadOfMany(`SELECT ifnull(object,0), space, name, xml FROM property WHERE collection=+? AND ifnull(object,0)>0 ORDER BY ifnull(object,0), space, name`, collection) // property_key
}

// DeadOfChildren is the same for the collections in a collection, by their ids.
func (tx *Tx) DeadOfChildren(parent int64) (map[int64][]DeadProperty, error) {
	return tx.deadOfMany(deadOfChildren, parent)
}

const deadOfChildren = `SELECT c.id, p.space, p.name, p.xml FROM collection c CROSS JOIN property p ON p.collection=c.id AND ifnull(p.object,0)=0
	WHERE c.parent=+? AND c.deleted=0 ORDER BY c.id, p.space, p.name` // collection_parent, property_key

func (tx *Tx) deadOfMany(query string, collection int64) (map[int64][]DeadProperty, error) {
	byMember := map[int64][]DeadProperty{}
	var p DeadProperty
	size := 0
	step := func() bool {
		byMember[p.Object] = append(byMember[p.Object], p)
		size += len(p.XML)
		return size <= maxDeadHeld
	}
	err := tx.each([]any{num(&p.Object), &p.Space, &p.Local, &p.XML}, step, query, collection)
	if err == nil && size > maxDeadHeld {
		err = ErrTooLong
	}
	if err != nil {
		return nil, fmt.Errorf("dead properties of members: %w", err)
	}
	return byMember, nil
}

// HaveDead says which objects of a collection have any.
func (tx *Tx) HaveDead(collection int64) (map[int64]bool, error) {
	have := map[int64]bool{}
	var object int64
	step := func() bool { have[object] = true; return true }
	err := tx.each([]any{num(&object)}, step,
		`SELECT DISTINCT ifnull(object,0) FROM property WHERE collection=? AND ifnull(object,0)>0`, collection) // property_key
	if err != nil {
		return nil, fmt.Errorf("members with dead properties: %w", err)
	}
	return have, nil
}

// DeadBeside counts those of other names that a resource keeps, and their octets.
func (tx *Tx) DeadBeside(collection, object int64, space, local string) (count, octets int64, err error) {
	err = tx.one([]any{num(&count), num(&octets)},
		`SELECT count(*), ifnull(sum(octet_length(xml)), 0) FROM property WHERE collection=? AND ifnull(object,0)=? AND NOT (space=? AND name=?)`, collection, object, space, local) // property_key
	if err != nil {
		return 0, 0, fmt.Errorf("count dead properties: %w", err)
	}
	return count, octets, nil
}

// SetDead adds or replaces. It moves no revision: who sets properties of a collection saves it as well.
func (tx *Tx) SetDead(collection, object int64, space, local, xml string) error {
	_, err := tx.exec(`INSERT INTO property(collection, object, space, name, xml) VALUES(?, ?, ?, ?, ?)
		ON CONFLICT(collection, ifnull(object,0), space, name) DO UPDATE SET xml=excluded.xml`, collection, link{&object}, space, local, xml)
	if err != nil {
		return fmt.Errorf("set dead property %s: %w", local, err)
	}
	return nil
}

// RemoveDead of what is not there is no error.
func (tx *Tx) RemoveDead(collection, object int64, space, local string) error {
	_, err := tx.exec(`DELETE FROM property WHERE collection=? AND ifnull(object,0)=? AND space=? AND name=?`, collection, object, space, local)
	if err != nil {
		return fmt.Errorf("remove dead property %s: %w", local, err)
	}
	return nil
}

// CopyDead gives a copy the dead properties of its source (RFC 4918 §9.8.2); those it has of the same names are replaced.
func (tx *Tx) CopyDead(fromCollection, fromObject, toCollection, toObject int64) error {
	_, err := tx.exec(`INSERT INTO property(collection, object, space, name, xml)
		SELECT ?, ?, space, name, xml FROM property WHERE collection=? AND ifnull(object,0)=?
		ON CONFLICT(collection, ifnull(object,0), space, name) DO UPDATE SET xml=excluded.xml`, toCollection, link{&toObject}, fromCollection, fromObject)
	if err != nil {
		return fmt.Errorf("copy dead properties: %w", err)
	}
	return nil
}
