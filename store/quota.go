package store

import "fmt"

// NoQuota as the quota of a principal: it may grow, whatever the default is.
const NoQuota int64 = -1

// charge is what a transaction has done to the bytes of a principal.
type charge struct {
	grown, bytes int64
	quota        *int64
}

// count keeps the bytes of a principal, which quotas are held against.
func (tx *Tx) count(principal, bytes int64) error {
	if bytes == 0 {
		return nil
	}
	var now charge
	if err := tx.one([]any{num(&now.bytes), &now.quota}, `UPDATE principal SET bytes=bytes+? WHERE id=? RETURNING bytes, quota`, bytes, principal); err != nil {
		return err
	}
	if tx.charges == nil {
		tx.charges = map[int64]charge{}
	}
	now.grown = tx.charges[principal].grown + bytes
	tx.charges[principal] = now
	return nil
}

// withinQuotas is asked once, at the end of a transaction: what shrinks an account is let through also where it holds too much already,
// in whatever order its steps come.
func (tx *Tx) withinQuotas() error {
	for id, c := range tx.charges {
		limit, limited := tx.db.limit(c.quota)
		if limited && c.grown > 0 && c.bytes > limit {
			return fmt.Errorf("%w: principal %d would hold %d bytes and may hold %d", ErrQuota, id, c.bytes, limit)
		}
	}
	return nil
}

func (db *DB) limit(own *int64) (bytes int64, limited bool) {
	if own != nil {
		return *own, *own >= 0
	}
	return db.quota, db.quota > 0
}

// Limit is how many bytes a principal may hold: its own quota, else the default; limited is false where there is none.
func (tx *Tx) Limit(p *Principal) (bytes int64, limited bool) { return tx.db.limit(p.Quota) }
