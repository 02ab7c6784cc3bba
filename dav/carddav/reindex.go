package carddav

import (
	"context"

	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/home"
	"caldav-fcgi/store"
)

// IndexVersion is raised whenever judge computes other keys: those of new Unicode data, too.
const IndexVersion = 1

// Reindex writes the keys of every card anew that another version of the program has written, and returns how many.
func Reindex(ctx context.Context, db *store.DB) (done int, err error) {
	return home.Reindex(ctx, db, store.KindAddressBook, IndexVersion, func(o *store.Object) store.Index {
		ix, err := judge(o.Body)
		if err != nil { // by stricter rules than those it came in by: its text is looked into by every search
			return store.Index{Version: IndexVersion, Kind: o.Kind, Flags: o.Flags, Keys: []store.Key{{Prop: uint8(filter.Unindexed)}}}
		}
		return ix
	})
}
