package ical

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

// split takes a content line apart: name *(";" param) ":" value (RFC 5545 §3.1). The slices returned are the lexer's
// own until the next call.
func (x *lexer) split(l *line) (name string, params []Param, value string, err *Error) {
	text := l.text
	i := 0
	for i < len(text) && nameByte(text[i]) {
		i++
	}
	if i == 0 {
		return "", nil, "", dataError(l.no, "syntax", "does not begin with a property name: %s", quote(text))
	}
	if i > maxName {
		return "", nil, "", dataError(l.no, "syntax", "a name longer than %d octets: %s", maxName, quote(text))
	}
	name, x.group = text[:i], ""
	if dot := strings.IndexByte(name, '.'); x.groups && dot > 0 && dot < i-1 {
		x.group, name = name[:dot], name[dot+1:]
	}
	name = strings.ToUpper(name)
	x.params, x.values = x.params[:0], x.values[:0]
	for {
		if i >= len(text) {
			return "", nil, "", dataError(l.no, name, "no colon: %s", quote(text))
		}
		if text[i] == ':' {
			return name, x.params, text[i+1:], nil
		}
		if text[i] != ';' {
			return "", nil, "", dataError(l.no, name, "unexpected %s after the name or a parameter: %s", quote(text[i:i+1]), quote(text))
		}
		if len(x.params) == maxParams {
			return "", nil, "", dataError(l.no, name, "more than %d parameters", maxParams)
		}
		if i, err = x.param(l, name, i+1); err != nil {
			return "", nil, "", err
		}
	}
}

// param reads one parameter that begins at i and returns where it ends. Two things that some mail programs send are
// read though they should have been quoted: a quote inside a value, and the comma of "TZID=Amsterdam, Berlin".
func (x *lexer) param(l *line, name string, i int) (int, *Error) {
	text, begin := l.text, i
	for i < len(text) && nameByte(text[i]) {
		i++
	}
	if i == begin {
		return 0, dataError(l.no, name, "a parameter without a name: %s", quote(text))
	}
	if i-begin > maxName {
		return 0, dataError(l.no, name, "a parameter name longer than %d octets", maxName)
	}
	key := strings.ToUpper(text[begin:i])
	if x.bare && i < len(text) && (text[i] == ';' || text[i] == ':') {
		x.loose = true
		x.values = append(x.values, text[begin:i])
		x.params = append(x.params, Param{Name: "TYPE"})
		x.counts = append(x.counts[:len(x.params)-1], 1)
		return i, nil
	}
	if i >= len(text) || text[i] != '=' {
		return 0, dataError(l.no, name, "parameter %s without a value", key)
	}
	first := len(x.values)
	for {
		i++ // the "=" or ","
		if len(x.values) == maxValues {
			return 0, dataError(l.no, name, "more than %d parameter values", maxValues)
		}
		var value string
		if i < len(text) && text[i] == '"' {
			n := strings.IndexByte(text[i+1:], '"')
			if n < 0 {
				return 0, dataError(l.no, name, "parameter %s: quote without an end", key)
			}
			value = text[i+1 : i+1+n]
			i += n + 2
			if i < len(text) && text[i] != ',' && text[i] != ';' && text[i] != ':' {
				return 0, dataError(l.no, name, "parameter %s: text after the closing quote", key)
			}
		} else {
			from := i
			for i < len(text) && text[i] != ';' && text[i] != ':' && (text[i] != ',' || key == "TZID") {
				if text[i] == '"' || text[i] == ',' {
					x.loose = true
				}
				i++
			}
			value = text[from:i]
		}
		x.values = append(x.values, decodeParam(value))
		if i >= len(text) || text[i] != ',' {
			break
		}
	}
	x.params = append(x.params, Param{Name: key})
	x.counts = append(x.counts[:len(x.params)-1], len(x.values)-first)
	return i, nil
}

// lexer takes lines apart into storage it uses again for each line.
type lexer struct {
	params []Param
	values []string
	counts []int  // how many of values belong to each of params
	groups bool   // Grammar.Groups
	bare   bool   // Grammar.Bare
	group  string // of the line
	loose  bool   // the line holds a quote in an unquoted value, or a comma in a TZID, which is no list
}

// nameByte: RFC 5545 §3.1 allows letters, digits and "-"; "_" and "." are seen in X- names.
func nameByte(b byte) bool {
	return b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' || b >= '0' && b <= '9' || b == '-' || b == '_' || b == '.'
}

// decodeParam decodes the circumflex of RFC 6868 §3; an unknown sequence stays.
func decodeParam(s string) string {
	i := strings.IndexByte(s, '^')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if s[i] == '^' && i+1 < len(s) {
			switch s[i+1] {
			case 'n':
				b.WriteByte('\n')
				i++
				continue
			case '^':
				b.WriteByte('^')
				i++
				continue
			case '\'':
				b.WriteByte('"')
				i++
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// appendParam writes a parameter value as RFC 6868 §3 encodes it, in quotes where RFC 5545 §3.2 needs them. What
// cannot stand in a line at all (control characters, bytes that are not UTF-8) is left out.
func appendParam(dst []byte, s string) []byte {
	from := len(dst)
	for i, r := range s {
		switch {
		case r == '\n', r == '\r' && (i+1 == len(s) || s[i+1] != '\n'):
			dst = append(dst, '^', 'n')
		case r == '^':
			dst = append(dst, '^', '^')
		case r == '"':
			dst = append(dst, '^', '\'')
		case writable(s[i:], r):
			dst = utf8.AppendRune(dst, r)
		}
	}
	out := dst[from:]
	if len(out) > 0 && (bytes.ContainsAny(out, ",;:") || out[0] == ' ' || out[len(out)-1] == ' ') {
		dst = append(slices.Insert(dst, from, '"'), '"')
	}
	return dst
}
