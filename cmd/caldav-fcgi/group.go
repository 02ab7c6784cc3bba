package main

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"text/tabwriter"

	"caldav-fcgi/store"
)

const groupAddHelp = `A group is what calendars can be shared with and rights given to; who is in it follows from its members at each request. Groups that the web server tells of, by -htgroup or -groups-param, are made on their own.
NAME stands in addresses; -name is what people see.`

const groupListHelp = `One line a group: name, number of members, the name that people see, and its members. Users stand as they are, groups behind "@". Those known from the web server's word are marked with "*": they come and go with it.`

const groupDeleteHelp = `What was shared with the group, and its rights, are gone with it. When it has members it wants -yes. A group that the web server tells of is made again at the next login that names another list of groups.`

const groupMemberHelp = `NAME is a user, or "@" and the name of a group: its members are then in this one, too.
  caldav-fcgi group member add staff ann bob @interns
  caldav-fcgi group member remove staff bob
Who is in a group by the web server's word is taken out of it there.`

// person reads -name and -mail.
func (c *call) person() (display, address string, err error) {
	if v := c.options["mail"]; v != "" {
		a, err := mail.ParseAddress(v)
		if err != nil || a.Name != "" {
			return "", "", usagef("-mail %q: want an address such as ann@example.org", v)
		}
		address = a.Address
	}
	return strings.TrimSpace(c.options["name"]), address, nil
}

// free refuses an address that somebody has.
func free(tx *store.Tx, address string) error {
	if address == "" {
		return nil
	}
	switch p, err := tx.PrincipalByAddress("mailto:" + address); {
	case err == nil:
		return hint(fmt.Errorf("the address %s belongs to %s", address, p.Name), "choose another with -mail, or none")
	case !errors.Is(err, store.ErrNotFound):
		return err
	}
	return nil
}

// plainName is a name that groups and rooms can have. "@" at its beginning would make it look like a group in a list of members.
func plainName(what, name string) (string, error) {
	if strings.HasPrefix(name, "@") {
		return "", usagef("%s name %q: want one that does not begin with @", what, name)
	}
	return usableName(what, name, name)
}

// addPrincipal makes a group, a room or a resource.
func (c *call) addPrincipal(ctx context.Context, kind store.PrincipalKind, what string) error {
	name, err := plainName(what, c.args[0])
	if err != nil {
		return err
	}
	display, address, err := c.person()
	if err != nil {
		return err
	}
	if display == "" {
		display = name
	}
	return c.with(mayMake, func(s *service) error {
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			if err := free(tx, address); err != nil {
				return err
			}
			p := &store.Principal{Kind: kind, Name: name, Display: display}
			if err := tx.CreatePrincipal(p); err != nil || address == "" {
				return err
			}
			return tx.SetAddresses(p.ID, []string{"mailto:" + address})
		})
		if errors.Is(err, store.ErrExists) {
			return hint(fmt.Errorf("%s %q exists", what, name), "choose another name")
		}
		if err == nil {
			fmt.Fprintf(c.Stdout, "made %s %s\n", what, name)
		}
		return err
	})
}

func groupAdd(ctx context.Context, c *call) error { return c.addPrincipal(ctx, store.Group, "group") }

// group finds one.
func (s *service) group(tx *store.Tx, name string) (*store.Principal, error) {
	p, err := tx.Principal(store.Group, strings.TrimPrefix(name, "@"))
	if errors.Is(err, store.ErrNotFound) {
		return nil, hint(fmt.Errorf("no group %q", name), "%s group list shows them, %s group add %s makes one", program, program, quoteArg(name))
	}
	return p, err
}

// who finds a user, or a group behind "@".
func (s *service) who(tx *store.Tx, name string) (*store.Principal, error) {
	if strings.HasPrefix(name, "@") {
		return s.group(tx, name)
	}
	return s.account(tx, name)
}

// called is how a member is written.
func called(p *store.Principal) string {
	if p.Kind == store.Group {
		return "@" + p.Name
	}
	return p.Name
}

// groupListing is a group as the listing shows it.
type groupListing struct {
	Name    string   `json:"name"`
	Display string   `json:"display"`
	Mail    []string `json:"mail"`
	Members []string `json:"members"`
	Told    []string `json:"told"` // those of them that are known from the web server's word
}

func groupList(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		all := []groupListing{}
		err := s.db.View(ctx, func(tx *store.Tx) error {
			for l, err := range tx.Directory(store.Sight{All: true}, store.Group) {
				if err != nil {
					return err
				}
				g := groupListing{Name: l.Name, Display: l.Display, Mail: mails(l.Addresses), Members: []string{}, Told: []string{}}
				members, err := tx.Members(l.ID)
				if err != nil {
					return err
				}
				told, err := tx.MembersFrom(l.ID, store.ByHand)
				if err != nil {
					return err
				}
				for _, m := range members {
					g.Members = append(g.Members, called(m))
					if slices.Contains(told, m.ID) {
						g.Told = append(g.Told, called(m))
					}
				}
				all = append(all, g)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if c.on("json") {
			return writeJSON(c.Stdout, all)
		}
		if len(all) == 0 {
			fmt.Fprintf(c.Stderr, "no groups yet (%s group add NAME makes one)\n", program)
		}
		tw := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		for _, g := range all {
			members := make([]string, len(g.Members))
			for i, m := range g.Members {
				if members[i] = m; slices.Contains(g.Told, m) {
					members[i] += "*"
				}
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", g.Name, plural(int64(len(members)), "member"), g.Display, strings.Join(members, " "))
		}
		return tw.Flush()
	})
}

func mails(addresses []string) []string {
	list := []string{}
	for _, uri := range addresses {
		list = append(list, strings.TrimPrefix(uri, "mailto:"))
	}
	return list
}

func groupDelete(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		name := c.args[0]
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			g, err := s.group(tx, name)
			if err != nil {
				return err
			}
			members, err := tx.Members(g.ID)
			if err != nil {
				return err
			}
			if len(members) > 0 && !c.on("yes") {
				return hint(fmt.Errorf("group %q has %s", g.Name, plural(int64(len(members)), "member")), "to delete it: %s group delete -yes %s", program, quoteArg(g.Name))
			}
			// What was shared with the group goes out of its members' homes.
			if err := errors.Join(tx.SetMembers(g.ID, store.ByHand, nil), tx.SetMembers(g.ID, store.ByFile, nil), tx.SetMembers(g.ID, store.ByLogin, nil)); err != nil {
				return err
			}
			return tx.DeletePrincipal(g)
		})
		if err == nil {
			fmt.Fprintf(c.Stdout, "deleted group %s\n", name)
		}
		return err
	})
}

func groupMember(ctx context.Context, c *call) error {
	verb, group, names := c.args[0], c.args[1], c.args[2:]
	if verb != "add" && verb != "remove" {
		return usagef("group member: %q: want add or remove", verb)
	}
	return c.with(mustHave, func(s *service) error {
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			g, err := s.group(tx, group)
			if err != nil {
				return err
			}
			for _, name := range names {
				m, err := s.who(tx, name)
				if err != nil {
					return err
				}
				if verb == "add" {
					err = addToGroup(tx, g, m)
				} else {
					err = takeFromGroup(tx, g, m)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			done := map[string]string{"add": "added to", "remove": "removed from"}[verb]
			fmt.Fprintf(c.Stdout, "%s group %s: %s\n", done, strings.TrimPrefix(group, "@"), strings.Join(names, " "))
		}
		return err
	})
}

// addToGroup refuses what would put a group into itself, in any number of steps.
func addToGroup(tx *store.Tx, g, m *store.Principal) error {
	above, err := tx.Memberships(g.ID)
	if err != nil {
		return err
	}
	if m.ID == g.ID || slices.ContainsFunc(above, func(a store.Membership) bool { return a.ID == m.ID }) {
		return fmt.Errorf("group %q would be in itself: it is, or is in, %s", g.Name, called(m))
	}
	return tx.AddMember(g.ID, m.ID, store.ByHand)
}

func takeFromGroup(tx *store.Tx, g, m *store.Principal) error {
	told, err := tx.MembersFrom(g.ID, store.ByHand)
	if err != nil {
		return err
	}
	if slices.Contains(told, m.ID) {
		return hint(fmt.Errorf("%s is in group %q by the web server's word", called(m), g.Name), "take it out there: in the file of -htgroup, or where -groups-param comes from")
	}
	members, err := tx.Members(g.ID)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(members, func(p *store.Principal) bool { return p.ID == m.ID }) {
		return hint(fmt.Errorf("%s is not in group %q", called(m), g.Name), "%s group list shows who is", program)
	}
	return tx.RemoveMember(g.ID, m.ID)
}
