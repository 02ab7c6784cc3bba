package filter

import "strings"

// textMatch is CALDAV:text-match (RFC 4791 §9.7.5).
type textMatch struct {
	collation Collation
	part      string // prepared by the collation
	negate    bool
}

func (t *textMatch) holds(s string) bool {
	return strings.Contains(t.collation.Prepare(s), t.part) != t.negate
}
