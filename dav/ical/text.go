package ical

import (
	"errors"
	"strings"

	goical "github.com/emersion/go-ical"
)

// Text returns the value as RFC 5545 §3.3.11 unescapes it. A comma that should have been escaped is text, and an unknown
// escape stands for its letter, because clients send both.
func (p *Property) Text() string {
	return Unescape(p.Value)
}

// Unescape reads a TEXT value. A comma that should have been escaped is text, and an unknown escape stands for its letter.
func Unescape(s string) string {
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	b.WriteString(s[:i])
	for ; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'n', 'N':
			b.WriteByte('\n')
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// EscapeText writes text as a TEXT value (RFC 5545 §3.3.11).
func EscapeText(s string) string {
	if !strings.ContainsAny(s, "\\;,\r\n") {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 8)
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\', ';', ',':
			b.WriteByte('\\')
			b.WriteByte(s[i])
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			if i+1 == len(s) || s[i+1] != '\n' {
				b.WriteString(`\n`)
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// maxList is how many values of a TEXT list are told apart; the rest stays together in the last.
const maxList = 2000

// List returns the values of a TEXT list such as CATEGORIES, unescaped.
func (p *Property) List() []string {
	var list []string
	if strings.Count(p.Value, ",") < maxList {
		if err := p.Go(func(v *goical.Prop) (err error) {
			list, err = v.TextList()
			return err
		}); err == nil {
			return list
		}
	}
	// Too long, or an unknown escape: split at the commas that no backslash precedes.
	list = nil
	from := 0
	for i := 0; i < len(p.Value) && len(list) < maxList-1; i++ {
		switch p.Value[i] {
		case '\\':
			i++
		case ',':
			list = append(list, Unescape(p.Value[from:i]))
			from = i + 1
		}
	}
	return append(list, Unescape(p.Value[from:]))
}

// Int returns an INTEGER value (SEQUENCE, PRIORITY, PERCENT-COMPLETE, REPEAT).
func (p *Property) Int() (int, error) {
	var n int
	err := p.Go(func(v *goical.Prop) (err error) {
		v.Value = strings.Trim(v.Value, " ")
		n, err = v.Int()
		return err
	})
	return n, err
}

// maxGoParam: longer parameter values do not reach go-ical.
const maxGoParam = 4096

// GoProp returns the property as go-ical's type, for its value parsers. Parameters are upper case in name, doubled ones
// are joined, and those longer than maxGoParam are left out.
func (p *Property) GoProp() *goical.Prop {
	v := goical.NewProp(p.Name)
	v.Value = p.Value
	for _, param := range p.Params {
		for _, s := range param.Values {
			if len(s) > maxGoParam {
				continue
			}
			if param.Name == goical.ParamValue {
				s = strings.ToUpper(s)
			}
			v.Params.Add(param.Name, s)
		}
	}
	return v
}

var errGo = errors.New("the value cannot be read")

// Go calls read with GoProp; a panic in a value parser becomes an error, since what it reads comes from outside.
func (p *Property) Go(read func(*goical.Prop) error) (err error) {
	defer func() {
		if recover() != nil {
			err = errGo
		}
	}()
	return read(p.GoProp())
}
