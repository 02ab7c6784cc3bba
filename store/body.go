package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"fmt"
	"iter"
	"strconv"
)

// hashSize: half of a SHA-256 is what ETags need, 22 characters of base64.
const hashSize = 16

func hashOf(body []byte) []byte {
	sum := sha256.Sum256(body)
	return sum[:hashSize]
}

// Tag is the ETag, with its quotes. The revision makes two writes of the same octets differ; variant names a form that differs from
// what is stored, "" for none.
func (o *Object) Tag(variant string) string {
	b := make([]byte, 0, 64)
	b = append(b, '"')
	b = base64.RawURLEncoding.AppendEncode(b, o.ETag)
	b = append(b, '-')
	b = strconv.AppendInt(b, o.Rev, 10)
	if variant != "" {
		b = append(b, '-')
		b = append(b, variant...)
	}
	return string(append(b, '"'))
}

func (tx *Tx) addBody(data []byte) (int64, error) {
	if data == nil {
		data = []byte{}
	}
	res, err := tx.exec(`INSERT INTO body(data) VALUES(?)`, data)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (tx *Tx) removeBodies(ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := jsonIDs(ids)
	if err != nil {
		return err
	}
	_, err = tx.exec(`DELETE FROM body WHERE id IN (SELECT value FROM json_each(?))`, list)
	return err
}

// Bodies yields all members that have a body, by revision, with nothing but Name and Body: what Objects costs for those who read a
// whole collection is mostly the other columns. What is yielded is valid until the next step.
func (tx *Tx) Bodies(collection int64) iter.Seq2[*Object, error] {
	return func(yield func(*Object, error) bool) {
		row := &Object{Collection: collection}
		var body sql.RawBytes
		step := func() bool {
			row.Body = body
			return yield(row, nil)
		}
		if err := tx.each([]any{&row.Name, &body}, step, bodiesOf, collection); err != nil {
			yield(nil, fmt.Errorf("read bodies: %w", err))
		}
	}
}

const bodiesOf = `SELECT o.name, b.data FROM object o CROSS JOIN body b ON b.id=o.body WHERE o.collection=+? ORDER BY o.rev` // object_rev
