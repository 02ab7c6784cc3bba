package webdav

import (
	"fmt"
	"net/http"
	"time"

	"github.com/beevik/etree"

	"caldav-fcgi/store"
)

// maxDisplayName is in octets: the name is part of every listing, also of what others see.
const maxDisplayName = 4 << 10

// properties are those of RFC 4918 §15.
func properties() []Property {
	return []Property{
		On(Prop[Resource]{Name: DAV("resourcetype"), AllProp: true, Want: store.Brief, // §15.9
			Get: func(rq *Request, r Resource, w *Writer) error {
				for _, t := range r.Types() {
					w.Empty(t)
				}
				return nil
			}}),
		On(Prop[Entity]{Name: DAV("getetag"), AllProp: true, Want: store.Brief, // §15.6
			Get: func(rq *Request, r Entity, w *Writer) error { w.Text(r.ETag()); return nil }}),
		On(Prop[Entity]{Name: DAV("getcontenttype"), AllProp: true, Want: store.Brief, // §15.5
			Get: func(rq *Request, r Entity, w *Writer) error { w.Text(r.ContentType()); return nil }}),
		On(Prop[Entity]{Name: DAV("getcontentlength"), AllProp: true, // §15.4
			Get: func(rq *Request, r Entity, w *Writer) error {
				if r.Size() < 0 { // only its text would tell
					return ErrNoValue
				}
				w.Int(r.Size())
				return nil
			}}),
		On(Prop[Dated]{Name: DAV("getlastmodified"), AllProp: true, // §15.7
			Get: func(rq *Request, r Dated, w *Writer) error {
				return date(w, r.Modified(), http.TimeFormat)
			}}),
		On(Prop[Dated]{Name: DAV("creationdate"), AllProp: true, // §15.1
			Get: func(rq *Request, r Dated, w *Writer) error {
				return date(w, r.Created(), "2006-01-02T15:04:05Z")
			}}),
		On(Prop[Displayed]{Name: DAV("displayname"), AllProp: true, // §15.2
			Get: func(rq *Request, r Displayed, w *Writer) error {
				if r.DisplayName() == "" {
					return ErrNoValue
				}
				w.Text(r.DisplayName())
				return nil
			},
			Set: func(rq *Request, r Displayed, el *etree.Element) error {
				if name := TextOf(el); len(name) <= maxDisplayName {
					r.SetDisplayName(name)
					return nil
				}
				return &Error{Status: http.StatusInsufficientStorage, Text: fmt.Sprintf("a displayname has %d octets at most", maxDisplayName)}
			}}),
	}
}

func date(w *Writer, t time.Time, layout string) error {
	if t.IsZero() || t.Unix() == 0 {
		return ErrNoValue
	}
	w.Time(t, layout)
	return nil
}
