package webdav

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
)

// Numbered is a resource that is told from others by the number of a row that holds no dead properties.
type Numbered interface {
	ResourceNumber() (kind string, number int64)
}

// resourceIDProperty is DAV:resource-id, RFC 5842 §3.1. It is made of what a MOVE leaves alone and a COPY gives anew:
// the number of the row. Numbers repeat among databases, and after a restore: so the database's own random number and
// the time at which the resource was made are in it. A resource without a row is its place in the tree.
func resourceIDProperty() Property {
	return On(Prop[Resource]{Name: DAV("resource-id"),
		Get: func(rq *Request, r Resource, w *Writer) error {
			origin, err := rq.Tx.Origin()
			if err != nil {
				return err
			}
			key := "path " + Path{Segments: w.Self.Segments}.String()
			if n, ok := r.(Numbered); ok {
				kind, number := n.ResourceNumber()
				key = fmt.Sprintf("%s %d", kind, number)
			} else if coll, object, ok := deadKey(r); ok && object != 0 {
				key = fmt.Sprintf("object %d", object)
			} else if ok && coll != 0 {
				key = fmt.Sprintf("collection %d", coll)
			}
			if d, ok := r.(Dated); ok {
				key += fmt.Sprintf(" %d", d.Created().Unix())
			}
			sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(key+" "), uint64(origin)))
			u := sum[:16]
			u[6] = u[6]&0x0f | 0x80 // RFC 9562 §5.8
			u[8] = u[8]&0x3f | 0x80 // §4.1
			w.Address(fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:]))
			return nil
		}})
}
