package vcard

import (
	"bytes"
	"io"
	"slices"
	"strings"

	govcard "github.com/emersion/go-vcard"

	"caldav-fcgi/dav/ical"
)

const component = "VCARD"

// Write writes the card strictly: CRLF, lines folded at 75 octets between letters. Lines that came so are written as they came.
func (c *Card) Write(to io.Writer) error { return Write(to, c, nil) }

// Bytes is what Write writes.
func (c *Card) Bytes() []byte {
	var b bytes.Buffer
	c.Write(&b) // a Buffer takes everything
	return b.Bytes()
}

// Clean returns a stored body for use inside other text, as ical.Clean does.
func Clean(raw []byte) []byte { return ical.Clean(raw) }

// NewProp makes a property in a group, "" for none. What ical.NewProp says of values holds here too.
func NewProp(group, name, value string, params ...Param) *Property {
	p := ical.NewProp(name, value, params...)
	p.Group = group
	return p
}

// NewText makes a property with a TEXT value, escaped.
func NewText(name, text string, params ...Param) *Property {
	return ical.NewText(name, text, params...)
}

// Structured joins the parts of a value such as that of N (RFC 6350 §6.2.2), escaped.
func Structured(parts ...string) string {
	escaped := make([]string, len(parts))
	for i, s := range parts {
		escaped[i] = ical.EscapeText(s)
	}
	return strings.Join(escaped, ";")
}

// withParams is p with other parameters.
func withParams(p *Property, params []Param) *Property {
	return NewProp(p.Group, p.Name, p.Value, params...)
}

// without removes parameters.
func without(params []Param, names ...string) []Param {
	return slices.DeleteFunc(slices.Clone(params), func(q Param) bool { return slices.Contains(names, q.Name) })
}

// withoutType removes one TYPE value, and the parameter when it had no other.
func withoutType(params []Param, kind string) []Param {
	var out []Param
	for _, q := range params {
		if q.Name == govcard.ParamType {
			q.Values = slices.DeleteFunc(slices.Clone(q.Values), func(v string) bool { return strings.EqualFold(v, kind) })
			if len(q.Values) == 0 {
				continue
			}
		}
		out = append(out, q)
	}
	return out
}

func one(name, value string) Param { return Param{Name: name, Values: []string{value}} }
