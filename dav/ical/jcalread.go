package ical

import (
	"bytes"
	"encoding/json"
	"strings"
)

// FromJCal turns one jCal object (RFC 7265 §4) into iCalendar text, which is for Parse to judge. It reads token by
// token, so that a body costs no more than its text.
func FromJCal(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	r := &jcalReader{NewJSONReader(raw, "jCal"), NewWriter(&out)}
	r.Open('[')
	r.component(1)
	r.Finish()
	if r.err != nil {
		return nil, r.err
	}
	return out.Bytes(), nil
}

// jcalReader reads into w.
type jcalReader struct {
	*JSONReader
	w *Writer
}

// component reads what follows its opening bracket.
func (r *jcalReader) component(depth int) {
	if depth > maxDepth {
		r.Fail("components nested deeper than %d", maxDepth)
		return
	}
	name := r.Name()
	if r.err != nil {
		return
	}
	r.w.Begin(name)
	for r.Open('['); r.More(); {
		r.Open('[')
		r.property()
	}
	for r.Open('['); r.More(); {
		r.Open('[')
		r.component(depth + 1)
	}
	if r.err == nil && r.More() {
		r.Fail("a component has a name, properties and components, and nothing else")
	}
	r.w.End(name)
}

// property reads what follows its opening bracket.
func (r *jcalReader) property() {
	name := r.Name()
	if name == "BEGIN" || name == "END" {
		r.Fail("%s is no property", name)
	}
	params := r.Params()
	kind := strings.ToLower(r.Name())
	var values []string
	for r.More() {
		if len(values) == maxValues {
			r.Fail("more than %d values", maxValues)
		}
		values = append(values, r.value(kind))
	}
	if r.err != nil {
		return
	}
	if len(values) == 0 {
		r.Fail("%s has no value", strings.ToLower(name))
		return
	}
	if kind != typeUnknown && kind != defaultTypes[name] { // RFC 7265 §4
		params = append(params, Param{Name: "VALUE", Values: []string{strings.ToUpper(kind)}})
	}
	r.w.Property(NewProp(name, strings.Join(values, ","), params...))
}

// value reads one value and gives it as it stands in iCalendar.
func (r *jcalReader) value(kind string) string {
	t := r.Token()
	switch t {
	case json.Delim('['): // GEO and REQUEST-STATUS (RFC 7265 §3.4.1), periods (§3.6.9)
		sep := ";"
		if kind == "period" {
			sep = "/"
		}
		var parts []string
		for r.More() {
			if len(parts) == maxValues {
				r.Fail("more than %d parts of a value", maxValues)
			}
			parts = append(parts, fromJValue(kind, r.Plain(r.Token())))
		}
		return strings.Join(parts, sep)
	case json.Delim('{'):
		if kind != "recur" {
			r.Fail("an object as a value of type %s", kind)
		}
		return r.recur()
	}
	if _, text := t.(string); text {
		return fromJValue(kind, t.(string))
	}
	return r.Plain(t)
}

func fromJValue(kind, s string) string {
	switch kind {
	case "text":
		return EscapeText(s)
	case "date", "date-time":
		return basicTime(s)
	case "period": // one of its two, or, as the example of RFC 7265 appendix B.2 has it, both
		start, end, both := strings.Cut(s, "/")
		if both {
			return basicTime(start) + "/" + basicTime(end)
		}
		return basicTime(s)
	case "time", "utc-offset":
		return strings.ReplaceAll(s, ":", "")
	}
	return s
}

// basicTime undoes extendTime.
func basicTime(s string) string {
	if len(s) < len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return s
	}
	return strings.NewReplacer("-", "", ":", "").Replace(s)
}

// recur reads what follows the opening bracket of a rule.
func (r *jcalReader) recur() string {
	var parts []string
	for r.More() {
		if len(parts) == maxParams {
			r.Fail("more than %d parts of a rule", maxParams)
		}
		key := r.Name()
		one := func(t json.Token) string {
			v := r.Plain(t)
			if key == "UNTIL" {
				v = basicTime(v)
			}
			if strings.ContainsAny(v, ";=:") {
				r.Fail("%s of a rule: %s", key, quote(v))
			}
			return v
		}
		var values []string
		if t := r.Token(); t == json.Delim('[') {
			for r.More() {
				if len(values) == maxValues {
					r.Fail("more than %d values of %s", maxValues, key)
				}
				values = append(values, one(r.Token()))
			}
		} else {
			values = append(values, one(t))
		}
		parts = append(parts, key+"="+strings.Join(values, ","))
	}
	return strings.Join(parts, ";")
}
