package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/store"
)

const exportHelp = `Everything of the account, or of one calendar, as one iCalendar stream on standard output, each time zone once. caldav-fcgi import reads it back.
  caldav-fcgi export -user ann > ann.ics
  caldav-fcgi export -user ann -calendar work > work.ics
Contacts are written as they are stored, one vCard after the other.
  caldav-fcgi export -user ann -contacts > ann.vcf`

// exportPage objects are read in one transaction: it must not wait for whoever reads our output.
const exportPage = 200

func export(ctx context.Context, c *call) error {
	user, only := c.options["user"], c.options["calendar"]
	if user == "" {
		return usagef("export: whose? want -user NAME")
	}
	if book := c.options["book"]; book != "" || c.on("contacts") {
		return exportCards(ctx, c, user, book)
	}
	return c.with(mustHave, func(s *service) error {
		list, err := s.exported(ctx, user, only, calendarShelf)
		if err != nil {
			return err
		}
		out := bufio.NewWriterSize(c.Stdout, 64<<10)
		w := ical.NewWriter(out)
		w.Begin("VCALENDAR")
		w.Property(ical.NewProp("VERSION", "2.0"))
		w.Property(ical.NewText("PRODID", "-//caldav-fcgi//export//EN"))
		if only != "" && list[0].Display != nil {
			w.Property(ical.NewText("X-WR-CALNAME", *list[0].Display))
		}
		m := ical.NewMerger(w.Component)
		left := 0
		for _, col := range list {
			err := s.eachObject(ctx, col.ID, func(o *store.Object) error {
				cal, err := ical.Parse(o.Body)
				if err != nil {
					fmt.Fprintf(c.Stderr, "%s/%s: left out: %v\n", col.Name, o.Name, err)
					left++
					return nil
				}
				m.Add(cal)
				return w.Err()
			})
			if err != nil {
				return err
			}
		}
		w.End("VCALENDAR")
		if err := w.Err(); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		if left > 0 {
			return hint(fmt.Errorf("%s left out, for the reasons above", plural(int64(left), "object")), "%s check says more", program)
		}
		return nil
	})
}

// exported are the collections asked for.
func (s *service) exported(ctx context.Context, user, only string, of shelf) (list []*store.Collection, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		p, err := s.account(tx, user)
		if err != nil {
			return err
		}
		if list, err = of.list(tx, p); err != nil || only == "" {
			return err
		}
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
		}
		i := slices.Index(names, only)
		if i < 0 {
			return fmt.Errorf("no %s %q of %s (there are: %s)", of.called, only, user, strings.Join(names, ", "))
		}
		list = list[i : i+1]
		return nil
	})
	return list, err
}

// eachObject calls fn with each object of a collection, by name, outside any transaction. One that goes meanwhile is passed over.
func (s *service) eachObject(ctx context.Context, collection int64, fn func(*store.Object) error) error {
	var names []string
	err := s.db.View(ctx, func(tx *store.Tx) error {
		for o, err := range tx.Objects(collection, 0) {
			if err != nil {
				return err
			}
			names = append(names, o.Name)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.Sort(names) // so that two exports of the same are the same
	for page := range slices.Chunk(names, exportPage) {
		var objects []*store.Object
		err := s.db.View(ctx, func(tx *store.Tx) error {
			for o, err := range tx.Objects(collection, store.Body, page...) {
				if err != nil {
					return err
				}
				kept := *o
				kept.Body = bytes.Clone(o.Body)
				objects = append(objects, &kept)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, o := range objects {
			if err := fn(o); err != nil {
				return err
			}
		}
	}
	return nil
}
