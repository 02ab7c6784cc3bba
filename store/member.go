package store

import (
	"errors"
	"fmt"
	"strconv"
)

// Source is where a membership is known from. Each is refreshed without touching the others.
type Source uint8

const (
	ByHand  Source = iota + 1
	ByFile         // the web server's group file
	ByLogin        // what the web server says of a login
)

// Membership is a group that somebody is in. Of a proxy group, Owner is whom its members stand in for, and Name is his name.
type Membership struct {
	ID    int64
	Kind  PrincipalKind
	Owner int64
	Name  string
}

// Memberships are all groups of a principal, also by way of others; each once, even where groups contain each other.
func (tx *Tx) Memberships(principal int64) ([]Membership, error) {
	var list []Membership
	var m Membership
	step := func() bool { list = append(list, m); return true }
	err := tx.each([]any{num(&m.ID), num(&m.Kind), link{&m.Owner}, &m.Name}, step, memberships, principal)
	if err != nil {
		return nil, fmt.Errorf("groups of principal %d: %w", principal, err)
	}
	return list, nil
}

// mine: all groups of ?1, by member's primary key.
const mine = `WITH RECURSIVE mine(id) AS (SELECT grp FROM member WHERE member=?1
	UNION SELECT m.grp FROM mine CROSS JOIN member m ON m.member=mine.id) `

const memberships = mine + `SELECT p.id, p.kind, p.owner, ifnull(o.name, p.name) FROM mine CROSS JOIN principal p ON p.id=mine.id LEFT JOIN principal o ON o.id=p.owner`

var (
	groupsOf = `SELECT ` + principals.of("p") + ` FROM member m CROSS JOIN principal p ON p.id=m.grp
		WHERE m.member=? AND p.owner IS NULL GROUP BY p.id ORDER BY p.kind, p.name`
	membersOf = `SELECT ` + principals.of("p") + ` FROM member m CROSS JOIN principal p ON p.id=m.member
		WHERE m.grp=? GROUP BY p.id ORDER BY p.kind, p.name` // member_grp
)

func (tx *Tx) principalList(query string, args ...any) ([]*Principal, error) {
	var list []*Principal
	row := &Principal{}
	step := func() bool { p := *row; list = append(list, &p); return true }
	err := tx.each(principals.targets(row), step, query, args...)
	return list, err
}

// GroupsOf are the groups that a principal itself is in. Proxy groups are none of them.
func (tx *Tx) GroupsOf(member int64) ([]*Principal, error) {
	list, err := tx.principalList(groupsOf, member)
	if err != nil {
		return nil, fmt.Errorf("groups of principal %d: %w", member, err)
	}
	return list, nil
}

// Members are those that are in the group itself.
func (tx *Tx) Members(group int64) ([]*Principal, error) {
	list, err := tx.principalList(membersOf, group)
	if err != nil {
		return nil, fmt.Errorf("members of group %d: %w", group, err)
	}
	return list, nil
}

// Proxy is the group of those who stand in for a principal, to read or to write. It is made when it is first asked for in an Update;
// in a View ErrNotFound.
func (tx *Tx) Proxy(owner int64, kind PrincipalKind) (*Principal, error) {
	name := strconv.FormatInt(owner, 10) // the owner's name may change
	p, err := tx.Principal(kind, name)
	if errors.Is(err, ErrNotFound) && tx.writable {
		p = &Principal{Kind: kind, Name: name, Owner: owner}
		err = tx.CreatePrincipal(p)
	}
	if err != nil {
		return nil, fmt.Errorf("delegates of principal %d: %w", owner, err)
	}
	return p, nil
}

// SetMembers makes these the members of a group that are known from that source. A group cannot be in itself; that two groups are in
// each other harms nobody.
func (tx *Tx) SetMembers(group int64, by Source, members []int64) error {
	list, err := jsonIDs(members)
	if err == nil {
		_, err = tx.exec(`DELETE FROM member WHERE grp=?1 AND source=?2 AND member NOT IN (SELECT value FROM json_each(?3))`, group, int64(by), list) // member_grp
	}
	if err == nil {
		_, err = tx.exec(`INSERT INTO member(member, grp, source) SELECT DISTINCT value, ?1, ?2 FROM json_each(?3) WHERE value<>?1 ON CONFLICT DO NOTHING`, group, int64(by), list)
	}
	if err == nil {
		err = tx.SettleShares(group)
	}
	if err != nil {
		return fmt.Errorf("set members of group %d: %w", group, err)
	}
	return nil
}

// SetGroups makes these the groups that a principal is known to be in from that source.
func (tx *Tx) SetGroups(member int64, by Source, groups []int64) error {
	err := tx.setGroups(member, by, groups)
	if err != nil {
		return fmt.Errorf("set groups of principal %d: %w", member, err)
	}
	return nil
}

func (tx *Tx) setGroups(member int64, by Source, groups []int64) error {
	list, err := jsonIDs(groups)
	if err != nil {
		return err
	}
	var changed []int64
	var id int64
	step := func() bool { changed = append(changed, id); return true }
	err = tx.each([]any{num(&id)}, step, `SELECT grp FROM member WHERE member=?1 AND source=?2 AND grp NOT IN (SELECT value FROM json_each(?3))
		UNION ALL SELECT DISTINCT value FROM json_each(?3) WHERE value<>?1 AND NOT EXISTS(SELECT 1 FROM member WHERE member=?1 AND grp=value AND source=?2)`, member, int64(by), list)
	if err != nil || len(changed) == 0 {
		return err
	}
	if _, err := tx.exec(`DELETE FROM member WHERE member=?1 AND source=?2 AND grp NOT IN (SELECT value FROM json_each(?3))`, member, int64(by), list); err != nil {
		return err
	}
	if _, err := tx.exec(`INSERT INTO member(member, grp, source) SELECT DISTINCT ?1, value, ?2 FROM json_each(?3) WHERE value<>?1 ON CONFLICT DO NOTHING`, member, int64(by), list); err != nil {
		return err
	}
	return tx.SettleShares(changed...)
}

// AddMember of who is one already is no error.
func (tx *Tx) AddMember(group, member int64, by Source) error {
	if group == member {
		return fmt.Errorf("add a member to group %d: %w: it would be in itself", group, ErrBadName)
	}
	_, err := tx.exec(`INSERT INTO member(member, grp, source) VALUES(?, ?, ?) ON CONFLICT DO NOTHING`, member, group, int64(by))
	if err == nil {
		err = tx.SettleShares(group)
	}
	if err != nil {
		return fmt.Errorf("add principal %d to group %d: %w", member, group, err)
	}
	return nil
}

// RemoveMember takes somebody out of a group, wherever the membership is known from. Of who is none it is no error.
func (tx *Tx) RemoveMember(group, member int64) error {
	_, err := tx.exec(`DELETE FROM member WHERE member=? AND grp=?`, member, group)
	if err == nil {
		err = tx.SettleShares(group)
	}
	if err != nil {
		return fmt.Errorf("remove principal %d from group %d: %w", member, group, err)
	}
	return nil
}
