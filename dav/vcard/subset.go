package vcard

import (
	"io"
	"strings"

	"caldav-fcgi/dav/ical"
)

// Selection says which properties of a card to return (RFC 6352 §10.4). A nil *Selection is everything.
type Selection struct {
	names map[string]bool // upper-case name, or group and name → novalue
}

// Select adds a property to what is returned: "TEL" whatever its group, "item1.TEL" in that group only (§10.4.2).
func (s *Selection) Select(name string, novalue bool) {
	if s.names == nil {
		s.names = map[string]bool{}
	}
	s.names[strings.ToUpper(name)] = novalue
}

// of says whether p is asked for, and whether with its value.
func (s *Selection) of(p *Property) (novalue, asked bool) {
	if p.Group != "" {
		if novalue, asked = s.names[strings.ToUpper(p.Group)+"."+p.Name]; asked {
			return novalue, asked
		}
	}
	novalue, asked = s.names[p.Name]
	return novalue, asked
}

// Write writes what s selects of c, BEGIN and END always. What is not asked for is left out even where the formats require it:
// RFC 6352 §10.4 allows that, and the client asked for it so.
func Write(to io.Writer, c *Card, s *Selection) error {
	w := ical.NewWriter(to)
	if s == nil && c.root != nil {
		w.Component(c.root)
		return w.Err()
	}
	w.Begin(component)
	for _, p := range c.Props {
		if s == nil {
			w.Property(p)
			continue
		}
		switch novalue, asked := s.of(p); {
		case asked && novalue:
			w.NoValue(p)
		case asked:
			w.Property(p)
		}
	}
	w.End(component)
	return w.Err()
}
