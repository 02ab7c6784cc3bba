package main

import (
	"context"
	"fmt"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

const checkHelp = `It reads the whole database: whether the file is sound and its tables agree, whether every object can be read and is what its row says. It changes nothing and runs beside a server. Exit status 1 when something is wrong.

-zones compares instead the time zones that clients sent with their events and tasks against those of this program, which it follows: what will happen at another hour within two years is listed, with its path, its local time, and the UTC times of before and after. A government has changed its clocks, or a client has old rules; after an update of this program people may want to hear of it.`

func check(ctx context.Context, c *call) error {
	if c.on("zones") {
		return checkZones(ctx, c)
	}
	return c.with(mustHave, func(s *service) error {
		problems, err := s.db.Check(ctx)
		if err != nil {
			return err
		}
		for _, p := range problems {
			fmt.Fprintln(c.Stdout, p)
		}
		wrong := len(problems)
		accounts, objects := 0, 0
		list, err := s.everyCollection(ctx, &accounts)
		if err != nil {
			return err
		}
		for _, col := range list {
			err := s.eachObject(ctx, col.ID, func(o *store.Object) error {
				objects++
				judge := sound
				if col.Kind == store.KindAddressBook {
					judge = soundCard
				}
				if err := judge(o); err != nil {
					wrong++
					fmt.Fprintf(c.Stdout, "%s%s: %v\n", col.path, o.Name, err)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if wrong > 0 {
			return hint(fmt.Errorf("%s in %s", plural(int64(wrong), "fault"), c.DB), "keep a copy of the file before anything else")
		}
		fmt.Fprintf(c.Stdout, "%s is sound: %s, %s, %s\n", c.DB, plural(int64(accounts), "user"), plural(int64(len(list)), "collection"), plural(int64(objects), "object"))
		return nil
	})
}

// placed is a collection with its path.
type placed struct {
	*store.Collection
	path string
}

// everyCollection is every calendar and every address book.
func (s *service) everyCollection(ctx context.Context, accounts *int) ([]placed, error) {
	var all []placed
	for _, of := range []shelf{calendarShelf, bookShelf} {
		list, err := s.every(ctx, accounts, of)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

func (s *service) everyCalendar(ctx context.Context, accounts *int) ([]placed, error) {
	return s.every(ctx, accounts, calendarShelf)
}

func (s *service) every(ctx context.Context, accounts *int, of shelf) (list []placed, err error) {
	err = s.db.View(ctx, func(tx *store.Tx) error {
		var users []*store.Principal
		for p, err := range tx.Principals(store.User) {
			if err != nil {
				return err
			}
			users = append(users, p)
		}
		*accounts = len(users)
		for _, p := range users {
			cols, err := of.list(tx, p)
			if err != nil {
				return err
			}
			for _, c := range cols {
				list = append(list, placed{c, "/" + of.root + "/" + p.Name + "/" + c.Name + "/"})
			}
		}
		return nil
	})
	return list, err
}

// sound says whether an object is what its row says.
func sound(o *store.Object) error {
	info, err := examine(o.Body)
	switch {
	case err != nil:
		return err
	case info.UID != o.UID:
		return fmt.Errorf("its UID is %q, its row says %q", info.UID, o.UID)
	case uint32(info.Kind) != o.Kind:
		return fmt.Errorf("it is a %s, its row says %s", info.Kind, ical.Kind(o.Kind))
	}
	return nil
}

// soundCard is sound for a card.
func soundCard(o *store.Object) error {
	card, err := vcard.Parse(o.Body)
	if err != nil {
		return err
	}
	info, err := vcard.Validate(card)
	if err == nil && info.UID != o.UID {
		err = fmt.Errorf("its UID is %q, its row says %q", info.UID, o.UID)
	}
	return err
}

// maxSteps is what the rules of one object may cost, as when it is stored.
const maxSteps = 10_000_000

// examine reads an object as the service does when it is stored: syntax, values, time zones, rules.
func examine(body []byte) (ical.Info, error) {
	cal, err := ical.Parse(body)
	if err != nil {
		return ical.Info{}, err
	}
	known := func(tzid string) bool { _, _, ok := zone.Known(tzid); return ok }
	info, err := ical.Options{KnownZone: known}.Validate(cal)
	if err != nil {
		return info, err
	}
	_, err = recur.Compile(cal, zone.NewResolver(cal, nil), &recur.Budget{Steps: maxSteps})
	return info, err
}
