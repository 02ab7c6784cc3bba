package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"caldav-fcgi/store"
)

const tokenNewHelp = `Where the site's login is one that phones cannot do, such as single sign-on with a second factor, each device gets a password of its own. It is shown this once: only a hash of it is kept. It works over plain HTTP (-http), and behind a location that the web server does not guard and marks with the parameter CALDAV_LOGIN=token: nginx/README.md and apache/README.md have the lines. The server has to run with -tokens=on.
  caldav-fcgi token new -user ann -name phone`

const tokenListHelp = `One line a password: user, name of the device, when it was made, when it was last used (to the hour), when it ends.`

const tokenRevokeHelp = `The device is turned away from its next request on.`

var (
	tokenUser = option{"user", "NAME", "whose password; needed"}
	tokenName = option{"name", "TEXT", "what the device is called; needed"}
)

// device reads -user and -name.
func (c *call) device() (user, name string, err error) {
	user, name = c.options["user"], strings.TrimSpace(c.options["name"])
	if user == "" || name == "" {
		return "", "", usagef("%s: want -user NAME and -name TEXT, such as -user ann -name phone", c.cmd.name)
	}
	return user, name, nil
}

func tokenNew(ctx context.Context, c *call) error {
	user, name, err := c.device()
	if err != nil {
		return err
	}
	expires := int64(store.Never)
	if v := c.options["days"]; v != "" {
		n, err := strconv.ParseUint(v, 10, 16)
		if err != nil || n == 0 {
			return usagef("-days %q: want a number of days, such as 90", v)
		}
		expires = time.Now().Unix() + int64(n)*24*3600
	}
	return c.with(mustHave, func(s *service) error {
		var secret string
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			p, err := s.account(tx, user)
			if err != nil {
				return err
			}
			secret, err = tx.NewToken(store.DeviceToken, p.ID, 0, name, expires)
			return err
		})
		if errors.Is(err, store.ErrExists) {
			return hint(fmt.Errorf("user %q has a password for %q", user, name), "choose another name, or %s token revoke -user %s -name %s", program, quoteArg(user), quoteArg(name))
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(c.Stdout, "%s\n", grouped(secret))
		if !c.Tokens {
			fmt.Fprintf(c.Stderr, "such passwords are switched off in these settings: the server has to run with -tokens=on\n")
		}
		return nil
	})
}

// grouped writes a password so that it can be typed from a screen; blanks and dashes in it do not count.
func grouped(secret string) string {
	var b strings.Builder
	for i, r := range secret {
		if i > 0 && i%5 == 0 {
			b.WriteByte('-')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// tokenListing is a password as the listing shows it.
type tokenListing struct {
	User    string     `json:"user"`
	Name    string     `json:"name"`
	Created time.Time  `json:"created"`
	Used    *time.Time `json:"used"`
	Expires *time.Time `json:"expires"`
}

func tokenList(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		all := []tokenListing{}
		err := s.db.View(ctx, func(tx *store.Tx) error {
			var users []*store.Principal
			if name := c.options["user"]; name != "" {
				p, err := s.account(tx, name)
				if err != nil {
					return err
				}
				users = append(users, p)
			} else {
				for l, err := range tx.Directory(store.Sight{All: true}, store.User) {
					if err != nil {
						return err
					}
					users = append(users, l.Principal)
				}
			}
			for _, p := range users {
				list, err := tx.Tokens(p.ID)
				if err != nil {
					return err
				}
				for _, t := range list {
					if t.Kind == store.DeviceToken {
						all = append(all, tokenListing{p.Name, t.Name, time.Unix(t.Created, 0).UTC(), moment(t.Used), moment(t.Expires)})
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
		day := func(t *time.Time) string {
			if t == nil {
				return "never"
			}
			return t.Format(time.DateOnly)
		}
		tw := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		for _, t := range all {
			fmt.Fprintf(tw, "%s\t%s\tmade %s\tused %s\tends %s\n", t.User, t.Name, day(&t.Created), day(t.Used), day(t.Expires))
		}
		return tw.Flush()
	})
}

// moment is nil for never.
func moment(unix int64) *time.Time {
	if unix == 0 || unix >= store.Never {
		return nil
	}
	t := time.Unix(unix, 0).UTC()
	return &t
}

func tokenRevoke(ctx context.Context, c *call) error {
	user, name, err := c.device()
	if err != nil {
		return err
	}
	return c.with(mustHave, func(s *service) error {
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			p, err := s.account(tx, user)
			if err != nil {
				return err
			}
			err = tx.RevokeToken(store.DeviceToken, p.ID, name)
			if errors.Is(err, store.ErrNotFound) {
				return hint(fmt.Errorf("user %q has no password for %q", user, name), "%s token list -user %s shows them", program, quoteArg(user))
			}
			return err
		})
		if err == nil {
			fmt.Fprintf(c.Stdout, "revoked the password of %s for %s\n", user, name)
		}
		return err
	})
}
