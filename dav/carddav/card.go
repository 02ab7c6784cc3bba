package carddav

import (
	"fmt"
	"strings"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/dav/webdav"
)

// mediaType is the Content-Type of every card as it is stored.
const mediaType = "text/vcard; charset=utf-8"

// Card is an address object resource: RFC 6352 §5.1. One that Members yields is valid until the next step.
type Card struct {
	home.Object
	parsed *vcard.Card
}

// ContentType is the same for all.
func (c *Card) ContentType() string { return mediaType }

// Parse reads the body, once; the card must have been read with store.Body.
func (c *Card) Parse() (*vcard.Card, error) {
	if c.parsed != nil {
		return c.parsed, nil
	}
	if c.Row.Body == nil {
		return nil, fmt.Errorf("parse %q: it was read without its body", c.Row.Name)
	}
	card, err := vcard.Parse(c.Row.Body)
	if err != nil {
		return nil, fmt.Errorf("parse %q: %w", c.Row.Name, err)
	}
	c.parsed = card
	return card, nil
}

// Represent gives the octets as the client sent them, unless the request wants another version, or jCard.
func (c *Card) Represent(rq *webdav.Request) (webdav.Rep, error) {
	if c.Row.Body == nil {
		return webdav.Rep{}, fmt.Errorf("represent %q: it was read without its body", c.Row.Name)
	}
	f, err := accepted(rq.Header, c.Row.Body)
	if err != nil {
		return webdav.Rep{}, err
	}
	r, err := c.in(f)
	if err != nil {
		return webdav.Rep{}, err
	}
	name := c.Row.Name
	if f == formJCard {
		name = strings.TrimSuffix(name, ".vcf") + ".json"
	}
	return webdav.Rep{Type: r.media, Body: r.body, ETag: c.Row.Tag(r.variant), Modified: c.Modified(), Filename: name, Vary: "Accept"}, nil
}

// Variant is the tag of the representation that a GET gets.
func (c *Card) Variant(rq *webdav.Request) (etag, vary string) {
	f, err := accepted(rq.Header, c.Row.Body)
	if err != nil || c.Row.Body == nil {
		return c.ETag(), "Accept"
	}
	r, err := c.in(f)
	if err != nil {
		return c.ETag(), "Accept"
	}
	return c.Row.Tag(r.variant), "Accept"
}

// representation is a card in a form, and the name of that variant for the tag: "" for the stored octets.
type representation struct {
	media, variant string
	body           []byte
}

// in gives the card in a form; ErrConversion for one that cannot be read.
func (c *Card) in(f form) (representation, error) {
	stored := representation{media: mediaType, body: c.Row.Body}
	if f == formStored {
		return stored, nil
	}
	card, err := c.Parse()
	if err != nil {
		return stored, ErrConversion.With("the card cannot be read: %v", err)
	}
	switch {
	case f == formJCard:
		return representation{mediaJCard, "jcard", vcard.JCard(card)}, nil
	case card.Version == f.version():
		return stored, nil
	}
	return representation{mediaType, "v" + f.version()[:1], card.To(f.version()).Bytes()}, nil
}
