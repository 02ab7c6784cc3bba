package ical

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"
)

// Writer writes iCalendar strictly: CRLF, lines folded at 75 octets between letters, no character that may not stand in
// a line. The first error of the io.Writer below stays; nothing is written after it.
type Writer struct {
	to   io.Writer
	line []byte // the content line being written, and its folded form behind it
	err  error
}

// NewWriter returns a Writer that hands each line to w as it is written.
func NewWriter(w io.Writer) *Writer { return &Writer{to: w} }

// Err returns the first error of writing.
func (w *Writer) Err() error { return w.err }

// Begin writes the BEGIN line of a component.
func (w *Writer) Begin(name string) {
	w.fold(append(append(w.line[:0], "BEGIN:"...), cleanName(name)...))
}

// End writes its END line.
func (w *Writer) End(name string) { w.fold(append(append(w.line[:0], "END:"...), cleanName(name)...)) }

// Raw writes octets as they are: whole lines that end in CRLF.
func (w *Writer) Raw(b []byte) {
	if w.err == nil && len(b) > 0 {
		_, w.err = w.to.Write(b)
	}
}

// Property writes one property: the client's own octets where it has some and they are well formed, else folded anew.
func (w *Writer) Property(p *Property) {
	if p.plain == p {
		w.Raw(p.Raw())
		return
	}
	w.fold(appendValue(append(appendHead(w.line[:0], p), ':'), p.Value))
}

// NoValue writes name, parameters and colon only (RFC 4791 §9.6.4, novalue).
func (w *Writer) NoValue(p *Property) {
	w.fold(append(appendHead(w.line[:0], p), ':'))
}

// Component writes a whole component, sub-components included.
func (w *Writer) Component(c *Component) {
	if c.plain == c {
		w.Raw(c.Raw(c.from))
		return
	}
	w.Begin(c.Name)
	for _, p := range c.Props {
		w.Property(p)
	}
	for _, k := range c.Children {
		w.Component(k)
	}
	w.End(c.Name)
}

const foldAt = 75 // octets without the line end, RFC 5545 §3.1

// fold writes one content line. The line's storage is kept for the next one.
func (w *Writer) fold(line []byte) {
	n := len(line)
	rest := line
	if n <= foldAt {
		line = append(line, '\r', '\n')
		w.line = line[:0]
		w.Raw(line)
		return
	}
	out := line[n:]
	for limit := foldAt; len(rest) > limit; limit = foldAt - 1 {
		cut := limit
		for cut > limit-utf8.UTFMax && !utf8.RuneStart(rest[cut]) {
			cut--
		}
		out = append(out, rest[:cut]...)
		out = append(out, '\r', '\n', ' ')
		rest = rest[cut:]
	}
	out = append(append(out, rest...), '\r', '\n')
	w.line = line[:0]
	w.Raw(out)
}

// Clean returns a stored body for use inside other text, XML above all: without its byte-order mark, and folded anew when it was folded
// in the middle of a letter, so that it is not UTF-8 before it is unfolded. Nearly always that is the body itself.
func Clean(raw []byte) []byte {
	raw = bytes.TrimPrefix(raw, []byte(bom))
	if utf8.Valid(raw) {
		return raw
	}
	var b bytes.Buffer
	w := NewWriter(&b)
	for s := newScanner(string(raw), maxFileLines); ; {
		l, ok, _ := s.next()
		if !ok {
			return b.Bytes()
		}
		w.fold(appendValue(w.line[:0], l.text))
	}
}

// NewProp makes a property. Nothing in it can end the line early: a line break in the value becomes "\n" (as TEXT has
// it), other control characters are dropped, and names keep only what may stand in a name. The value is written as it is
// otherwise: use NewText for text that must be escaped.
func NewProp(name, value string, params ...Param) *Property {
	p := &Property{Name: strings.ToUpper(cleanName(name)), Value: value}
	if !cleanValue(value) {
		p.Value = string(appendValue(nil, value))
	}
	for _, param := range params {
		p.Params = append(p.Params, Param{Name: strings.ToUpper(cleanName(param.Name)), Values: param.Values})
	}
	return p
}

// NewText makes a property with a TEXT value, escaped.
func NewText(name, text string, params ...Param) *Property {
	return NewProp(name, EscapeText(text), params...)
}

func appendHead(dst []byte, p *Property) []byte {
	if p.Group != "" {
		dst = append(append(dst, cleanName(p.Group)...), '.')
	}
	dst = append(dst, cleanName(p.Name)...)
	for _, param := range p.Params {
		dst = append(append(append(dst, ';'), cleanName(param.Name)...), '=')
		for i, v := range param.Values {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendParam(dst, v)
		}
	}
	return dst
}

func appendValue(dst []byte, s string) []byte {
	if cleanValue(s) {
		return append(dst, s...)
	}
	for i, r := range s {
		switch {
		case r == '\n', r == '\r' && (i+1 == len(s) || s[i+1] != '\n'):
			dst = append(dst, '\\', 'n')
		case writable(s[i:], r):
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}

// cleanValue reports whether a value can stand in a line as it is.
func cleanValue(s string) bool {
	for i, r := range s {
		if !writable(s[i:], r) {
			return false
		}
	}
	return true
}

// writable reports whether the rune that s begins with may stand in a content line, see line.check.
func writable(s string, r rune) bool {
	if r == utf8.RuneError {
		return strings.HasPrefix(s, "\ufffd") // not a byte that is no UTF-8
	}
	return (r >= ' ' || r == '\t') && r != 0x7f && r != 0xfffe && r != 0xffff
}

func cleanName(s string) string {
	for i := 0; i < len(s); i++ {
		if !nameByte(s[i]) {
			return strings.Map(func(r rune) rune {
				if r < utf8.RuneSelf && nameByte(byte(r)) {
					return r
				}
				return -1
			}, s)
		}
	}
	return s
}
