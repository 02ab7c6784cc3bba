package caldav

import (
	"context"
	"errors"
	"fmt"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// reindexRows are written in one transaction: a client waits for no more.
const reindexRows = 100

// Reindex writes the index of every object anew that another version of the program has written, and returns how many.
// Until then searches read the texts of those. It may be ended at any time, and runs beside everything else.
func Reindex(ctx context.Context, db *store.DB) (done int, err error) {
	for after := int64(0); ; {
		type fresh struct {
			row store.Object
			ix  store.Index
		}
		var list []fresh
		err := db.View(ctx, func(tx *store.Tx) error {
			for row, err := range tx.Stale(store.KindCalendar, after, reindexRows) {
				if err != nil {
					return err
				}
				after = row.ID
				list = append(list, fresh{*row, reindexed(row)})
			}
			return nil
		})
		if err != nil {
			return done, fmt.Errorf("read what is to be indexed: %w", err)
		}
		if len(list) == 0 {
			return done, nil
		}
		n := 0
		err = db.Update(ctx, func(tx *store.Tx) error {
			n = 0
			for i := range list {
				switch err := tx.Reindex(&list[i].row, list[i].ix); {
				case err == nil:
					n++
				case !errors.Is(err, store.ErrNotFound): // changed since, and indexed by that
					return err
				}
			}
			return nil
		})
		if err != nil {
			return done, fmt.Errorf("write the index: %w", err)
		}
		done += n
	}
}

// reindexed is the index of a stored object. One that cannot be read any more, by stricter rules than those it came in
// by, keeps its kind and is looked into by every search.
func reindexed(row *store.Object) store.Index {
	lost := store.Index{Version: IndexVersion, Kind: row.Kind, Flags: row.Flags, First: store.MinTime, Last: store.MaxTime}
	cal, err := ical.Parse(row.Body)
	if err != nil {
		return lost
	}
	known := func(tzid string) bool { _, _, ok := zone.Known(tzid); return ok }
	info, err := ical.Options{KnownZone: known}.Validate(cal)
	if err != nil {
		return lost
	}
	ix, err := index(cal, info)
	if err != nil {
		return lost
	}
	return ix
}

// Index is that of a calendar object that the program itself has made.
func Index(body []byte) (store.Index, error) {
	cal, err := ical.Parse(body)
	if err != nil {
		return store.Index{}, condition(err)
	}
	info, err := ical.Options{}.Validate(cal)
	if err != nil {
		return store.Index{}, condition(err)
	}
	return index(cal, info)
}
