package vcard

import (
	"slices"
	"strings"

	govcard "github.com/emersion/go-vcard"
)

// To gives the card in a version, V3 or V4: itself when it is of that version.
func (c *Card) To(version string) *Card {
	switch {
	case c.Version == version:
		return c
	case version == V4:
		return New(c.convert(c.to4))
	}
	return New(withName(c.convert(c.to3)))
}

// convert maps every property; one that comes back as it went keeps its octets.
func (c *Card) convert(one func(*Property) *Property) []*Property {
	props := make([]*Property, len(c.Props))
	for i, p := range c.Props {
		props[i] = one(p)
	}
	return props
}

// withName adds the N that 3.0 requires (RFC 2426 §3.1.2) and 4.0 does not.
func withName(props []*Property) []*Property {
	fn := -1
	for i, p := range props {
		switch p.Name {
		case govcard.FieldName:
			return props
		case govcard.FieldFormattedName:
			if fn < 0 {
				fn = i
			}
		}
	}
	if fn < 0 {
		return props
	}
	return slices.Insert(props, fn+1, NewProp("", govcard.FieldName, Structured(props[fn].Text(), "", "", "", "")))
}

// relations are what Apple's labels mean among the types of RFC 6350 §6.6.6.
var relations = map[string]string{
	"spouse": govcard.TypeSpouse, "partner": govcard.TypeSweetheart, "child": govcard.TypeChild, "son": govcard.TypeChild, "daughter": govcard.TypeChild,
	"mother": govcard.TypeParent, "father": govcard.TypeParent, "parent": govcard.TypeParent, "friend": govcard.TypeFriend,
	"brother": govcard.TypeSibling, "sister": govcard.TypeSibling, "manager": govcard.TypeCoWorker, "assistant": govcard.TypeAgent,
}

// relation is the TYPE that the label of p's group stands for, "" for none.
func (c *Card) relation(p *Property) string { return relations[strings.ToLower(c.Label(p))] }

// isAnniversary says whether the group of p is labelled so.
func (c *Card) isAnniversary(p *Property) bool { return strings.EqualFold(c.Label(p), "anniversary") }
