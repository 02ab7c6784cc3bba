package vcard

import (
	"strconv"
	"strings"

	govcard "github.com/emersion/go-vcard"

	"caldav-fcgi/dav/ical"
)

// Property is one content line; its Group is that of the card.
type Property = ical.Property

// Param is one parameter of a property.
type Param = ical.Param

// The versions that are stored and converted into each other.
const (
	V3 = "3.0"
	V4 = "4.0"
)

// Names of properties that go-vcard has none for: what Apple's clients write into 3.0 for what 4.0 has names of its own.
const (
	fieldXKind       = "X-ADDRESSBOOKSERVER-KIND"
	fieldXMember     = "X-ADDRESSBOOKSERVER-MEMBER"
	fieldXLabel      = "X-ABLABEL"
	fieldXDate       = "X-ABDATE"
	fieldXRelated    = "X-ABRELATEDNAMES"
	fieldAnniversary = "X-ANNIVERSARY"
	paramOmitYear    = "X-APPLE-OMIT-YEAR"
	paramEncoding    = "ENCODING"
)

// Card is one vCard. What Parse returned is not to be changed in place: change a copy.
type Card struct {
	Raw     []byte      // as it came; nil for a card that was made or converted
	Props   []*Property // in file order, BEGIN and END left out
	Version string      // as it stands in VERSION, "" when there is none
	Repairs []string    // what was wrong and read all the same, with line numbers

	root *ical.Component // of a parsed card
}

// New makes a card; VERSION has to be among the properties.
func New(props []*Property) *Card {
	c := &Card{Props: props}
	if v := c.Prop(govcard.FieldVersion); v != nil {
		c.Version = strings.TrimSpace(v.Value)
	}
	return c
}

// Prop returns the first property with that upper-case name, whatever its group; nil if there is none.
func (c *Card) Prop(name string) *Property {
	for _, p := range c.Props {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// Text is the unescaped value of the first property with that name, "" if there is none.
func (c *Card) Text(name string) string {
	if p := c.Prop(name); p != nil {
		return p.Text()
	}
	return ""
}

// Preferred is the property with that name that has the lowest PREF, in 3.0 TYPE=pref; else the first; nil if there is none.
func (c *Card) Preferred(name string) *Property {
	var best *Property
	least := 0
	for _, p := range c.Props {
		if p.Name != name {
			continue
		}
		n := 101
		if v, err := strconv.Atoi(p.Param(govcard.ParamPreferred)); err == nil && v > 0 {
			n = v
		} else if HasType(p, "pref") {
			n = 1
		}
		if best == nil || n < least {
			best, least = p, n
		}
	}
	return best
}

// HasType says whether a TYPE parameter has that value.
func HasType(p *Property, kind string) bool {
	for _, param := range p.Params {
		if param.Name != govcard.ParamType {
			continue
		}
		for _, v := range param.Values {
			for one := range strings.SplitSeq(v, ",") { // RFC 6350 §5.6: TYPE="work,voice"
				if strings.EqualFold(one, kind) {
					return true
				}
			}
		}
	}
	return false
}

// Label is what X-ABLABEL says of the group that p stands in; Apple's own words are in _$!<…>!$_ there.
func (c *Card) Label(p *Property) string {
	if p.Group == "" {
		return ""
	}
	for _, q := range c.Props {
		if q.Name == fieldXLabel && strings.EqualFold(q.Group, p.Group) {
			return strings.TrimSuffix(strings.TrimPrefix(q.Text(), "_$!<"), ">!$_")
		}
	}
	return ""
}

// Kind is what the card is about (RFC 6350 §6.1.4), in 3.0 as Apple's clients write it.
func (c *Card) Kind() govcard.Kind {
	for _, name := range []string{govcard.FieldKind, fieldXKind} {
		if v := strings.ToLower(strings.TrimSpace(c.Text(name))); v != "" {
			return govcard.Kind(v)
		}
	}
	return govcard.KindIndividual
}

// Members are the URIs of a group's members, "urn:uuid:" and a UID most often.
func (c *Card) Members() []string {
	var uris []string
	for _, p := range c.Props {
		if p.Name == govcard.FieldMember || p.Name == fieldXMember {
			uris = append(uris, strings.TrimSpace(p.Value))
		}
	}
	return uris
}

// Fields is the card as go-vcard has it.
func (c *Card) Fields() govcard.Card {
	card := govcard.Card{}
	for _, p := range c.Props {
		f := &govcard.Field{Group: p.Group, Value: p.Text(), Params: govcard.Params{}}
		for _, param := range p.Params {
			for _, v := range param.Values {
				f.Params.Add(param.Name, v)
			}
		}
		card.Add(p.Name, f)
	}
	return card
}
