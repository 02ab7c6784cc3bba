package webdav

import (
	"reflect"

	"github.com/beevik/etree"
)

// Value is what a live property of the resource at p holds, for who has to look into it; ErrNoValue when there is none.
func (rq *Request) Value(p Path, res Resource, n Name) (*etree.Element, error) {
	prop := rq.server.property(n, reflect.TypeOf(res))
	if prop == nil || prop.get == nil {
		return nil, ErrNoValue
	}
	w := newWriter(rq.Base, nil)
	w.Self = p
	w.Document(n)
	if err := prop.get(rq, res, w); err != nil {
		return nil, err
	}
	w.Close()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(w.buf); err != nil {
		return nil, err
	}
	return doc.Root(), nil
}
