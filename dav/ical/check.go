package ical

import (
	"fmt"
	"strings"
)

// rule says what a property's value must be and whether it may stand more than once in a component.
type rule struct {
	check func(*Property) error
	once  bool
}

// rules holds the properties whose values are computed with. What only people read (SUMMARY, LOCATION …) is stored as it came.
var rules = map[string]rule{
	"DTSTART":          {isTime, true},
	"DTEND":            {isTime, true},
	"DUE":              {isTime, true},
	"RECURRENCE-ID":    {isTime, true},
	"COMPLETED":        {isStamp, true},
	"CREATED":          {isStamp, false},
	"DTSTAMP":          {isStamp, false},
	"LAST-MODIFIED":    {isStamp, false},
	"DURATION":         {isDuration, true},
	"TRIGGER":          {isTrigger, true},
	"EXDATE":           {isTimes, false},
	"RDATE":            {isTimesOrPeriods, false},
	"FREEBUSY":         {isPeriods, false},
	"RRULE":            {isRule, false},
	"EXRULE":           {isRule, false}, // RFC 2445 §4.8.5.2
	"SEQUENCE":         {isInt, true},
	"PRIORITY":         {isInt, false},
	"PERCENT-COMPLETE": {isInt, false},
	"REPEAT":           {isInt, true},
	"TZOFFSETFROM":     {isOffset, true},
	"TZOFFSETTO":       {isOffset, true},
	"ORGANIZER":        {nil, true},
}

// checkComponent checks values and numbers of a component's properties, then its sub-components.
func checkComponent(c *Component) *Error {
	seen := map[string]int{}
	for _, p := range c.Props {
		r, ok := rules[p.Name]
		if !ok {
			continue
		}
		if line := seen[p.Name]; r.once && line != 0 {
			return dataError(p.Line, p.Name, "stands twice in %s, first in line %d", c.Name, line)
		}
		seen[p.Name] = p.Line
		if r.check == nil {
			continue
		}
		if err := r.check(p); err != nil {
			return dataError(p.Line, p.Name, "%v", err)
		}
	}
	if check := shapes[c.Name]; check != nil {
		if err := check(c); err != nil {
			return err
		}
	}
	for _, k := range c.Children {
		if k.Name == "VCALENDAR" {
			return dataError(k.Line, "VCALENDAR", "cannot stand inside %s", c.Name)
		}
		if err := checkComponent(k); err != nil {
			return err
		}
	}
	return nil
}

// shapes holds what RFC 5545 §3.6 asks of a component as a whole.
var shapes = map[string]func(*Component) *Error{
	"VEVENT":    checkEvent,
	"VTODO":     checkTodo,
	"VFREEBUSY": checkFreeBusy,
	"VALARM":    checkAlarm,
	"VTIMEZONE": checkTimezone,
	"AVAILABLE": checkAvailable,
}

// checkEvent: RFC 5545 §3.6.1.
func checkEvent(c *Component) *Error {
	start, end, duration := c.Prop("DTSTART"), c.Prop("DTEND"), c.Prop("DURATION")
	if start == nil {
		return dataError(c.Line, "VEVENT", "has no DTSTART")
	}
	if end != nil && duration != nil {
		return dataError(duration.Line, "DURATION", "stands beside DTEND of line %d", end.Line)
	}
	if err := forward(duration); err != nil {
		return err
	}
	return ordered(start, end)
}

// forward: RFC 5545 §3.8.2.5, a component takes a positive span of time.
func forward(duration *Property) *Error {
	if duration == nil {
		return nil
	}
	if d, err := ParseDuration(duration.Value); err == nil && d.Neg && !d.IsZero() {
		return dataError(duration.Line, "DURATION", "takes negative time: %s", quote(duration.Value))
	}
	return nil
}

// checkTodo: RFC 5545 §3.6.2, with DUE before DTSTART and DUE of another kind tolerated.
func checkTodo(c *Component) *Error {
	due, duration := c.Prop("DUE"), c.Prop("DURATION")
	if due != nil && duration != nil {
		return dataError(duration.Line, "DURATION", "stands beside DUE of line %d", due.Line)
	}
	return forward(duration)
}

// checkFreeBusy: RFC 5545 §3.6.4.
func checkFreeBusy(c *Component) *Error {
	return ordered(c.Prop("DTSTART"), c.Prop("DTEND"))
}

// checkAvailable: RFC 7953 §3.1.
func checkAvailable(c *Component) *Error {
	start, end, duration := c.Prop("DTSTART"), c.Prop("DTEND"), c.Prop("DURATION")
	if start == nil {
		return dataError(c.Line, "AVAILABLE", "has no DTSTART")
	}
	if end != nil && duration != nil {
		return dataError(duration.Line, "DURATION", "stands beside DTEND of line %d", end.Line)
	}
	if err := forward(duration); err != nil {
		return err
	}
	return ordered(start, end)
}

// ordered checks that end is of start's kind and not before it; equal is tolerated. In two different zones wall clocks
// tell the order only when they are more than 26 hours apart.
func ordered(start, end *Property) *Error {
	if start == nil || end == nil {
		return nil
	}
	from, err := ParseTime(start)
	if err != nil {
		return dataError(start.Line, start.Name, "%v", err)
	}
	to, err := ParseTime(end)
	if err != nil {
		return dataError(end.Line, end.Name, "%v", err)
	}
	if from.Date != to.Date {
		return dataError(end.Line, end.Name, "%s, but %s of line %d is %s", form(to), start.Name, start.Line, form(from))
	}
	late := from.Wall.Sub(to.Wall)
	if late > 0 && from.UTC == to.UTC && from.TZID == to.TZID || late.Hours() > 26 {
		return dataError(end.Line, end.Name, "%s is before %s of line %d", quote(end.Value), start.Name, start.Line)
	}
	return nil
}

// checkAlarm: RFC 5545 §3.6.6. An alarm without ACTION is tolerated.
func checkAlarm(c *Component) *Error {
	if c.Prop("TRIGGER") == nil {
		return dataError(c.Line, "VALARM", "has no TRIGGER")
	}
	return nil
}

// checkTimezone: RFC 5545 §3.6.5.
func checkTimezone(c *Component) *Error {
	observances := 0
	for _, k := range c.Children {
		if k.Name != "STANDARD" && k.Name != "DAYLIGHT" {
			continue
		}
		observances++
		for _, name := range []string{"DTSTART", "TZOFFSETFROM", "TZOFFSETTO"} {
			if k.Prop(name) == nil {
				return dataError(k.Line, k.Name, "has no %s", name)
			}
		}
	}
	if observances == 0 {
		return dataError(c.Line, "VTIMEZONE", "has neither STANDARD nor DAYLIGHT")
	}
	return nil
}

func isTime(p *Property) error {
	_, err := ParseTime(p)
	return err
}

// isStamp accepts year 0 too: a well-known calendar service exports CREATED:00001231T000000Z for what has no such date.
func isStamp(p *Property) error {
	if rest, ok := strings.CutPrefix(strings.Trim(p.Value, " "), "0000"); ok {
		_, err := readTime("0004" + rest)
		return err
	}
	_, err := readTime(strings.Trim(p.Value, " "))
	return err
}

func isTimes(p *Property) error {
	_, err := ParseTimes(p)
	return err
}

func isPeriods(p *Property) error {
	_, err := ParsePeriods(p)
	return err
}

func isTimesOrPeriods(p *Property) error {
	if IsPeriod(p) {
		return isPeriods(p)
	}
	return isTimes(p)
}

func isDuration(p *Property) error {
	_, err := ParseDuration(p.Value)
	return err
}

// isTrigger: RFC 5545 §3.8.6.3, a duration or a UTC time; VALUE=DATE-TIME is often left out.
func isTrigger(p *Property) error {
	if _, err := ParseDuration(p.Value); err == nil {
		return nil
	}
	if t, err := readTime(strings.Trim(p.Value, " ")); err == nil && !t.Date {
		return nil
	}
	return fmt.Errorf("neither a duration nor a date-time: %s", quote(p.Value))
}

func isInt(p *Property) error {
	if _, err := p.Int(); err != nil {
		return fmt.Errorf("not a whole number: %s", quote(p.Value))
	}
	return nil
}

// isOffset: RFC 5545 §3.3.14, "+hhmm" or "+hhmmss"; the sign is sometimes left out.
func isOffset(p *Property) error {
	if _, err := ParseOffset(p.Value); err != nil {
		return err
	}
	return nil
}

// ParseOffset reads a UTC-OFFSET value as seconds east of Greenwich.
func ParseOffset(s string) (int, error) {
	t := strings.Trim(s, " ")
	sign := 1
	switch {
	case strings.HasPrefix(t, "+"):
		t = t[1:]
	case strings.HasPrefix(t, "-"):
		sign, t = -1, t[1:]
	}
	if len(t) != 4 && len(t) != 6 {
		return 0, fmt.Errorf("not a UTC offset: %s", quote(s))
	}
	n, ok := digits(t)
	if len(t) == 4 {
		n *= 100
	}
	hours, minutes, seconds := n/10000, n/100%100, n%100
	if !ok || hours > 23 || minutes > 59 || seconds > 59 {
		return 0, fmt.Errorf("not a UTC offset: %s", quote(s))
	}
	return sign * (hours*3600 + minutes*60 + seconds), nil
}
