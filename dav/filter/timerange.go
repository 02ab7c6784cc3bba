package filter

import (
	"iter"
	"strings"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/zone"
)

// span is CALDAV:time-range (RFC 4791 §9.9): from is in it, to is not; zero is an open end.
type span struct{ from, to time.Time }

// contains is the rule for a single moment: start <= t AND end > t.
func (s *span) contains(t time.Time) bool {
	return !t.Before(s.from) && (s.to.IsZero() || t.Before(s.to))
}

// touches is the rule for a stretch of time: start < end of it AND end > start of it.
func (s *span) touches(start, end time.Time) bool {
	return s.from.Before(end) && (s.to.IsZero() || start.Before(s.to))
}

// component says whether c overlaps; alone: any component of the object would do as well as c.
func (s *span) component(o *Object, c *ical.Component, alone bool) (bool, error) {
	switch c.Name {
	case "VEVENT", "VTODO", "VJOURNAL":
		if o.Set == nil {
			return false, errNoSet
		}
		ok, err := o.Set.Overlaps(s.from, s.to)
		if !ok || err != nil || alone || len(o.Set.Overrides()) == 0 || o.Set.Master() == nil && len(o.Set.Overrides()) == 1 {
			return ok, err
		}
		for _, err := range s.instances(o, c, s.from) {
			return err == nil, err
		}
	case "VFREEBUSY":
		return s.freeBusy(o, c), nil
	case "VAVAILABILITY":
		return s.availability(o, c), nil
	}
	return false, nil // VTIMEZONE and its parts: they say how time is counted and take up none
}

// instances yields those instances between from and the span's end that c describes.
func (s *span) instances(o *Object, c *ical.Component, from time.Time) iter.Seq2[recur.Instance, error] {
	to := s.to
	if id := c.Prop("RECURRENCE-ID"); id == nil {
		to = s.beforeFuture(o, to)
	} else if !future(c) {
		from, to = s.around(o, c, from)
	}
	return func(yield func(recur.Instance, error) bool) {
		if !to.IsZero() && !from.Before(to) {
			return
		}
		for in, err := range o.Set.Window(from, to) {
			if err != nil {
				yield(in, err)
				return
			}
			if in.Comp == c && !yield(in, nil) {
				return
			}
		}
	}
}

// beforeFuture is where a master's own instances end, when an override with RANGE=THISANDFUTURE takes over: without
// this, an endless series would be searched for them in vain.
func (s *span) beforeFuture(o *Object, to time.Time) time.Time {
	for _, c := range o.Set.Overrides() {
		if !future(c) {
			continue
		}
		if t, err := ical.ParseTime(c.Prop("RECURRENCE-ID")); err == nil {
			if end := o.Zones.Time(t).Add(time.Second); to.IsZero() || end.Before(to) {
				to = end
			}
		}
	}
	return to
}

// around narrows the search for the one instance of an override to the times that stand in it. A day is added at
// either end: this only has to keep an endless series from being walked.
func (s *span) around(o *Object, c *ical.Component, from time.Time) (time.Time, time.Time) {
	var first, last time.Time
	widen := func(t time.Time) {
		if first.IsZero() || t.Before(first) {
			first = t
		}
		if t.After(last) {
			last = t
		}
	}
	for _, name := range []string{"DTSTART", "DTEND", "DUE", "COMPLETED", "CREATED", "RECURRENCE-ID"} {
		if p := c.Prop(name); p != nil {
			if t, err := ical.ParseTime(p); err == nil {
				widen(o.Zones.Time(t))
			}
		}
	}
	if end, ok := durationEnd(o, c); ok {
		widen(end)
	}
	const margin = 26 * time.Hour
	first, last = first.Add(-margin), last.Add(margin)
	to := s.to
	if p := c.Prop("DTSTART"); p != nil || c.Prop("DUE") != nil { // else RFC 4791 §9.9 lets a to-do match far from its dates
		if first.After(from) {
			from = first
		}
		if to.IsZero() || last.Before(to) {
			to = last
		}
	}
	return from, to
}

// future says whether an override stands for all instances after it too.
func future(c *ical.Component) bool {
	id := c.Prop("RECURRENCE-ID")
	return id != nil && strings.EqualFold(id.Param("RANGE"), "THISANDFUTURE")
}

// freeBusy is the table of RFC 4791 §9.9 for VFREEBUSY.
func (s *span) freeBusy(o *Object, c *ical.Component) bool {
	start, ok1 := moment(o, c.Prop("DTSTART"))
	end, ok2 := moment(o, c.Prop("DTEND"))
	if ok1 && ok2 {
		return !s.from.After(end) && (s.to.IsZero() || s.to.After(start))
	}
	for _, p := range c.All("FREEBUSY") {
		periods, err := ical.ParsePeriods(p)
		if err != nil {
			continue
		}
		for _, period := range periods {
			if from, to := o.Period(period); s.touches(from, to) {
				return true
			}
		}
	}
	return false
}

// availability is the table of RFC 7953 §7.2.2: either end may be open.
func (s *span) availability(o *Object, c *ical.Component) bool {
	start, bounded := moment(o, c.Prop("DTSTART"))
	if bounded && !s.to.IsZero() && !s.to.After(start) {
		return false
	}
	end, ok := moment(o, c.Prop("DTEND"))
	if !ok {
		end, ok = durationEnd(o, c)
	}
	return !ok || s.from.Before(end)
}

// property says whether the value of p, a property of c, lies in the span.
func (s *span) property(o *Object, c *ical.Component, p *ical.Property) (bool, error) {
	switch p.Name {
	case "DTSTART", "DTEND", "DUE":
		if o.Set != nil && repeats(c) {
			return s.repeated(o, c, p.Name)
		}
	}
	if p.Name == "RDATE" && ical.IsPeriod(p) {
		periods, _ := ical.ParsePeriods(p)
		for _, period := range periods {
			if s.contains(o.Zones.Time(period.Start)) {
				return true, nil
			}
		}
		return false, nil
	}
	times, _ := ical.ParseTimes(p) // a value that cannot be read lies nowhere
	for _, t := range times {
		if s.contains(o.Zones.Time(t)) {
			return true, nil
		}
	}
	return false, nil
}

// effectiveEnd: RFC 4791 §9.9 derives a missing DTEND or DUE from DTSTART and DURATION.
func (s *span) effectiveEnd(o *Object, c *ical.Component, name string) (bool, error) {
	if name != "DTEND" && name != "DUE" || name == "DUE" != (c.Name == "VTODO") {
		return false, nil
	}
	end, ok := durationEnd(o, c)
	if !ok {
		return false, nil
	}
	if o.Set != nil && repeats(c) {
		return s.repeated(o, c, name)
	}
	return s.contains(end), nil
}

// repeated looks at the start or the end of each instance that c describes.
func (s *span) repeated(o *Object, c *ical.Component, name string) (bool, error) {
	from := s.from
	if name != "DTSTART" && !from.IsZero() {
		from = from.Add(-time.Second) // an instance that ends at from does not overlap the span
	}
	for in, err := range s.instances(o, c, from) {
		if err != nil {
			return false, err
		}
		t := in.End
		if name == "DTSTART" {
			t = in.Start
		}
		if s.contains(t) {
			return true, nil
		}
	}
	return false, nil
}

// repeats says whether c may describe more than one instance.
func repeats(c *ical.Component) bool {
	return c.Prop("RRULE") != nil || c.Prop("RDATE") != nil || future(c)
}

// durationEnd is DTSTART plus DURATION.
func durationEnd(o *Object, c *ical.Component) (time.Time, bool) {
	start, duration := c.Prop("DTSTART"), c.Prop("DURATION")
	if start == nil || duration == nil {
		return time.Time{}, false
	}
	t, err := ical.ParseTime(start)
	if err != nil {
		return time.Time{}, false
	}
	d, err := ical.ParseDuration(duration.Value)
	if err != nil {
		return time.Time{}, false
	}
	return o.after(t, d), true
}

// after counts nominal days on the wall clock, then exact time.
func (o *Object) after(t ical.Time, d ical.Duration) time.Time {
	return zone.Instant(d.Add(t.Wall), o.Zones.Of(t)).Add(d.Exact())
}

// Period is when a PERIOD begins and ends.
func (o *Object) Period(p ical.Period) (start, end time.Time) {
	start = o.Zones.Time(p.Start)
	if p.End.IsZero() {
		return start, o.after(p.Start, p.Duration)
	}
	return start, o.Zones.Time(p.End)
}

// Overlaps says whether an instance that c, a component of the object, describes overlaps the time from … to by
// RFC 4791 §9.9; zero is an open end.
func (o *Object) Overlaps(c *ical.Component, from, to time.Time) (bool, error) {
	return (&span{from, to}).component(o, c, false)
}

// Length is how long an instance of c lasts.
func (o *Object) Length(c *ical.Component) time.Duration {
	p := c.Prop("DTSTART")
	start, ok := moment(o, p)
	if !ok {
		return 0
	}
	for _, name := range []string{"DTEND", "DUE"} {
		if end, ok := moment(o, c.Prop(name)); ok {
			return max(0, end.Sub(start))
		}
	}
	if end, ok := durationEnd(o, c); ok {
		return max(0, end.Sub(start))
	}
	if t, err := ical.ParseTime(p); err == nil && t.Date && c.Name != "VTODO" {
		return 24 * time.Hour
	}
	return 0
}

// moment reads a property that may be missing.
func moment(o *Object, p *ical.Property) (time.Time, bool) {
	if p == nil {
		return time.Time{}, false
	}
	t, err := ical.ParseTime(p)
	if err != nil {
		return time.Time{}, false
	}
	return o.Zones.Time(t), true
}
