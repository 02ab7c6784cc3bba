package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Collation is a way to compare text (RFC 4790), by its identifier.
type Collation string

// The collations of RFC 4790 §9.2 and §9.3, and of RFC 5051.
const (
	ASCIICasemap   Collation = "i;ascii-casemap"
	Octet          Collation = "i;octet"
	UnicodeCasemap Collation = "i;unicode-casemap"
)

// Collations are those of CALDAV:supported-collation-set (RFC 4791 §7.5.1).
var Collations = []string{string(ASCIICasemap), string(Octet), string(UnicodeCasemap)}

// ParseCollation finds a collation by its identifier; "" and "default" are other: i;ascii-casemap in calendars (RFC 4791
// §7.5), i;unicode-casemap in address books (RFC 6352 §8.3). A wildcard (RFC 4790 §3.2) is no identifier.
func ParseCollation(id string, other Collation) (Collation, bool) {
	switch c := Collation(strings.TrimSpace(id)); c {
	case "", "default":
		return other, true
	case ASCIICasemap, Octet, UnicodeCasemap:
		return c, true
	}
	return "", false
}

// Contains is the substring operation (RFC 4790 §4.2.3).
func (c Collation) Contains(s, part string) bool {
	return strings.Contains(c.Prepare(s), c.Prepare(part))
}

// Prepare maps s so that the operations of the collation are those of i;octet on what it returns.
func (c Collation) Prepare(s string) string {
	switch c {
	case ASCIICasemap:
		return upperASCII(s)
	case UnicodeCasemap:
		return casemap(s)
	}
	return s
}

// upperASCII is RFC 4790 §9.2.1: letters outside ASCII stay as they are.
func upperASCII(s string) string {
	i := 0
	for i < len(s) && (s[i] < 'a' || s[i] > 'z') {
		i++
	}
	if i == len(s) {
		return s
	}
	b := []byte(s)
	for ; i < len(b); i++ {
		if 'a' <= b[i] && b[i] <= 'z' {
			b[i] -= 'a' - 'A'
		}
	}
	return string(b)
}

// casemap is RFC 5051 §2: each code point is titlecased, then decomposed. It does so one by one and does not reorder
// marks after that, so that a part of a text stays a part of it. What is not UTF-8 is compared as octets.
func casemap(s string) string {
	ascii := true
	for i := 0; i < len(s) && ascii; i++ {
		ascii = s[i] < utf8.RuneSelf
	}
	if ascii {
		return upperASCII(s)
	}
	if !utf8.ValidString(s) {
		return s
	}
	b := make([]byte, 0, len(s)+len(s)/2)
	var one [utf8.UTFMax]byte
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z':
			b = append(b, byte(r-('a'-'A')))
		case r < utf8.RuneSelf:
			b = append(b, byte(r))
		default:
			n := utf8.EncodeRune(one[:], unicode.ToTitle(r))
			b = append(b, norm.NFKD.Bytes(one[:n])...)
		}
	}
	return string(b)
}
