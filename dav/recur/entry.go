package recur

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

// entry is what one component says of its time, as written: read from text here, or from what Encode made of it
// (series.go). Everything else of a Set follows from its entries, the zones, and the meaning of floating time.
type entry struct {
	has                                ownTimes
	start, end, id, completed, created ical.Time
	duration                           ical.Duration
	rules                              []rule
	dates                              []date1
	except                             []ical.Time
	busy                               []busyPeriod
	alarms                             []alarm // every VALARM, in order
	facts                              [factCount]uint8
}

// ownTimes are the properties that a component has.
type ownTimes uint16

const (
	hasStart ownTimes = 1 << iota
	hasEnd            // DTEND, or DUE of a VTODO
	hasDuration
	hasID
	future // RANGE=THISANDFUTURE
	hasCompleted
	hasCreated
	allTimes ownTimes = 1<<iota - 1
)

// date1 is a value of RDATE.
type date1 struct {
	ical.Period
	period bool
}

// busyPeriod is a value of FREEBUSY.
type busyPeriod struct {
	ical.Period
	kind uint8 // index into busyKinds
}

// readEntry reads one component. What a component of its sort does not recur by is not looked at.
func (s *Set) readEntry(c *ical.Component) (e entry, err error) {
	times := []struct {
		name string
		flag ownTimes
		into *ical.Time
	}{
		{"DTSTART", hasStart, &e.start}, {"DTEND", hasEnd, &e.end}, {"RECURRENCE-ID", hasID, &e.id}, {"COMPLETED", hasCompleted, &e.completed},
		{"CREATED", hasCreated, &e.created},
	}
	switch s.kind {
	case ical.VTodo:
		times[1].name = "DUE"
	case ical.VJournal:
		times = slices.Delete(times[:3], 1, 2)
	case ical.VEvent:
		times = times[:3]
	case ical.VFreeBusy:
		times = times[:2]
	}
	for _, t := range times {
		var there bool
		if *t.into, there, err = readTime(c, t.name); err != nil {
			return e, err
		}
		if there {
			e.has |= t.flag
		}
	}
	if e.has&hasID != 0 && thisAndFuture(c) {
		e.has |= future
	}
	e.readFacts(c)
	for _, v := range c.Kids("VALARM") {
		e.alarms = append(e.alarms, readAlarm(v))
	}
	if s.kind == ical.VFreeBusy {
		return e, e.readBusy(c)
	}
	if p := c.Prop("DURATION"); p != nil && s.kind != ical.VJournal && e.has&hasStart != 0 && e.has&hasEnd == 0 {
		if e.duration, err = ical.ParseDuration(p.Value); err != nil {
			return e, valueError(p, err)
		}
		e.has |= hasDuration
	}
	if e.has&hasID != 0 || e.has&(hasStart|hasEnd) == 0 {
		return e, nil
	}
	return e, s.readRecurrence(&e, c)
}

// begins is what a component recurs from: DUE where there is no DTSTART.
func (e *entry) begins() (t ical.Time, ok bool) {
	switch {
	case e.has&hasStart != 0:
		return e.start, true
	case e.has&hasEnd != 0:
		return e.end, true
	}
	return t, false
}

// readRecurrence reads what makes a master recur.
func (s *Set) readRecurrence(e *entry, c *ical.Component) error {
	start, _ := e.begins()
	clock := s.form(start).clock()
	for _, p := range c.Props {
		var err error
		switch p.Name {
		case "RRULE":
			err = e.readRule(p.Value, start, &clock, s.budget)
		case "RDATE":
			err = e.readDates(p)
		case "EXDATE":
			var times []ical.Time
			times, err = ical.ParseTimes(p)
			if e.except = append(e.except, times...); err == nil && len(e.except) > maxDates {
				err = errTooManyDates
			}
		}
		if errors.Is(err, ErrBudget) {
			return fmt.Errorf("line %d: %w", p.Line, err)
		}
		if err != nil {
			return valueError(p, err)
		}
	}
	return nil
}

// maxRules is well above what anybody writes: RFC 5545 §3.8.5.3 wants one.
const maxRules = 50

func (e *entry) readRule(value string, start ical.Time, clock *zone.Clock, b *Budget) error {
	r, err := parseRule(value, start)
	if err != nil {
		return err
	}
	if len(e.rules) == maxRules {
		return ruleError(ical.ConditionData, "more than %d rules", maxRules)
	}
	r.limit(start, clock)
	if err := r.settle(b); err != nil {
		return err
	}
	e.rules = append(e.rules, *r)
	return nil
}

func (e *entry) readDates(p *ical.Property) error {
	if ical.IsPeriod(p) {
		periods, err := ical.ParsePeriods(p)
		if err != nil {
			return err
		}
		for _, period := range periods {
			e.dates = append(e.dates, date1{period, true})
		}
	} else {
		times, err := ical.ParseTimes(p)
		if err != nil {
			return err
		}
		for _, t := range times {
			e.dates = append(e.dates, date1{ical.Period{Start: t}, false})
		}
	}
	if len(e.dates) > maxDates {
		return errTooManyDates
	}
	return nil
}

var errTooManyDates = fmt.Errorf("more than %d dates", maxDates)

// A Fact is a property whose values are few, so that a Set can tell it without the text.
type Fact int

// The facts, in the order of their places in a stored entry.
const (
	FactClass Fact = iota
	FactStatus
	FactTransp
	FactBusy // how an event counts in free-busy: no property
	factCount
)

// factValues are the values that are told apart. They are stored by their place: append only.
var factValues = [factCount][]string{
	FactClass:  {"PUBLIC", "PRIVATE", "CONFIDENTIAL"},
	FactStatus: {"TENTATIVE", "CONFIRMED", "CANCELLED", "NEEDS-ACTION", "COMPLETED", "IN-PROCESS", "DRAFT", "FINAL"},
	FactTransp: {"OPAQUE", "TRANSPARENT"},
	FactBusy:   busyKinds,
}

const (
	factAbsent = 0
	factOther  = 255 // another value, or several
)

func (e *entry) readFacts(c *ical.Component) {
	for fact, name := range [...]string{FactClass: "CLASS", FactStatus: "STATUS", FactTransp: "TRANSP"} {
		seen := uint8(factAbsent)
		for _, p := range c.Props {
			if p.Name != name {
				continue
			}
			at := slices.Index(factValues[fact], p.Value)
			if seen != factAbsent || at < 0 {
				seen = factOther
				break
			}
			seen = uint8(at + 1)
		}
		e.facts[fact] = seen
	}
	e.facts[FactBusy] = uint8(slices.Index(busyKinds, busyType(c)) + 1)
}

// Fact is the value of a property of component i. known is false when only the text tells; there may be none of it.
func (s *Set) Fact(i int, f Fact) (value string, there, known bool) {
	switch n := s.entries[i].facts[f]; n {
	case factAbsent:
		return "", false, true
	case factOther:
		return "", true, false
	default:
		return factValues[f][n-1], true, true
	}
}

// Components is how many components of the kind the object has.
func (s *Set) Components() int { return len(s.entries) }

// Completed says whether component i, a VTODO, has a COMPLETED.
func (s *Set) Completed(i int) bool { return s.entries[i].has&hasCompleted != 0 }

// Alarms is how many VALARMs component i has.
func (s *Set) Alarms(i int) int { return len(s.entries[i].alarms) }

func (e *entry) readBusy(c *ical.Component) error {
	for _, p := range c.All("FREEBUSY") {
		periods, err := ical.ParsePeriods(p)
		if err != nil {
			return valueError(p, err)
		}
		kind := slices.Index(busyKinds, busy)
		switch t := strings.ToUpper(p.Param("FBTYPE")); t {
		case "FREE":
			kind = slices.Index(busyKinds, "")
		case busyTentative, busyUnavailable:
			kind = slices.Index(busyKinds, t)
		}
		for _, period := range periods {
			e.busy = append(e.busy, busyPeriod{period, uint8(kind)})
		}
		if len(e.busy) > maxPeriods {
			return valueError(p, errTooManyPeriods)
		}
	}
	return nil
}
