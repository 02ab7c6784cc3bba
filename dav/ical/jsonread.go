package ical

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// JSONReader takes apart jCal and jCard, token by token. It holds the first error; everything after it does nothing.
type JSONReader struct {
	dec  *json.Decoder
	rule string // of its errors
	err  *Error
}

// NewJSONReader reads raw; what is the name of the format, for errors.
func NewJSONReader(raw []byte, what string) *JSONReader {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	return &JSONReader{dec: dec, rule: what}
}

// Err is the first error, an *Error; nil when all was well.
func (r *JSONReader) Err() error {
	if r.err == nil {
		return nil
	}
	return r.err
}

// Finish refuses text after the end.
func (r *JSONReader) Finish() {
	if r.err == nil {
		if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
			r.Fail("text after the end")
		}
	}
}

// Fail keeps the first fault found.
func (r *JSONReader) Fail(format string, args ...any) {
	if r.err == nil {
		r.err = dataError(0, r.rule, "octet %d: %s", r.dec.InputOffset(), fmt.Sprintf(format, args...))
	}
}

// Token is the next one, nil after an error.
func (r *JSONReader) Token() json.Token {
	if r.err != nil {
		return nil
	}
	t, err := r.dec.Token()
	if err != nil {
		r.Fail("%v", err)
		return nil
	}
	return t
}

// Open takes the bracket that must come.
func (r *JSONReader) Open(want json.Delim) {
	if t := r.Token(); t != want {
		r.Fail("expected %v", want)
	}
}

// More reports whether the array or object goes on; at its end it takes the closing bracket.
func (r *JSONReader) More() bool {
	if r.err != nil {
		return false
	}
	if r.dec.More() {
		return true
	}
	r.Token()
	return false
}

// Name reads the name of a component, property, parameter or type.
func (r *JSONReader) Name() string {
	s, ok := r.Token().(string)
	if !ok || s == "" || len(s) > maxName || cleanName(s) != s {
		r.Fail("expected a name, found %s", quote(s))
		return ""
	}
	return strings.ToUpper(s)
}

// Params reads the parameters of a property; VALUE is left out, since the type says it (RFC 7265 §3.5.1, RFC 7095 §3.4.1).
func (r *JSONReader) Params() (params []Param) {
	for r.Open('{'); r.More(); {
		if len(params) == maxParams {
			r.Fail("more than %d parameters", maxParams)
		}
		p := Param{Name: r.Name()}
		switch t := r.Token().(type) {
		case json.Delim:
			if t != '[' {
				r.Fail("parameter %s is an object", p.Name)
			}
			for r.More() {
				if len(p.Values) == maxValues {
					r.Fail("more than %d values", maxValues)
				}
				p.Values = append(p.Values, r.Plain(r.Token()))
			}
		default:
			p.Values = []string{r.Plain(t)}
		}
		if p.Name != "VALUE" {
			params = append(params, p)
		}
	}
	return params
}

// Plain is a string, number or boolean as text.
func (r *JSONReader) Plain(t json.Token) string {
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
	r.Fail("expected a string, a number or a boolean")
	return ""
}
