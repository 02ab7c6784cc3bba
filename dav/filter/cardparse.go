package filter

import (
	"strings"

	"github.com/beevik/etree"
)

// ParseCard reads a CARDDAV:filter (RFC 6352 §10.5). The error is an *Error.
func ParseCard(el *etree.Element) (*CardFilter, error) {
	if el == nil {
		return nil, &Error{Condition: ValidFilter, Text: "the query has no filter"}
	}
	p := &parser{collation: UnicodeCasemap}
	f := &CardFilter{}
	var err error
	if f.all, err = testAll(el); err != nil {
		return nil, err
	}
	for _, k := range children(el) {
		if k.Tag != "prop-filter" {
			if err := misplaced(k, el); err != nil {
				return nil, err
			}
			continue
		}
		prop, err := p.cardProp(k)
		if err != nil {
			return nil, err
		}
		f.props = append(f.props, prop)
	}
	return f, nil
}

// testAll reads the attribute test.
func testAll(el *etree.Element) (bool, error) {
	switch v := el.SelectAttrValue("test", "anyof"); v {
	case "anyof":
		return false, nil
	case "allof":
		return true, nil
	default:
		return false, invalid(el, "test is anyof or allof, not %.60q", v)
	}
}

func (p *parser) cardProp(el *etree.Element) (*cardProp, error) {
	name, err := p.enter(el)
	if err != nil {
		return nil, err
	}
	f := &cardProp{name: name}
	if group, rest, ok := strings.Cut(name, "."); ok && group != "" {
		f.group, f.name = group, rest
	}
	if f.all, err = testAll(el); err != nil {
		return nil, err
	}
	for _, k := range children(el) {
		switch k.Tag {
		case "is-not-defined":
			f.absent = true
		case "text-match":
			text, err := p.cardText(k)
			if err != nil {
				return nil, err
			}
			f.texts = append(f.texts, text)
		case "param-filter":
			param, err := p.cardParam(k)
			if err != nil {
				return nil, err
			}
			f.params = append(f.params, param)
		default:
			if err := misplaced(k, el); err != nil {
				return nil, err
			}
		}
	}
	if f.absent && len(f.texts)+len(f.params) > 0 {
		return nil, invalid(el, "is-not-defined for %s stands beside other conditions", name)
	}
	return f, nil
}

// cardParam reads a param-filter, whose text-match may have a match-type here.
func (p *parser) cardParam(el *etree.Element) (*paramFilter, error) {
	f, err := p.param(el)
	if err != nil || f.text == nil {
		return f, err
	}
	for _, k := range children(el) {
		if k.Tag == "text-match" {
			f.text.kind, err = matchType(k)
		}
	}
	return f, err
}

// cardText counts as a condition of its own: a prop-filter may have any number.
func (p *parser) cardText(el *etree.Element) (*textMatch, error) {
	if err := p.condition(el); err != nil {
		return nil, err
	}
	t, err := p.text(el)
	if err != nil {
		return nil, err
	}
	t.kind, err = matchType(el)
	return t, err
}

func matchType(el *etree.Element) (MatchType, error) {
	switch v := el.SelectAttrValue("match-type", "contains"); v {
	case "contains":
		return Contains, nil
	case "equals":
		return Equals, nil
	case "starts-with":
		return StartsWith, nil
	case "ends-with":
		return EndsWith, nil
	default:
		return 0, invalid(el, "match-type is equals, contains, starts-with or ends-with, not %.60q", v)
	}
}
