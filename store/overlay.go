package store

import (
	"crypto/sha256"
	"fmt"
)

// Overlay is what somebody keeps of his own with an object of another: alarms, in the form of whoever reads them, and a tag of these.
type Overlay struct{ Alarms, ETag []byte }

const overlays = `SELECT v.object, v.alarms, v.etag FROM overlay v CROSS JOIN object o ON o.id=v.object AND o.collection=?2 WHERE v.principal=?1` // overlay_principal

// Overlays are those of a principal on the objects of a collection, by object.
func (tx *Tx) Overlays(collection, principal int64) (map[int64]Overlay, error) {
	all := map[int64]Overlay{}
	var id int64
	var v Overlay
	step := func() bool {
		all[id] = v
		v = Overlay{}
		return true
	}
	if err := tx.each([]any{num(&id), &v.Alarms, &v.ETag}, step, overlays, principal, collection); err != nil {
		return nil, fmt.Errorf("overlays of principal %d on collection %d: %w", principal, collection, err)
	}
	return all, nil
}

// SetOverlay replaces a principal's overlay on an object; no alarms remove it.
func (tx *Tx) SetOverlay(object, principal int64, alarms []byte) (Overlay, error) {
	_, err := tx.exec(`DELETE FROM overlay WHERE object=? AND principal=?`, object, principal)
	v := Overlay{Alarms: alarms}
	if err == nil && len(alarms) > 0 {
		sum := sha256.Sum256(alarms)
		v.ETag = sum[:6]
		_, err = tx.exec(`INSERT INTO overlay(object, principal, alarms, etag) VALUES(?, ?, ?, ?)`, object, principal, v.Alarms, v.ETag)
	}
	if err != nil {
		return Overlay{}, fmt.Errorf("set the overlay of principal %d on object %d: %w", principal, object, err)
	}
	return v, nil
}
