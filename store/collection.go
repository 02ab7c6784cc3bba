package store

import (
	"errors"
	"fmt"
	"iter"
	"strconv"

	"caldav-fcgi/dav/privilege"
)

type Kind uint8

const (
	KindPrincipal Kind = iota + 1 // a principal's own node: holds its dead properties
	KindCalendarHome
	KindCalendar
	KindInbox
	KindOutbox
	KindNotifications
	KindAttachments
	KindAddressHome
	KindAddressBook
	KindFiles
	KindBirthdays // a calendar that is made from cards, and read only
)

// within are the home's own kind, and those of what can lie in it.
func (k Kind) within() []int64 {
	all := []int64{int64(k)}
	for other := KindCalendarHome; other <= KindBirthdays; other++ {
		if other != k && !other.home() && other.In() == k {
			all = append(all, int64(other))
		}
	}
	return all
}

// In is the kind of home that collections of this kind lie in.
func (k Kind) In() Kind {
	switch k {
	case KindFiles:
		return KindFiles
	case KindBirthdays:
		return KindCalendarHome
	case KindAddressBook:
		return KindAddressHome
	}
	return KindCalendarHome
}

// home says whether collections of this kind hold collections, whose changes show in its own sync.
func (k Kind) home() bool { return k == KindCalendarHome || k == KindAddressHome || k == KindFiles }

// nests says whether such collections lie in each other, to any depth.
func (k Kind) nests() bool { return k == KindFiles }

type Collection struct {
	ID, Parent, Owner                     int64 // Parent is 0 for a root
	Kind                                  Kind
	Name                                  string
	Rev                                   int64  // last change of a member
	Own                                   int64  // last change of its own properties
	Config                                int64  // +1 when something changes that objects are checked or indexed by
	Components                            uint32 // bits; 0: all
	Display, Description, Color, Timezone *string
	Order                                 *int64
	Transparent                           bool
	Objects, Bytes                        int64
	Created, Modified                     int64
	Target                                int64           // of an accepted share: the collection that is shared
	Level                                 privilege.Level // of the share
	Viewed                                int64           // revision when the level last changed
	Shared                                bool            // it is shared with somebody
	Chosen                                int64           // of a home: the collection that new things go into; 0, or one that is gone: the oldest

	tag     int64 // of the change row Rev
	viewed  int64 // … of Viewed
	deleted int64 // 0, or hidden while it is being made
}

var collections = newTable("collection", []column[Collection]{
	{"id", inserted, func(c *Collection) any { return num(&c.ID) }},
	{"parent", inserted, func(c *Collection) any { return link{&c.Parent} }},
	{"owner", inserted, func(c *Collection) any { return num(&c.Owner) }},
	{"kind", inserted, func(c *Collection) any { return num(&c.Kind) }},
	{"name", inserted, func(c *Collection) any { return &c.Name }},
	{"deleted", inserted, func(c *Collection) any { return num(&c.deleted) }},
	{"rev", inserted, func(c *Collection) any { return num(&c.Rev) }},
	{"own", varies, func(c *Collection) any { return num(&c.Own) }},
	{"config", varies, func(c *Collection) any { return num(&c.Config) }},
	{"components", varies, func(c *Collection) any { return num(&c.Components) }},
	{"display", varies, func(c *Collection) any { return &c.Display }},
	{"description", varies, func(c *Collection) any { return &c.Description }},
	{"color", varies, func(c *Collection) any { return &c.Color }},
	{"timezone", varies, func(c *Collection) any { return &c.Timezone }},
	{"ord", varies, func(c *Collection) any { return &c.Order }},
	{"transp", varies, func(c *Collection) any { return truth{&c.Transparent} }},
	{"objects", read, func(c *Collection) any { return num(&c.Objects) }},
	{"bytes", read, func(c *Collection) any { return num(&c.Bytes) }},
	{"created", inserted, func(c *Collection) any { return num(&c.Created) }},
	{"modified", varies, func(c *Collection) any { return num(&c.Modified) }},
	{"target", inserted, func(c *Collection) any { return link{&c.Target} }},
	{"level", varies, func(c *Collection) any { return num(&c.Level) }},
	{"viewed", varies, func(c *Collection) any { return num(&c.Viewed) }},
	{"chosen", varies, func(c *Collection) any { return link{&c.Chosen} }},
	{"(EXISTS(SELECT 1 FROM share WHERE share.collection=collection.id))", read, func(c *Collection) any { return truth{&c.Shared} }}, // share_address
	{"(SELECT tag FROM change WHERE change.rev=nullif(collection.viewed, 0))", read, func(c *Collection) any { return link{&c.viewed} }},
	{"(SELECT tag FROM change WHERE change.rev=collection.rev)", read, func(c *Collection) any { return num(&c.tag) }},
})

var (
	collectionRoot  = `SELECT ` + collections.list + ` FROM collection WHERE owner=? AND kind=? AND parent IS NULL AND deleted=0` // collection_root
	collectionChild = `SELECT ` + collections.list + ` FROM collection WHERE parent=? AND name=? AND deleted=0`                   // collection_name
	collectionByID  = `SELECT ` + collections.list + ` FROM collection WHERE id=? AND deleted=0`
	collectionsOf   = `SELECT ` + collections.list + ` FROM collection WHERE parent=? AND deleted=0 ORDER BY id` // collection_parent
)

func (tx *Tx) collection(query string, args ...any) (*Collection, error) {
	c := &Collection{}
	if err := tx.one(collections.targets(c), query, args...); err != nil {
		return nil, err
	}
	return c, nil
}

// Root is the home, or the own node, of a principal; ErrNotFound.
func (tx *Tx) Root(owner int64, kind Kind) (*Collection, error) {
	c, err := tx.collection(collectionRoot, owner, int64(kind))
	if err != nil {
		return nil, fmt.Errorf("root of kind %d of principal %d: %w", kind, owner, err)
	}
	return c, nil
}

func (tx *Tx) Collection(parent int64, name string) (*Collection, error) {
	c, err := tx.collection(collectionChild, parent, name)
	if err != nil {
		return nil, fmt.Errorf("collection %q: %w", name, err)
	}
	return c, nil
}

func (tx *Tx) CollectionByID(id int64) (*Collection, error) {
	c, err := tx.collection(collectionByID, id)
	if err != nil {
		return nil, fmt.Errorf("collection %d: %w", id, err)
	}
	return c, nil
}

// Collections are the children, the oldest first.
func (tx *Tx) Collections(parent int64) iter.Seq2[*Collection, error] {
	return func(yield func(*Collection, error) bool) {
		row := &Collection{}
		step := func() bool { c := *row; return yield(&c, nil) }
		if err := tx.each(collections.targets(row), step, collectionsOf, parent); err != nil {
			yield(nil, fmt.Errorf("collections of %d: %w", parent, err))
		}
	}
}

// CreateCollection fills in ID, Rev, Own and times. Parent 0 makes a root of Owner. ErrExists, ErrBadName; ErrNotFound when there
// is no such parent.
func (tx *Tx) CreateCollection(c *Collection) error {
	if err := tx.createCollection(c); err != nil {
		return fmt.Errorf("create collection %q: %w", c.Name, err)
	}
	return nil
}

func (tx *Tx) createCollection(c *Collection) error {
	if c.Parent == 0 {
		if err := usableName(c.Name); err != nil {
			return err
		}
		if taken, err := tx.has(`SELECT id FROM collection WHERE owner=? AND kind=? AND parent IS NULL AND deleted=0`, c.Owner, int64(c.Kind)); err != nil {
			return err
		} else if taken {
			return ErrExists
		}
	} else {
		if err := tx.freeName(c.Parent, c.Name); err != nil {
			return err
		}
		if err := tx.touchParent(c.Parent, c.Name); err != nil {
			return err
		}
	}
	first, err := tx.record(change{first: true})
	if err != nil {
		return err
	}
	c.ID, c.Rev, c.Own, c.tag = first.rev, first.rev, first.rev, first.tag
	c.Created, c.Modified = tx.Now.Unix(), tx.Now.Unix()
	c.Config, c.Objects, c.Bytes = 0, 0, 0
	if c.Target != 0 {
		c.Viewed = c.Rev
	}
	_, err = tx.exec(collections.insert, collections.values(c, inserted)...)
	if err == nil && c.Parent == 0 && c.Kind.home() {
		err = tx.settleMember(c.Owner)
	}
	return err
}

// touchParent logs that a child collection came, went or was renamed. The row has its name: a tombstone when nothing has that name.
func (tx *Tx) touchParent(parent int64, name string) error {
	row, err := tx.record(change{collection: parent, name: name})
	if err != nil {
		return err
	}
	return tx.mustTouch(`UPDATE collection SET rev=? WHERE id=? AND deleted=0`, row.rev, parent)
}

// SaveCollection writes the own properties, raises Own, and Config when Components or Timezone changed. Name, parent and owner stay:
// those are MoveCollection's.
func (tx *Tx) SaveCollection(c *Collection) error {
	err := tx.saveCollection(c)
	if err != nil {
		return fmt.Errorf("save collection %q: %w", c.Name, err)
	}
	return nil
}

func (tx *Tx) saveCollection(c *Collection) error {
	var components uint32
	var timezone *string
	var config int64
	if err := tx.one([]any{num(&components), &timezone, num(&config)}, `SELECT components, timezone, config FROM collection WHERE id=? AND deleted=0`, c.ID); err != nil {
		return err
	}
	same := timezone == nil && c.Timezone == nil || timezone != nil && c.Timezone != nil && *timezone == *c.Timezone
	if !same || components != c.Components {
		config++
	}
	row, err := tx.record(change{collection: c.ID})
	if err != nil {
		return err
	}
	c.Own, c.Config, c.Modified = row.rev, config, tx.Now.Unix()
	return tx.mustTouch(collections.update, append(collections.values(c, updated), c.ID)...)
}

// DeleteCollection takes the collection and everything below it away at once; a job of kind "purge" empties it later. Shares end with it.
// Deleting an accepted share declines it.
func (tx *Tx) DeleteCollection(c *Collection) error {
	remove := tx.deleteCollection
	if c.Target != 0 {
		remove = tx.declineMount
	}
	if err := remove(c); err != nil {
		return fmt.Errorf("delete collection %q: %w", c.Name, err)
	}
	return nil
}

// below is the collection ?1 and all live ones in it.
const below = `WITH RECURSIVE below(id) AS (SELECT id FROM collection WHERE id=?1 AND deleted=0
	UNION ALL SELECT collection.id FROM below CROSS JOIN collection ON collection.parent=below.id AND collection.deleted=0) `

func (tx *Tx) deleteCollection(c *Collection) error {
	var bytes int64
	if err := tx.one([]any{num(&bytes)}, below+`SELECT ifnull(sum(bytes), 0) FROM collection WHERE id IN below`, c.ID); err != nil {
		return err
	}
	if err := tx.unmount(c); err != nil {
		return err
	}
	if err := tx.unshare(c); err != nil {
		return err
	}
	if err := tx.mustTouch(below+`UPDATE collection SET deleted=?2 WHERE id IN below`, c.ID, max(1, tx.Now.Unix())); err != nil {
		return err
	}
	if err := tx.count(c.Owner, -bytes); err != nil {
		return err
	}
	if c.Parent != 0 {
		if err := tx.touchParent(c.Parent, c.Name); err != nil {
			return err
		}
	}
	return tx.Enqueue(Job{Kind: "purge", Key: purgeKey(c), Due: tx.Now.Unix()})
}

func purgeKey(c *Collection) string { return strconv.FormatInt(c.ID, 10) }

// Extent is what a collection holds with all collections in it. Height is that of the tree: 0 when it holds no collections.
type Extent struct{ Height, Collections, Objects int64 }

// Extent counts the collection itself too.
func (tx *Tx) Extent(c *Collection) (Extent, error) {
	var e Extent
	err := tx.one([]any{num(&e.Height), num(&e.Collections), num(&e.Objects)}, `WITH RECURSIVE tree(id, height, objects) AS (SELECT id, 0, objects FROM collection WHERE id=? AND deleted=0
		UNION ALL SELECT c.id, height+1, c.objects FROM tree CROSS JOIN collection c ON c.parent=tree.id AND c.deleted=0)
		SELECT ifnull(max(height), 0), count(*), ifnull(sum(objects), 0) FROM tree`, c.ID) // collection_parent
	if err != nil {
		return e, fmt.Errorf("extent of collection %q: %w", c.Name, err)
	}
	return e, nil
}

// MoveCollection gives the collection another name, another parent, or both. It keeps its row, and so its objects, dead properties and
// tokens, entries and shares; what goes into the home of somebody else becomes theirs, which an accepted share cannot. ErrExists; ErrBadName
// also for a place below itself.
func (tx *Tx) MoveCollection(c *Collection, parent *Collection, name string) error {
	if err := tx.moveCollection(c, parent, name); err != nil {
		return fmt.Errorf("move collection %q to %q: %w", c.Name, name, err)
	}
	return nil
}

func (tx *Tx) moveCollection(c *Collection, parent *Collection, name string) error {
	if inside, err := tx.has(below+`SELECT id FROM below WHERE id=?2`, c.ID, parent.ID); err != nil {
		return err
	} else if inside {
		return fmt.Errorf("%w: a collection cannot be moved into itself", ErrBadName)
	}
	if c.Target != 0 && parent.Owner != c.Owner {
		return fmt.Errorf("%w: what somebody else shares cannot be given away", ErrBadName)
	}
	if err := tx.freeName(parent.ID, name); err != nil {
		return err
	}
	if c.Parent != 0 {
		if err := tx.touchParent(c.Parent, c.Name); err != nil {
			return err
		}
	}
	if err := tx.touchParent(parent.ID, name); err != nil {
		return err
	}
	if parent.Owner != c.Owner {
		if err := tx.rehome(c, parent.Owner); err != nil {
			return err
		}
		var bytes int64
		if err := tx.one([]any{num(&bytes)}, below+`SELECT ifnull(sum(bytes), 0) FROM collection WHERE id IN below`, c.ID); err != nil {
			return err
		}
		if err := errors.Join(tx.count(c.Owner, -bytes), tx.count(parent.Owner, bytes)); err != nil {
			return err
		}
		if err := tx.mustTouch(below+`UPDATE collection SET owner=?2 WHERE id IN below`, c.ID, parent.Owner); err != nil {
			return err
		}
	}
	row, err := tx.record(change{collection: c.ID}) // shows as a change in the new home
	if err != nil {
		return err
	}
	c.Parent, c.Owner, c.Name, c.Own, c.Modified = parent.ID, parent.Owner, name, row.rev, tx.Now.Unix()
	return tx.mustTouch(`UPDATE collection SET parent=?, name=?, own=?, modified=? WHERE id=?`, c.Parent, c.Name, c.Own, c.Modified, c.ID)
}

// freeName: neither an object nor a collection has the name.
func (tx *Tx) freeName(collection int64, name string) error {
	if err := usableName(name); err != nil {
		return err
	}
	taken, err := tx.has(`SELECT id FROM collection WHERE parent=?1 AND name=?2 AND deleted=0
		UNION ALL SELECT id FROM object WHERE collection=?1 AND name=?2`, collection, name)
	if err == nil && taken {
		return ErrExists
	}
	return err
}

// mustTouch is a write that finds its row; ErrNotFound when it is gone.
func (tx *Tx) mustTouch(query string, args ...any) error {
	n, err := affected(tx.exec(query, args...))
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}
