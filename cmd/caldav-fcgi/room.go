package main

import (
	"context"
	"errors"
	"fmt"
	"text/tabwriter"

	"caldav-fcgi/store"
)

const roomAddHelp = `A room, or with -kind resource something else that can be booked, such as a projector. Calendar programs find it by its name and by its mail address. NAME stands in addresses; -name is what people see.
Who may act for it: caldav-fcgi proxy add -room.`

const roomDeleteHelp = `The room and what belongs to it are gone for good.`

var roomOptions = append([]option{{"kind", "room|resource", "what it is; a room when not given"}}, personOptions...)

// kindOfRoom reads -kind.
func (c *call) kindOfRoom() (kind store.PrincipalKind, what string, err error) {
	switch k := c.options["kind"]; k {
	case "", "room":
		return store.Room, "room", nil
	case "resource":
		return store.Resource, "resource", nil
	default:
		return 0, "", usagef("-kind %q: want room or resource", k)
	}
}

func roomAdd(ctx context.Context, c *call) error {
	kind, what, err := c.kindOfRoom()
	if err != nil {
		return err
	}
	return c.addPrincipal(ctx, kind, what)
}

// room finds one of either kind.
func (s *service) room(tx *store.Tx, name string) (*store.Principal, error) {
	p, err := tx.Principal(store.Room, name)
	if errors.Is(err, store.ErrNotFound) {
		p, err = tx.Principal(store.Resource, name)
	}
	if errors.Is(err, store.ErrNotFound) {
		return nil, hint(fmt.Errorf("no room %q", name), "%s room list shows them, %s room add %s makes one", program, program, quoteArg(name))
	}
	return p, err
}

// roomListing is a room as the listing shows it.
type roomListing struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Display string   `json:"display"`
	Mail    []string `json:"mail"`
}

func roomList(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		all := []roomListing{}
		err := s.db.View(ctx, func(tx *store.Tx) error {
			for l, err := range tx.Directory(store.Sight{All: true}, store.Room, store.Resource) {
				if err != nil {
					return err
				}
				what := "room"
				if l.Kind == store.Resource {
					what = "resource"
				}
				all = append(all, roomListing{l.Name, what, l.Display, mails(l.Addresses)})
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
			fmt.Fprintf(c.Stderr, "no rooms yet (%s room add NAME makes one)\n", program)
		}
		tw := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
		for _, r := range all {
			mail := "-"
			if len(r.Mail) > 0 {
				mail = r.Mail[0]
			}
			fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", r.Name, r.Kind, mail, r.Display)
		}
		return tw.Flush()
	})
}

func roomDelete(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		err := s.db.Update(ctx, func(tx *store.Tx) error {
			p, err := s.room(tx, c.args[0])
			if err != nil {
				return err
			}
			return tx.DeletePrincipal(p)
		})
		if err == nil {
			fmt.Fprintf(c.Stdout, "deleted room %s\n", c.args[0])
		}
		return err
	})
}
