package vcard

import (
	"strconv"
	"strings"

	govcard "github.com/emersion/go-vcard"
)

// to4 is a property of a 3.0 card in 4.0. What 4.0 has no longer (LABEL, MAILER, CLASS, AGENT …) stays as an extension.
func (c *Card) to4(p *Property) *Property {
	q := p
	switch p.Name {
	case govcard.FieldVersion:
		return p.With(V4)
	case fieldXKind:
		q = NewProp(p.Group, govcard.FieldKind, p.Value, p.Params...)
	case fieldXMember:
		q = NewProp(p.Group, govcard.FieldMember, p.Value, p.Params...)
	case govcard.FieldPhoto, govcard.FieldLogo, govcard.FieldSound, govcard.FieldKey:
		q = media4(p)
	case govcard.FieldBirthday, govcard.FieldAnniversary:
		q = date4(p, p.Name)
	case fieldAnniversary:
		q = date4(p, govcard.FieldAnniversary)
	case fieldXDate:
		if c.isAnniversary(p) {
			q = date4(p, govcard.FieldAnniversary)
		}
	case fieldXRelated:
		params := append(without(p.Params, govcard.ParamValue), one(govcard.ParamValue, "text"))
		if kind := c.relation(p); kind != "" && !HasType(p, kind) {
			params = append(params, one(govcard.ParamType, kind))
		}
		q = NewProp(p.Group, govcard.FieldRelated, p.Value, params...)
	case govcard.FieldRevision:
		if v := basicTime(p.Value); v != p.Value {
			q = p.With(v)
		}
	case govcard.FieldTimezone:
		q = zone4(p)
	case govcard.FieldGeolocation:
		q = geo4(p)
	}
	return pref4(q)
}

// pref4: TYPE=pref is PREF=1 (RFC 6350 §5.3).
func pref4(p *Property) *Property {
	if !p.HasParam(govcard.ParamType) || !HasType(p, "pref") {
		return p
	}
	params := withoutType(p.Params, "pref")
	if !p.HasParam(govcard.ParamPreferred) {
		params = append(params, one(govcard.ParamPreferred, "1"))
	}
	return withParams(p, params)
}

// date4: RFC 6350 §4.3 has the basic format only, and dates without a year.
func date4(p *Property, name string) *Property {
	value := basicTime(p.Value)
	params := without(p.Params, govcard.ParamValue)
	switch v := p.Param(govcard.ParamValue); strings.ToLower(v) {
	case "":
	case "date", "date-time":
		params = append(params, one(govcard.ParamValue, "date-and-or-time"))
	default:
		params = append(params, one(govcard.ParamValue, v))
		value = p.Value
	}
	if year := p.Param(paramOmitYear); year != "" && strings.HasPrefix(value, year) && len(value) == len("16040229") {
		value = "--" + value[4:]
		params = without(params, paramOmitYear)
	}
	if name == p.Name && value == p.Value && len(p.Params) == len(params) && !p.HasParam(govcard.ParamValue) {
		return p
	}
	return NewProp(p.Group, name, value, params...)
}

// zone4: an offset is what 3.0 has by default and 4.0 has not (RFC 6350 §6.5.1).
func zone4(p *Property) *Property {
	if v := strings.TrimSpace(p.Value); isOffset(v) && !strings.EqualFold(p.Param(govcard.ParamValue), "text") {
		params := append(without(p.Params, govcard.ParamValue), one(govcard.ParamValue, "utc-offset"))
		return NewProp(p.Group, p.Name, strings.ReplaceAll(v, ":", ""), params...)
	}
	return p
}

// geo4 makes a URI of two numbers (RFC 6350 §6.5.2).
func geo4(p *Property) *Property {
	lat, lon, ok := strings.Cut(p.Value, ";")
	if !ok || !isFloat(lat) || !isFloat(lon) {
		return p
	}
	return p.With("geo:" + strings.TrimSpace(lat) + "," + strings.TrimSpace(lon))
}

func isFloat(s string) bool {
	s = strings.TrimSpace(s)
	_, err := strconv.ParseFloat(s, 64)
	return err == nil && strings.Trim(s, "+-.0123456789") == ""
}
