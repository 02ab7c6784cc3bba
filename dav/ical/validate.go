package ical

import (
	"strings"
)

// Info is what a calendar object resource is, in short: the columns of its row in the store.
type Info struct {
	UID       string
	Kind      Kind
	Component string // upper case: "VEVENT"
	Recurring bool   // has a rule, a list of dates or an overridden instance
	HasAlarm  bool
	AllDay    bool   // begins on a DATE
	Floating  bool   // some DATE-TIME in it is of no zone
	Class     string // the strictest CLASS in it, upper case; "" for none: then PUBLIC
	Attendees int    // most ATTENDEEs of one component
}

// Options of a validation.
type Options struct {
	// KnownZone reports whether a TZID is understood without a VTIMEZONE; nil: none is.
	KnownZone func(tzid string) bool
}

// Validate checks a calendar object resource with no time zone known but those it brings along.
func Validate(c *Calendar) (Info, error) { return Options{}.Validate(c) }

// Validate checks the rules of RFC 5545 §3.6 on components and values, as far as real clients keep them, and those of
// RFC 4791 §4.1 on calendar object resources. The error is an *Error whose Condition says which precondition is broken.
//
// Tolerated, because clients send it: PRODID, VERSION or DTSTAMP missing, an event without DTEND or ending as it begins,
// CREATED and its like in year 0, doubled properties that no computation reads, several RRULEs, a task with a rule or a
// DURATION and no DTSTART or with DUE before DTSTART, alarms without ACTION, unknown components inside others.
func (o Options) Validate(c *Calendar) (Info, error) {
	v := &validation{root: c.Root, zones: map[string]bool{}}
	for _, step := range []func() *Error{v.calendar, v.object, v.components, v.instances} {
		if err := step(); err != nil {
			return Info{}, err
		}
	}
	if err := v.knownZones(o.KnownZone); err != nil {
		return Info{}, err
	}
	return v.info, nil
}

type validation struct {
	root  *Component
	main  []*Component    // all but VTIMEZONE
	zones map[string]bool // TZIDs of the VTIMEZONEs
	info  Info
}

// calendar checks the properties of VCALENDAR (RFC 5545 §3.6, RFC 4791 §4.1).
func (v *validation) calendar() *Error {
	for _, p := range v.root.Props {
		switch p.Name {
		case "METHOD":
			return resourceError(p.Line, "METHOD", "not allowed in a stored calendar object (RFC 4791 §4.1)")
		case "VERSION":
			if s := strings.TrimSpace(p.Value); s != "2.0" {
				return dataError(p.Line, "VERSION", "not iCalendar 2.0: %s", quote(s))
			}
		case "CALSCALE":
			if !strings.EqualFold(strings.TrimSpace(p.Value), "GREGORIAN") {
				return dataError(p.Line, "CALSCALE", "only GREGORIAN is read: %s", quote(p.Value))
			}
		}
	}
	return nil
}

// object checks which components stand together: one kind beside VTIMEZONE, one UID.
func (v *validation) object() *Error {
	for _, c := range v.root.Children {
		switch c.Name {
		case "VTIMEZONE":
			id := c.Prop("TZID")
			if id == nil || strings.TrimSpace(id.Value) == "" {
				return dataError(c.Line, "VTIMEZONE", "has no TZID")
			}
			v.zones[strings.TrimSpace(id.Value)] = true
			v.zones[strings.TrimSpace(id.Text())] = true
		case "VCALENDAR", "VALARM", "STANDARD", "DAYLIGHT":
			return dataError(c.Line, c.Name, "cannot stand directly in VCALENDAR")
		default:
			v.main = append(v.main, c)
		}
	}
	if len(v.main) == 0 {
		return resourceError(v.root.Line, "VCALENDAR", "holds no event, task or other component")
	}
	first := v.main[0]
	v.info.Component, v.info.Kind = first.Name, KindOf(first.Name)
	for _, c := range v.main {
		if c.Name != first.Name {
			return resourceError(c.Line, c.Name, "beside %s of line %d: one object holds one kind of component (RFC 4791 §4.1)",
				first.Name, first.Line)
		}
		uids := c.All("UID")
		switch {
		case len(uids) == 0 || strings.TrimSpace(uids[0].Value) == "":
			return resourceError(c.Line, "UID", "%s has no UID", c.Name)
		case len(uids) > 1:
			return resourceError(uids[1].Line, "UID", "stands twice in %s of line %d", c.Name, c.Line)
		}
		uid := uids[0].Text()
		if v.info.UID != "" && v.info.UID != uid {
			return resourceError(uids[0].Line, "UID", "%s beside %s: one object holds one UID (RFC 4791 §4.1)", quote(uid), quote(v.info.UID))
		}
		v.info.UID = uid
	}
	return nil
}

// components checks every component by itself.
func (v *validation) components() *Error {
	for _, c := range v.root.Children {
		if err := checkComponent(c); err != nil {
			return err
		}
	}
	for _, c := range v.main {
		attendees := 0
		for _, p := range c.Props {
			switch p.Name {
			case "ATTENDEE":
				attendees++
			case "RRULE", "RDATE", "EXRULE", "RECURRENCE-ID":
				v.info.Recurring = true
			case "CLASS":
				v.info.Class = stricter(v.info.Class, strings.ToUpper(strings.TrimSpace(p.Value)))
			case "DTSTART", "DTEND", "DUE", "EXDATE":
				if t, err := ParseTimes(p); err == nil && len(t) > 0 && t[0].Floating() {
					v.info.Floating = true
				}
			}
		}
		v.info.Attendees = max(v.info.Attendees, attendees)
		if len(c.Kids("VALARM")) > 0 {
			v.info.HasAlarm = true
		}
	}
	return nil
}

// stricter returns the class that shows less; RFC 5545 §3.8.1.3: an unknown one is to be read as PRIVATE.
func stricter(a, b string) string {
	rank := func(class string) int {
		switch class {
		case "":
			return 0
		case "PUBLIC":
			return 1
		case "CONFIDENTIAL":
			return 2
		}
		return 3
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// instances checks how the components of one UID stand to each other: at most one master, each instance once.
func (v *validation) instances() *Error {
	var master *Component
	seen := map[Time]int{}
	for _, c := range v.main {
		id := c.Prop("RECURRENCE-ID")
		if id == nil {
			if master != nil && c.Name != "VAVAILABILITY" { // RFC 7953 §3.1 has an example with three, one after the other
				return resourceError(c.Line, c.Name, "a second %s without RECURRENCE-ID beside that of line %d", c.Name, master.Line)
			}
			master = c
			continue
		}
		t, err := ParseTime(id)
		if err != nil {
			return dataError(id.Line, "RECURRENCE-ID", "%v", err)
		}
		if line, double := seen[t]; double {
			return resourceError(id.Line, "RECURRENCE-ID", "%s overrides the same instance as line %d", quote(id.Value), line)
		}
		seen[t] = id.Line
	}
	from := master
	if from == nil {
		from = v.main[0]
	}
	start := from.Prop("DTSTART")
	if start == nil && from.Name == "VTODO" {
		start = from.Prop("DUE")
	}
	if start == nil {
		return nil
	}
	t, err := ParseTime(start)
	if err != nil {
		return dataError(start.Line, start.Name, "%v", err)
	}
	v.info.AllDay = t.Date
	if master == nil {
		return nil
	}
	// RFC 5545 §3.8.4.4: RECURRENCE-ID is of the same value type as DTSTART.
	for _, c := range v.main {
		id := c.Prop("RECURRENCE-ID")
		if id == nil {
			continue
		}
		if r, err := ParseTime(id); err == nil && r.Date != t.Date {
			return dataError(id.Line, "RECURRENCE-ID", "%s, but %s of line %d is %s", form(r), start.Name, start.Line, form(t))
		}
	}
	return nil
}

func form(t Time) string {
	if t.Date {
		return "a DATE"
	}
	return "a DATE-TIME"
}

// knownZones checks that every TZID leads somewhere: RFC 4791 §4.1 wants a VTIMEZONE for each, and RFC 7809 lets it be left
// out for those the server knows.
func (v *validation) knownZones(known func(string) bool) *Error {
	for _, c := range v.main {
		if err := v.zonesOf(c, known); err != nil {
			return err
		}
	}
	return nil
}

func (v *validation) zonesOf(c *Component, known func(string) bool) *Error {
	for _, p := range c.Props {
		id := strings.TrimSpace(p.Param("TZID"))
		if id == "" || v.zones[id] || !takesZone(p) {
			continue
		}
		if known == nil || !known(id) {
			return &Error{Line: p.Line, Rule: p.Name, Condition: ConditionZone,
				Text: "time zone " + quote(id) + " is not known and the object has no VTIMEZONE for it"}
		}
		v.zones[id] = true
	}
	for _, k := range c.Children {
		if err := v.zonesOf(k, known); err != nil {
			return err
		}
	}
	return nil
}

// takesZone: beside a DATE or a UTC time a TZID means nothing, though some clients write it.
func takesZone(p *Property) bool {
	if IsPeriod(p) {
		return true
	}
	times, err := ParseTimes(p)
	if err != nil {
		return true
	}
	for _, t := range times {
		if t.TZID != "" {
			return true
		}
	}
	return false
}
