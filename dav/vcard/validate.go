package vcard

import (
	"bytes"
	"fmt"
	"strings"

	govcard "github.com/emersion/go-vcard"

	"caldav-fcgi/dav/ical"
)

// Info is what an address object is, in short: the columns of its row in the store.
type Info struct {
	UID     string
	Version string
	Group   bool // KIND:group, or what Apple's clients write for it
}

// Validate checks what RFC 6352 §5.1 asks of an address object: one card of a version we store, with one UID; and
// RFC 2426 and RFC 6350 a name to show. The error is an *Error.
//
// Tolerated, because clients send it: a 3.0 card without N, VERSION in another place than the first, an empty FN, several
// N or REV, values that are not of their type: nothing is computed from them but birthdays, and those that cannot be read
// are left out.
func Validate(c *Card) (Info, error) {
	if c.root != nil && len(c.root.Children) > 0 {
		k := c.root.Children[0]
		return Info{}, dataError(k.Line, k.Name, "a component inside a vCard")
	}
	first := map[string]*Property{}
	for _, p := range c.Props {
		switch p.Name {
		case govcard.FieldVersion, govcard.FieldUID:
			if before := first[p.Name]; before != nil {
				return Info{}, dataError(p.Line, p.Name, "stands twice, first in line %d", before.Line)
			}
			first[p.Name] = p
		case govcard.FieldFormattedName:
			first[p.Name] = p
		}
	}
	version, uid := first[govcard.FieldVersion], first[govcard.FieldUID]
	switch {
	case version == nil:
		return Info{}, dataError(c.line(), "VERSION", "is missing")
	case c.Version != V3 && c.Version != V4:
		return Info{}, &Error{Line: version.Line, Rule: "VERSION", Condition: ConditionVersion,
			Text: fmt.Sprintf("%.20q is not stored; 3.0 and 4.0 are", c.Version)}
	case uid == nil || strings.TrimSpace(uid.Text()) == "":
		return Info{}, dataError(c.line(), "UID", "the card has no UID")
	case first[govcard.FieldFormattedName] == nil:
		return Info{}, dataError(c.line(), "FN", "the card has no FN, the name to show")
	}
	return Info{UID: strings.TrimSpace(uid.Text()), Version: c.Version, Group: c.Kind() == govcard.KindGroup}, nil
}

// line is where the card begins.
func (c *Card) line() int {
	if c.root != nil {
		return c.root.Line
	}
	return 0
}

func dataError(line int, rule, format string, args ...any) *Error {
	return &ical.Error{Line: line, Rule: rule, Text: fmt.Sprintf(format, args...), Condition: ConditionData}
}

// IsV4 says whether the octets of a card are those of a vCard 4.0: there VERSION is the first property (RFC 6350 §6.7.9).
func IsV4(raw []byte) bool {
	_, rest, _ := bytes.Cut(raw, []byte("\n"))
	first, _, _ := bytes.Cut(rest, []byte("\n"))
	return bytes.EqualFold(bytes.TrimSpace(first), []byte("VERSION:"+V4))
}
