package filter

import "caldav-fcgi/dav/vcard"

// CardKey is a value that the store keeps to find a card by.
type CardKey struct {
	Prop  CardProp
	Value string // as UnicodeCasemap prepares it
}

// CardProp numbers the properties that are indexed. The numbers are stored.
type CardProp uint8

// The properties that clients search by. Unindexed stands for a card that has values too long to keep: its text decides.
const (
	Unindexed CardProp = iota
	CardFN
	CardN
	CardEmail
	CardTel
	CardNickname
	CardOrg
	CardUID
)

var cardProps = map[string]CardProp{
	"FN": CardFN, "N": CardN, "EMAIL": CardEmail, "TEL": CardTel, "NICKNAME": CardNickname, "ORG": CardOrg, "UID": CardUID,
}

const (
	maxCardKey  = 1000 // octets of a value that is kept
	maxCardKeys = 200  // values of one card
)

// CardKeys are what a card is found by, each once.
func CardKeys(c *vcard.Card) []CardKey {
	var keys []CardKey
	seen := map[CardKey]bool{}
	for _, p := range c.Props {
		prop, ok := cardProps[p.Name]
		if !ok {
			continue
		}
		k := CardKey{prop, UnicodeCasemap.Prepare(p.Text())}
		if len(k.Value) > maxCardKey || len(keys) == maxCardKeys {
			return []CardKey{{Unindexed, ""}}
		}
		if !seen[k] {
			seen[k] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// CardTest is one comparison with a kept value.
type CardTest struct {
	Kind   MatchType
	Part   string
	Negate bool
}

// CardQuery is what the keys can tell of one prop-filter: that some value of Prop meets the tests, all of them or any; with
// no test, that there is a value; with Absent, that there is none.
type CardQuery struct {
	Prop   CardProp
	Tests  []CardTest
	All    bool
	Absent bool
}

// CardSelection is what of a filter can be decided by the keys: a superset of the cards that match, all of them when Exact.
type CardSelection struct {
	Queries    []CardQuery // none: every card may match
	All, Exact bool        // All: a card must be found by each query; else by any
}

// Select takes from the filter what keys can decide.
func (f *CardFilter) Select() CardSelection {
	s := CardSelection{All: f.all, Exact: true}
	for _, p := range f.props {
		q, exact, ok := p.query()
		switch {
		case ok:
			s.Queries = append(s.Queries, q)
			s.Exact = s.Exact && exact
		case f.all:
			s.Exact = false
		default: // any card may meet this one
			return CardSelection{}
		}
	}
	if len(s.Queries) == 0 {
		s.Exact = len(f.props) == 0
	}
	return s
}

// query is one prop-filter as the keys see it; ok is false when they cannot narrow it. What matches under i;octet or
// i;ascii-casemap matches under i;unicode-casemap, but not when it is negated.
func (f *cardProp) query() (q CardQuery, exact, ok bool) {
	prop, indexed := cardProps[f.name]
	if !indexed || f.absent && f.group != "" {
		return q, false, false
	}
	q, exact = CardQuery{Prop: prop, All: f.all, Absent: f.absent}, f.group == ""
	for _, t := range f.texts {
		part := t.part
		if t.collation != UnicodeCasemap {
			if exact = false; t.negate {
				if f.all {
					continue
				}
				return q, false, false
			}
			part = UnicodeCasemap.Prepare(part)
		}
		q.Tests = append(q.Tests, CardTest{t.kind, part, t.negate})
	}
	if len(f.params) > 0 {
		exact = false
		if !f.all {
			q.Tests = nil // a property that meets a param-filter only
		}
	}
	return q, exact, true
}
