package job

import (
	"fmt"
	"strconv"

	"caldav-fcgi/store"
)

// The rows of one transaction.
const (
	purgeRows  = 200
	purgeParts = 16 // of a large file: 4 MB
)

// Purge empties a deleted collection: a DELETE only marks it, so that it is quick and whole.
func Purge(tx *store.Tx, j *store.Job) (more bool, err error) {
	id, err := number(j)
	if err != nil {
		return false, err
	}
	return tx.PurgeCollection(id, purgeRows)
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
