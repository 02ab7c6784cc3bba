package recur

import (
	"cmp"
	"errors"
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
	s.budget.object()
	for _, k := range c.Root.Children {
		if k.Name != "VTIMEZONE" && (len(s.comps) == 0 || k.Name == s.comps[0].Name) {
			s.comps = append(s.comps, k)
		}
	}
	if len(s.comps) == 0 {
		return s, nil
	}
	s.kind = ical.KindOf(s.comps[0].Name)
	if s.kind == ical.VAvailability { // has no instances, and must be readable all the same
		_, err := Availability(c, r, s.budget)
		return s, err
	}
	if !timed(s.kind) {
		return s, nil // nothing here tells when it happens
	}
	s.entries = make([]entry, len(s.comps))
	for i, k := range s.comps {
		var err error
		if s.entries[i], err = s.readEntry(k); err != nil {
			return nil, err
		}
	}
	if err := s.build(); err != nil {
		return nil, err
	}
	return s, nil
}

// timed says whether components of the kind tell when they happen.
func timed(k ical.Kind) bool {
	switch k {
	case ical.VEvent, ical.VTodo, ical.VJournal, ical.VFreeBusy:
		return true
	}
	return false
}

// build makes a Set of its entries.
func (s *Set) build() error {
	for i := range s.entries {
		e := &s.entries[i]
		p := s.part(i, e)
		switch {
		case e.has&hasID != 0:
			s.overrides = append(s.overrides, override{part: p, idTime: e.id})
		case !p.hasStart && !p.hasDue || s.kind == ical.VFreeBusy:
			s.loose = append(s.loose, p)
		default:
			sr, err := s.makeSeries(p, e)
			if err != nil {
				return err
			}
			s.series = append(s.series, sr)
		}
	}
	s.placeOverrides()
	return nil
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

// part places the times of a component.
func (s *Set) part(index int, e *entry) part {
	p := part{comp: index}
	if s.kind == ical.VFreeBusy {
		s.placeBusy(&p, e)
		return p
	}
	if e.has&hasCompleted != 0 {
		p.completed, p.hasCompleted = s.instant(e.completed), true
	}
	if e.has&hasCreated != 0 {
		p.created, p.hasCreated = s.instant(e.created), true
	}
	p.hasStart = e.has&hasStart != 0
	start, ok := e.begins()
	if !ok {
		return p
	}
	p.form = s.form(start)
	clock := p.form.clock()
	p.start = start.Wall.Unix()
	p.unix = clock.Instant(p.start)
	p.ends = p.form
	switch {
	case e.has&hasEnd != 0:
		p.hasEnd, p.hasDue = s.kind == ical.VEvent, s.kind == ical.VTodo
		p.setEnd(s, start, e.end)
	case e.has&hasDuration != 0:
		p.hasDuration = true
		p.setDuration(e.duration)
	case p.form.date && s.kind != ical.VTodo:
		p.span.wall = daySeconds // RFC 4791 §9.9: a DATE alone lasts a day
	}
	p.end = p.span.end(p.start, p.unix, &clock)
	return p
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

// makeSeries places what makes a master recur.
func (s *Set) makeSeries(p part, e *entry) (series, error) {
	sr := series{part: p, rules: e.rules}
	clock := sr.form.clock()
	start := sr.form.time(sr.start)
	sr.startOff = true
	for i := range sr.rules {
		r := &sr.rules[i]
		r.limit(start, &clock)
		if err := r.settle(s.budget); err != nil {
			return sr, err
		}
		sr.startOff = sr.startOff && (!r.onStart || sr.start > r.last || sr.unix > r.until)
	}
	for i := range e.dates {
		s.addDate(&sr, &e.dates[i])
	}
	for _, t := range e.except {
		if t.Date || sr.form.date {
			sr.days = append(sr.days, floorDiv(t.Wall.Unix(), daySeconds))
			continue
		}
		sr.exact = append(sr.exact, clock.Instant(s.wallIn(t, sr.form)))
	}
	slices.SortStableFunc(sr.dates, func(a, b extra) int { return cmp.Compare(a.wall, b.wall) })
	sr.dates = compactDates(sr.dates)
	slices.Sort(sr.exact)
	slices.Sort(sr.days)
	sr.recurs = len(sr.rules) > 0 || len(sr.dates) > 0
	return sr, nil
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

func (s *Set) addDate(sr *series, d *date1) {
	if !d.period {
		sr.dates = append(sr.dates, extra{s.dateIn(d.Start, sr), nil})
		return
	}
	own := s.periodPart(d.Period)
	sr.dates = append(sr.dates, extra{s.dateIn(d.Start, sr), &own.span})
}

// periodPart places a PERIOD.
func (s *Set) periodPart(period ical.Period) part {
	p := part{form: s.form(period.Start), start: period.Start.Wall.Unix()}
	clock := p.form.clock()
	p.unix = clock.Instant(p.start)
	if period.End.IsZero() {
		p.setDuration(period.Duration)
	} else {
		p.setEnd(s, period.Start, period.End)
	}
	p.end = p.span.end(p.start, p.unix, &clock)
	return p
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
