package filter

import "strings"

// textMatch is CALDAV:text-match (RFC 4791 §9.7.5) and CARDDAV:text-match (RFC 6352 §10.5.4).
type textMatch struct {
	collation Collation
	kind      MatchType
	part      string // prepared by the collation
	negate    bool
}

// MatchType is how a text is compared. In calendars it is always Contains.
type MatchType uint8

// The values of match-type.
const (
	Contains MatchType = iota
	Equals
	StartsWith
	EndsWith
)

func (t *textMatch) holds(s string) bool {
	s = t.collation.Prepare(s)
	var ok bool
	switch t.kind {
	case Equals:
		ok = s == t.part
	case StartsWith:
		ok = strings.HasPrefix(s, t.part)
	case EndsWith:
		ok = strings.HasSuffix(s, t.part)
	default:
		ok = strings.Contains(s, t.part)
	}
	return ok != t.negate
}
