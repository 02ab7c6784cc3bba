package vcard

import (
	"strings"

	govcard "github.com/emersion/go-vcard"

	"caldav-fcgi/dav/ical"
)

// JCard returns the card as jCard, the JSON form of RFC 7095. It is that of a 4.0 card.
func JCard(c *Card) []byte {
	dst := []byte(`["vcard",[`)
	for i, p := range c.To(V4).Props {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJProp(dst, p)
	}
	return append(dst, "]]"...)
}

const (
	typeText    = "text"
	typeUnknown = "unknown"
)

// defaultTypes are the value types that a property has without a VALUE (RFC 6350 §6, RFC 6474, RFC 6715). What is not here is
// "unknown" in jCard, its value taken over as it stands (RFC 7095 §5.1).
var defaultTypes = func() map[string]string {
	m := map[string]string{}
	for kind, names := range map[string]string{
		typeText: "ADR CATEGORIES CLIENTPIDMAP EMAIL EXPERTISE FN GENDER HOBBY INTEREST KIND N NICKNAME NOTE ORG PRODID ROLE TEL TITLE TZ VERSION " +
			"XML BIRTHPLACE DEATHPLACE",
		"uri":              "CALADRURI CALURI FBURL GEO IMPP KEY LOGO MEMBER ORG-DIRECTORY PHOTO RELATED SOUND SOURCE UID URL",
		"date-and-or-time": "ANNIVERSARY BDAY DEATHDATE",
		"timestamp":        "REV",
		"language-tag":     "LANG",
	} {
		for name := range strings.FieldsSeq(names) {
			m[name] = kind
		}
	}
	return m
}()

// structured are the properties whose value has parts (RFC 6350).
func structured(name string) bool {
	switch name {
	case govcard.FieldName, govcard.FieldAddress, govcard.FieldOrganization, govcard.FieldGender, govcard.FieldClientPIDMap:
		return true
	}
	return false
}

// listed are those whose value is a list.
func listed(name string) bool {
	return name == govcard.FieldNickname || name == govcard.FieldCategories
}

// jcardType is the type identifier of RFC 7095 §3.4.1.
func jcardType(p *Property) string {
	if v := p.Param(govcard.ParamValue); v != "" {
		return strings.ToLower(v)
	}
	switch kind := defaultTypes[p.Name]; {
	case kind == "":
		return typeUnknown
	case p.Name == govcard.FieldTimezone && isOffset(p.Value): // as in the example of appendix B.1
		return "utc-offset"
	case p.Name == govcard.FieldUID && !strings.Contains(p.Value, ":"): // a UID of 3.0, kept
		return typeText
	default:
		return kind
	}
}

func appendJProp(dst []byte, p *Property) []byte {
	dst = append(ical.AppendJSON(append(dst, '['), strings.ToLower(p.Name)), ",{"...)
	dst = append(appendJParams(dst, p), "},"...)
	kind := jcardType(p)
	dst = append(ical.AppendJSON(dst, kind), ',')
	switch {
	case kind == typeText && structured(p.Name):
		dst = appendStructured(dst, p.Value)
	case kind == typeText && listed(p.Name):
		for i, v := range ical.SplitText(p.Value, ',') {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJValue(dst, kind, v)
		}
	default:
		dst = appendJValue(dst, kind, p.Value)
	}
	return append(dst, ']')
}

// appendJParams writes the parameters, and the group as one (RFC 7095 §7.1). Each name stands once.
func appendJParams(dst []byte, p *Property) []byte {
	var names []string
	values := map[string][]string{}
	add := func(name string, more ...string) {
		if _, known := values[name]; !known {
			names = append(names, name)
		}
		values[name] = append(values[name], more...)
	}
	if p.Group != "" {
		add("group", p.Group)
	}
	for _, q := range p.Params {
		switch {
		case q.Name == govcard.ParamValue, q.Name == "GROUP" && p.Group != "":
		case q.Name == govcard.ParamType || q.Name == govcard.ParamSortAs || q.Name == "PID": // lists also where they stand in quotes
			add(strings.ToLower(q.Name), strings.Split(strings.Join(q.Values, ","), ",")...)
		default:
			add(strings.ToLower(q.Name), q.Values...)
		}
	}
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(ical.AppendJSON(dst, name), ':')
		dst = ical.AppendOneOrMany(dst, values[name], ical.AppendJSON)
	}
	return dst
}

// appendStructured is RFC 7095 §3.3.1.3: one part alone is a string.
func appendStructured(dst []byte, value string) []byte {
	return ical.AppendOneOrMany(dst, ical.SplitText(value, ';'), func(dst []byte, part string) []byte {
		return ical.AppendOneOrMany(dst, ical.SplitText(part, ','), func(dst []byte, v string) []byte {
			return ical.AppendJSON(dst, ical.Unescape(v))
		})
	})
}

// appendJValue writes one value (RFC 7095 §3.5). One that is not of its type stands as the text it is.
func appendJValue(dst []byte, kind, v string) []byte {
	switch kind {
	case typeText:
		return ical.AppendJSON(dst, ical.Unescape(v))
	case "boolean":
		switch {
		case strings.EqualFold(v, "TRUE"):
			return append(dst, "true"...)
		case strings.EqualFold(v, "FALSE"):
			return append(dst, "false"...)
		}
	case "integer", "float":
		if n := strings.TrimPrefix(strings.TrimSpace(v), "+"); ical.JSONNumber(n) {
			return append(dst, n...)
		}
	case "date", "date-time", "date-and-or-time", "timestamp":
		return ical.AppendJSON(dst, extendedTime(v))
	case "time":
		return ical.AppendJSON(dst, extendedClock(v))
	case "utc-offset":
		if shaped(v, "+dddd") || shaped(v, "-dddd") {
			return ical.AppendJSON(dst, v[:3]+":"+v[3:])
		}
	}
	return ical.AppendJSON(dst, v)
}
