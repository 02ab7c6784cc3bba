package carddav

import (
	"bytes"
	"log/slog"
	"strings"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// addressData is CARDDAV:address-data, RFC 6352 §10.4. It is asked for like a property, in REPORTs only.
func addressData() webdav.Property {
	return webdav.On(webdav.Prop[vessel]{Name: cardDAV("address-data"), Want: store.Body,
		With: func(_ *webdav.Request, el *etree.Element) (func(*webdav.Request, vessel, *webdav.Writer) error, error) {
			d, err := parseData(el)
			if err != nil {
				return nil, err
			}
			return d.write, nil
		}})
}

// vessel is what has a card in it: one of a book, or of the directory.
type vessel interface {
	webdav.Object
	Parse() (*vcard.Card, error)
	stored() []byte
}

func (c *Card) stored() []byte { return c.Row.Body }

// data is what of a card an address-data element asks for.
type data struct {
	form  form
	parts *vcard.Selection // nil: everything
}

func parseData(el *etree.Element) (*data, error) {
	f, err := requested(el)
	if err != nil {
		return nil, err
	}
	d := &data{form: f}
	for _, k := range el.ChildElements() {
		switch webdav.NameOf(k) {
		case cardDAV("allprop"):
			return &data{form: f}, nil
		case cardDAV("prop"):
			name := strings.TrimSpace(k.SelectAttrValue("name", ""))
			if name == "" {
				return nil, webdav.BadRequest("address-data has a prop without a name")
			}
			if d.parts == nil {
				d.parts = &vcard.Selection{}
			}
			d.parts.Select(name, k.SelectAttrValue("novalue", "no") == "yes")
		}
	}
	return d, nil
}

// write writes the content of the element. A stored card that cannot be read is shown as it is.
func (d *data) write(rq *webdav.Request, c vessel, w *webdav.Writer) error {
	switch { // §10.4: what is not said is vCard 3.0
	case d.form == formJCard:
		w.Attr("content-type", mediaJCard)
		w.Attr("version", vcard.V4)
	case d.form == formV4, d.form == formStored && vcard.IsV4(c.stored()):
		w.Attr("version", vcard.V4)
	}
	if d.parts == nil && d.form == formStored {
		w.Bytes(vcard.Clean(c.stored()))
		return nil
	}
	card, err := c.Parse()
	if err != nil {
		rq.Log.Warn("a stored card cannot be read", slog.String("card", c.Name()), slog.String("error", err.Error()))
		w.Bytes(vcard.Clean(c.stored()))
		return nil
	}
	switch d.form {
	case formV3, formV4:
		card = card.To(d.form.version())
	case formJCard:
		var part bytes.Buffer
		if d.parts == nil {
			w.Bytes(vcard.JCard(card))
			return nil
		}
		if err := vcard.Write(&part, card.To(vcard.V4), d.parts); err != nil {
			return err
		}
		some, err := vcard.Parse(part.Bytes())
		if err != nil {
			return err // our own text
		}
		some.Version = vcard.V4 // it may have been left out
		w.Bytes(vcard.JCard(some))
		return nil
	}
	return vcard.Write(escaping{w}, card, d.parts)
}

// fails is why a card cannot be given in the form asked for; nil when it can.
func (d *data) fails(c vessel) error {
	if d == nil || d.form == formStored {
		return nil
	}
	if _, err := c.Parse(); err != nil {
		return ErrConversion.With("the card cannot be read, and is not converted: %v", err)
	}
	return nil
}

// escaping takes text into an XML element.
type escaping struct{ w *webdav.Writer }

func (e escaping) Write(b []byte) (int, error) {
	e.w.Bytes(b)
	return len(b), nil
}
