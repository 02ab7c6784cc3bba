package store

import (
	"errors"
	"fmt"
	"iter"
	"strings"
)

// Sight is whom somebody sees. Rooms and resources everybody sees, and himself; whoever has granted him anything, or he them; and
type Sight struct {
	All    bool    // everybody
	Self   int64   // he himself
	Ties   []int64 // he and all groups he is in: what is granted to one of these is granted to him
	Known  []int64 // who is named here
	Within []int64 // who is in one of these groups, also by way of others
}

// Listed is a principal with its addresses.
type Listed struct {
	*Principal
	Addresses []string // the preferred one first
}

const (
	// seen: address and member by their primary keys, ace_who, collection_owner, principal_owner, member_grp.
	seen = `(?1 OR p.kind IN (3, 4) OR p.id=?2 OR p.id IN (SELECT value FROM json_each(?4))
		OR p.id IN (SELECT c.owner FROM json_each(?3) n CROSS JOIN ace a ON a.who=n.value AND a.allow<>0 CROSS JOIN collection c ON c.id=a.collection)
		OR p.id IN (SELECT a.who FROM collection c CROSS JOIN ace a ON a.collection=c.id WHERE c.owner=?2 AND a.who IS NOT NULL)
		OR p.id IN (SELECT g.owner FROM json_each(?3) n CROSS JOIN principal g ON g.id=n.value)
		OR p.id IN (SELECT m.member FROM principal g CROSS JOIN member m ON m.grp=g.id WHERE g.owner=?2)
		OR `
	// For one: the groups that it is in, upwards.
	seenOne = seen + `EXISTS(WITH RECURSIVE tree(id) AS (SELECT grp FROM member WHERE member=p.id
		UNION SELECT m.grp FROM tree CROSS JOIN member m ON m.member=tree.id) SELECT 1 FROM tree WHERE id IN (SELECT value FROM json_each(?5))))`
	// For many: the members of the groups, downwards.
	seenMany = seen + `p.id IN (WITH RECURSIVE tree(id) AS (SELECT value FROM json_each(?5)
		UNION SELECT m.member FROM tree CROSS JOIN member m ON m.grp=tree.id) SELECT id FROM tree))`
)

func (s Sight) args(more ...any) ([]any, error) {
	ties, e1 := jsonIDs(s.Ties)
	known, e2 := jsonIDs(s.Known)
	within, e3 := jsonIDs(s.Within)
	return append([]any{truth{&s.All}, s.Self, ties, known, within}, more...), errors.Join(e1, e2, e3)
}

var (
	visible  = `SELECT ` + principals.of("p") + ` FROM principal p WHERE p.kind=?6 AND p.name=?7 AND ` + seenOne
	visibles = `SELECT ` + principals.of("p") + `, (SELECT ifnull(group_concat(address, char(10)), '') FROM (SELECT address FROM address WHERE principal=p.id ORDER BY rank))
		FROM json_each(?6) k CROSS JOIN principal p ON p.kind=k.value WHERE ` + seenMany + ` ORDER BY k.value, p.name`  // by its UNIQUE
	visibleIDs = `SELECT p.id FROM json_each(?6) n CROSS JOIN principal p ON p.id=n.value WHERE ` + seenMany
	byIDs      = `SELECT ` + principals.of("p") + ` FROM json_each(?1) n CROSS JOIN principal p ON p.id=n.value
		UNION SELECT ` + principals.of("o") + ` FROM json_each(?1) n CROSS JOIN principal p ON p.id=n.value CROSS JOIN principal o ON o.id=p.owner`
)

// Visible finds one that somebody sees. ErrNotFound otherwise, by the same one statement.
func (tx *Tx) Visible(s Sight, kind PrincipalKind, name string) (*Principal, error) {
	args, err := s.args(int64(kind), name)
	var p *Principal
	if err == nil {
		p, err = tx.principal(visible, args...)
	}
	if err != nil {
		return nil, fmt.Errorf("principal %q: %w", name, err)
	}
	return p, nil
}

// Directory is all of these kinds that somebody sees, by kind and name. One statement.
func (tx *Tx) Directory(s Sight, kinds ...PrincipalKind) iter.Seq2[Listed, error] {
	return func(yield func(Listed, error) bool) {
		row, addresses := &Principal{}, ""
		step := func() bool {
			p := *row
			l := Listed{Principal: &p}
			if addresses != "" {
				l.Addresses = strings.Split(addresses, "\n")
			}
			return yield(l, nil)
		}
		list := make([]int64, len(kinds))
		for i, k := range kinds {
			list[i] = int64(k)
		}
		wanted, err := jsonIDs(list)
		var args []any
		if err == nil {
			args, err = s.args(wanted)
		}
		if err == nil {
			err = tx.each(append(principals.targets(row), &addresses), step, visibles, args...)
		}
		if err != nil {
			yield(Listed{}, fmt.Errorf("directory: %w", err))
		}
	}
}

// Seen are those of these principals that somebody sees.
func (tx *Tx) Seen(s Sight, ids []int64) (map[int64]bool, error) {
	out := map[int64]bool{}
	var id int64
	step := func() bool { out[id] = true; return true }
	list, err := jsonIDs(ids)
	var args []any
	if err == nil {
		args, err = s.args(list)
	}
	if err == nil {
		err = tx.each([]any{num(&id)}, step, visibleIDs, args...)
	}
	if err != nil {
		return nil, fmt.Errorf("whom of %d principals somebody sees: %w", len(ids), err)
	}
	return out, nil
}

// PrincipalsByID are these, with the owners of those that are proxy groups. One statement.
func (tx *Tx) PrincipalsByID(ids []int64) (map[int64]*Principal, error) {
	list, err := jsonIDs(ids)
	var rows []*Principal
	if err == nil {
		rows, err = tx.principalList(byIDs, list)
	}
	if err != nil {
		return nil, fmt.Errorf("%d principals: %w", len(ids), err)
	}
	all := make(map[int64]*Principal, len(rows))
	for _, p := range rows {
		all[p.ID] = p
	}
	return all, nil
}

// Joined are the groups that a principal itself is in, those of delegates among them.
func (tx *Tx) Joined(member int64) ([]int64, error) {
	list, err := tx.idList(`SELECT DISTINCT grp FROM member WHERE member=?`, member)
	if err != nil {
		return nil, fmt.Errorf("groups of principal %d: %w", member, err)
	}
	return list, nil
}

// MembersFrom are the members of a group that are known from any source but this one.
func (tx *Tx) MembersFrom(group int64, but Source) ([]int64, error) {
	list, err := tx.idList(`SELECT DISTINCT member FROM member WHERE grp=? AND source<>?`, group, int64(but)) // member_grp
	if err != nil {
		return nil, fmt.Errorf("members of group %d: %w", group, err)
	}
	return list, nil
}

func (tx *Tx) idList(query string, args ...any) ([]int64, error) {
	var list []int64
	var id int64
	step := func() bool { list = append(list, id); return true }
	err := tx.each([]any{num(&id)}, step, query, args...)
	return list, err
}
