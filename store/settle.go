package store

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"caldav-fcgi/dav/privilege"
)

// Mount is the row in a user's home that points at a collection; ErrNotFound.
func (tx *Tx) Mount(target, user int64) (*Collection, error) {
	c, err := tx.collection(`SELECT `+collections.list+` FROM collection WHERE target=? AND owner=? AND deleted=0`, target, user) // collection_target
	if err != nil {
		return nil, fmt.Errorf("share of collection %d in the home of principal %d: %w", target, user, err)
	}
	return c, nil
}

// SettleShares makes the shares with these groups, and with all groups that these are in, what their members have: called by whatever
// changes who is in a group.
func (tx *Tx) SettleShares(groups ...int64) error {
	if err := tx.settleShares(groups); err != nil {
		return fmt.Errorf("let shares follow the membership: %w", err)
	}
	return nil
}

const (
	// share_sharee; those of the groups ?1 and of all they are in.
	groupShares = `WITH RECURSIVE up(id) AS (SELECT value FROM json_each(?1) UNION SELECT m.grp FROM up CROSS JOIN member m ON m.member=up.id)
		SELECT s.id, s.collection FROM up CROSS JOIN share s ON s.sharee=up.id AND s.via IS NULL`
	// Who is to have the shares ?1: users in the groups, at any depth, with a home (Kind.In) to have them in. member_grp, collection_root.
	entitled = `WITH RECURSIVE inside(share, id) AS (SELECT s.id, s.sharee FROM json_each(?1) j CROSS JOIN share s ON s.id=j.value
		UNION SELECT inside.share, m.member FROM inside CROSS JOIN member m ON m.grp=inside.id),
		entitled(share, id) AS (SELECT inside.share, p.id FROM inside CROSS JOIN principal p ON p.id=inside.id AND p.kind=1
		CROSS JOIN share s ON s.id=inside.share CROSS JOIN collection c ON c.id=s.collection AND c.owner<>p.id
		CROSS JOIN collection h ON h.owner=p.id AND h.kind=CASE c.kind WHEN 9 THEN 8 WHEN 10 THEN 10 ELSE 2 END AND h.parent IS NULL AND h.deleted=0) `
	leaveShares = entitled + `DELETE FROM share WHERE via IN (SELECT value FROM json_each(?1)) AND (via, sharee) NOT IN (SELECT share, id FROM entitled)` // share_via
	joinShares  = entitled + `INSERT INTO share(uid, collection, address, sharee, via, level, status, at)
		SELECT lower(hex(randomblob(16))), s.collection, 'member:' || e.id, e.id, s.id, s.level, 2, ?2 FROM entitled e CROSS JOIN share s ON s.id=e.share
		WHERE true ON CONFLICT DO NOTHING`
	// What is wrong with the mounts of the collections ?1: level 0 is one that is not to be, mount 0 one that is missing, and one of
	// another level than the best share is changed. share_address, collection_to.
	unsettled = `WITH want(target, user, level) AS MATERIALIZED (SELECT s.collection, s.sharee, min(s.level) FROM json_each(?1) j CROSS JOIN share s ON s.collection=j.value
			CROSS JOIN principal p ON p.id=s.sharee AND p.kind<>2 CROSS JOIN collection c ON c.id=s.collection AND c.deleted=0 AND c.owner<>s.sharee
			WHERE s.status=2 GROUP BY s.collection, s.sharee),
		have(target, user, id, level) AS MATERIALIZED (SELECT m.target, m.owner, m.id, m.level FROM json_each(?1) j CROSS JOIN collection m ON m.target=j.value AND m.deleted=0)
		SELECT want.target, want.user, want.level, ifnull(have.id, 0) FROM want LEFT JOIN have ON have.target=want.target AND have.user=want.user
			WHERE have.id IS NULL OR have.level<>want.level
		UNION ALL SELECT have.target, have.user, 0, have.id FROM have WHERE (have.target, have.user) NOT IN (SELECT target, user FROM want)`
)

func (tx *Tx) settleShares(groups []int64) error {
	list, err := jsonIDs(groups)
	if err != nil {
		return err
	}
	var ids, targets []int64
	var id, target int64
	step := func() bool { ids, targets = append(ids, id), append(targets, target); return true }
	if err := tx.each([]any{num(&id), num(&target)}, step, groupShares, list); err != nil || len(ids) == 0 {
		return err
	}
	if list, err = jsonIDs(ids); err != nil {
		return err
	}
	if _, err := tx.exec(leaveShares, list); err != nil {
		return err
	}
	if _, err := tx.exec(joinShares, list, tx.Now.Unix()); err != nil {
		return err
	}
	return tx.settleMounts("", targets...)
}

// unsettledMount is a mount that is to be made, changed or removed.
type unsettledMount struct {
	target, user int64
	level        privilege.Level
	mount        int64
}

// settleMounts makes the mounts of these collections what the accepted shares ask for; a new one is called name, or for "" as its owner
// calls it.
func (tx *Tx) settleMounts(name string, targets ...int64) error {
	slices.Sort(targets)
	list, err := jsonIDs(slices.Compact(targets))
	if err != nil {
		return err
	}
	var todo []unsettledMount
	var u unsettledMount
	step := func() bool { todo = append(todo, u); return true }
	if err := tx.each([]any{num(&u.target), num(&u.user), num(&u.level), num(&u.mount)}, step, unsettled, list); err != nil {
		return err
	}
	for _, u := range todo {
		switch {
		case u.mount == 0:
			err = tx.createMount(u, name)
		case u.level == 0:
			err = tx.removeMount(u.mount)
		default:
			err = tx.relevelMount(u)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// taken are names that clients, or the making of an account, have a use for: "calendar" of somebody else is called "ann-calendar".
var taken = []string{"calendar", "tasks", "inbox", "outbox", "notifications", "attachments", "addressbook"}

func (tx *Tx) createMount(u unsettledMount, name string) error {
	t, err := tx.Target(&Collection{Target: u.target})
	if err != nil {
		return err
	}
	home, err := tx.Root(u.user, t.Collection.Kind.In())
	if err != nil {
		return err
	}
	if name == "" {
		name = t.Collection.Name
		if slices.Contains(taken, name) {
			name = t.Owner.Name + "-" + name
		}
	}
	if name, err = tx.freeNameLike(home.ID, name); err != nil {
		return err
	}
	display := t.Collection.Display
	if display == nil {
		display = &t.Collection.Name
	}
	// What somebody else does makes nobody busy unless he says so.
	return tx.CreateCollection(&Collection{Parent: home.ID, Owner: u.user, Kind: t.Collection.Kind, Name: name, Target: u.target, Level: u.level,
		Components: t.Collection.Components, Display: display, Color: t.Collection.Color, Transparent: true})
}

// freeNameLike is the name, or the first of name-2, name-3 and so on that no collection there has.
func (tx *Tx) freeNameLike(parent int64, name string) (string, error) {
	if len(name) > maxName/2 {
		name = strings.ToValidUTF8(name[:maxName/2], "")
	}
	have := map[string]bool{}
	var other string
	step := func() bool { have[other] = true; return true }
	err := tx.each([]any{&other}, step, `SELECT name FROM collection WHERE parent=? AND deleted=0 AND name>=? AND name<?`, parent, name, name+".") // collection_name; '.' comes after '-'
	free := name
	for n := 2; have[free]; n++ {
		free = fmt.Sprintf("%s-%d", name, n)
	}
	return free, err
}

func (tx *Tx) relevelMount(u unsettledMount) error {
	row, err := tx.record(change{collection: u.mount})
	if err != nil {
		return err
	}
	return tx.mustTouch(`UPDATE collection SET level=?, viewed=?, own=? WHERE id=?`, int64(u.level), row.rev, row.rev, u.mount)
}

// removeMount takes a mount away, with the alarms its owner had set on what was in it, and his locks.
func (tx *Tx) removeMount(id int64) error {
	m, err := tx.CollectionByID(id)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM overlay WHERE principal=?1 AND object IN
		(SELECT v.object FROM overlay v CROSS JOIN object o ON o.id=v.object AND o.collection=?2 WHERE v.principal=?1)`, m.Owner, m.Target); err != nil { // overlay_principal
		return err
	}
	if _, err := tx.exec(`DELETE FROM lock WHERE principal=? AND collection=?`, m.Owner, m.Target); err != nil { // lock_principal
		return err
	}
	// Its row may be purged after the one it points at.
	if err := tx.mustTouch(`UPDATE collection SET target=NULL, level=0, transp=0 WHERE id=?`, m.ID); err != nil {
		return err
	}
	m.Target = 0
	return tx.deleteCollection(m)
}

// declineMount is what deleting a mount means.
func (tx *Tx) declineMount(m *Collection) error {
	all, err := tx.shareList(`SELECT `+shares.list+` FROM share WHERE sharee=? AND status=? AND collection=?`, m.Owner, int64(ShareAccepted), m.Target) // share_sharee
	for _, s := range all {
		if err == nil {
			err = tx.answer(s, ShareDeclined)
		}
	}
	if err != nil {
		return err
	}
	return tx.removeMount(m.ID)
}

// unmount declines the shares that were accepted in a tree that is deleted.
func (tx *Tx) unmount(c *Collection) error {
	var mounts []*Collection
	row := &Collection{}
	step := func() bool { m := *row; mounts = append(mounts, &m); return true }
	err := tx.each(collections.targets(row), step, below+`SELECT `+collections.of("collection")+` FROM below CROSS JOIN collection ON collection.id=below.id WHERE collection.target IS NOT NULL`, c.ID)
	for _, m := range mounts {
		if err == nil {
			err = tx.declineMount(m)
		}
	}
	return err
}

// unshare ends all shares of the collections in the tree: their mounts go, and the homes these were in tell of it.
func (tx *Tx) unshare(c *Collection) error {
	var targets []int64
	var id int64
	step := func() bool { targets = append(targets, id); return true }
	if err := tx.each([]any{num(&id)}, step, below+`SELECT DISTINCT s.collection FROM below CROSS JOIN share s ON s.collection=below.id`, c.ID); err != nil || len(targets) == 0 {
		return err
	}
	list, err := jsonIDs(targets)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM share WHERE collection IN (SELECT value FROM json_each(?))`, list); err != nil { // share_address
		return err
	}
	return tx.settleMounts("", targets...)
}

// rehome lets the shares of what a user now owns no longer be with himself.
func (tx *Tx) rehome(c *Collection, owner int64) error {
	var targets []int64
	var id int64
	step := func() bool { targets = append(targets, id); return true }
	if err := tx.each([]any{num(&id)}, step, below+`SELECT s.collection FROM below CROSS JOIN share s ON s.collection=below.id AND s.sharee=?2`, c.ID, owner); err != nil || len(targets) == 0 {
		return err
	}
	list, err := jsonIDs(targets)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM share WHERE collection IN (SELECT value FROM json_each(?)) AND sharee=?`, list, owner); err != nil {
		return err
	}
	return tx.settleMounts("", targets...)
}

// settleMember gives a user with a new home what is shared with his groups.
func (tx *Tx) settleMember(user int64) error {
	var groups []int64
	var id int64
	step := func() bool { groups = append(groups, id); return true }
	err := tx.each([]any{num(&id)}, step, `SELECT DISTINCT grp FROM member WHERE member=?`, user)
	if err != nil || len(groups) == 0 {
		return err
	}
	return tx.SettleShares(groups...)
}

// forget prepares for the end of a principal: who loses rights or shares with it is told.
func (tx *Tx) forget(principal int64) (groups []int64, err error) {
	direct, err := tx.shareList(`SELECT `+shares.list+` FROM share WHERE sharee=? AND via IS NULL`, principal) // share_sharee
	for _, s := range direct {
		if err == nil {
			err = tx.deleteShare(s)
		}
	}
	var on []ACE
	var p ACE
	step := func() bool { on = append(on, p); return true }
	err = errors.Join(err, tx.each([]any{num(&p.Collection), num(&p.Object)}, step, `SELECT DISTINCT a.collection, a.object FROM ace a CROSS JOIN collection c ON c.id=a.collection AND c.deleted=0
		WHERE a.who=?1 AND c.owner<>?1`, principal)) // ace_who
	for _, p := range on {
		err = errors.Join(err, tx.tellAccess(p.Collection, p.Object))
	}
	var id int64
	err = errors.Join(err, tx.each([]any{num(&id)}, func() bool { groups = append(groups, id); return true }, `SELECT DISTINCT grp FROM member WHERE member=?`, principal))
	return groups, err
}
