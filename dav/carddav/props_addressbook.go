package carddav

import (
	"github.com/beevik/etree"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/dav/webdav"
)

const maxDescription = 64 << 10 // octets

// bookProperties are those of RFC 6352 §6.2 and §8.3.1. None is in allprop.
func bookProperties(opt Options) []webdav.Property {
	types := func(_ *webdav.Request, _ shown, w *webdav.Writer) error { // RFC 6352 §6.2.2
		for _, version := range []string{vcard.V3, vcard.V4} {
			w.Empty(cardDAV("address-data-type"), "content-type", "text/vcard", "version", version)
		}
		w.Empty(cardDAV("address-data-type"), "content-type", mediaJCard, "version", vcard.V4)
		return nil
	}
	size := func(_ *webdav.Request, _ *Book, w *webdav.Writer) error { w.Int(opt.MaxResource); return nil }
	return []webdav.Property{
		webdav.On(webdav.Prop[*Book]{Name: cardDAV("addressbook-description"), // RFC 6352 §6.2.1
			Get: func(_ *webdav.Request, b *Book, w *webdav.Writer) error { return home.ShowText(w, b.Row.Description) },
			Set: func(_ *webdav.Request, b *Book, el *etree.Element) (err error) {
				b.Row.Description, err = home.KeepText(el, maxDescription)
				return err
			}}),
		webdav.On(webdav.Prop[shown]{Name: cardDAV("supported-address-data"), Get: types}),
		webdav.On(webdav.Prop[*Book]{Name: cardDAV("max-resource-size"), Get: size}), // RFC 6352 §6.2.3
		webdav.On(webdav.Prop[*Book]{Name: cardDAV("max-image-size"), Get: size}),    // what Apple's clients ask for
		webdav.On(webdav.Prop[searchable]{Name: cardDAV("supported-collation-set"), // RFC 6352 §8.3.1: wherever text is matched
			Get: func(_ *webdav.Request, _ searchable, w *webdav.Writer) error {
				return home.ShowCollations(w, cardDAV("supported-collation"))
			}}),
	}
}

// shown is a collection of cards.
type shown interface {
	searchable
	webdav.Collection
	holdsCards()
}

func (b *Book) holdsCards() {}
