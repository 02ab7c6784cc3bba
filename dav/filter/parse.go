package filter

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
)

// Error says why a filter is refused: which precondition of RFC 4791 §7.8 it breaks, and with which element.
type Error struct {
	Condition string // ValidFilter, SupportedFilter or SupportedCollation
	Element   *etree.Element
	Text      string
}

func (e *Error) Error() string { return e.Text }

// The preconditions of an Error.
const (
	ValidFilter        = "valid-filter"
	SupportedFilter    = "supported-filter"
	SupportedCollation = "supported-collation"
)

// maxConditions is far above what any client sends; every object of a calendar is held against each.
const maxConditions = 500

// Parse reads a CALDAV:filter. The error is an *Error.
func Parse(el *etree.Element) (*Filter, error) {
	if el == nil {
		return nil, &Error{Condition: ValidFilter, Text: "the query has no filter"}
	}
	p := &parser{collation: ASCIICasemap}
	root := (*compFilter)(nil)
	for _, k := range children(el) {
		switch {
		case k.Tag != "comp-filter":
			return nil, invalid(k, "%s cannot stand in filter", k.Tag)
		case root != nil:
			return nil, invalid(k, "a filter has one comp-filter, not two")
		}
		var err error
		if root, err = p.comp(k, ""); err != nil {
			return nil, err
		}
	}
	if root == nil {
		return nil, invalid(el, "a filter has a comp-filter for VCALENDAR")
	}
	return &Filter{root: root, timed: p.timed}, nil
}

type parser struct {
	count     int
	timed     bool
	collation Collation // where none is named
}

// inside says where the components of RFC 5545, 7953 and 9073 stand. Others may stand anywhere: what they are in is
// not for us to say.
var inside = map[string][]string{
	"VCALENDAR":     {""},
	"VEVENT":        {"VCALENDAR"},
	"VTODO":         {"VCALENDAR"},
	"VJOURNAL":      {"VCALENDAR"},
	"VFREEBUSY":     {"VCALENDAR"},
	"VTIMEZONE":     {"VCALENDAR"},
	"VAVAILABILITY": {"VCALENDAR"},
	"VPOLL":         {"VCALENDAR"},
	"STANDARD":      {"VTIMEZONE"},
	"DAYLIGHT":      {"VTIMEZONE"},
	"AVAILABLE":     {"VAVAILABILITY"},
	"VALARM":        {"VEVENT", "VTODO"},
}

func (p *parser) comp(el *etree.Element, parent string) (*compFilter, error) {
	name, err := p.enter(el)
	if err != nil {
		return nil, err
	}
	if parent == "" && name != "VCALENDAR" {
		return nil, invalid(el, "the first comp-filter is that of VCALENDAR, not of %s", name)
	}
	if places, known := inside[name]; known && !slices.Contains(places, parent) {
		return nil, invalid(el, "%s cannot stand in %s", name, parent)
	}
	f := &compFilter{name: name}
	for _, k := range children(el) {
		switch k.Tag {
		case "is-not-defined":
			f.absent = true
		case "time-range":
			if f.span != nil {
				return nil, invalid(k, "two time-ranges for %s", name)
			}
			if err := timedComponent(el, name); err != nil {
				return nil, err
			}
			if f.span, err = p.span(k); err != nil {
				return nil, err
			}
		case "prop-filter":
			prop, err := p.prop(k)
			if err != nil {
				return nil, err
			}
			f.props = append(f.props, prop)
		case "comp-filter":
			comp, err := p.comp(k, name)
			if err != nil {
				return nil, err
			}
			f.comps = append(f.comps, comp)
		default:
			if err := misplaced(k, el); err != nil {
				return nil, err
			}
		}
	}
	if f.absent && (f.span != nil || len(f.props)+len(f.comps) > 0) {
		return nil, invalid(el, "is-not-defined for %s stands beside other conditions", name)
	}
	return f, nil
}

// timedComponent: RFC 4791 §9.9 says what a time-range means for a few components.
func timedComponent(el *etree.Element, name string) error {
	switch name {
	case "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VALARM", "VAVAILABILITY", "VTIMEZONE", "STANDARD", "DAYLIGHT":
		return nil
	case "VCALENDAR":
		return invalid(el, "a time-range for VCALENDAR means nothing: it belongs to the components in it")
	}
	return &Error{Condition: SupportedFilter, Element: el, Text: "time-ranges are not known for " + name}
}

func (p *parser) prop(el *etree.Element) (*propFilter, error) {
	name, err := p.enter(el)
	if err != nil {
		return nil, err
	}
	f := &propFilter{name: name}
	for _, k := range children(el) {
		switch k.Tag {
		case "is-not-defined":
			f.absent = true
		case "time-range":
			if f.span != nil {
				return nil, invalid(k, "two time-ranges for %s", name)
			}
			if err := timedProperty(el, name); err != nil {
				return nil, err
			}
			if f.span, err = p.span(k); err != nil {
				return nil, err
			}
		case "text-match":
			if f.text != nil {
				return nil, invalid(k, "two text-matches for %s", name)
			}
			if f.text, err = p.text(k); err != nil {
				return nil, err
			}
		case "param-filter":
			param, err := p.param(k)
			if err != nil {
				return nil, err
			}
			f.params = append(f.params, param)
		default:
			if err := misplaced(k, el); err != nil {
				return nil, err
			}
		}
	}
	switch {
	case f.absent && (f.span != nil || f.text != nil || len(f.params) > 0):
		return nil, invalid(el, "is-not-defined for %s stands beside other conditions", name)
	case f.span != nil && f.text != nil:
		return nil, invalid(el, "both time-range and text-match for %s", name)
	}
	return f, nil
}

// timedProperty: a time-range is for a DATE or DATE-TIME.
func timedProperty(el *etree.Element, name string) error {
	switch name {
	case "COMPLETED", "CREATED", "DTEND", "DTSTAMP", "DTSTART", "DUE", "LAST-MODIFIED", // RFC 4791 §9.9
		"RECURRENCE-ID", "EXDATE", "RDATE", "ACKNOWLEDGED":
		return nil
	}
	if slices.Contains(timeless, name) {
		return invalid(el, "a time-range for %s, which holds no date", name)
	}
	return &Error{Condition: SupportedFilter, Element: el, Text: "time-ranges are not known for " + name}
}

// timeless are the other properties of RFC 5545 §8.3.2 and RFC 7986.
var timeless = strings.Fields(`ACTION ATTACH ATTENDEE CALSCALE CATEGORIES CLASS COLOR COMMENT CONFERENCE CONTACT DESCRIPTION DURATION EXRULE
	FREEBUSY GEO IMAGE LOCATION METHOD NAME ORGANIZER PERCENT-COMPLETE PRIORITY PRODID RELATED-TO REFRESH-INTERVAL REPEAT
	REQUEST-STATUS RESOURCES RRULE SEQUENCE SOURCE STATUS SUMMARY TRANSP TRIGGER TZID TZNAME TZOFFSETFROM TZOFFSETTO TZURL UID URL VERSION`)

func (p *parser) param(el *etree.Element) (*paramFilter, error) {
	name, err := p.enter(el)
	if err != nil {
		return nil, err
	}
	f := &paramFilter{name: name}
	for _, k := range children(el) {
		switch k.Tag {
		case "is-not-defined":
			f.absent = true
		case "text-match":
			if f.text != nil {
				return nil, invalid(k, "two text-matches for parameter %s", name)
			}
			if f.text, err = p.text(k); err != nil {
				return nil, err
			}
		default:
			if err := misplaced(k, el); err != nil {
				return nil, err
			}
		}
	}
	if f.absent && f.text != nil {
		return nil, invalid(el, "is-not-defined for parameter %s stands beside a text-match", name)
	}
	return f, nil
}

func (p *parser) text(el *etree.Element) (*textMatch, error) {
	collation, ok := ParseCollation(el.SelectAttrValue("collation", ""), p.collation)
	if !ok {
		return nil, &Error{Condition: SupportedCollation, Element: el,
			Text: fmt.Sprintf("collation %.60q is none of %s", el.SelectAttrValue("collation", ""), strings.Join(Collations, ", "))}
	}
	t := &textMatch{collation: collation, part: collation.Prepare(content(el))}
	switch v := el.SelectAttrValue("negate-condition", "no"); v {
	case "no":
	case "yes":
		t.negate = true
	default:
		return nil, invalid(el, "negate-condition is yes or no, not %.60q", v)
	}
	return t, nil
}

// content is the character data of el, also where comments or CDATA sections part it.
func content(el *etree.Element) string {
	var b strings.Builder
	for _, t := range el.Child {
		if c, ok := t.(*etree.CharData); ok {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func (p *parser) span(el *etree.Element) (*span, error) {
	from, to, err := ParseTimeRange(el)
	if err != nil {
		return nil, err
	}
	p.timed = true
	return &span{from, to}, nil
}

// condition counts an element that every object is held against.
func (p *parser) condition(el *etree.Element) error {
	if p.count++; p.count > maxConditions {
		return &Error{Condition: SupportedFilter, Element: el, Text: fmt.Sprintf("the filter has more than %d conditions", maxConditions)}
	}
	return nil
}

// enter counts a filter element and reads its name.
func (p *parser) enter(el *etree.Element) (string, error) {
	if err := p.condition(el); err != nil {
		return "", err
	}
	name := strings.ToUpper(strings.TrimSpace(el.SelectAttrValue("name", "")))
	if name == "" {
		return "", invalid(el, "%s without a name", el.Tag)
	}
	return name, nil
}

// ParseTimeRange reads the start and end of a CALDAV:time-range, or of another element that has them (§9.6.5 to
// §9.6.7); an end that is missing is zero. The error is an *Error.
func ParseTimeRange(el *etree.Element) (from, to time.Time, err error) {
	read := func(name string) (time.Time, error) {
		a := el.SelectAttr(name)
		if a == nil {
			return time.Time{}, nil
		}
		// RFC 4791 §9.9: a "date with UTC time", so neither a DATE nor a floating time.
		v := strings.TrimSpace(a.Value)
		t, err := time.Parse("20060102T150405Z", v)
		if err != nil || len(v) != len("20060102T150405Z") || t.Year() < 1 {
			return time.Time{}, invalid(el, "%s of %s is not a date with UTC time: %.60q", name, el.Tag, a.Value)
		}
		return t, nil
	}
	if from, err = read("start"); err != nil {
		return from, to, err
	}
	if to, err = read("end"); err != nil {
		return from, to, err
	}
	switch {
	case el.SelectAttr("start") == nil && el.SelectAttr("end") == nil:
		err = invalid(el, "%s has neither start nor end", el.Tag)
	case el.SelectAttr("end") != nil && !to.After(from):
		err = invalid(el, "%s ends before it begins", el.Tag)
	}
	return from, to, err
}

// children are those of el's own namespace, that of calendars or of contacts; what others add is left out (RFC 4918 §17).
func children(el *etree.Element) []*etree.Element {
	own := el.NamespaceURI()
	return slices.DeleteFunc(el.ChildElements(), func(k *etree.Element) bool { return k.NamespaceURI() != own })
}

// misplaced refuses an element of a filter in a place that is not its own; unknown ones are left out.
func misplaced(k, in *etree.Element) error {
	switch k.Tag {
	case "filter", "comp-filter", "prop-filter", "param-filter", "text-match", "time-range", "is-not-defined":
		return invalid(k, "%s cannot stand in %s", k.Tag, in.Tag)
	}
	return nil
}

func invalid(el *etree.Element, format string, args ...any) *Error {
	return &Error{Condition: ValidFilter, Element: el, Text: fmt.Sprintf(format, args...)}
}
