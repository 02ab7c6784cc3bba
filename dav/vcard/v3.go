package vcard

import (
	"slices"
	"strings"

	govcard "github.com/emersion/go-vcard"

	"caldav-fcgi/dav/ical"
)

// to3 is a property of a 4.0 card in 3.0. What 3.0 does not know (GENDER, CLIENTPIDMAP, ALTID …) stays as an extension.
func (c *Card) to3(p *Property) *Property {
	q := p
	switch p.Name {
	case govcard.FieldVersion:
		return p.With(V3)
	case govcard.FieldKind:
		q = NewProp(p.Group, fieldXKind, p.Value, p.Params...)
	case govcard.FieldMember:
		q = NewProp(p.Group, fieldXMember, p.Value, p.Params...)
	case govcard.FieldPhoto, govcard.FieldLogo, govcard.FieldSound, govcard.FieldKey:
		q = media3(p)
	case govcard.FieldBirthday:
		q = date3(p, p.Name)
	case govcard.FieldAnniversary:
		name := fieldAnniversary
		if c.isAnniversary(p) {
			name = fieldXDate
		}
		q = date3(p, name)
	case govcard.FieldRelated:
		if strings.EqualFold(p.Param(govcard.ParamValue), "text") {
			params := without(p.Params, govcard.ParamValue)
			if kind := c.relation(p); kind != "" {
				params = withoutType(params, kind)
			}
			q = NewProp(p.Group, fieldXRelated, p.Value, params...)
		}
	case govcard.FieldTelephone:
		q = number3(p)
	case govcard.FieldRevision:
		if v := extendedTime(p.Value); v != p.Value {
			q = p.With(v)
		}
	case govcard.FieldTimezone:
		q = zone3(p)
	case govcard.FieldGeolocation:
		q = geo3(p)
	}
	return types3(q)
}

// types3: 3.0 has no PREF, and a list of types in quotes would be one type.
func types3(p *Property) *Property {
	p = SplitTypes(p)
	if p.Param(govcard.ParamPreferred) != "1" {
		return p
	}
	params := without(withoutType(p.Params, "pref"), govcard.ParamPreferred)
	for i, q := range slices.Backward(params) {
		if q.Name == govcard.ParamType {
			params[i].Values = append(slices.Clone(q.Values), "pref")
			return withParams(p, params)
		}
	}
	return withParams(p, append(params, one(govcard.ParamType, "pref")))
}

// SplitTypes is p with a list of types that stands in quotes (RFC 6350 §5.6) taken apart; p itself where there is none.
func SplitTypes(p *Property) *Property {
	listed := func(q Param) bool {
		return q.Name == govcard.ParamType && slices.ContainsFunc(q.Values, func(v string) bool { return strings.Contains(v, ",") })
	}
	if !slices.ContainsFunc(p.Params, listed) {
		return p
	}
	params := slices.Clone(p.Params)
	for i, q := range params {
		if listed(q) {
			params[i].Values = strings.Split(strings.Join(q.Values, ","), ",")
		}
	}
	return withParams(p, params)
}

// number3: a phone number is text in 3.0 (RFC 2426 §3.3.1), and what dials it knows no URI.
func number3(p *Property) *Property {
	rest, ok := cutFold(strings.TrimSpace(p.Value), "tel:")
	if !ok || !strings.EqualFold(p.Param(govcard.ParamValue), "uri") {
		return p
	}
	return NewProp(p.Group, p.Name, ical.EscapeText(rest), without(p.Params, govcard.ParamValue)...)
}

// date3 writes the extended format, which every 3.0 client reads, and a missing year as Apple's clients do: 3.0 has no way
// to leave it out.
func date3(p *Property, name string) *Property {
	value, params := extendedTime(p.Value), without(p.Params, govcard.ParamValue)
	switch v := p.Param(govcard.ParamValue); strings.ToLower(v) {
	case "":
	case "date-and-or-time", "date", "date-time":
		kind := "date"
		if strings.Contains(value, "T") {
			kind = "date-time"
		}
		params = append(params, one(govcard.ParamValue, kind))
	default:
		params = append(params, one(govcard.ParamValue, v))
		value = p.Value
	}
	if len(value) == len("--02-29") && strings.HasPrefix(value, "--") && value[4] == '-' {
		value = noYear + value[1:]
		params = append(params, one(paramOmitYear, noYear))
	}
	return NewProp(p.Group, name, value, params...)
}

// noYear is the one that Apple's clients write for none: a leap year.
const noYear = "1604"

func zone3(p *Property) *Property {
	v := strings.TrimSpace(p.Value)
	if !strings.EqualFold(p.Param(govcard.ParamValue), "utc-offset") || !isOffset(v) {
		return p
	}
	if len(v) == len("-0500") {
		v = v[:3] + ":" + v[3:]
	}
	return NewProp(p.Group, p.Name, v, without(p.Params, govcard.ParamValue)...)
}

func geo3(p *Property) *Property {
	rest, ok := cutFold(strings.TrimSpace(p.Value), "geo:")
	if !ok {
		return p
	}
	lat, lon, ok := strings.Cut(rest, ",")
	if ok && isFloat(lat) && isFloat(lon) {
		return NewProp(p.Group, p.Name, lat+";"+lon, without(p.Params, govcard.ParamValue)...)
	}
	// An altitude, or another system: 3.0 has no room for it.
	return NewProp(p.Group, p.Name, p.Value, append(without(p.Params, govcard.ParamValue), one(govcard.ParamValue, "uri"))...)
}
