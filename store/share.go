package store

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"caldav-fcgi/dav/privilege"
)

// ShareStatus is how an invitation stands. The numbers are stored.
type ShareStatus uint8

const (
	ShareInvited  ShareStatus = iota + 1 // no answer yet
	ShareAccepted                        // it has a mount in the sharee's home. A group always has: its members have the mounts
	ShareDeclined                        // or its mount was deleted
	ShareInvalid                         // nobody here has the address
)

// Share is an invitation to a collection. That of a group stands for its members, each of whom has one by way of it: it follows the
// membership. The sharee's rights are an entry on the collection; a member has those of his group.
type Share struct {
	ID               int64
	UID              string // what clients call it
	Collection       int64
	Address          string // as it was invited, in its normal form
	Sharee           int64  // a user or a group; 0 when nobody here has the address
	Via              int64  // the share with a group
	Level            privilege.Level
	Status           ShareStatus
	Summary, Comment string
	At               int64 // when it was last changed
}

var shares = newTable("share", []column[Share]{
	{"id", read, func(s *Share) any { return num(&s.ID) }},
	{"uid", fixed, func(s *Share) any { return &s.UID }},
	{"collection", fixed, func(s *Share) any { return num(&s.Collection) }},
	{"address", varies, func(s *Share) any { return &s.Address }},
	{"sharee", varies, func(s *Share) any { return link{&s.Sharee} }},
	{"via", fixed, func(s *Share) any { return link{&s.Via} }},
	{"level", varies, func(s *Share) any { return num(&s.Level) }},
	{"status", varies, func(s *Share) any { return num(&s.Status) }},
	{"summary", varies, func(s *Share) any { return &s.Summary }},
	{"comment", varies, func(s *Share) any { return &s.Comment }},
	{"at", varies, func(s *Share) any { return num(&s.At) }},
})

var (
	shareByUID = `SELECT ` + shares.list + ` FROM share WHERE uid=?`
	sharesOf   = `SELECT ` + shares.list + ` FROM share WHERE collection=? ORDER BY id`                                                                  // share_address
	sharesTo   = `SELECT ` + shares.list + ` FROM share WHERE sharee=? AND status=? ORDER BY id`                                                         // share_sharee
	shareSame  = `SELECT ` + shares.list + ` FROM share WHERE collection=?1 AND via IS NULL AND (address=?2 OR sharee=?3) ORDER BY sharee IS NOT ?3, id` // share_address; the address may have been somebody else's
)

// ErrOwnShare is sharing with oneself.
var ErrOwnShare = errors.New("a collection cannot be shared with its owner")

var errNobody = errors.New("nobody can answer for it: it is with a group, or with an address that is unknown here")

func (tx *Tx) shareList(query string, args ...any) ([]*Share, error) {
	var list []*Share
	row := &Share{}
	step := func() bool { s := *row; list = append(list, &s); return true }
	err := tx.each(shares.targets(row), step, query, args...)
	return list, err
}

// Shares of a collection, the oldest first; those that members of a group have by way of it are among them.
func (tx *Tx) Shares(collection int64) ([]*Share, error) {
	list, err := tx.shareList(sharesOf, collection)
	if err != nil {
		return nil, fmt.Errorf("shares of collection %d: %w", collection, err)
	}
	return list, nil
}

// SharesTo are those of a sharee in one of these states.
func (tx *Tx) SharesTo(sharee int64, status ...ShareStatus) ([]*Share, error) {
	var list []*Share
	for _, s := range status {
		some, err := tx.shareList(sharesTo, sharee, int64(s))
		if err != nil {
			return nil, fmt.Errorf("shares with principal %d: %w", sharee, err)
		}
		list = append(list, some...)
	}
	return list, nil
}

// ShareByUID finds an invitation by what clients call it; ErrNotFound.
func (tx *Tx) ShareByUID(uid string) (*Share, error) {
	s := &Share{}
	if err := tx.one(shares.targets(s), shareByUID, uid); err != nil {
		return nil, fmt.Errorf("share %.100q: %w", uid, err)
	}
	return s, nil
}

// PutShare invites, or changes the level and the texts of an invitation to the same sharee; what there is already is read into s. One who
// has declined is asked again. A group has its members' mounts at once.
func (tx *Tx) PutShare(s *Share) error {
	if err := tx.putShare(s); err != nil {
		return fmt.Errorf("share collection %d with %q: %w", s.Collection, s.Address, err)
	}
	return nil
}

func (tx *Tx) putShare(s *Share) error {
	var owner int64
	if err := tx.one([]any{num(&owner)}, `SELECT owner FROM collection WHERE id=? AND deleted=0`, s.Collection); err != nil {
		return err
	}
	if s.Sharee == owner {
		return ErrOwnShare
	}
	kind := PrincipalKind(0)
	if s.Sharee != 0 {
		if err := tx.one([]any{num(&kind)}, `SELECT kind FROM principal WHERE id=?`, s.Sharee); err != nil {
			return err
		}
	}
	s.Address = NormalAddress(s.Address)
	same, err := tx.shareList(shareSame, s.Collection, s.Address, link{&s.Sharee})
	if err != nil {
		return err
	}
	s.Via, s.At, s.Status = 0, tx.Now.Unix(), ShareInvited
	switch {
	case kind == 0:
		s.Status = ShareInvalid
	case kind == Group, len(same) > 0 && same[0].Sharee == s.Sharee && same[0].Status == ShareAccepted:
		s.Status = ShareAccepted
	}
	if len(same) > 0 {
		s.ID, s.UID, s.Address = same[0].ID, same[0].UID, same[0].Address
		if err := tx.mustTouch(shares.update, append(shares.values(s, updated), s.ID)...); err != nil {
			return err
		}
		_, err = tx.exec(`UPDATE share SET level=? WHERE via=?`, int64(s.Level), s.ID) // share_via
	} else {
		s.UID = rand.Text()
		var res sql.Result
		if res, err = tx.exec(shares.insert, shares.values(s, inserted)...); err == nil {
			s.ID, err = res.LastInsertId()
		}
	}
	if err != nil {
		return err
	}
	if err := tx.grant(s); err != nil {
		return err
	}
	if kind == Group {
		return tx.SettleShares(s.Sharee)
	}
	return tx.settleMounts("", s.Collection)
}

// adoptShares gives a user or a group what was shared with an address before somebody had it.
func (tx *Tx) adoptShares(principal int64) error {
	waiting, err := tx.shareList(`SELECT `+shares.of("s")+` FROM principal p CROSS JOIN address a ON a.principal=p.id
		CROSS JOIN share s ON s.address=a.address AND s.sharee IS NULL WHERE p.id=? AND p.kind IN (1, 2)`, principal) // address_principal, share_unknown
	for _, s := range waiting {
		if err == nil {
			err = tx.adoptShare(s, principal)
		}
	}
	return err
}

func (tx *Tx) adoptShare(s *Share, principal int64) error {
	if err := tx.mustTouch(`DELETE FROM share WHERE id=?`, s.ID); err != nil {
		return err
	}
	needless, err := tx.has(`SELECT id FROM share WHERE collection=?1 AND sharee=?2 AND via IS NULL UNION ALL SELECT id FROM collection WHERE id=?1 AND owner=?2`, s.Collection, principal)
	if err != nil || needless {
		return err
	}
	s.Sharee = principal
	return tx.putShare(s)
}

// grant makes the entry that gives a sharee his rights be what the share says.
func (tx *Tx) grant(s *Share) error {
	if _, err := tx.exec(`DELETE FROM ace WHERE share=?`, s.ID); err != nil { // ace_share
		return err
	}
	if s.Sharee != 0 && s.Via == 0 && s.Status != ShareDeclined {
		gives := s.Level.Grants()
		a := ACE{s.Collection, 0, privilege.ACE{Subject: privilege.ToPrincipal, Who: s.Sharee, Allow: gives.Rights, View: gives.View}, s.ID}
		if err := tx.insertACE(a, shareACE+s.ID); err != nil {
			return err
		}
	}
	return tx.tellAccess(s.Collection, 0)
}

// DeleteShare takes an invitation back: the rights and the mounts go with it.
func (tx *Tx) DeleteShare(s *Share) error {
	err := tx.deleteShare(s)
	if err != nil {
		return fmt.Errorf("end share %s of collection %d: %w", s.UID, s.Collection, err)
	}
	return nil
}

func (tx *Tx) deleteShare(s *Share) error {
	if err := tx.mustTouch(`DELETE FROM share WHERE id=? AND via IS NULL`, s.ID); err != nil { // its entry, and those by way of it, go too
		return err
	}
	if err := tx.settleMounts("", s.Collection); err != nil {
		return err
	}
	return tx.tellAccess(s.Collection, 0)
}

// Accept gives the sharee a row in his home that points at the collection: one for each collection, however many shares he has of it.
// name is what he would have it called; "": what its owner calls it. ErrNotFound, and nothing is done, when he has no home yet.
func (tx *Tx) Accept(s *Share, name string) (mount *Collection, err error) {
	var at Kind
	if err = tx.one([]any{num(&at)}, `SELECT kind FROM collection WHERE id=? AND deleted=0`, s.Collection); err == nil {
		_, err = tx.Root(s.Sharee, at.In())
	}
	if err == nil {
		err = tx.answer(s, ShareAccepted)
	}
	if err == nil {
		err = tx.settleMounts(name, s.Collection)
	}
	if err == nil {
		mount, err = tx.Mount(s.Collection, s.Sharee)
	}
	if err != nil {
		return nil, fmt.Errorf("accept share %s: %w", s.UID, err)
	}
	return mount, nil
}

// Decline takes the mount away, unless another share has it too, and the sharee's own entry.
func (tx *Tx) Decline(s *Share) error {
	err := tx.answer(s, ShareDeclined)
	if err == nil {
		err = tx.settleMounts("", s.Collection)
	}
	if err != nil {
		return fmt.Errorf("decline share %s: %w", s.UID, err)
	}
	return nil
}

func (tx *Tx) answer(s *Share, status ShareStatus) error {
	if isUser, err := tx.has(`SELECT id FROM principal WHERE id=? AND kind<>?`, s.Sharee, int64(Group)); err != nil {
		return err
	} else if !isUser {
		return errNobody
	}
	s.Status, s.At = status, tx.Now.Unix()
	if err := tx.mustTouch(shares.update, append(shares.values(s, updated), s.ID)...); err != nil {
		return err
	}
	return tx.grant(s)
}
