package home

import (
	"context"
	"errors"
	"fmt"

	"caldav-fcgi/store"
)

// reindexRows are written in one transaction: a client waits for no more.
const reindexRows = 100

// Reindex writes what is held of the objects of a kind of collection, to find them by, anew where another version of the
// program has written it, and returns how many there were. It may be ended at any time, and runs beside everything else.
func Reindex(ctx context.Context, db *store.DB, kind store.Kind, version int64, index func(*store.Object) store.Index) (done int, err error) {
	for after := int64(0); ; {
		type fresh struct {
			row store.Object
			ix  store.Index
		}
		var list []fresh
		err := db.View(ctx, func(tx *store.Tx) error {
			for row, err := range tx.Stale(kind, version, after, reindexRows) {
				if err != nil {
					return err
				}
				after = row.ID
				list = append(list, fresh{*row, index(row)})
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
