package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

const userAddHelp = `NAME is the login name, as the web server passes it in REMOTE_USER. The account gets the calendar "calendar" and the task list "tasks". There is no password here: logins are the web server's business (or, with -http, the file of -htpasswd).
Accounts are also made at a user's first visit, unless provision is off.`

const userRenameHelp = `Everything the account has stays, under the new name. Clients have to be set up anew: the name is part of the addresses.`

const userDeleteHelp = `The account, its calendars and their history are gone for good. When there is something in them it wants -yes.
To keep a copy: caldav-fcgi export -user NAME > NAME.ics`

const userQuotaHelp = `What goes beyond it is refused, to clients as 507 with DAV:quota-not-exceeded. An account that holds more already keeps it, and can change and delete, not grow. Old versions and what is deleted are not counted.
"default" takes the account's own quota away: that of the setting quota holds again. "none" lets it grow whatever that is.`

// account is a user as the listings show it.
type account struct {
	Name      string    `json:"name"`
	Display   string    `json:"display"`
	Mail      []string  `json:"mail"`
	Disabled  bool      `json:"disabled"`
	Objects   int64     `json:"objects"`
	Bytes     int64     `json:"bytes"`
	Quota     *int64    `json:"quota"` // nil: none
	Calendars []listing `json:"calendars"`
	Books     []listing `json:"addressbooks"`
	Groups    []string  `json:"groups,omitempty"`  // of user show alone, as the next one
	ActsFor   []string  `json:"actsFor,omitempty"` // whom it is a delegate of, also by way of a group
}

// listing is a calendar or an address book of an account.
type listing struct {
	Name       string   `json:"name"`
	Display    string   `json:"display"`
	Path       string   `json:"path"`
	Components []string `json:"components,omitempty"` // of a calendar; none: it takes everything
	Objects    int64    `json:"objects"`
	Bytes      int64    `json:"bytes"`
}

func describe(tx *store.Tx, p *store.Principal) (account, error) {
	a := account{Name: p.Name, Display: p.Display, Disabled: p.Disabled, Mail: []string{}}
	if limit, limited := tx.Limit(p); limited {
		a.Quota = &limit
	}
	addresses, err := tx.Addresses(p.ID)
	if err != nil {
		return a, err
	}
	for _, uri := range addresses {
		a.Mail = append(a.Mail, strings.TrimPrefix(uri, "mailto:"))
	}
	for of, into := range map[*shelf]*[]listing{&calendarShelf: &a.Calendars, &bookShelf: &a.Books} {
		list, err := of.list(tx, p)
		if err != nil {
			return a, err
		}
		*into = []listing{}
		for _, c := range list {
			l := listing{Name: c.Name, Display: c.Name, Path: webdav.P(of.root, p.Name, c.Name).String(), Components: ical.Kind(c.Components).Names(), Objects: c.Objects, Bytes: c.Bytes}
			if c.Display != nil && *c.Display != "" {
				l.Display = *c.Display
			}
			a.Objects += c.Objects
			a.Bytes += c.Bytes
			*into = append(*into, l)
		}
	}
	return a, nil
}

// listed are calendars and address books.
func (a *account) listed() []listing { return slices.Concat(a.Calendars, a.Books) }

// belonging adds the groups of an account, and whom it stands in for.
func (a *account) belonging(tx *store.Tx, p *store.Principal) error {
	groups, err := tx.Memberships(p.ID)
	if err != nil {
		return err
	}
	for _, g := range groups {
		switch g.Kind {
		case store.ProxyRead, store.ProxyWrite:
			a.ActsFor = append(a.ActsFor, g.Name)
		default:
			a.Groups = append(a.Groups, g.Name)
		}
	}
	slices.Sort(a.Groups)
	slices.Sort(a.ActsFor)
	a.ActsFor = slices.Compact(a.ActsFor)
	return nil
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// maxUser is what package fcgi takes from a web server.
const maxUser = 255

// userName brings a name into the form in which a login arrives; one that none can have is refused.
func (c *call) userName(name string) (string, error) {
	given := name
	if c.LowerUser {
		name = strings.ToLower(name)
	}
	return usableName("user", given, name)
}

// usableName refuses what can be no name of a user, a group or a room.
func usableName(what, given, name string) (string, error) {
	name = norm.NFC.String(name)
	switch {
	case name == "" || name == "." || name == ".." || strings.Contains(name, "/"):
		return "", usagef("%s name %q: want a name without a slash", what, given)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", usagef("%s name %q: want UTF-8 without control characters", what, given)
	case len(name) > maxUser:
		return "", usagef("%s name of %d bytes: at most %d can be", what, len(name), maxUser)
	}
	return name, nil
}

func userAdd(ctx context.Context, c *call) error {
	name, err := c.userName(c.args[0])
	if err != nil {
		return err
	}
	display, address, err := c.person()
	if err != nil {
		return err
	}
	claims := map[string]string{}
	if display != "" {
		claims["name"] = display
	}
	if address != "" {
		claims["mail"] = address
	}
	return c.with(mayMake, func(s *service) error {
		err := s.db.View(ctx, func(tx *store.Tx) error {
			_, err := tx.Principal(store.User, name)
			if err == nil {
				return hint(fmt.Errorf("user %q exists", name), "to rename it: %s user rename %s NEW", program, quoteArg(name))
			}
			if !errors.Is(err, store.ErrNotFound) {
				return err
			}
			return free(tx, address)
		})
		if err != nil {
			return err
		}
		p, err := s.dav.Engine().AddAccount(ctx, webdav.Login{User: name, Claims: claims})
		if err != nil {
			return fmt.Errorf("make user %q: %w", name, err)
		}
		return s.db.View(ctx, func(tx *store.Tx) error {
			a, err := describe(tx, p)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Stdout, "made user %s\n", a.Name)
			for _, l := range a.listed() {
				fmt.Fprintf(c.Stdout, "  %s\n", l.Path)
			}
			return nil
		})
	})
}

func userList(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		all := []account{}
		err := s.db.View(ctx, func(tx *store.Tx) error {
			var users []*store.Principal
			for p, err := range tx.Principals(store.User) {
				if err != nil {
					return err
				}
				users = append(users, p)
			}
			for _, p := range users {
				a, err := describe(tx, p)
				if err != nil {
					return err
				}
				all = append(all, a)
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
			fmt.Fprintf(c.Stderr, "no users yet (%s user add NAME makes one, and so does a first visit)\n", program)
		}
		tw := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		for _, a := range all {
			name := a.Display
			if a.Disabled {
				name += " (disabled)"
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", a.Name, plural(int64(len(a.Calendars)), "calendar"), plural(a.Objects, "object"), roundSize(a.Bytes), name)
		}
		return tw.Flush()
	})
}

// roundSize is a size for people.
func roundSize(n int64) string {
	for _, u := range sizeUnits {
		if n >= u.bytes {
			return fmt.Sprintf("%.1f %s", float64(n)/float64(u.bytes), u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

func userShow(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		var a account
		err := s.db.View(ctx, func(tx *store.Tx) error {
			p, err := s.account(tx, c.args[0])
			if err != nil {
				return err
			}
			if a, err = describe(tx, p); err != nil {
				return err
			}
			return a.belonging(tx, p)
		})
		if err != nil {
			return err
		}
		if c.on("json") {
			return writeJSON(c.Stdout, a)
		}
		state := ""
		if a.Disabled {
			state = ", disabled"
		}
		fmt.Fprintf(c.Stdout, "%s (%s)%s\n", a.Name, a.Display, state)
		for _, m := range a.Mail {
			fmt.Fprintf(c.Stdout, "mail: %s\n", m)
		}
		if len(a.Groups) > 0 {
			fmt.Fprintf(c.Stdout, "groups: %s\n", strings.Join(a.Groups, " "))
		}
		if len(a.ActsFor) > 0 {
			fmt.Fprintf(c.Stdout, "acts for: %s\n", strings.Join(a.ActsFor, " "))
		}
		if a.Quota != nil {
			fmt.Fprintf(c.Stdout, "quota: %s of %s used\n", roundSize(a.Bytes), roundSize(*a.Quota))
		}
		tw := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		for i, l := range a.listed() {
			takes := strings.Join(l.Components, ",")
			switch {
			case i >= len(a.Calendars):
				takes = "contacts"
			case takes == "":
				takes = "everything"
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\n", l.Path, l.Display, plural(l.Objects, "object"), roundSize(l.Bytes), takes)
		}
		return tw.Flush()
	})
}

// change saves an account that fn has changed.
func (c *call) change(ctx context.Context, fn func(*store.Principal) error) error {
	return c.with(mustHave, func(s *service) error {
		return s.db.Update(ctx, func(tx *store.Tx) error {
			p, err := s.account(tx, c.args[0])
			if err != nil {
				return err
			}
			if err := fn(p); err != nil {
				return err
			}
			return tx.SavePrincipal(p)
		})
	})
}

func userRename(ctx context.Context, c *call) error {
	name, err := c.userName(c.args[1])
	if err != nil {
		return err
	}
	err = c.change(ctx, func(p *store.Principal) error {
		if p.Display == p.Name {
			p.Display = name
		}
		p.Name = name
		return nil
	})
	if errors.Is(err, store.ErrExists) {
		return hint(fmt.Errorf("user %q exists", name), "choose another name; %s user show %s says who that is", program, quoteArg(name))
	}
	if err == nil {
		fmt.Fprintf(c.Stdout, "renamed user %s to %s\n", c.args[0], name)
	}
	return err
}

func userQuota(ctx context.Context, c *call) error {
	var quota *int64
	word := strings.ToLower(c.args[1])
	switch {
	case word == "none":
		quota = new(store.NoQuota)
	case word != "default":
		n, err := readSize(c.args[1])
		if err != nil {
			return usagef("user quota: %q: want a size such as 500MB, none, or default", c.args[1])
		}
		quota, word = &n, writeSize(n)
	}
	err := c.change(ctx, func(p *store.Principal) error { p.Quota = quota; return nil })
	if err == nil {
		fmt.Fprintf(c.Stdout, "quota of user %s: %s\n", c.args[0], word)
	}
	return err
}

func userDisable(ctx context.Context, c *call) error { return c.setDisabled(ctx, true, "disabled") }

func userEnable(ctx context.Context, c *call) error { return c.setDisabled(ctx, false, "enabled") }

func (c *call) setDisabled(ctx context.Context, disabled bool, word string) error {
	err := c.change(ctx, func(p *store.Principal) error { p.Disabled = disabled; return nil })
	if err == nil {
		fmt.Fprintf(c.Stdout, "%s user %s\n", word, c.args[0])
	}
	return err
}

func userDelete(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		var a account
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			p, err := s.account(tx, c.args[0])
			if err != nil {
				return err
			}
			if a, err = describe(tx, p); err != nil {
				return err
			}
			if a.Objects > 0 && !c.on("yes") {
				return hint(fmt.Errorf("user %q has %s in %s and %s", p.Name, plural(a.Objects, "object"), plural(int64(len(a.Calendars)), "calendar"), plural(int64(len(a.Books)), "address book")),
					"to delete all of it: %s user delete -yes %s; to keep a copy before: %s export -user %s > FILE", program, quoteArg(p.Name), program, quoteArg(p.Name))
			}
			return tx.DeletePrincipal(p)
		})
		if err == nil {
			fmt.Fprintf(c.Stdout, "deleted user %s with %s\n", a.Name, plural(a.Objects, "object"))
		}
		return err
	})
}
