package ical

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// FromJCal turns one jCal object (RFC 7265 §4) into iCalendar text, which is for Parse to judge. It reads token by
// token, so that a body costs no more than its text.
func FromJCal(raw []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var out bytes.Buffer
	r := &jcalReader{dec: dec, w: NewWriter(&out)}
	r.open('[')
	r.component(1)
	if r.err == nil {
		if _, err := dec.Token(); !errors.Is(err, io.EOF) {
			r.fail("text after the end of the vcalendar")
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	return out.Bytes(), nil
}

// jcalReader holds the first error; everything after it does nothing.
type jcalReader struct {
	dec *json.Decoder
	w   *Writer
	err *Error
}

func (r *jcalReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = dataError(0, "jCal", "octet %d: %s", r.dec.InputOffset(), fmt.Sprintf(format, args...))
	}
}

func (r *jcalReader) token() json.Token {
	if r.err != nil {
		return nil
	}
	t, err := r.dec.Token()
	if err != nil {
		r.fail("%v", err)
		return nil
	}
	return t
}

func (r *jcalReader) open(want json.Delim) {
	if t := r.token(); t != want {
		r.fail("expected %v", want)
	}
}

// more reports whether the array or object goes on; at its end it takes the closing bracket.
func (r *jcalReader) more() bool {
	if r.err != nil {
		return false
	}
	if r.dec.More() {
		return true
	}
	r.token()
	return false
}

// name reads the name of a component, property, parameter or type.
func (r *jcalReader) name() string {
	s, ok := r.token().(string)
	if !ok || s == "" || len(s) > maxName || cleanName(s) != s {
		r.fail("expected a name, found %s", quote(s))
		return ""
	}
	return strings.ToUpper(s)
}

// component reads what follows its opening bracket.
func (r *jcalReader) component(depth int) {
	if depth > maxDepth {
		r.fail("components nested deeper than %d", maxDepth)
		return
	}
	name := r.name()
	if r.err != nil {
		return
	}
	r.w.Begin(name)
	for r.open('['); r.more(); {
		r.open('[')
		r.property()
	}
	for r.open('['); r.more(); {
		r.open('[')
		r.component(depth + 1)
	}
	if r.err == nil && r.more() {
		r.fail("a component has a name, properties and components, and nothing else")
	}
	r.w.End(name)
}

// property reads what follows its opening bracket.
func (r *jcalReader) property() {
	name := r.name()
	if name == "BEGIN" || name == "END" {
		r.fail("%s is no property", name)
	}
	params := r.params()
	kind := strings.ToLower(r.name())
	var values []string
	for r.more() {
		if len(values) == maxValues {
			r.fail("more than %d values", maxValues)
		}
		values = append(values, r.value(kind))
	}
	if r.err != nil {
		return
	}
	if len(values) == 0 {
		r.fail("%s has no value", strings.ToLower(name))
		return
	}
	if kind != typeUnknown && kind != defaultTypes[name] { // RFC 7265 §4
		params = append(params, Param{Name: "VALUE", Values: []string{strings.ToUpper(kind)}})
	}
	r.w.Property(NewProp(name, strings.Join(values, ","), params...))
}

func (r *jcalReader) params() (params []Param) {
	for r.open('{'); r.more(); {
		if len(params) == maxParams {
			r.fail("more than %d parameters", maxParams)
		}
		p := Param{Name: r.name()}
		switch t := r.token().(type) {
		case json.Delim:
			if t != '[' {
				r.fail("parameter %s is an object", p.Name)
			}
			for r.more() {
				if len(p.Values) == maxValues {
					r.fail("more than %d values", maxValues)
				}
				p.Values = append(p.Values, r.plain(r.token()))
			}
		default:
			p.Values = []string{r.plain(t)}
		}
		if p.Name != "VALUE" { // RFC 7265 §3.5.1: the type says it
			params = append(params, p)
		}
	}
	return params
}

// plain is a string, number or boolean as text.
func (r *jcalReader) plain(t json.Token) string {
	switch t := t.(type) {
	case string:
		return t
	case json.Number:
		return t.String()
	case bool:
		if t {
			return "TRUE"
		}
		return "FALSE"
	}
	r.fail("expected a string, a number or a boolean")
	return ""
}

// value reads one value and gives it as it stands in iCalendar.
func (r *jcalReader) value(kind string) string {
	t := r.token()
	switch t {
	case json.Delim('['): // GEO and REQUEST-STATUS (RFC 7265 §3.4.1), periods (§3.6.9)
		sep := ";"
		if kind == "period" {
			sep = "/"
		}
		var parts []string
		for r.more() {
			if len(parts) == maxValues {
				r.fail("more than %d parts of a value", maxValues)
			}
			parts = append(parts, fromJValue(kind, r.plain(r.token())))
		}
		return strings.Join(parts, sep)
	case json.Delim('{'):
		if kind != "recur" {
			r.fail("an object as a value of type %s", kind)
		}
		return r.recur()
	}
	if _, text := t.(string); text {
		return fromJValue(kind, t.(string))
	}
	return r.plain(t)
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
	for r.more() {
		if len(parts) == maxParams {
			r.fail("more than %d parts of a rule", maxParams)
		}
		key := r.name()
		one := func(t json.Token) string {
			v := r.plain(t)
			if key == "UNTIL" {
				v = basicTime(v)
			}
			if strings.ContainsAny(v, ";=:") {
				r.fail("%s of a rule: %s", key, quote(v))
			}
			return v
		}
		var values []string
		if t := r.token(); t == json.Delim('[') {
			for r.more() {
				if len(values) == maxValues {
					r.fail("more than %d values of %s", maxValues, key)
				}
				values = append(values, one(r.token()))
			}
		} else {
			values = append(values, one(t))
		}
		parts = append(parts, key+"="+strings.Join(values, ","))
	}
	return strings.Join(parts, ";")
}
