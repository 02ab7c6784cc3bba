package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/share"
	"caldav-fcgi/store"
)

const shareListHelp = `One line a share: the calendar, with whom, what for, and how it stands: accepted, asked (no answer yet), declined, or unknown for an address that nobody here has. Groups stand behind "@"; their members have what is shared with them for as long as they are members. With USER, what that user shares; with USER/CALENDAR, that calendar alone.`

const shareAddHelp = `WITH is a user, "@" and the name of a group, or a mail address. The level is one of
  read-write       read and change
  read             read; that is what it is when none is given
  read-no-private  read, without what is marked private or confidential
  busy-title       when there is something, and what it is called
  free-busy        when there is something
  caldav-fcgi share add -level busy-title ann/work @staff
An address book is shared in the same way, for the first two. A user is asked by his client and answers there, unless the setting invitations is accept, or -accept is given. What is shared with a group its members have at once. Shared again, it has the new level.`

const shareRevokeHelp = `The calendar is gone from the home of WITH, and from those of the members of a group.`

const shareWhoHelp = `Everybody who can see the calendar, what of it, and why: its owner, delegates, administrators, who has a share or a right, by himself or through a group. The third column is where he has it in his own home, "-" when he has not.`

var levelOption = option{"level", "LEVEL", "what for: read-write, read, read-no-private, busy-title or free-busy; read when not given"}

// shared finds the calendar, or the address book, of USER/CALENDAR.
func (s *service) shared(tx *store.Tx, arg string) (*store.Principal, *store.Collection, error) {
	user, name, ok := strings.Cut(arg, "/")
	if !ok || name == "" {
		return nil, nil, usagef("%q: want USER/CALENDAR, such as ann/work", arg)
	}
	p, err := s.account(tx, user)
	if err != nil {
		return nil, nil, err
	}
	var c *store.Collection
	for _, kind := range []store.Kind{store.KindCalendar, store.KindAddressBook} {
		home, err := tx.Root(p.ID, kind.In())
		if err == nil && c == nil {
			c, err = tx.Collection(home.ID, name)
			if err == nil && c.Kind != kind {
				c = nil
			}
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, nil, err
		}
	}
	switch {
	case c == nil:
		return nil, nil, hint(fmt.Errorf("user %q has no calendar or address book %q", user, name), "%s user show %s lists them", program, quoteArg(user))
	case c.Target == 0:
		return p, c, nil
	}
	t, err := tx.Target(c)
	if err != nil {
		return nil, nil, err
	}
	return nil, nil, hint(fmt.Errorf("%s is what %s shares with %s", arg, t.Owner.Name, user), "name it as its owner does: %s", quoteArg(t.Owner.Name+"/"+t.Collection.Name))
}

// sharee finds whom to share with.
func (s *service) sharee(tx *store.Tx, with string) (*store.Principal, string, error) {
	if strings.Contains(with, "@") && !strings.HasPrefix(with, "@") {
		p, err := tx.PrincipalByAddress(with)
		switch {
		case err == nil:
			return p, with, nil
		case !errors.Is(err, store.ErrNotFound):
			return nil, "", err
		}
	}
	p, err := s.who(tx, with)
	if err != nil {
		return nil, "", err
	}
	return p, share.Address(p), nil
}

func shareAdd(ctx context.Context, c *call) error {
	level := privilege.ShareRead
	if name := c.options["level"]; name != "" {
		if level = privilege.LevelNamed(name); level == 0 {
			return usagef("-level %q: want read-write, read, read-no-private, busy-title or free-busy", name)
		}
	}
	return c.with(mustHave, func(s *service) error {
		var done []string
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			owner, coll, err := s.shared(tx, c.args[0])
			if err != nil {
				return err
			}
			for _, with := range c.args[1:] {
				p, address, err := s.sharee(tx, with)
				if err != nil {
					return err
				}
				sh := &store.Share{Collection: coll.ID, Address: address, Sharee: p.ID, Level: level}
				err = share.Broker{Tx: tx, Accept: c.on("accept") || c.Invitations == "accept"}.Invite(coll, owner, sh)
				switch {
				case errors.Is(err, store.ErrOwnShare):
					return fmt.Errorf("%s is %s's own", c.args[0], owner.Name)
				case errors.Is(err, share.ErrLevel):
					return usagef("%s: %v", c.args[0], err)
				}
				if err != nil {
					return err
				}
				done = append(done, fmt.Sprintf("%s is shared with %s for %s: %s", c.args[0], called(p), level.Name(), standing(sh)))
			}
			return nil
		})
		if err == nil {
			fmt.Fprintln(c.Stdout, strings.Join(done, "\n"))
		}
		return err
	})
}

// standing is how a share stands, in a word.
func standing(s *store.Share) string {
	switch s.Status {
	case store.ShareAccepted:
		return "accepted"
	case store.ShareDeclined:
		return "declined"
	case store.ShareInvalid:
		return "unknown"
	}
	return "asked"
}

func shareRevoke(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		var done []string
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			owner, coll, err := s.shared(tx, c.args[0])
			if err != nil {
				return err
			}
			all, err := sharesOf(tx, coll)
			if err != nil {
				return err
			}
			for _, with := range c.args[1:] {
				i := slices.IndexFunc(all, func(l shareListing) bool {
					return l.With == with || l.share.Address == store.NormalAddress(with)
				})
				if i < 0 {
					return hint(fmt.Errorf("%s is not shared with %s", c.args[0], with), "%s share list %s shows with whom it is", program, quoteArg(c.args[0]))
				}
				if err := (share.Broker{Tx: tx}).Remove(coll, owner, all[i].share); err != nil {
					return err
				}
				done = append(done, fmt.Sprintf("%s is not shared with %s any more", c.args[0], all[i].With))
			}
			return nil
		})
		if err == nil {
			fmt.Fprintln(c.Stdout, strings.Join(done, "\n"))
		}
		return err
	})
}

// shareListing is a share as the listing shows it.
type shareListing struct {
	Calendar string `json:"calendar"`
	With     string `json:"with"`
	Level    string `json:"level"`
	Status   string `json:"status"`

	share *store.Share
}

// sharesOf lists those of a calendar. Members have theirs by way of their group and are not listed.
func sharesOf(tx *store.Tx, c *store.Collection) (list []shareListing, err error) {
	all, err := tx.Shares(c.ID)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, sh := range all {
		ids = append(ids, sh.Sharee)
	}
	people, err := tx.PrincipalsByID(ids)
	if err != nil {
		return nil, err
	}
	for _, sh := range all {
		if sh.Via != 0 {
			continue
		}
		l := shareListing{With: sh.Address, Level: sh.Level.Name(), Status: standing(sh), share: sh}
		if p := people[sh.Sharee]; p != nil {
			l.With = called(p)
		}
		list = append(list, l)
	}
	return list, nil
}

func shareList(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		all := []shareListing{}
		add := func(tx *store.Tx, owner *store.Principal, coll *store.Collection) error {
			list, err := sharesOf(tx, coll)
			for _, l := range list {
				l.Calendar = owner.Name + "/" + coll.Name
				all = append(all, l)
			}
			return err
		}
		err := s.db.View(ctx, func(tx *store.Tx) error {
			if len(c.args) > 0 && strings.Contains(c.args[0], "/") {
				owner, coll, err := s.shared(tx, c.args[0])
				if err != nil {
					return err
				}
				return add(tx, owner, coll)
			}
			var owners []*store.Principal
			if len(c.args) > 0 {
				p, err := s.account(tx, c.args[0])
				if err != nil {
					return err
				}
				owners = append(owners, p)
			} else {
				for p, err := range tx.Principals(store.User) {
					if err != nil {
						return err
					}
					owners = append(owners, p)
				}
			}
			for _, p := range owners {
				list, err := calendars(tx, p)
				contacts, e := books(tx, p)
				if err := errors.Join(err, e); err != nil {
					return err
				}
				for _, coll := range append(list, contacts...) {
					if !coll.Shared {
						continue
					}
					if err := add(tx, p, coll); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if c.on("json") {
			return writeJSON(c.Stdout, all)
		}
		tw := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		for _, l := range all {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", l.Calendar, l.With, l.Level, l.Status)
		}
		return tw.Flush()
	})
}

// seer is who can see a calendar, as the listing shows it.
type seer struct {
	User string   `json:"user"` // "*" for all that the reasons name
	Sees string   `json:"sees"`
	Why  []string `json:"why"`
	Path string   `json:"path,omitempty"` // in his own home
}

func shareWho(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		all := []seer{}
		err := s.db.View(ctx, func(tx *store.Tx) error {
			_, coll, err := s.shared(tx, c.args[0])
			if err != nil {
				return err
			}
			list, err := share.Who(tx, coll, c.Admin)
			for _, found := range list {
				l := seer{User: "*", Sees: share.Describe(found.Access), Why: found.Reasons}
				if found.User != nil {
					l.User = found.User.Name
				}
				if found.Mount != nil {
					l.Path = share.PathOf(found.User, found.Mount).String()
				}
				all = append(all, l)
			}
			return err
		})
		if err != nil {
			return err
		}
		if c.on("json") {
			return writeJSON(c.Stdout, all)
		}
		tw := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		for _, l := range all {
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", l.User, l.Sees, cmp.Or(l.Path, "-"), strings.Join(l.Why, "; "))
		}
		return tw.Flush()
	})
}
