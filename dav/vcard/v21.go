package vcard

import (
	"bytes"
	"fmt"
	"io"
	"mime/quotedprintable"
	"strings"
	"unicode/utf8"

	govcard "github.com/emersion/go-vcard"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"

	"caldav-fcgi/dav/ical"
)

// modern writes a card anew in what Parse reads: quoted-printable and character sets decoded, and vCard 2.1 as 3.0. What
// cannot be read at all is left out and named in the notes.
func modern(text []byte) (out []byte, notes []string) {
	m := &moderniser{old: old(text)}
	var b bytes.Buffer
	w := ical.NewWriter(&b)
	w.Begin(component)
	for l := range (&rawLines{text: text, old: m.old}).all() {
		if p := m.line(l); p != nil {
			w.Property(p)
		}
	}
	w.End(component)
	if m.old {
		m.note("vCard 2.1; taken as 3.0")
	}
	return b.Bytes(), m.notes
}

type moderniser struct {
	old   bool
	depth int // of BEGIN
	notes []string
}

const maxNotes = 5

func (m *moderniser) note(format string, args ...any) {
	if len(m.notes) < maxNotes {
		m.notes = append(m.notes, fmt.Sprintf(format, args...))
	}
}

// rawLine is a line as bytes, unfolded, cut at the colon.
type rawLine struct {
	head, value []byte
	quoted      bool // in quoted-printable
}

type rawLines struct {
	text []byte
	pos  int
	old  bool
}

// all yields the lines. What begins with a blank goes on; after "=" in quoted-printable, and in base64 that was never
// indented, other lines do too.
func (r *rawLines) all() func(yield func(rawLine) bool) {
	return func(yield func(rawLine) bool) {
		for r.pos < len(r.text) {
			first := r.physical()
			if len(first) == 0 {
				continue
			}
			head, value, ok := cutHead(first)
			l := rawLine{head: head, value: bytes.Clone(value)}
			upper := bytes.ToUpper(head)
			l.quoted = bytes.Contains(upper, []byte("QUOTED-PRINTABLE"))
			binary := bytes.Contains(upper, []byte("BASE64")) || bytes.Contains(upper, []byte("ENCODING=B"))
			for ok && r.pos < len(r.text) {
				before := r.pos
				more := r.physical()
				switch {
				case len(more) > 0 && (more[0] == ' ' || more[0] == '\t'):
					if !r.old || binary { // vCard 2.1 §2.1.3: the blank is the text's own
						more = more[1:]
					}
				case l.quoted && bytes.HasSuffix(l.value, []byte("=")):
				case binary && len(more) > 0 && bytes.IndexByte(more, ':') < 0:
				default:
					r.pos, ok = before, false
					continue
				}
				if l.quoted && bytes.HasSuffix(l.value, []byte("=")) {
					l.value = l.value[:len(l.value)-1]
				}
				l.value = append(l.value, more...)
			}
			if !yield(l) {
				return
			}
		}
	}
}

func (r *rawLines) physical() []byte {
	next := endOfLine(r.text, r.pos)
	line := bytes.TrimRight(r.text[r.pos:next], "\r\n")
	r.pos = next
	return line
}

// cutHead cuts at the first colon that is not in quotes.
func cutHead(line []byte) (head, value []byte, ok bool) {
	quoted := false
	for i, b := range line {
		switch {
		case b == '"':
			quoted = !quoted
		case b == ':' && !quoted:
			return line[:i], line[i+1:], true
		}
	}
	return line, nil, false
}

// line makes a property of a line, nil for none.
func (m *moderniser) line(l rawLine) *Property {
	fields := strings.Split(string(bytes.TrimPrefix(l.head, []byte("\ufeff"))), ";")
	name := strings.ToUpper(strings.TrimSpace(fields[0]))
	group := ""
	if before, after, ok := strings.Cut(fields[0], "."); ok {
		group, name = strings.TrimSpace(before), strings.ToUpper(strings.TrimSpace(after))
	}
	switch {
	case name == "BEGIN":
		m.depth++
		return nil
	case name == "END":
		m.depth--
		return nil
	case m.depth != 1:
		return nil
	case name == "AGENT" && len(bytes.TrimSpace(l.value)) == 0:
		m.note("AGENT: a card inside the card is left out")
		return nil
	case name == "", strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "":
		m.note("a line that is none is left out: %.40q", l.head)
		return nil
	}
	params, charset := m.params(fields[1:])
	value := l.value
	if l.quoted {
		if decoded, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(value))); err == nil {
			value = decoded
		} else {
			m.note("%s: not quoted-printable, kept as it is", name)
		}
	}
	text := toUTF8(value, charset)
	if m.old {
		return NewProp(group, name, m.value(name, text, params), params...)
	}
	return NewProp(group, name, text, params...) // NewProp escapes line breaks
}

// params reads parameters, bare ones too; those that say how the value was written are done with.
func (m *moderniser) params(fields []string) (params []Param, charset string) {
	for _, f := range fields {
		key, v, named := strings.Cut(f, "=")
		key, v = strings.ToUpper(strings.TrimSpace(key)), strings.Trim(strings.TrimSpace(v), `"`)
		if !named {
			switch key {
			case "":
				continue
			case "QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT":
				key, v = paramEncoding, key
			default:
				key, v = govcard.ParamType, strings.TrimSpace(f)
			}
		}
		v = toUTF8([]byte(v), "")
		switch {
		case key == "CHARSET":
			charset = v
		case key == paramEncoding && (strings.EqualFold(v, "BASE64") || strings.EqualFold(v, "B")):
			params = append(params, one(paramEncoding, "b"))
		case key == paramEncoding: // 8BIT, QUOTED-PRINTABLE
		case m.old:
			params = append(params, one(key, v))
		default:
			params = append(params, Param{Name: key, Values: strings.Split(v, ",")})
		}
	}
	return params, charset
}

// value escapes a 2.1 value as 3.0 has it: 2.1 knows no escapes but "\;", though many write those of 3.0.
func (m *moderniser) value(name, v string, params []Param) string {
	switch name {
	case govcard.FieldVersion:
		return V3
	case govcard.FieldName, govcard.FieldAddress, govcard.FieldOrganization:
		parts := ical.SplitText(v, ';')
		for i := range parts {
			parts[i] = ical.EscapeText(ical.Unescape(parts[i]))
		}
		return strings.Join(parts, ";")
	case govcard.FieldCategories:
		return strings.ReplaceAll(v, ";", ",")
	case govcard.FieldGeolocation:
		return strings.Replace(v, ",", ";", 1)
	case govcard.FieldURL, govcard.FieldBirthday, govcard.FieldRevision, govcard.FieldTimezone, govcard.FieldSource, "MAILER":
		return strings.TrimSpace(v)
	case govcard.FieldPhoto, govcard.FieldLogo, govcard.FieldSound, govcard.FieldKey:
		for _, q := range params {
			if q.Name == paramEncoding {
				return strings.Map(notBlank, v)
			}
		}
		return strings.TrimSpace(v)
	}
	return ical.EscapeText(ical.Unescape(v))
}

// toUTF8 reads octets in the character set that they are in, which is often not the one that they are said to be in: what is
// UTF-8 is UTF-8, and what is in nothing else is in that of Windows.
func toUTF8(b []byte, charset string) string {
	enc, err := htmlindex.Get(strings.TrimSpace(charset))
	if err == nil {
		if name, _ := htmlindex.Name(enc); name == "iso-2022-jp" {
			if out, err := enc.NewDecoder().Bytes(b); err == nil {
				return string(out)
			}
		}
	}
	if utf8.Valid(b) {
		return string(b)
	}
	if err == nil {
		if out, err := enc.NewDecoder().Bytes(b); err == nil && !bytes.ContainsRune(out, utf8.RuneError) {
			return string(out)
		}
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(out)
}
