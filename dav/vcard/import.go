package vcard

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	govcard "github.com/emersion/go-vcard"
	"golang.org/x/text/encoding/unicode"

	"caldav-fcgi/dav/ical"
)

// Part is one card of a file.
type Part struct {
	Line  int      // of the file, where it begins
	UID   string   // made from the octets where the card has none, so that it is the same next time
	Name  string   // FN, for messages
	Body  []byte   // 3.0 or 4.0, fit to be stored: the file's own octets where they are
	Notes []string // what was done to it
	Err   error    // why it cannot be taken; lines are those of the file
}

// Import reads a file of contacts as people have them: many cards, of any version, with lines in quoted-printable, in
// another character set than they say or in none, without UID or FN. One that cannot be read does not keep back the others.
func Import(raw []byte) iter.Seq[Part] {
	raw = fromUTF16(raw)
	return func(yield func(Part) bool) {
		for chunk := range chunks(raw) {
			if !yield(chunk.part()) {
				return
			}
		}
	}
}

// fromUTF16 reads what Windows programs call Unicode.
func fromUTF16(raw []byte) []byte {
	if !bytes.HasPrefix(raw, []byte{0xff, 0xfe}) && !bytes.HasPrefix(raw, []byte{0xfe, 0xff}) {
		return raw
	}
	out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(raw)
	if err != nil {
		return raw
	}
	return out
}

// chunk is the text of one card, BEGIN to END.
type chunk struct {
	line   int
	text   []byte
	broken string // "" when it is whole
}

// chunks cuts a file. A card inside another is that of an AGENT (vCard 2.1), and only there.
func chunks(raw []byte) iter.Seq[chunk] {
	return func(yield func(chunk) bool) {
		begin, line, no, depth := -1, 0, 0, 0
		agent := false
		end := func(to int, broken string) bool {
			c := chunk{line: line, text: raw[begin:to], broken: broken}
			begin, depth = -1, 0
			return yield(c)
		}
		for pos := 0; pos < len(raw); {
			next := endOfLine(raw, pos)
			text := bytes.TrimSpace(raw[pos:next])
			if no == 0 {
				text = bytes.TrimPrefix(text, []byte("\ufeff"))
			}
			no++
			switch {
			case isLine(text, "BEGIN:VCARD") && begin >= 0 && agent:
				depth++
			case isLine(text, "BEGIN:VCARD"):
				if begin >= 0 && !end(pos, "END:VCARD is missing") {
					return
				}
				begin, line, depth = pos, no, 1
			case isLine(text, "END:VCARD") && begin >= 0:
				if depth--; depth == 0 && !end(next, "") {
					return
				}
			}
			if len(text) > 0 {
				agent = len(text) >= 6 && strings.EqualFold(string(text[:5]), "AGENT") && text[len(text)-1] == ':'
			}
			pos = next
		}
		if begin >= 0 {
			end(len(raw), "END:VCARD is missing")
		}
	}
}

func isLine(text []byte, want string) bool {
	return len(text) == len(want) && strings.EqualFold(string(text), want)
}

// endOfLine is where the next line begins: LF, CRLF, or CR alone in old files.
func endOfLine(raw []byte, pos int) int {
	i := bytes.IndexAny(raw[pos:], "\r\n")
	switch {
	case i < 0:
		return len(raw)
	case raw[pos+i] == '\r' && pos+i+1 < len(raw) && raw[pos+i+1] == '\n':
		return pos + i + 2
	}
	return pos + i + 1
}

// part makes a card fit to be stored.
func (c chunk) part() Part {
	p := Part{Line: c.line}
	if c.broken != "" {
		p.Err = errors.New(c.broken)
		return p
	}
	if card, err := Parse(c.text); err == nil && card.clean() {
		if info, err := Validate(card); err == nil {
			p.UID, p.Name, p.Body = info.UID, card.Text(govcard.FieldFormattedName), bytes.Clone(c.text)
			return p
		}
	}
	text, notes := modern(c.text)
	p.Notes = notes
	card, err := Parse(text)
	if err != nil {
		p.Err = c.inFile(err)
		return p
	}
	card = p.complete(c, card)
	info, err := Validate(card)
	if err != nil {
		p.Err = c.inFile(err)
		return p
	}
	p.UID, p.Name, p.Body = info.UID, card.Text(govcard.FieldFormattedName), card.Bytes()
	return p
}

// inFile takes the lines out of an error: they are those of the text as it was made new.
func (c chunk) inFile(err error) error {
	var e *ical.Error
	if !errors.As(err, &e) {
		return err
	}
	return fmt.Errorf("%s: %s", e.Rule, e.Text)
}

// clean says that nothing of the card has to be decoded.
func (c *Card) clean() bool {
	if !utf8.Valid(c.Raw) {
		return false
	}
	for _, p := range c.Props {
		if strings.EqualFold(p.Param(paramEncoding), "quoted-printable") || p.HasParam("CHARSET") || HasType(p, "quoted-printable") {
			return false
		}
	}
	return true
}

// complete adds what an address object must have.
func (part *Part) complete(c chunk, card *Card) *Card {
	var add []*Property
	if card.Prop(govcard.FieldVersion) == nil {
		add = append(add, NewText(govcard.FieldVersion, V3))
		part.Notes = append(part.Notes, "has no VERSION; taken as 3.0")
	}
	if strings.TrimSpace(card.Text(govcard.FieldUID)) == "" {
		sum := sha256.Sum256(c.text)
		uid := "import-" + hex.EncodeToString(sum[:16])
		add = append(add, NewText(govcard.FieldUID, uid))
		part.Notes = append(part.Notes, "has no UID; taken with one made from its content, "+uid)
	}
	if card.Prop(govcard.FieldFormattedName) == nil {
		add = append(add, NewText(govcard.FieldFormattedName, card.nameToShow()))
		part.Notes = append(part.Notes, "has no FN; made from its other names")
	}
	if len(add) == 0 {
		return card
	}
	for _, p := range card.Props {
		if p.Name != govcard.FieldUID || strings.TrimSpace(p.Value) != "" {
			add = append(add, p)
		}
	}
	return New(versionFirst(add))
}

// versionFirst puts VERSION where RFC 6350 §6.7.9 wants it.
func versionFirst(props []*Property) []*Property {
	var first, rest []*Property
	for _, p := range props {
		if p.Name == govcard.FieldVersion {
			first = append(first, p)
		} else {
			rest = append(rest, p)
		}
	}
	return append(first, rest...)
}

// nameToShow is what people would call the card that has no FN.
func (c *Card) nameToShow() string {
	if n := c.Prop(govcard.FieldName); n != nil {
		parts := ical.SplitText(n.Value, ';')
		var words []string
		for _, i := range []int{3, 1, 2, 0, 4} { // prefix, given, additional, family, suffix
			if i < len(parts) && strings.TrimSpace(parts[i]) != "" {
				words = append(words, strings.TrimSpace(ical.Unescape(parts[i])))
			}
		}
		if len(words) > 0 {
			return strings.Join(words, " ")
		}
	}
	for _, name := range []string{govcard.FieldNickname, govcard.FieldOrganization, govcard.FieldEmail, govcard.FieldTelephone} {
		if v := strings.TrimSpace(strings.Trim(c.Text(name), ";")); v != "" {
			return v
		}
	}
	return ""
}
