package caldav

import (
	"context"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// Reindex writes the index of every object anew that another version of the program has written, and returns how many.
// Until then searches read the texts of those.
func Reindex(ctx context.Context, db *store.DB) (done int, err error) {
	return home.Reindex(ctx, db, store.KindCalendar, IndexVersion, reindexed)
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
