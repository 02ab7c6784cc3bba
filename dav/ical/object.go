package ical

import (
	"fmt"
)

// Calendar is one parsed text/calendar body: the client's octets and the tree of lines found in them.
type Calendar struct {
	Raw     []byte     // as it came, byte-order mark included; never changed
	Root    *Component // the VCALENDAR
	Repairs []string   // what was wrong and read all the same, with line numbers; at most maxRepairs
}

// Component is one BEGIN…END block. What Parse returned is not to be changed in place: change a copy.
type Component struct {
	Name       string       // upper case: "VEVENT"
	Props      []*Property  // in file order
	Children   []*Component // in file order
	Line       int          // physical line (from 1) of its BEGIN
	Start, End int          // offsets into Calendar.Raw, BEGIN line to END line with its line end

	from  *Calendar  // whose Raw the offsets point into
	plain *Component // itself, when its octets are fit for strict output; a copy of the struct points elsewhere and is written line by line
}

// Prop returns the first property with that upper-case name, nil if there is none.
func (c *Component) Prop(name string) *Property {
	for _, p := range c.Props {
		if p.Name == name {
			return p
		}
	}
	return nil
}

// All returns every property with that upper-case name, in file order.
func (c *Component) All(name string) []*Property {
	var all []*Property
	for _, p := range c.Props {
		if p.Name == name {
			all = append(all, p)
		}
	}
	return all
}

// Kids returns the direct sub-components with that upper-case name, in file order.
func (c *Component) Kids(name string) []*Component {
	var kids []*Component
	for _, k := range c.Children {
		if k.Name == name {
			kids = append(kids, k)
		}
	}
	return kids
}

// Raw returns the component's octets in the calendar it was parsed from, exactly as they came. For output that must be
// well formed whatever came, use Writer.Component.
func (c *Component) Raw(cal *Calendar) []byte {
	return cal.Raw[c.Start:c.End:c.End]
}

// Property is one content line.
type Property struct {
	Group      string  // of a vCard's property, as written; "" in iCalendar
	Name       string  // upper case
	Params     []Param // in file order, values RFC 6868 decoded
	Value      string  // unfolded, as sent: escapes of TEXT are still in it
	Line       int     // physical line (from 1) it begins on
	Start, End int     // offsets into Calendar.Raw of its folded octets with the line end; 0, 0 when made by us

	from  *Calendar // whose Raw the offsets point into
	plain *Property // itself, when its octets are fit for strict output; a copy of the struct points elsewhere and is folded anew
}

// Param is one parameter of a property; a value list is split at its commas.
type Param struct {
	Name   string // upper case
	Values []string
}

// Param returns the first value of the parameter with that upper-case name, "" if there is none.
func (p *Property) Param(name string) string {
	for i := range p.Params {
		if p.Params[i].Name == name {
			if len(p.Params[i].Values) == 0 {
				return ""
			}
			return p.Params[i].Values[0]
		}
	}
	return ""
}

// HasParam reports whether the parameter with that upper-case name is there, with whatever value.
func (p *Property) HasParam(name string) bool {
	for i := range p.Params {
		if p.Params[i].Name == name {
			return true
		}
	}
	return false
}

// Raw returns the property's octets as they came, nil for a property made by us.
func (p *Property) Raw() []byte {
	if p.from == nil || p.End <= p.Start {
		return nil
	}
	return p.from.Raw[p.Start:p.End:p.End]
}

// With returns a copy with another value and the parameters kept; the copy counts as made by us.
func (p *Property) With(value string) *Property {
	q := NewProp(p.Name, value, p.Params...)
	q.Group = p.Group
	return q
}

// Names of the preconditions an Error stands for (RFC 4791 §5.3.2.1, RFC 7809 §3.1.4).
const (
	ConditionData     = "valid-calendar-data"
	ConditionResource = "valid-calendar-object-resource"
	ConditionZone     = "valid-timezone"
)

// Error says what is wrong with a body: where, with what, and which precondition it breaks.
type Error struct {
	Line      int    // physical line, from 1; 0 when it is no single line's fault
	Rule      string // what is at fault: "DTSTART", "VEVENT", "syntax"
	Text      string
	Condition string // one of the Condition constants
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Rule + ": " + e.Text
	}
	return fmt.Sprintf("line %d: %s: %s", e.Line, e.Rule, e.Text)
}

func dataError(line int, rule, format string, args ...any) *Error {
	return &Error{Line: line, Rule: rule, Text: fmt.Sprintf(format, args...), Condition: ConditionData}
}

func resourceError(line int, rule, format string, args ...any) *Error {
	return &Error{Line: line, Rule: rule, Text: fmt.Sprintf(format, args...), Condition: ConditionResource}
}

// quote shows a value in an error text: quoted, and cut, since values come from outside.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		cut := most
		for cut > 0 && s[cut]&0xC0 == 0x80 {
			cut--
		}
		return fmt.Sprintf("%q…", s[:cut])
	}
	return fmt.Sprintf("%q", s)
}
