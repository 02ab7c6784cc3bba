package ical

import (
	"fmt"
	"strings"
)

// Limits of one body. The size of the body is the caller's to bound; a single line may be as long as the body.
const (
	maxLines      = 500_000    // physical lines of one object
	maxProps      = 100_000    // properties of one object: each takes some 150 octets of memory, however short its line
	componentCost = 2          // of these is a component
	maxFileLines  = 50_000_000 // of a whole exported calendar
	maxDepth      = 8          // VCALENDAR, VEVENT, PARTICIPANT, VALARM, VLOCATION … and some room
	maxParams     = 200        // parameters of a line
	maxValues     = 2000       // values of all parameters of a line
	maxName       = 250        // octets of a property, parameter or component name
	maxRepairs    = 20
)

// Parse reads a body that holds exactly one VCALENDAR. The error is an *Error and names the line. It takes time and
// memory in proportion to the body and panics on no input.
func Parse(raw []byte) (*Calendar, error) { return calendars.Parse(raw) }

// ParseAll reads an exported file, which may hold several VCALENDARs, one after the other. The offsets and lines of each are those of
// the whole file, and all share raw.
func ParseAll(raw []byte) ([]*Calendar, error) { return calendars.ParseAll(raw) }

// Grammar is what tells bodies made of content lines from each other.
type Grammar struct {
	Root   string // of the outermost component, upper case
	Groups bool   // a property's name may stand behind that of a group, as in "item1.EMAIL" (RFC 6350 §3.3)
	Bare   bool   // a parameter may be a value alone, as in "TEL;HOME:": that is a TYPE
}

var calendars = Grammar{Root: "VCALENDAR"}

// Parse reads a body that holds exactly one component of the grammar's.
func (g Grammar) Parse(raw []byte) (*Calendar, error) {
	p := g.parser(raw, maxLines, maxProps)
	cal, err := p.calendar()
	if err != nil {
		return nil, err
	}
	l, ok, err := p.scan.next()
	switch {
	case err != nil:
		return nil, err
	case ok && strings.EqualFold(strings.TrimSpace(l.text), "BEGIN:"+g.Root):
		return nil, dataError(l.no, g.Root, "more than one %s in a body", g.Root)
	case ok && strings.Trim(l.text, " \t") != "":
		return nil, dataError(l.no, "syntax", "text after END:%s: %s", g.Root, quote(l.text))
	}
	return cal, nil
}

// ParseAll reads a file with several of them.
func (g Grammar) ParseAll(raw []byte) ([]*Calendar, error) {
	p := g.parser(raw, maxFileLines, maxFileLines)
	var all []*Calendar
	for {
		if len(all) > 0 && strings.TrimLeft(p.scan.src[p.scan.pos:], " \t\r\n") == "" {
			return all, nil
		}
		cal, err := p.calendar()
		if err != nil {
			return nil, err
		}
		all = append(all, cal)
	}
}

func (g Grammar) parser(raw []byte, lines, props int) *parser {
	return &parser{Grammar: g, scan: newScanner(string(raw), lines), raw: raw, left: props, lex: lexer{groups: g.Groups, bare: g.Bare}}
}

type parser struct {
	Grammar
	scan  *scanner
	raw   []byte
	cal   *Calendar
	lex   lexer
	stack [maxDepth]level
	left  int // how many more properties may come

	// Storage is cut from larger pieces, so that a body costs few allocations.
	props  []Property
	params []Param
	values []string
}

// level is an open component; its lists are copied out at their exact size when it ends.
type level struct {
	comp  *Component
	props []*Property
	kids  []*Component
	plain bool
}

// calendar reads one component of the grammar's from where the scanner stands to its END line.
func (p *parser) calendar() (*Calendar, *Error) {
	p.cal = &Calendar{Raw: p.raw}
	depth := 0
	for {
		l, ok, err := p.scan.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, p.unfinished(depth)
		}
		name, params, value, err := p.lex.split(&l)
		if depth == 0 && (err != nil || name != "BEGIN" || !strings.EqualFold(strings.Trim(value, " \t"), p.Root)) {
			return nil, dataError(l.no, p.Root, "expected BEGIN:%s, found %s", p.Root, quote(l.text))
		}
		if err != nil {
			return nil, err
		}
		if l.gap && depth > 0 {
			p.stack[depth-1].plain = false
		}
		switch name {
		case "BEGIN":
			if depth == maxDepth {
				return nil, dataError(l.no, "BEGIN", "components nested deeper than %d", maxDepth)
			}
			kind, plain, err := p.component(&l, name, params, value)
			if err != nil {
				return nil, err
			}
			if p.left -= componentCost; p.left < 0 {
				return nil, dataError(l.no, "BEGIN", "more components and properties than one object may have")
			}
			lv := &p.stack[depth]
			lv.comp = &Component{Name: kind, Line: l.no, Start: l.start, from: p.cal}
			lv.props, lv.kids, lv.plain = lv.props[:0], lv.kids[:0], plain
			depth++
		case "END":
			kind, plain, err := p.component(&l, name, params, value)
			if err != nil {
				return nil, err
			}
			lv := &p.stack[depth-1]
			if kind != lv.comp.Name {
				return nil, dataError(l.no, "END", "END:%s does not close BEGIN:%s of line %d", kind, lv.comp.Name, lv.comp.Line)
			}
			lv.comp.End = l.end
			whole := lv.plain && plain
			if whole {
				lv.comp.plain = lv.comp
			}
			lv.comp.Props = append([]*Property(nil), lv.props...)
			lv.comp.Children = append([]*Component(nil), lv.kids...)
			depth--
			if depth == 0 {
				p.cal.Root = lv.comp
				return p.cal, nil
			}
			up := &p.stack[depth-1]
			up.kids = append(up.kids, lv.comp)
			up.plain = up.plain && whole
		default:
			lv := &p.stack[depth-1]
			if p.lex.loose {
				p.lex.loose = false
				l.plain = false
				p.repair(l.no, "%s: a parameter value that should have been quoted", name)
			}
			if p.left--; p.left < 0 {
				return nil, dataError(l.no, "syntax", "more properties than one object may have (%d)", maxProps)
			}
			lv.props = append(lv.props, p.property(&l, name, params, value))
			lv.plain = lv.plain && l.plain
		}
	}
}

func (p *parser) unfinished(depth int) *Error {
	if depth == 0 {
		return dataError(1, p.Root, "no BEGIN:%s: nothing to read", p.Root)
	}
	open := p.stack[depth-1].comp
	return dataError(p.scan.no, "END", "the body ends inside %s of line %d: END:%s is missing", open.Name, open.Line, open.Name)
}

// component reads the value of a BEGIN or END line. Blanks after it and lower case are what some generators write.
func (p *parser) component(l *line, which string, params []Param, value string) (name string, plain bool, err *Error) {
	if len(params) > 0 {
		return "", false, dataError(l.no, which, "takes no parameters")
	}
	trimmed := strings.Trim(value, " \t")
	if trimmed == "" {
		return "", false, dataError(l.no, which, "no component name")
	}
	if len(trimmed) > maxName {
		return "", false, dataError(l.no, which, "name longer than %d octets", maxName)
	}
	for i := 0; i < len(trimmed); i++ {
		if !nameByte(trimmed[i]) {
			return "", false, dataError(l.no, which, "not a component name: %s", quote(trimmed))
		}
	}
	name, plain = strings.ToUpper(trimmed), l.plain
	if len(trimmed) != len(value) {
		p.repair(l.no, "blanks around the name of %s:%s", which, name)
		plain = false
	}
	if name != trimmed || l.text[:len(which)] != which {
		p.repair(l.no, "%s:%s not in upper case", which, name)
		plain = false
	}
	return name, plain, nil
}

func (p *parser) property(l *line, name string, params []Param, value string) *Property {
	if len(p.props) == 0 {
		// As many as the rest of the body can need at 20 octets a line, within reason.
		p.props = make([]Property, min(256, 8+(len(p.scan.src)-p.scan.pos)/32))
	}
	prop := &p.props[0]
	p.props = p.props[1:]
	*prop = Property{Group: p.lex.group, Name: name, Value: value, Line: l.no, Start: l.start, End: l.end, from: p.cal}
	if l.plain {
		prop.plain = prop
	}
	if len(params) > 0 {
		prop.Params = p.keep(params)
	}
	return prop
}

// keep copies the lexer's parameters into storage of their own.
func (p *parser) keep(params []Param) []Param {
	if len(p.params) < len(params) {
		p.params = make([]Param, max(len(params), 32))
	}
	kept := p.params[:len(params):len(params)]
	p.params = p.params[len(params):]
	if len(p.values) < len(p.lex.values) {
		p.values = make([]string, max(len(p.lex.values), 32))
	}
	copy(p.values, p.lex.values)
	for i := range params {
		n := p.lex.counts[i]
		kept[i] = Param{Name: params[i].Name, Values: p.values[:n:n]}
		p.values = p.values[n:]
	}
	return kept
}

func (p *parser) repair(line int, format string, args ...any) {
	if len(p.cal.Repairs) < maxRepairs {
		p.cal.Repairs = append(p.cal.Repairs, fmt.Sprintf("line %d: ", line)+fmt.Sprintf(format, args...))
	}
}
