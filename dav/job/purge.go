package job

import (
	"fmt"
	"strconv"
	"time"

	"caldav-fcgi/store"
)

// What one transaction does. Rows lie all over the indexes: 2,000 at a time take half of what 200 do, since each page that is touched
// is written once for each commit. On a slow machine it is fewer, for others who write wait meanwhile.
const (
	purgeTime  = 15 * time.Millisecond
	purgeRows  = 500 // between two looks at the clock
	purgeParts = 16  // of a large file: 4 MB
)

// Purge empties a deleted collection: a DELETE only marks it, so that it is quick and whole.
func Purge(tx *store.Tx, j *store.Job) (more bool, err error) {
	id, err := number(j)
	if err != nil {
		return false, err
	}
	for began, more := time.Now(), true; more && time.Since(began) < purgeTime; {
		if more, err = tx.PurgeCollection(id, purgeRows); err != nil || !more {
			return false, err
		}
	}
	return true, nil
}

// PurgeContent empties a large file that nobody has any more.
func PurgeContent(tx *store.Tx, j *store.Job) (more bool, err error) {
	id, err := number(j)
	if err != nil {
		return false, err
	}
	return tx.PurgeContent(id, purgeParts)
}

func number(j *store.Job) (int64, error) {
	n, err := strconv.ParseInt(j.Key, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("its key is no number: %w", err)
	}
	return n, nil
}
