package filter

import (
	"slices"
	"strings"

	"caldav-fcgi/dav/vcard"
)

// CardFilter is a CARDDAV:filter (RFC 6352 §10.5), checked and ready. An empty one matches every card: clients send it for
// that.
type CardFilter struct {
	all   bool // test="allof"
	props []*cardProp
}

// Match says whether the card is one of those looked for.
func (f *CardFilter) Match(c *vcard.Card) bool {
	if len(f.props) == 0 {
		return true
	}
	holds := func(p *cardProp) bool { return p.holds(c) }
	if f.all {
		return !slices.ContainsFunc(f.props, func(p *cardProp) bool { return !holds(p) })
	}
	return slices.ContainsFunc(f.props, holds)
}

// cardProp is CARDDAV:prop-filter (RFC 6352 §10.5.1).
type cardProp struct {
	group, name string // upper case; group "" is any
	absent, all bool
	texts       []*textMatch
	params      []*paramFilter
}

// holds says whether one property of the card meets the conditions: any of them, or all.
func (f *cardProp) holds(c *vcard.Card) bool {
	found := false
	for _, p := range c.Props {
		if p.Name != f.name || f.group != "" && !strings.EqualFold(p.Group, f.group) {
			continue
		}
		if !f.absent && f.describes(p) {
			return true
		}
		found = true
	}
	return f.absent && !found
}

func (f *cardProp) describes(p *vcard.Property) bool {
	if len(f.texts)+len(f.params) == 0 {
		return true
	}
	if len(f.texts) > 0 {
		text := p.Text()
		for _, t := range f.texts {
			if t.holds(text) != f.all {
				return !f.all
			}
		}
	}
	if len(f.params) > 0 {
		p = vcard.SplitTypes(p)
	}
	for _, q := range f.params {
		if q.holds(p) != f.all {
			return !f.all
		}
	}
	return f.all
}
