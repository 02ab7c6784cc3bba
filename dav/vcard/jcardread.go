package vcard

import (
	"bytes"
	"encoding/json"
	"strings"

	"caldav-fcgi/dav/ical"
)

// FromJCard turns one jCard object (RFC 7095 §4) into vCard text, which is for Parse to judge.
func FromJCard(raw []byte) ([]byte, error) {
	var out bytes.Buffer
	r := &jcardReader{ical.NewJSONReader(raw, "jCard"), ical.NewWriter(&out)}
	r.Open('[')
	if r.Name() != component {
		r.Fail("expected \"vcard\"")
	}
	r.w.Begin(component)
	for r.Open('['); r.More(); {
		r.Open('[')
		r.property()
	}
	if r.Err() == nil && r.More() {
		r.Fail("a vcard has properties, and nothing else")
	}
	r.w.End(component)
	r.Finish()
	if err := r.Err(); err != nil {
		return nil, refused(nil, err)
	}
	return out.Bytes(), nil
}

type jcardReader struct {
	*ical.JSONReader
	w *ical.Writer
}

const maxValues = 2000 // of one property, or in one part of a value

// property reads what follows its opening bracket.
func (r *jcardReader) property() {
	name := r.Name()
	if name == "BEGIN" || name == "END" {
		r.Fail("%s is no property", name)
	}
	params, group := r.Params(), ""
	for i, q := range params {
		if q.Name == "GROUP" && len(q.Values) > 0 {
			group = q.Values[0]
			params = append(params[:i:i], params[i+1:]...)
			break
		}
	}
	kind := strings.ToLower(r.Name())
	var values []string
	for r.More() {
		if len(values) == maxValues {
			r.Fail("more than %d values", maxValues)
		}
		values = append(values, r.value(kind))
	}
	switch {
	case r.Err() != nil:
		return
	case len(values) == 0:
		r.Fail("%s has no value", strings.ToLower(name))
		return
	}
	if kind != typeUnknown && kind != defaultTypes[name] {
		params = append(params, one("VALUE", kind))
	}
	r.w.Property(NewProp(group, name, strings.Join(values, ","), params...))
}

// value reads one value: a string, a number, a boolean, or the parts of a structured one.
func (r *jcardReader) value(kind string) string {
	t := r.Token()
	if t != json.Delim('[') {
		return fromJValue(kind, t, r.Plain(t))
	}
	var parts []string
	for r.More() {
		if len(parts) == maxValues {
			r.Fail("more than %d parts of a value", maxValues)
		}
		parts = append(parts, r.part(kind))
	}
	return strings.Join(parts, ";")
}

// part reads one part of a structured value, which may be a list.
func (r *jcardReader) part(kind string) string {
	t := r.Token()
	if t != json.Delim('[') {
		return fromJValue(kind, t, r.Plain(t))
	}
	var list []string
	for r.More() {
		if len(list) == maxValues {
			r.Fail("more than %d values in one part", maxValues)
		}
		t := r.Token()
		list = append(list, fromJValue(kind, t, r.Plain(t)))
	}
	return strings.Join(list, ",")
}

func fromJValue(kind string, t json.Token, s string) string {
	if _, text := t.(string); !text {
		return s
	}
	switch kind {
	case typeText:
		return ical.EscapeText(s)
	case "date", "date-time", "date-and-or-time", "timestamp":
		return basicTime(s)
	case "time", "utc-offset":
		return strings.ReplaceAll(s, ":", "")
	}
	return s
}
