package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
)

const (
	copyRows  = 200     // of one commit: others who write wait for no more …
	copyBytes = 4 << 20 // … nor for more octets of bodies, but those of one object
	copyPages = 50      // commits whose changes are held at once
	copyTime  = 10 * time.Minute
)

// hidden in the column deleted: a copy is being made of it.
const hidden = -1

// inCopy is a copy, or a part of one, with all in it that is still being made.
const inCopy = `WITH RECURSIVE below(id) AS (SELECT id FROM collection WHERE id=?1 AND deleted=?2
	UNION ALL SELECT collection.id FROM below CROSS JOIN collection ON collection.parent=below.id AND collection.deleted=?2) `

// Copy is a collection that is being made like another, with all that is in it, in as many transactions as that takes. Nobody sees it,
// and no quota counts it, until FinishCopy. One that nobody goes on with for ten minutes is emptied by a job of kind "purge".
//
// It is made as a client keeps its copy: by asking again and again what has changed since the last time. So it holds what the source
// holds when it is finished, whatever is written there meanwhile.
type Copy struct {
	plan  CopyPlan
	top   *Collection
	token Token                  // what it has come to
	have  map[string]*Collection // what is below the top, by path
	rows  int
}

// CopyPlan says what is copied to where.
type CopyPlan struct {
	Source, Parent *Collection
	Name           string    // what the copy will be called; what stands there makes room in the quota
	Sign           func(*Tx) // called at the beginning of each transaction that writes
	// Sees says of a collection below the source, and of an object in one (of which only the ID is given then), whether it is copied; of
	// a collection after the one it is in, and before what is in it. Nil: all is.
	Sees func(c *Collection, o *Object) (bool, error)
}

// Of says whether it is a copy of that collection.
func (cp *Copy) Of(source *Collection) bool { return cp.plan.Source.ID == source.ID }

// WriteCopy begins a copy, and goes on until little is left for FinishCopy. ErrQuota, when there is no room for it; ErrNotFound, when the
// source went away.
func (db *DB) WriteCopy(ctx context.Context, plan CopyPlan) (*Copy, error) {
	return db.writeCopy(ctx, plan, copyRows)
}

func (db *DB) writeCopy(ctx context.Context, plan CopyPlan, rows int) (*Copy, error) {
	cp := &Copy{plan: plan, have: map[string]*Collection{}, rows: rows}
	source, parent := plan.Source, plan.Parent
	err := db.Update(ctx, func(tx *Tx) error {
		plan.Sign(tx)
		if err := tx.roomForCopy(source, parent, plan.Name); err != nil {
			return err
		}
		top := &Collection{Parent: parent.ID, Owner: parent.Owner, Kind: source.Kind, Name: plan.Name}
		if err := tx.createHidden(top); err != nil {
			return err
		}
		tx.AfterCommit(func() { cp.top = top })
		return tx.Enqueue(Job{Kind: "purge", Key: purgeKey(top), Due: tx.Now.Add(copyTime).Unix()})
	})
	if err != nil {
		return nil, fmt.Errorf("begin a copy of %q: %w", source.Name, err)
	}
	return cp, db.GrowCopy(ctx, cp)
}

// GrowCopy goes on with a copy that FinishCopy found too much left for. With an error the copy is given up.
func (db *DB) GrowCopy(ctx context.Context, cp *Copy) error {
	err := db.growCopy(ctx, cp)
	if err != nil {
		err = fmt.Errorf("copy a collection: %w", errors.Join(err, db.DropCopy(ctx, cp)))
	}
	return err
}

func (db *DB) growCopy(ctx context.Context, cp *Copy) error {
	for {
		var events []event
		var next Token
		var more bool
		err := db.View(ctx, func(tx *Tx) (err error) {
			events, next, more, err = tx.copyEvents(cp, copyPages*cp.rows)
			return err
		})
		last := !more && len(events) <= cp.rows
		for err == nil && len(events) > 0 {
			err = db.Update(ctx, func(tx *Tx) error {
				cp.plan.Sign(tx)
				n, err := tx.copySome(cp, events)
				events = events[n:]
				return err
			})
		}
		if err != nil {
			return err
		}
		cp.token = next
		if last {
			return nil
		}
	}
}

// DropCopy has a job empty what was copied.
func (db *DB) DropCopy(ctx context.Context, cp *Copy) error {
	return db.Update(context.WithoutCancel(ctx), func(tx *Tx) error { return tx.hide(cp.top) })
}

// FinishCopy copies what is left and makes the copy visible as c, which is given as CreateCollection wants it, and filled in as it does.
// done is false when too much is left: GrowCopy, and another try. ErrExists, ErrBadName.
func (tx *Tx) FinishCopy(cp *Copy, c *Collection) (done bool, err error) {
	if done, err = tx.finishCopy(cp, c); err != nil {
		return false, fmt.Errorf("finish the copy %q: %w", c.Name, err)
	}
	return done, nil
}

func (tx *Tx) finishCopy(cp *Copy, c *Collection) (done bool, err error) {
	events, _, more, err := tx.copyEvents(cp, cp.rows)
	if err != nil || more {
		return false, err
	}
	for len(events) > 0 {
		n, err := tx.copySome(cp, events)
		if err != nil {
			return false, err
		}
		events = events[n:]
	}
	if err := tx.freeName(c.Parent, c.Name); err != nil {
		return false, err
	}
	if err := tx.touchParent(c.Parent, c.Name); err != nil {
		return false, err
	}
	row, err := tx.record(change{collection: cp.top.ID}) // after its coming, as with a move
	if err != nil {
		return false, err
	}
	c.ID, c.Own, c.Config, c.Modified = cp.top.ID, row.rev, 0, tx.Now.Unix()
	var bytes int64
	if err := tx.one([]any{num(&bytes)}, inCopy+`SELECT ifnull(sum(bytes), 0) FROM collection WHERE id IN below`, c.ID, hidden); err != nil {
		return false, err
	}
	err = errors.Join(
		tx.mustTouch(collections.update, append(collections.values(c, updated), c.ID)...),
		tx.mustTouch(`UPDATE collection SET parent=?, name=?, created=? WHERE id=?`, c.Parent, c.Name, c.Modified, c.ID),
		tx.mustTouch(inCopy+`UPDATE collection SET deleted=0, owner=?3 WHERE id IN below`, c.ID, hidden, c.Owner),
		tx.mustTouch(`DELETE FROM job WHERE kind='purge' AND key=?`, purgeKey(c)),
		tx.count(c.Owner, bytes))
	if err != nil {
		return false, err
	}
	made, err := tx.CollectionByID(c.ID)
	if err == nil {
		*c = *made
	}
	return true, err
}

// roomForCopy refuses at the beginning what a quota would refuse at the end.
func (tx *Tx) roomForCopy(source, parent *Collection, name string) error {
	var bytes, held int64
	var quota *int64
	err := tx.one([]any{num(&bytes)}, below+`SELECT ifnull(sum(bytes), 0) FROM collection WHERE id IN below`, source.ID)
	if err == nil {
		var freed int64
		err = tx.one([]any{num(&freed)}, `WITH RECURSIVE below(id) AS (SELECT id FROM collection WHERE parent=?1 AND name=?2 AND deleted=0
			UNION ALL SELECT collection.id FROM below CROSS JOIN collection ON collection.parent=below.id AND collection.deleted=0)
			SELECT ifnull((SELECT sum(bytes) FROM collection WHERE id IN below), 0) + ifnull((SELECT size FROM object WHERE collection=?1 AND name=?2), 0)`, parent.ID, name)
		bytes -= freed
	}
	if err == nil {
		err = tx.one([]any{num(&held), &quota}, `SELECT bytes, quota FROM principal WHERE id=?`, parent.Owner)
	}
	if err != nil {
		return err
	}
	if limit, limited := tx.db.limit(quota); limited && bytes > 0 && held+bytes > limit {
		return fmt.Errorf("%w: principal %d would hold %d bytes and may hold %d", ErrQuota, parent.Owner, held+bytes, limit)
	}
	return nil
}

// createHidden makes a row that is not there for anybody else: its name is not taken by it.
func (tx *Tx) createHidden(c *Collection) error {
	first, err := tx.record(change{first: true})
	if err != nil {
		return err
	}
	c.ID, c.Rev, c.Own, c.tag, c.deleted = first.rev, first.rev, first.rev, first.tag, hidden
	c.Created, c.Modified = tx.Now.Unix(), tx.Now.Unix()
	c.Config, c.Objects, c.Bytes = 0, 0, 0
	_, err = tx.exec(collections.insert, collections.values(c, inserted)...)
	return err
}

// hide gives a copy, or a part of one, to a job.
func (tx *Tx) hide(c *Collection) error {
	_, err := tx.exec(inCopy+`UPDATE collection SET deleted=?3 WHERE id IN below`, c.ID, hidden, max(1, tx.Now.Unix()))
	if err != nil {
		return err
	}
	return tx.Enqueue(Job{Kind: "purge", Key: purgeKey(c), Due: tx.Now.Unix()})
}

// copyEvents are what the copy still lacks.
func (tx *Tx) copyEvents(cp *Copy, limit int) (list []event, next Token, more bool, err error) {
	source, err := tx.CollectionByID(cp.plan.Source.ID)
	if err == nil && cp.token != (Token{}) {
		if err = tx.known(source, cp.token); errors.Is(err, ErrTokenUnknown) {
			err = fmt.Errorf("%w: the change log was cut", ErrBusy)
		}
	}
	if err == nil {
		list, err = tx.eventsBelow(source, cp.token, limit)
	}
	if err != nil {
		return nil, Token{}, false, err
	}
	if len(list) > limit {
		next, err = tx.tokenAfter(source, list[limit-1])
		return list[:limit], next, true, err
	}
	next, err = tx.Token(source)
	return list, next, false, err
}

// copySome follows as many events as one commit takes. What an event is about may have changed again since it was read: then there will
// be another one.
func (tx *Tx) copySome(cp *Copy, events []event) (n int, err error) {
	err = tx.mustTouch(`UPDATE job SET due=?1 WHERE kind='purge' AND key=?2 AND EXISTS(SELECT 1 FROM collection WHERE id=?3 AND deleted=?4)`,
		tx.Now.Add(copyTime).Unix(), purgeKey(cp.top), cp.top.ID, hidden)
	if errors.Is(err, ErrNotFound) {
		return 0, fmt.Errorf("%w: the copy was taken for abandoned", ErrBusy)
	}
	var bytes int64
	for ; err == nil && n < len(events) && n < cp.rows && bytes < copyBytes; n++ {
		var size int64
		if size, err = tx.copyOne(cp, events[n]); errors.Is(err, errGone) {
			err = nil
		}
		bytes += size
	}
	return n, err
}

// errGone: what was to be copied went away meanwhile, or is not seen.
var errGone = errors.New("gone from the source")

func (cp *Copy) sees(c *Collection, o *Object) error {
	if cp.plan.Sees == nil {
		return nil
	}
	yes, err := cp.plan.Sees(c, o)
	if err == nil && !yes {
		err = errGone
	}
	return err
}

func (tx *Tx) copyOne(cp *Copy, e event) (size int64, err error) {
	switch {
	case e.Gone && e.Collection:
		return 0, tx.uncopy(cp, e.key())
	case e.Gone:
		return 0, tx.uncopyObject(cp, e)
	case e.Collection:
		_, err := tx.copyNode(cp, e.in, true)
		return 0, err
	}
	to, err := tx.copyNode(cp, e.in, false)
	if err != nil {
		return 0, err
	}
	src, err := tx.Object(e.in.id, e.Name, Body|Series)
	if errors.Is(err, ErrNotFound) {
		return 0, errGone
	}
	if err == nil {
		err = cp.sees(&Collection{ID: e.in.id}, src)
	}
	if err != nil {
		return 0, err
	}
	o := &Object{Name: src.Name, Media: src.Media}
	body := stored{data: src.Body, content: src.Content, hash: src.ETag, size: src.Size}
	for {
		err := tx.putObject(to, o, body, src.Index)
		var taken *UIDTaken
		switch {
		case errors.Is(err, ErrExists): // an older version of it
			if err = tx.one([]any{num(&o.ID)}, `SELECT id FROM object WHERE collection=? AND name=?`, to.ID, o.Name); err == nil {
				_, err = tx.exec(`DELETE FROM property WHERE object=?`, o.ID)
			}
		case errors.As(err, &taken): // by one whose own change is still to come
			err = tx.uncopyName(to, taken.Name)
		case err == nil:
			if to.Kind == KindAddressBook {
				err = tx.copyKeys(src.ID, to.ID, o.ID)
			}
			return int64(len(src.Body)), errors.Join(err, tx.CopyDead(src.Collection, src.ID, to.ID, o.ID))
		}
		if err != nil {
			return 0, err
		}
	}
}

// copyNode is the copy of a collection below the source, made when it is not there yet. fresh: as it is now.
func (tx *Tx) copyNode(cp *Copy, n *node, fresh bool) (*Collection, error) {
	if n.up == nil {
		return cp.top, nil
	}
	key := keyOf(n.path)
	to := cp.have[key]
	if to != nil && !fresh {
		return to, nil
	}
	up, err := tx.copyNode(cp, n.up, false)
	if err != nil {
		return nil, err
	}
	src, err := tx.CollectionByID(n.id)
	if errors.Is(err, ErrNotFound) || err == nil && src.Target != 0 { // what others share is not copied with it
		return nil, errGone
	}
	if err == nil {
		err = cp.sees(src, nil)
	}
	if err != nil {
		return nil, err
	}
	row := *src
	row.Parent, row.Owner, row.Name = up.ID, up.Owner, n.path[len(n.path)-1]
	if to == nil {
		if err := tx.createHidden(&row); err != nil {
			return nil, err
		}
		to = &row
		cp.have[key] = to
	} else {
		row.Own, row.Config, row.Modified = to.Own, to.Config, tx.Now.Unix()
		_, err := tx.exec(`DELETE FROM property WHERE collection=? AND object IS NULL`, to.ID)
		if err := errors.Join(err, tx.mustTouch(collections.update, append(collections.values(&row, updated), to.ID)...)); err != nil {
			return nil, err
		}
	}
	return to, tx.CopyDead(src.ID, 0, to.ID, 0)
}

// uncopy gives what was copied below a path to a job.
func (tx *Tx) uncopy(cp *Copy, key string) error {
	c := cp.have[key]
	if c == nil {
		return nil
	}
	maps.DeleteFunc(cp.have, func(k string, _ *Collection) bool { return strings.HasPrefix(k, key) })
	return tx.hide(c)
}

func (tx *Tx) uncopyObject(cp *Copy, e event) error {
	in := cp.top
	if len(e.In) > 0 {
		in = cp.have[keyOf(e.In)]
	}
	if in == nil {
		return nil
	}
	if err := tx.uncopyName(in, e.Name); !errors.Is(err, ErrNotFound) {
		return err
	}
	return nil
}

func (tx *Tx) uncopyName(in *Collection, name string) error {
	o, err := tx.Object(in.ID, name, 0)
	if err == nil {
		err = tx.deleteObject(in, o)
	}
	return err
}
