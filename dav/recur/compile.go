package recur

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

// Limits on what one object may list. RDATE and EXDATE values above it are refused when the object is compiled.
const maxDates = 100_000

// Compile reads the components of a calendar object: all of the kind of the first that is not a VTIMEZONE. They are of
// one UID. Errors in values are *ical.Error with their line; ErrBudget when reading alone takes too much. A nil
// resolver is made, a nil budget is the default.
func Compile(c *ical.Calendar, r *zone.Resolver, b *Budget) (*Set, error) {
	if r == nil {
		r = zone.NewResolver(c, nil)
	}
	s := &Set{budget: b.prepare(), zones: r, float: r.Fallback()}
	for _, k := range c.Root.Children {
		if k.Name != "VTIMEZONE" && (len(s.comps) == 0 || k.Name == s.comps[0].Name) {
			s.comps = append(s.comps, k)
		}
	}
	if len(s.comps) == 0 {
		return s, nil
	}
	s.kind = ical.KindOf(s.comps[0].Name)
	switch s.kind {
	case ical.VEvent, ical.VTodo, ical.VJournal, ical.VFreeBusy:
	default:
		return s, nil // nothing here tells when it happens
	}
	for i, k := range s.comps {
		p, err := s.readPart(i, k)
		if err != nil {
			return nil, err
		}
		switch id := k.Prop("RECURRENCE-ID"); {
		case id != nil:
			o, err := s.readOverride(p, k, id)
			if err != nil {
				return nil, err
			}
			s.overrides = append(s.overrides, o)
		case !p.hasStart && !p.hasDue || s.kind == ical.VFreeBusy:
			s.loose = append(s.loose, p)
		default:
			sr, err := s.readSeries(p, k)
			if err != nil {
				return nil, err
			}
			s.series = append(s.series, sr)
		}
	}
	s.placeOverrides()
	return s, nil
}

// valueError puts a value's error where it stands.
func valueError(p *ical.Property, err error) error {
	var e *ical.Error
	if errors.As(err, &e) {
		located := *e
		located.Line = p.Line
		return &located
	}
	return &ical.Error{Line: p.Line, Rule: p.Name, Text: err.Error(), Condition: ical.ConditionData}
}

// readTime reads an optional time property.
func readTime(c *ical.Component, name string) (t ical.Time, ok bool, err error) {
	p := c.Prop(name)
	if p == nil {
		return t, false, nil
	}
	if t, err = ical.ParseTime(p); err != nil {
		return t, false, valueError(p, err)
	}
	return t, true, nil
}

// readPart reads the times of a component. Where there is no DTSTART, DUE is what it recurs from.
func (s *Set) readPart(index int, c *ical.Component) (part, error) {
	p := part{comp: index}
	if s.kind == ical.VFreeBusy {
		return p, s.readFreeBusy(&p, c)
	}
	start, hasStart, err := readTime(c, "DTSTART")
	if err != nil {
		return p, err
	}
	endName := "DTEND"
	if s.kind == ical.VTodo {
		endName = "DUE"
	}
	var end ical.Time
	hasEnd := false
	if s.kind != ical.VJournal {
		if end, hasEnd, err = readTime(c, endName); err != nil {
			return p, err
		}
	}
	if s.kind == ical.VTodo {
		if err := s.readTodo(&p, c); err != nil {
			return p, err
		}
	}
	p.hasStart = hasStart
	if !hasStart {
		if !hasEnd {
			return p, nil
		}
		start = end
	}
	p.form = s.form(start)
	clock := p.form.clock()
	p.start = start.Wall.Unix()
	p.unix = clock.Instant(p.start)
	p.ends = p.form
	switch duration := c.Prop("DURATION"); {
	case hasEnd:
		p.hasEnd, p.hasDue = s.kind == ical.VEvent, s.kind == ical.VTodo
		p.setEnd(s, start, end)
	case duration != nil && s.kind != ical.VJournal && hasStart:
		d, err := ical.ParseDuration(duration.Value)
		if err != nil {
			return p, valueError(duration, err)
		}
		p.hasDuration = true
		p.setDuration(d)
	case p.form.date && s.kind != ical.VTodo:
		p.span.wall = daySeconds // RFC 4791 §9.9: a DATE alone lasts a day
	}
	p.end = p.span.end(p.start, p.unix, &clock)
	return p, nil
}

func (p *part) setEnd(s *Set, start, end ical.Time) {
	wall := end.Wall.Unix()
	p.ends = s.form(end)
	if start.Date || end.Date || start.Floating() && end.Floating() {
		p.span.wall = max(0, wall-p.start)
		return
	}
	clock := p.ends.clock()
	p.span.exact = max(0, clock.Instant(wall)-p.unix)
}

func (p *part) setDuration(d ical.Duration) {
	wall, exact := int64(d.NominalDays())*daySeconds, int64(d.Exact().Seconds())
	if wall < 0 || exact < 0 {
		return // no time ends before it begins
	}
	if p.form.date {
		wall, exact = (wall+exact)/daySeconds*daySeconds, 0 // hours of a DATE: RFC 5545 §3.8.2.5 allows days only
	}
	p.span = span{wall, exact}
}

func (s *Set) readTodo(p *part, c *ical.Component) error {
	for _, x := range []struct {
		name string
		unix *int64
		has  *bool
	}{{"COMPLETED", &p.completed, &p.hasCompleted}, {"CREATED", &p.created, &p.hasCreated}} {
		t, ok, err := readTime(c, x.name)
		if err != nil {
			return err
		}
		if ok {
			*x.unix, *x.has = s.zones.Time(t).Unix(), true
		}
	}
	return nil
}

// readSeries reads what makes a master recur.
func (s *Set) readSeries(p part, c *ical.Component) (series, error) {
	sr := series{part: p}
	clock := sr.form.clock()
	start := sr.form.time(sr.start)
	for _, prop := range c.Props {
		var err error
		switch prop.Name {
		case "RRULE":
			err = sr.addRule(prop.Value, start, &clock, s.budget)
		case "RDATE":
			err = s.addDates(&sr, prop)
		case "EXDATE":
			err = s.addExceptions(&sr, prop)
		}
		if errors.Is(err, ErrBudget) {
			return sr, fmt.Errorf("line %d: %w", prop.Line, err)
		}
		if err != nil {
			return sr, valueError(prop, err)
		}
	}
	slices.SortStableFunc(sr.dates, func(a, b extra) int { return cmp.Compare(a.wall, b.wall) })
	sr.dates = compactDates(sr.dates)
	slices.Sort(sr.exact)
	slices.Sort(sr.days)
	sr.recurs = len(sr.rules) > 0 || len(sr.dates) > 0
	sr.startOff = true
	for i := range sr.rules {
		on, err := sr.rules[i].generates(sr.start, s.budget)
		if err != nil {
			return sr, err
		}
		sr.startOff = sr.startOff && (!on || sr.unix > sr.rules[i].until)
	}
	return sr, nil
}

// maxRules is well above what anybody writes: RFC 5545 §3.8.5.3 wants one.
const maxRules = 50

func (sr *series) addRule(value string, start ical.Time, clock *zone.Clock, b *Budget) error {
	r, until, err := parseRule(value, start)
	if err != nil {
		return err
	}
	if len(sr.rules) == maxRules {
		return ruleError(ical.ConditionData, "more than %d rules", maxRules)
	}
	r.limit(until, start, clock)
	if err := r.settle(b); err != nil {
		return err
	}
	sr.rules = append(sr.rules, *r)
	return nil
}

// compactDates keeps one of several RDATEs at one time: the one with a length.
func compactDates(dates []extra) []extra {
	out := dates[:0]
	for _, e := range dates {
		if n := len(out); n > 0 && out[n-1].wall == e.wall {
			if out[n-1].span == nil {
				out[n-1] = e
			}
			continue
		}
		out = append(out, e)
	}
	return out
}

func (s *Set) addDates(sr *series, p *ical.Property) error {
	if ical.IsPeriod(p) {
		periods, err := ical.ParsePeriods(p)
		if err != nil {
			return err
		}
		for _, period := range periods {
			own := part{form: s.form(period.Start), start: period.Start.Wall.Unix()}
			clock := own.form.clock()
			own.unix = clock.Instant(own.start)
			if period.End.IsZero() {
				own.setDuration(period.Duration)
			} else {
				own.setEnd(s, period.Start, period.End)
			}
			sr.dates = append(sr.dates, extra{s.dateIn(period.Start, sr), &own.span})
		}
	} else {
		times, err := ical.ParseTimes(p)
		if err != nil {
			return err
		}
		for _, t := range times {
			sr.dates = append(sr.dates, extra{s.dateIn(t, sr), nil})
		}
	}
	if len(sr.dates) > maxDates {
		return fmt.Errorf("more than %d dates", maxDates)
	}
	return nil
}

// dateIn is an RDATE on the wall clock of the series. A DATE beside a DATE-TIME start happens at the start's time of
// day, a DATE-TIME beside a DATE on its day: RFC 5545 leaves both open.
func (s *Set) dateIn(t ical.Time, sr *series) int64 {
	wall := s.wallIn(t, sr.form)
	switch {
	case sr.form.date:
		return floorDiv(wall, daySeconds) * daySeconds
	case t.Date:
		return wall + sr.start - floorDiv(sr.start, daySeconds)*daySeconds
	}
	return wall
}

func (s *Set) addExceptions(sr *series, p *ical.Property) error {
	times, err := ical.ParseTimes(p)
	if err != nil {
		return err
	}
	for _, t := range times {
		if t.Date || sr.form.date {
			sr.days = append(sr.days, floorDiv(t.Wall.Unix(), daySeconds))
			continue
		}
		clock := sr.form.clock()
		sr.exact = append(sr.exact, clock.Instant(s.wallIn(t, sr.form)))
	}
	if len(sr.exact)+len(sr.days) > maxDates {
		return fmt.Errorf("more than %d dates", maxDates)
	}
	return nil
}
