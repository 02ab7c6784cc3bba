package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"text/tabwriter"

	"caldav-fcgi/store"
)

const proxyAddHelp = `DELEGATE, a user or "@" and the name of a group, may from now on read all of OWNER's calendars and address books, or with -write change them and act in the owner's name. It is what calendar programs call delegation, and what they set themselves when the owner says so.
  caldav-fcgi proxy add -write boss secretary`

const proxyListHelp = `One line a delegation: owner, delegate, and what the delegate may do. With OWNER, those of that account alone.`

const proxyRemoveHelp = `DELEGATE may neither read nor write for OWNER any more.`

var proxyRoom = option{"room", "", "OWNER is a room or resource"}

// owner finds whom somebody stands in for.
func (c *call) owner(s *service, tx *store.Tx) (*store.Principal, error) {
	if c.on("room") {
		return s.room(tx, c.args[0])
	}
	return s.account(tx, c.args[0])
}

func proxyAdd(ctx context.Context, c *call) error {
	if c.on("read") && c.on("write") {
		return usagef("proxy add: want -read or -write: who writes can read")
	}
	kind, may := store.ProxyRead, "read"
	if c.on("write") {
		kind, may = store.ProxyWrite, "write"
	}
	return c.with(mustHave, func(s *service) error {
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			owner, err := c.owner(s, tx)
			if err != nil {
				return err
			}
			delegate, err := s.who(tx, c.args[1])
			if err != nil {
				return err
			}
			if owner.ID == delegate.ID {
				return fmt.Errorf("%s needs no delegation to do what is his own", owner.Name)
			}
			if _, err := takeProxy(tx, owner, delegate); err != nil { // of the two kinds the new one counts
				return err
			}
			group, err := tx.Proxy(owner.ID, kind)
			if err != nil {
				return err
			}
			return tx.AddMember(group.ID, delegate.ID, store.ByHand)
		})
		if err == nil {
			fmt.Fprintf(c.Stdout, "%s may %s for %s\n", c.args[1], may, c.args[0])
		}
		return err
	})
}

// takeProxy says whether there was a delegation.
func takeProxy(tx *store.Tx, owner, delegate *store.Principal) (was bool, err error) {
	for _, kind := range []store.PrincipalKind{store.ProxyRead, store.ProxyWrite} {
		group, err := tx.Proxy(owner.ID, kind)
		if err != nil {
			return false, err
		}
		members, err := tx.Members(group.ID)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(members, func(m *store.Principal) bool { return m.ID == delegate.ID }) {
			was = true
			if err := tx.RemoveMember(group.ID, delegate.ID); err != nil {
				return false, err
			}
		}
	}
	return was, nil
}

func proxyRemove(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			owner, err := c.owner(s, tx)
			if err != nil {
				return err
			}
			delegate, err := s.who(tx, c.args[1])
			if err != nil {
				return err
			}
			was, err := takeProxy(tx, owner, delegate)
			if err == nil && !was {
				err = hint(fmt.Errorf("%s is no delegate of %s", called(delegate), owner.Name), "%s proxy list shows who is", program)
			}
			return err
		})
		if err == nil {
			fmt.Fprintf(c.Stdout, "%s is no delegate of %s any more\n", c.args[1], c.args[0])
		}
		return err
	})
}

// delegation is one as the listing shows it.
type delegation struct {
	Owner    string `json:"owner"`
	Delegate string `json:"delegate"`
	May      string `json:"may"` // read or write
}

func proxyList(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		all := []delegation{}
		err := s.db.View(ctx, func(tx *store.Tx) error {
			var owners []*store.Principal
			if len(c.args) > 0 {
				owner, err := c.owner(s, tx)
				if err != nil {
					return err
				}
				owners = append(owners, owner)
			} else {
				for l, err := range tx.Directory(store.Sight{All: true}, store.User, store.Room, store.Resource) {
					if err != nil {
						return err
					}
					owners = append(owners, l.Principal)
				}
			}
			for _, owner := range owners {
				for kind, may := range map[store.PrincipalKind]string{store.ProxyRead: "read", store.ProxyWrite: "write"} {
					group, err := tx.Proxy(owner.ID, kind)
					if errors.Is(err, store.ErrNotFound) {
						continue
					}
					if err != nil {
						return err
					}
					members, err := tx.Members(group.ID)
					if err != nil {
						return err
					}
					for _, m := range members {
						all = append(all, delegation{owner.Name, called(m), may})
					}
				}
			}
			slices.SortStableFunc(all, func(a, b delegation) int {
				return slices.Compare([]string{a.Owner, a.Delegate}, []string{b.Owner, b.Delegate})
			})
			return nil
		})
		if err != nil {
			return err
		}
		if c.on("json") {
			return writeJSON(c.Stdout, all)
		}
		tw := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		for _, d := range all {
			fmt.Fprintf(tw, "%s\t%s\t%s\n", d.Owner, d.Delegate, d.May)
		}
		return tw.Flush()
	})
}
