package webdav

import (
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/beevik/etree"
)

// Writer writes XML as octets into one buffer: a tree for each answer costs eight times as much.
type Writer struct {
	Self Path // of the resource whose properties are being written

	buf  []byte
	base string
	out  io.Writer // nil: everything stays in buf
	open []string  // end tags of Open
	// linked takes the place of Href while the value of a property is expanded.
	linked func(Path)
	err    error
}

const flushAt = 32 << 10

func newWriter(base string, out io.Writer) *Writer { return &Writer{base: base, out: out} }

// Text writes character data, escaped.
func (w *Writer) Text(s string) { w.buf = appendText(w.buf, s) }

// Raw writes s as it is.
func (w *Writer) Raw(s string) { w.buf = append(w.buf, s...) }

// Bytes writes character data, escaped.
func (w *Writer) Bytes(b []byte) { w.buf = appendText(w.buf, b) }

// Int writes a decimal number.
func (w *Writer) Int(n int64) { w.buf = strconv.AppendInt(w.buf, n, 10) }

// Time writes t in UTC.
func (w *Writer) Time(t time.Time, layout string) { w.buf = t.UTC().AppendFormat(w.buf, layout) }

// Href writes <d:href> with an absolute path below the base path: never a scheme or host, which only the web server
// in front knows.
func (w *Writer) Href(p Path) {
	if w.linked != nil {
		w.linked(p)
		return
	}
	w.Raw("<d:href>")
	w.path(p)
	w.Raw("</d:href>")
}

// Address writes <d:href> with a URI of another kind, such as mailto:.
func (w *Writer) Address(uri string) {
	w.Raw("<d:href>")
	w.Text(uri)
	w.Raw("</d:href>")
}

func (w *Writer) path(p Path) {
	w.Raw(w.base)
	w.buf = p.append(w.buf)
}

// Open writes a start tag with attributes given as name, value, name, value …; Close ends it.
func (w *Writer) Open(n Name, attr ...string) {
	start, end := n.tags()
	w.startTag(start, attr)
	w.Raw(">")
	w.open = append(w.open, end)
}

// Close ends what was opened last.
func (w *Writer) Close() {
	w.Raw(w.open[len(w.open)-1])
	w.open = w.open[:len(w.open)-1]
}

// Empty writes an element without content.
func (w *Writer) Empty(n Name, attr ...string) {
	start, _ := n.tags()
	w.startTag(start, attr)
	w.Raw("/>")
}

func (w *Writer) startTag(start string, attr []string) {
	w.Raw(start)
	for i := 0; i+1 < len(attr); i += 2 {
		w.Raw(" " + attr[i] + `="`)
		w.Raw(attrText(attr[i+1]))
		w.Raw(`"`)
	}
}

// Element writes an element of another document with the namespaces it needs.
func (w *Writer) Element(el *etree.Element) { w.Raw(Markup(el)) }

// Document writes the XML declaration and opens the root with every prefix we use.
func (w *Writer) Document(root Name) {
	w.Raw(`<?xml version="1.0" encoding="utf-8"?>` + "\n")
	start, end := root.tags()
	w.Raw(start + declarations + ">")
	w.open = append(w.open, end)
}

// Multistatus opens the document of a 207.
func (w *Writer) Multistatus() { w.Document(DAV("multistatus")) }

// Attr gives the property whose value is being written an attribute: to be called before anything of the value is.
func (w *Writer) Attr(name, value string) {
	if n := len(w.buf); n > 0 && w.buf[n-1] == '>' {
		w.buf = w.buf[:n-1]
		w.Raw(" " + name + `="`)
		w.Raw(attrText(value))
		w.Raw(`">`)
	}
}

// Mark returns the place in the buffer that Cut goes back to. No Flush may come between them.
func (w *Writer) Mark() int { return len(w.buf) }

// Cut takes back what was written since Mark.
func (w *Writer) Cut(mark int) { w.buf = w.buf[:mark] }

// Flush hands on what has been written when it is worth it: to be called between two members of a long answer.
func (w *Writer) Flush() error {
	if w.out == nil || len(w.buf) < flushAt {
		if len(w.buf) > flushAt/8 && cap(w.buf) < flushAt { // a long answer: growing step by step would copy it twice over
			w.buf = slices.Grow(w.buf, flushAt)
		}
		return w.err
	}
	return w.flushAll()
}

func (w *Writer) flushAll() error {
	if w.err == nil && w.out != nil && len(w.buf) > 0 {
		_, w.err = w.out.Write(w.buf)
		w.buf = w.buf[:0]
	}
	return w.err
}

// attrText escapes an attribute's value, which stands between double quotes.
func attrText(s string) string { return strings.ReplaceAll(string(appendText(nil, s)), `"`, "&quot;") }

// appendText escapes character data in one pass. A CR is written as a reference, since an XML reader would turn CRLF into LF and so
// change an iCalendar text (XML 1.0 §2.11); what XML cannot hold becomes U+FFFD.
func appendText[T string | []byte](b []byte, s T) []byte {
	from := 0
	for i := 0; i < len(s); {
		for i+8 <= len(s) && plain(uint64(s[i])|uint64(s[i+1])<<8|uint64(s[i+2])<<16|uint64(s[i+3])<<24|uint64(s[i+4])<<32|uint64(s[i+5])<<40|uint64(s[i+6])<<48|uint64(s[i+7])<<56) {
			i += 8
		}
		if i == len(s) {
			break
		}
		c := s[i]
		if c >= 0x20 && c != '&' && c != '<' && c != '>' && c < 0x7f || c == '\n' || c == '\t' {
			i++
			continue
		}
		size, sub := 1, ""
		switch {
		case c == '&':
			sub = "&amp;"
		case c == '<':
			sub = "&lt;"
		case c == '>':
			sub = "&gt;"
		case c == '\r':
			sub = "&#13;"
		case c == 0x7f:
			i++
			continue
		case c < 0x20:
			sub = "\uFFFD"
		default:
			var r rune
			r, size = utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
			if (r != utf8.RuneError || size > 1) && r != 0xFFFE && r != 0xFFFF {
				i += size
				continue
			}
			sub = "\uFFFD"
		}
		b = append(b, s[from:i]...)
		b = append(b, sub...)
		i += size
		from = i
	}
	return append(b, s[from:]...)
}

// plain says of eight octets that none has to be escaped, or looked at more closely.
func plain(x uint64) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	control := (x - ' '*ones) &^ x
	amp := x ^ '&'*ones
	angle := (x | ones<<1) ^ '>'*ones // '<' but for one bit
	return (control|x|(x+ones)|(amp-ones)&^amp|(angle-ones)&^angle)&high == 0
}

// Write makes the Writer an io.Writer for a body that is no XML.
func (w *Writer) Write(b []byte) (int, error) {
	if err := w.Octets(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// Octets writes a body that is no XML. Small pieces are gathered: each is a system call otherwise.
func (w *Writer) Octets(b []byte) error {
	if w.out == nil || len(w.buf)+len(b) < flushAt {
		w.buf = append(w.buf, b...)
		return w.err
	}
	if w.flushAll() == nil {
		_, w.err = w.out.Write(b)
	}
	return w.err
}
