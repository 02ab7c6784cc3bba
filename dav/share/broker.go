package share

import (
	"errors"
	"fmt"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Broker carries out what is said about shares, with the notifications that tell of it, in one transaction.
type Broker struct {
	Tx     *store.Tx
	Accept bool // users have what is shared with them without being asked
}

// maxShares is how many one collection can have: each is read when it is looked at.
const maxShares = 1000

// ErrTooMany refuses one share more.
var ErrTooMany = fmt.Errorf("a collection can be shared with %d users and groups at most: make a group of them", maxShares)

// ErrLevel refuses a level that shows part of a calendar for what is none.
var ErrLevel = errors.New("an address book is shared for read-write or read")

// Invite shares a collection, or changes a share. s has Collection, Address, Sharee, Level and the texts.
func (b Broker) Invite(c *store.Collection, owner *store.Principal, s *store.Share) error {
	if c.Kind == store.KindAddressBook && s.Level > privilege.ShareRead {
		return ErrLevel
	}
	all, err := b.Tx.Shares(c.ID)
	if err != nil {
		return err
	}
	before := find(all, s.Address, s.Sharee)
	if before == nil && len(all) >= maxShares {
		return ErrTooMany
	}
	if err := b.Tx.PutShare(s); err != nil {
		return err
	}
	if s.Status == store.ShareInvited && b.Accept {
		if _, err := b.Tx.Accept(s, ""); err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	if before != nil && before.Status == s.Status && before.Level == s.Level && before.Summary == s.Summary {
		return nil
	}
	return b.invited(c, owner, s)
}

// find is the share with a sharee, or else the one that has the address: it may have been somebody else's.
func find(all []*store.Share, address string, sharee int64) (found *store.Share) {
	for _, s := range all {
		switch {
		case s.Via != 0:
		case sharee != 0 && s.Sharee == sharee:
			return s
		case found == nil && s.Address == store.NormalAddress(address):
			found = s
		}
	}
	return found
}

// Remove takes a share back.
func (b Broker) Remove(c *store.Collection, owner *store.Principal, s *store.Share) error {
	if err := b.Tx.DeleteShare(s); err != nil {
		return err
	}
	return b.ended(c, owner, s)
}

// Answer is what a sharee says to an invitation. summary is what he calls the calendar from then on; "": as its owner
// does. The mount is nil when he declines.
func (b Broker) Answer(s *store.Share, accept bool, summary string) (mount *store.Collection, err error) {
	if accept {
		mount, err = b.Tx.Accept(s, "")
		if err == nil && summary != "" {
			mount.Display = &summary
			err = b.Tx.SaveCollection(mount)
		}
	} else {
		err = b.Tx.Decline(s)
	}
	if err != nil {
		return nil, err
	}
	return mount, b.answered(s, accept, summary)
}

// Removing tells of the end of a collection that is about to be deleted: a mount's owner declines by it, and who shares it
// unshares it.
func (b Broker) Removing(row, data *store.Collection, owner *store.Principal) error {
	if row.Target != 0 {
		all, err := b.Tx.SharesTo(row.Owner, store.ShareAccepted)
		for _, s := range all {
			if err == nil && s.Collection == row.Target && s.Via == 0 {
				err = b.answered(s, false, "")
			}
		}
		return err
	}
	if !row.Shared {
		return nil
	}
	all, err := b.Tx.Shares(data.ID)
	for _, s := range all {
		if err == nil && s.Via == 0 {
			err = b.ended(data, owner, s)
		}
	}
	return err
}

// shownLevel is the level that a share is to have: see the package's documentation.
func shownLevel(asked privilege.Level, exact bool, before *store.Share) privilege.Level {
	if !exact && asked == privilege.ShareRead && before != nil && before.Level > asked {
		return before.Level
	}
	return asked
}

// PathOf is where a collection is.
func PathOf(owner *store.Principal, c *store.Collection) webdav.Path {
	root := "calendars"
	if c.Kind == store.KindAddressBook {
		root = "addressbooks"
	}
	return webdav.P(root, owner.Name, c.Name)
}
