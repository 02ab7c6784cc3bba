package store

import (
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
)

// Want says what a caller needs beyond the narrow row.
type Want uint8

const (
	Body   Want = 1 << iota // Object.Body
	Series                  // Object.Index: what is in it besides UID, Kind and Flags
	Rights                  // for the layers above: access control entries
	Locks                   // … locks
	Dead                    // … dead properties, by DeadProperties and DeadOfMembers
	Brief                   // less than the narrow row: what a list of names and tags is made of, a third of its cost
)

// Hidden is the bit of Object.Flags that the store knows: people who see nothing private of a collection do not see the object.
const Hidden uint32 = 1 << 31

// Object is a member that is not a collection. UID, Kind and Flags stand in Index too, with the same values.
type Object struct {
	ID, Collection          int64
	Name, UID               string
	Kind, Flags             uint32
	ETag                    []byte // hash of the stored octets; Tag makes an ETag of it
	Size, Modified, Created int64
	Rev                     int64
	ScheduleTag, Media      string
	Content                 int64 // of a large file: Body is nil, ReadContent has the octets
	Index
	Body []byte // valid until the next step of the iteration

	body int64
}

var objects = newTable("object", []column[Object]{
	{"id", inserted, func(o *Object) any { return num(&o.ID) }},
	{"collection", sorted, func(o *Object) any { return num(&o.Collection) }},
	{"name", sorted, func(o *Object) any { return &o.Name }},
	{"uid", sorted, func(o *Object) any { return text{&o.UID} }},
	{"kind", sorted, func(o *Object) any { return num(&o.Kind) }},
	{"flags", varies, func(o *Object) any { return num(&o.Flags) }},
	{"etag", varies, func(o *Object) any { return &o.ETag }},
	{"size", varies, func(o *Object) any { return num(&o.Size) }},
	{"modified", varies, func(o *Object) any { return num(&o.Modified) }},
	{"created", inserted, func(o *Object) any { return num(&o.Created) }},
	{"rev", varies, func(o *Object) any { return num(&o.Rev) }},
	{"stag", varies, func(o *Object) any { return text{&o.ScheduleTag} }},
	{"media", varies, func(o *Object) any { return text{&o.Media} }},
	{"content", sorted, func(o *Object) any { return link{&o.Content} }},
})

// objectIndex is read together with the series: a listing needs none of it.
var objectIndex = newTable("object", []column[Object]{
	{"indexed", sorted, func(o *Object) any { return num(&o.Index.Version) }},
	{"bucket", sorted, func(o *Object) any { return num(&o.Index.Bucket) }},
	{"first", sorted, func(o *Object) any { return num(&o.Index.First) }},
	{"last", sorted, func(o *Object) any { return num(&o.Index.Last) }},
})

// objectsBrief is what Brief leaves.
var objectsBrief = objects.only("id", "name", "kind", "flags", "etag", "rev", "media")

// shapes has one text for each set of wanted columns, so that the statement cache serves them.
//
// SQLite guesses from a bound value how many rows have it (a small number: many), and therefore prepares a statement anew each time it
// is bound, which costs more than most statements do themselves. It does so where there is something to plan: in a join, and under an
// ORDER BY or LIMIT. Nothing is guessed from an expression, so there a parameter is written +?.
type shapes [8]string

// shape is the place of a set of wanted columns.
func (want Want) shape() int {
	if want&Brief != 0 {
		return int(want&(Body|Series) | 4)
	}
	return int(want & (Body | Series))
}

func newShapes(build func(list string) string) *shapes {
	var s shapes
	for w := range s {
		list := objects.of("o")
		if w&4 != 0 {
			list = objectsBrief.of("o")
		}
		if Want(w)&Series != 0 {
			list += ", " + objectIndex.of("o") + ", o.series"
		}
		if Want(w)&Body != 0 {
			list += ", (SELECT data FROM body WHERE id=o.body)"
		}
		s[w] = build(list)
	}
	return &s
}

var (
	objectByName = newShapes(func(list string) string { // object_name
		return `SELECT ` + list + ` FROM object o WHERE o.collection=? AND o.name=?`
	})
	objectsAll = newShapes(func(list string) string { // object_rev: the rows lie nearly in this order, which halves the cost
		return `SELECT ` + list + ` FROM object o WHERE o.collection=+? ORDER BY o.rev`
	})
	objectsNamed = newShapes(func(list string) string { // object_name, in the order of the names
		return `SELECT ` + list + ` FROM json_each(?2) n CROSS JOIN object o ON o.collection=+?1 AND o.name=n.value`
	})
	objectsByID = newShapes(func(list string) string { // in the order of the IDs
		return `SELECT ` + list + ` FROM json_each(?2) n CROSS JOIN object o ON o.id=n.value AND o.collection=+?1`
	})
	objectsWithUID = newShapes(func(list string) string { // object_uid
		return `SELECT ` + list + ` FROM object o WHERE o.collection=?1 AND length(o.uid)=length(?2) AND o.uid=?2 COLLATE NOCASE AND +o.uid=?2`
	})
)

// objects yields rows of a statement that has the wanted columns, all in one Object. Its first parameter is the collection, at least
// for a Brief one.
func (tx *Tx) objects(what string, s *shapes, want Want, args ...any) iter.Seq2[*Object, error] {
	return func(yield func(*Object, error) bool) {
		row := &Object{}
		dest := objects.targets(row)
		if want&Brief != 0 {
			row.Collection, _ = args[0].(int64)
			dest = objectsBrief.targets(row)
		}
		var series, body sql.RawBytes
		if want&Series != 0 {
			dest = append(append(dest, objectIndex.targets(row)...), &series)
		}
		if want&Body != 0 {
			dest = append(dest, &body)
		}
		step := func() bool {
			row.Index.UID, row.Index.Kind, row.Index.Flags = row.UID, row.Kind, row.Flags
			row.Index.Series, row.Body = series, body
			return yield(row, nil)
		}
		if err := tx.each(dest, step, s[want.shape()], args...); err != nil {
			yield(nil, fmt.Errorf("%s: %w", what, err))
		}
	}
}

// Object finds by name; ErrNotFound. Its Body and Series stay valid.
func (tx *Tx) Object(collection int64, name string, want Want) (*Object, error) {
	for o, err := range tx.objects("object", objectByName, want, collection, name) {
		if err != nil {
			return nil, err
		}
		kept := *o // its octets are the row's own
		if want&Body != 0 && o.Content == 0 && o.Body == nil {
			kept.Body = []byte{}
		}
		return &kept, nil
	}
	return nil, fmt.Errorf("object %q: %w", name, ErrNotFound)
}

// Objects are all members, by revision, or those of the given names that exist, in the order of the names. One statement.
// What is yielded is valid until the next step: copy the Object to keep it.
// Nothing may be written to objects while it runs.
func (tx *Tx) Objects(collection int64, want Want, names ...string) iter.Seq2[*Object, error] {
	if names == nil {
		return tx.objects("list objects", objectsAll, want, collection)
	}
	list, err := jsonNames(names)
	if err != nil {
		return func(yield func(*Object, error) bool) { yield(nil, err) }
	}
	return tx.objects("read objects", objectsNamed, want, collection, list)
}

// ObjectsByID are members by their rows, in the order of the IDs.
func (tx *Tx) ObjectsByID(collection int64, want Want, ids []int64) iter.Seq2[*Object, error] {
	list := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, id, 10)
	}
	return tx.objects("read objects", objectsByID, want, collection, string(append(list, ']')))
}

// ObjectsByUID yields one object at most: a UID is taken once in a collection.
func (tx *Tx) ObjectsByUID(collection int64, uid string, want Want) iter.Seq2[*Object, error] {
	return tx.objects("objects by UID", objectsWithUID, want, collection, uid)
}

// PutObject stores the body and everything that follows from it: the row, its index columns, one change row that keeps the body it
// replaces, the counters. o.ID 0 makes a new object of o.Name; o.Media and o.ScheduleTag are stored as they are. The rest of o is filled in.
// *UIDTaken, ErrExists, ErrBadName; ErrNotFound when o is gone.
func (tx *Tx) PutObject(c *Collection, o *Object, body []byte, ix Index) error {
	if err := tx.putObject(c, o, stored{data: body, hash: hashOf(body), size: int64(len(body))}, ix); err != nil {
		return fmt.Errorf("put object %q: %w", o.Name, err)
	}
	return nil
}

// stored is what an object is to hold: octets, or a large body that is there already.
type stored struct {
	data    []byte
	content int64
	hash    []byte
	size    int64
}

func (tx *Tx) putObject(c *Collection, o *Object, body stored, ix Index) error {
	ix.Bucket = bucketOf(ix.First, ix.Last)
	old, err := tx.clash(c.ID, o.ID, o.Name, ix)
	if err != nil {
		return err
	}
	if o.ID != 0 && !old.found {
		return ErrNotFound
	}
	if o.body, o.Content = 0, body.content; o.Content == 0 {
		if o.body, err = tx.addBody(body.data); err != nil {
			return err
		}
	}
	var hides hiding
	if ix.Flags&Hidden != 0 && old.flags&Hidden == 0 {
		hides = asPrivate
	}
	row, err := tx.record(change{collection: c.ID, object: o.ID, first: o.ID == 0, body: old.body, hides: hides})
	if err != nil {
		return err
	}
	o.Collection, o.Rev, o.Modified = c.ID, row.rev, tx.Now.Unix()
	o.ETag, o.Size = body.hash, body.size
	o.UID, o.Kind, o.Flags, o.Index = ix.UID, ix.Kind, ix.Flags, ix
	added := int64(0)
	if o.ID == 0 {
		added, o.ID, o.Created = 1, row.rev, o.Modified
		_, err = tx.exec(objectWrites.insert, objectWrites.values(o, inserted)...)
	} else if old.sorted && old.content == o.Content {
		err = tx.mustTouch(objectWrites.touch, append(objectWrites.valuesBut(o, updated, ordering), o.ID)...)
	} else {
		err = tx.mustTouch(objectWrites.update, append(objectWrites.values(o, updated), o.ID)...)
	}
	if err != nil {
		return err
	}
	if c.Kind == KindAddressBook {
		if err := tx.putKeys(c.ID, o.ID, added == 1, ix.Keys); err != nil {
			return err
		}
	}
	if old.content != 0 && old.content != o.Content {
		if err := tx.dropContent(old.content, tx.Now.Unix()); err != nil {
			return err
		}
	}
	return tx.tally(c, row, added, o.Size-old.size)
}

// objectWrites has what is read only when asked for, too.
var objectWrites = newTable("object", slices.Concat(objects.columns, objectIndex.columns, []column[Object]{
	{"body", varies, func(o *Object) any { return link{&o.body} }},
	{"series", varies, func(o *Object) any { return &o.Index.Series }},
}))

// former is what an object was before.
type former struct {
	found               bool
	body, size, content int64
	flags               uint32
	sorted              bool // where the new one is
}

// clash reads the object and whatever else of the collection has its name or its UID, in one statement.
func (tx *Tx) clash(collection, id int64, name string, ix Index) (former, error) {
	var old former
	if err := usableName(name); err != nil {
		return old, err
	}
	var row former
	var what int64
	var other string
	var err error
	step := func() bool {
		switch {
		case what == 0:
			old, old.found = row, true
		case err == nil && what == 1:
			err = ErrExists
		case err == nil:
			err = &UIDTaken{Name: other}
		}
		return true
	}
	failed := tx.each([]any{num(&what), &other, num(&row.body), num(&row.size), num(&row.content), num(&row.flags), truth{&row.sorted}}, step,
		objectClash, collection, id, name, text{&ix.UID}, int64(ix.Kind), ix.Version, ix.Bucket, ix.First, ix.Last)
	return old, errors.Join(failed, err)
}

const objectClash = `SELECT 0, name, ifnull(body, 0), size, ifnull(content, 0), flags, (name, uid, kind, indexed, bucket, first, last) IS (?3, ?4, ?5, ?6, ?7, ?8, ?9) FROM object WHERE id=?2 AND collection=?1
	UNION ALL SELECT 1, name, 0, 0, 0, 0, 0 FROM object WHERE collection=?1 AND name=?3 AND id<>?2
	UNION ALL SELECT 1, name, 0, 0, 0, 0, 0 FROM collection WHERE parent=?1 AND name=?3 AND deleted=0
	UNION ALL SELECT 2, name, 0, 0, 0, 0, 0 FROM object WHERE collection=?1 AND length(uid)=length(?4) AND uid=?4 COLLATE NOCASE AND +uid=?4 AND id<>?2`

// tally writes the counters and the revision of a collection whose members changed.
func (tx *Tx) tally(c *Collection, row change, objects, bytes int64) error {
	c.Rev, c.tag = row.rev, row.tag
	c.Objects += objects
	c.Bytes += bytes
	if err := tx.mustTouch(`UPDATE collection SET rev=?, objects=objects+?, bytes=bytes+? WHERE id=? AND deleted=?`, row.rev, objects, bytes, c.ID, c.deleted); err != nil {
		return fmt.Errorf("collection %q: %w", c.Name, err)
	}
	if c.deleted != 0 { // counted when it appears
		return nil
	}
	return tx.count(c.Owner, bytes)
}

// leaving is what to log of an object that goes.
func leaving(flags uint32) hiding {
	if flags&Hidden != 0 {
		return asPrivate
	}
	return 0
}

// DeleteObject leaves a tombstone that keeps the body.
func (tx *Tx) DeleteObject(c *Collection, o *Object) error {
	err := tx.deleteObject(c, o)
	if err != nil {
		return fmt.Errorf("delete object %q: %w", o.Name, err)
	}
	return nil
}

func (tx *Tx) deleteObject(c *Collection, o *Object) error {
	var name string
	var body, size, content int64
	var flags uint32
	if err := tx.one([]any{&name, num(&body), num(&size), link{&content}, num(&flags)}, `SELECT name, ifnull(body, 0), size, content, flags FROM object WHERE id=? AND collection=?`, o.ID, c.ID); err != nil {
		return err
	}
	row, err := tx.record(change{collection: c.ID, object: o.ID, name: name, body: body, hides: leaving(flags)})
	if err != nil {
		return err
	}
	if err := tx.mustTouch(`DELETE FROM object WHERE id=?`, o.ID); err != nil {
		return err
	}
	if content != 0 {
		if err := tx.dropContent(content, tx.Now.Unix()); err != nil {
			return err
		}
	}
	return tx.tally(c, row, -1, -size)
}

// MoveObject gives the object another name, another collection, or both: a tombstone here, a change there. It keeps its row, ID, dead
// properties, body and time of change. *UIDTaken, ErrExists, ErrBadName.
func (tx *Tx) MoveObject(from *Collection, o *Object, to *Collection, name string) error {
	if err := tx.moveObject(from, o, to, name); err != nil {
		return fmt.Errorf("move object %q to %q: %w", o.Name, name, err)
	}
	return nil
}

func (tx *Tx) moveObject(from *Collection, o *Object, to *Collection, name string) error {
	if from.ID == to.ID {
		to = from // one struct, or the counters of the other would be old
	}
	var oldName, uid string
	var size int64
	var flags uint32
	if err := tx.one([]any{&oldName, text{&uid}, num(&size), num(&flags)}, `SELECT name, uid, size, flags FROM object WHERE id=? AND collection=?`, o.ID, from.ID); err != nil {
		return err
	}
	if from == to && oldName == name {
		return nil
	}
	if _, err := tx.clash(to.ID, o.ID, name, Index{UID: uid}); err != nil {
		return err
	}
	gone, err := tx.record(change{collection: from.ID, object: o.ID, name: oldName, hides: leaving(flags)})
	if err != nil {
		return err
	}
	if from != to {
		if err := tx.tally(from, gone, -1, -size); err != nil {
			return err
		}
	}
	here, err := tx.record(change{collection: to.ID, object: o.ID})
	if err != nil {
		return err
	}
	if err := tx.mustTouch(`UPDATE object SET collection=?, name=?, rev=? WHERE id=?`, to.ID, name, here.rev, o.ID); err != nil {
		return err
	}
	o.Collection, o.Name, o.Rev = to.ID, name, here.rev
	if from == to {
		return tx.tally(to, here, 0, 0)
	}
	if _, err := tx.exec(`UPDATE property SET collection=? WHERE object=?`, to.ID, o.ID); err != nil {
		return err
	}
	return tx.tally(to, here, 1, size)
}
