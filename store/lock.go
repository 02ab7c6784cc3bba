package store

import (
	"encoding/json"
	"errors"
	"fmt"
)

// LockKey is what a lock stands on: a collection itself, with an empty name, or the member of that name in it, whether there
// is one or not. So a lock outlives what is put under its name, and does not follow what is moved away.
type LockKey struct {
	Collection int64
	Name       string
}

// Lock is a write lock. One that has expired is nowhere: no function here returns it or takes it for one.
type Lock struct {
	Token string
	LockKey
	Deep, Shared bool
	Owner        string // DAV:owner as markup; may be empty
	Principal    int64
	Expires      int64 // unix

	// Of a lock found below a tree: its top, and the names that lead from there to what is locked.
	Top  int64
	Path []string
}

var locks = newTable("lock", []column[Lock]{
	{"token", fixed, func(l *Lock) any { return &l.Token }},
	{"collection", fixed, func(l *Lock) any { return num(&l.Collection) }},
	{"name", fixed, func(l *Lock) any { return &l.Name }},
	{"deep", fixed, func(l *Lock) any { return truth{&l.Deep} }},
	{"shared", fixed, func(l *Lock) any { return truth{&l.Shared} }},
	{"owner", fixed, func(l *Lock) any { return &l.Owner }},
	{"principal", fixed, func(l *Lock) any { return num(&l.Principal) }},
	{"expires", fixed, func(l *Lock) any { return num(&l.Expires) }},
})

var (
	// lock_at for each key; of each tree, collection_parent and then lock_at.
	locksAround = `WITH RECURSIVE tree(id, top, path) AS (
		SELECT value, value, '[]' FROM json_each(?2)
		UNION ALL SELECT c.id, tree.top, json_insert(tree.path, '$[#]', c.name) FROM tree CROSS JOIN collection c ON c.parent=tree.id AND c.deleted=0)
		SELECT ` + locks.of("l") + `, 0, '' FROM json_each(?1) k CROSS JOIN lock l ON l.collection=json_extract(k.value, '$[0]') AND l.name=json_extract(k.value, '$[1]') WHERE l.expires>?3
		UNION ALL SELECT ` + locks.of("l") + `, tree.top, tree.path FROM tree CROSS JOIN lock l ON l.collection=tree.id WHERE l.expires>?3`
	lockOf = `SELECT ` + locks.of("l") + ` FROM lock l WHERE l.token=? AND l.expires>?` // its key
	// lock_at; collection_parent and then lock_at.
	locksListed = `SELECT ` + locks.of("l") + ` FROM lock l WHERE l.collection=?1 AND l.expires>?2
		UNION ALL SELECT ` + locks.of("l") + ` FROM collection c CROSS JOIN lock l ON l.collection=c.id AND l.name='' WHERE c.parent=?1 AND c.deleted=0 AND l.expires>?2`
)

// Locks are those that stand on one of the keys, and those anywhere in the trees of collections, their tops included: one
// statement, and none at all while nothing is locked in the whole file.
func (tx *Tx) Locks(keys []LockKey, trees []int64) ([]Lock, error) {
	if !tx.state.Locked || len(keys)+len(trees) == 0 {
		return nil, nil
	}
	pairs := make([][2]any, len(keys))
	for i, k := range keys {
		pairs[i] = [2]any{k.Collection, k.Name}
	}
	list, err := json.Marshal(pairs)
	if err != nil {
		return nil, err
	}
	tops, err := jsonIDs(trees)
	if err != nil {
		return nil, err
	}
	var l Lock
	var path string
	var found []Lock
	var bad error
	step := func() bool {
		one := l
		if path != "" {
			bad = json.Unmarshal([]byte(path), &one.Path)
			if one.Name != "" {
				one.Path = append(one.Path, one.Name)
			}
		}
		found = append(found, one)
		return bad == nil
	}
	err = tx.each(append(locks.targets(&l), num(&l.Top), &path), step, locksAround, string(list), tops, tx.Now.Unix())
	if err := errors.Join(err, bad); err != nil {
		return nil, fmt.Errorf("read locks: %w", err)
	}
	return found, nil
}

// LockOf is the lock with that token; ErrNotFound.
func (tx *Tx) LockOf(token string) (*Lock, error) {
	l := &Lock{}
	if err := tx.one(locks.targets(l), lockOf, token, tx.Now.Unix()); err != nil {
		return nil, fmt.Errorf("lock: %w", err)
	}
	return l, nil
}

// LocksListed are those a listing of the collection shows: its own, and those on its members, by what they stand on.
func (tx *Tx) LocksListed(collection int64) (map[LockKey][]Lock, error) {
	if !tx.state.Locked {
		return nil, nil
	}
	found := map[LockKey][]Lock{}
	var l Lock
	step := func() bool { found[l.LockKey] = append(found[l.LockKey], l); return true }
	if err := tx.each(locks.targets(&l), step, locksListed, collection, tx.Now.Unix()); err != nil {
		return nil, fmt.Errorf("list locks: %w", err)
	}
	return found, nil
}

// maxLocks one principal may hold.
const maxLocks = 1000

// ErrTooManyLocks: a principal holds as many as it may.
var ErrTooManyLocks = errors.New("too many locks")

// CreateLock does not look for others: the caller has judged them in this transaction. What has expired is swept.
func (tx *Tx) CreateLock(l *Lock) error {
	if err := tx.createLock(l); err != nil {
		return fmt.Errorf("create a lock: %w", err)
	}
	return nil
}

func (tx *Tx) createLock(l *Lock) error {
	if _, err := tx.exec(`DELETE FROM lock WHERE expires<=?`, tx.Now.Unix()); err != nil { // lock_expires
		return err
	}
	var held int64
	if err := tx.one([]any{num(&held)}, `SELECT count(*) FROM lock WHERE principal=?`, l.Principal); err != nil { // lock_principal
		return err
	}
	if held >= maxLocks {
		return ErrTooManyLocks
	}
	tx.state.Locked = true
	_, err := tx.exec(locks.insert, locks.values(l, inserted)...)
	return err
}

// RefreshLock gives it another time to expire; ErrNotFound.
func (tx *Tx) RefreshLock(token string, expires int64) error {
	if err := tx.mustTouch(`UPDATE lock SET expires=? WHERE token=? AND expires>?`, expires, token, tx.Now.Unix()); err != nil {
		return fmt.Errorf("refresh a lock: %w", err)
	}
	return nil
}

// RekeyLock lets a lock stay on its URL, where something with another key stands now.
func (tx *Tx) RekeyLock(token string, to LockKey) error {
	if err := tx.mustTouch(`UPDATE lock SET collection=?, name=? WHERE token=?`, to.Collection, to.Name, token); err != nil {
		return fmt.Errorf("keep a lock on its place: %w", err)
	}
	return nil
}

// RemoveLock of what is gone already is no error.
func (tx *Tx) RemoveLock(token string) error {
	if _, err := tx.exec(`DELETE FROM lock WHERE token=?`, token); err != nil {
		return fmt.Errorf("remove a lock: %w", err)
	}
	return nil
}
