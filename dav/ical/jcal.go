package ical

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JCal returns a component as jCal, the JSON form of RFC 7265.
func JCal(c *Component) []byte { return appendJCal(nil, c) }

// defaultTypes are the value types that a property has without a VALUE (RFC 5545, RFC 7808 §7, RFC 7953, RFC 7986,
// RFC 9074). What is not here is "unknown" in jCal, its value taken over as it stands (RFC 7265 §5).
var defaultTypes = func() map[string]string {
	m := map[string]string{}
	for kind, names := range map[string]string{
		"text": "ACTION BUSYTYPE CALSCALE CATEGORIES CLASS COLOR COMMENT CONTACT DESCRIPTION LOCATION METHOD NAME PRODID PROXIMITY " +
			"RELATED-TO REQUEST-STATUS RESOURCES STATUS SUMMARY TRANSP TZID TZID-ALIAS-OF TZNAME UID VERSION",
		"uri":         "ATTACH SOURCE TZURL URL",
		"float":       "GEO",
		"integer":     "PERCENT-COMPLETE PRIORITY REPEAT SEQUENCE",
		"date-time":   "ACKNOWLEDGED COMPLETED CREATED DTEND DTSTAMP DTSTART DUE EXDATE LAST-MODIFIED RDATE RECURRENCE-ID TZUNTIL",
		"duration":    "DURATION TRIGGER",
		"period":      "FREEBUSY",
		"recur":       "EXRULE RRULE",
		"cal-address": "ATTENDEE ORGANIZER",
		"utc-offset":  "TZOFFSETFROM TZOFFSETTO",
	} {
		for name := range strings.FieldsSeq(names) {
			m[name] = kind
		}
	}
	return m
}()

const typeUnknown = "unknown"

// listed are the properties whose value is a list (RFC 5545 §3.1.2).
func listed(name string) bool {
	switch name {
	case "CATEGORIES", "RESOURCES", "EXDATE", "RDATE", "FREEBUSY":
		return true
	}
	return false
}

// jcalType is the type identifier of RFC 7265 §3.5.1. A date or period that says so by its form only is one: clients
// leave VALUE out, as the example of appendix B.1 does.
func jcalType(p *Property) string {
	if v := p.Param("VALUE"); v != "" {
		return strings.ToLower(cleanName(v))
	}
	kind := defaultTypes[p.Name]
	switch {
	case kind == "":
		return typeUnknown
	case p.Name == "RDATE" && strings.Contains(p.Value, "/"):
		return "period"
	case kind == "date-time" && len(strings.SplitN(p.Value, ",", 2)[0]) == len(layoutDate):
		return "date"
	}
	return kind
}

func appendJCal(dst []byte, c *Component) []byte {
	dst = append(AppendJSON(append(dst, '['), strings.ToLower(c.Name)), ",["...)
	for i, p := range c.Props {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJProp(dst, p)
	}
	dst = append(dst, "],["...)
	for i, k := range c.Children {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJCal(dst, k)
	}
	return append(dst, "]]"...)
}

func appendJProp(dst []byte, p *Property) []byte {
	dst = append(AppendJSON(append(dst, '['), strings.ToLower(p.Name)), ",{"...)
	seen := map[string]bool{"VALUE": true}
	for _, q := range p.Params {
		if seen[q.Name] {
			continue
		}
		if len(seen) > 1 {
			dst = append(dst, ',')
		}
		seen[q.Name] = true
		dst = append(AppendJSON(dst, strings.ToLower(q.Name)), ':')
		dst = AppendOneOrMany(dst, q.Values, AppendJSON)
	}
	kind := jcalType(p)
	dst = append(AppendJSON(append(dst, "},"...), kind), ',')
	switch {
	case p.Name == "GEO" && kind == "float", p.Name == "REQUEST-STATUS" && kind == "text":
		dst = appendStructured(dst, kind, SplitText(p.Value, ';')) // RFC 7265 §3.4.1
	case !listed(p.Name):
		dst = appendJValue(dst, kind, p.Value)
	default:
		for i, v := range SplitText(p.Value, ',') {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJValue(dst, kind, v)
		}
	}
	return append(dst, ']')
}

func appendStructured(dst []byte, kind string, parts []string) []byte {
	dst = append(dst, '[')
	for i, v := range parts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendJValue(dst, kind, v)
	}
	return append(dst, ']')
}

// appendJValue writes one value (RFC 7265 §3.6). One that is not of its type stands as the text it is.
func appendJValue(dst []byte, kind, v string) []byte {
	switch kind {
	case "text":
		return AppendJSON(dst, Unescape(v))
	case "boolean":
		switch {
		case strings.EqualFold(v, "TRUE"):
			return append(dst, "true"...)
		case strings.EqualFold(v, "FALSE"):
			return append(dst, "false"...)
		}
	case "integer", "float":
		if n := strings.TrimPrefix(strings.TrimSpace(v), "+"); JSONNumber(n) {
			return append(dst, n...)
		}
	case "date", "date-time":
		return AppendJSON(dst, extendTime(v))
	case "time":
		if len(v) >= 6 {
			return AppendJSON(dst, v[:2]+":"+v[2:4]+":"+v[4:])
		}
	case "utc-offset":
		if len(v) == 5 || len(v) == 7 {
			s := v[:3] + ":" + v[3:5]
			if len(v) == 7 {
				s += ":" + v[5:]
			}
			return AppendJSON(dst, s)
		}
	case "period":
		if start, end, ok := strings.Cut(v, "/"); ok {
			dst = append(AppendJSON(append(dst, '['), extendTime(start)), ',')
			return append(AppendJSON(dst, extendTime(end)), ']')
		}
	case "recur":
		return appendRecur(dst, v)
	}
	return AppendJSON(dst, v)
}

// JSONNumber says whether s may stand in JSON as a number.
func JSONNumber(s string) bool {
	return s != "" && (s[0] == '-' || s[0] >= '0' && s[0] <= '9') && json.Valid([]byte(s))
}

// extendTime turns "20060102T150405Z" into "2006-01-02T15:04:05Z" and leaves everything else.
func extendTime(v string) string {
	v = strings.Trim(v, " ")
	t, err := readTime(v)
	switch {
	case err != nil:
		return v
	case t.Date:
		return v[:4] + "-" + v[4:6] + "-" + v[6:]
	}
	return v[:4] + "-" + v[4:6] + "-" + v[6:11] + ":" + v[11:13] + ":" + v[13:]
}

// appendRecur is RFC 7265 §3.6.10.
func appendRecur(dst []byte, v string) []byte {
	dst = append(dst, '{')
	seen := map[string]bool{}
	for part := range strings.SplitSeq(v, ";") {
		key, value, ok := strings.Cut(part, "=")
		key = strings.ToLower(strings.TrimSpace(key))
		if !ok || seen[key] {
			continue
		}
		if len(seen) > 0 {
			dst = append(dst, ',')
		}
		seen[key] = true
		dst = append(AppendJSON(dst, key), ':')
		switch {
		case key == "until":
			dst = AppendJSON(dst, extendTime(value))
		case key == "count", key == "interval":
			dst = appendWhole(dst, value)
		case key == "byday":
			dst = AppendOneOrMany(dst, strings.Split(value, ","), AppendJSON)
		case strings.HasPrefix(key, "by"):
			dst = AppendOneOrMany(dst, strings.Split(value, ","), appendWhole)
		default:
			dst = AppendJSON(dst, value)
		}
	}
	return append(dst, '}')
}

// appendWhole writes a whole number, or as text what is none, as the "5L" of RFC 7529 §4.2.
func appendWhole(dst []byte, v string) []byte {
	if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil {
		return strconv.AppendInt(dst, n, 10)
	}
	return AppendJSON(dst, v)
}

// AppendOneOrMany writes a single value as it is, and several as an array.
func AppendOneOrMany(dst []byte, values []string, one func([]byte, string) []byte) []byte {
	if len(values) == 1 {
		return one(dst, values[0])
	}
	dst = append(dst, '[')
	for i, v := range values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = one(dst, v)
	}
	return append(dst, ']')
}

// SplitText splits at a separator that no backslash precedes.
func SplitText(s string, sep byte) (list []string) {
	from := 0
	for i := 0; i < len(s) && len(list) < maxList-1; i++ {
		switch s[i] {
		case '\\':
			i++
		case sep:
			list = append(list, s[from:i])
			from = i + 1
		}
	}
	return append(list, s[from:])
}

// AppendJSON writes a JSON string. Bytes that are no UTF-8 become U+FFFD.
func AppendJSON(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"', r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r < ' ' || r == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
