package recur

import (
	"cmp"
	"slices"
	"strings"

	"caldav-fcgi/dav/ical"
)

// thisAndFuture reports RANGE=THISANDFUTURE (RFC 5545 §3.2.13). THISANDPRIOR is deprecated and read as no range.
func thisAndFuture(c *ical.Component) bool {
	return strings.EqualFold(c.Prop("RECURRENCE-ID").Param("RANGE"), "THISANDFUTURE")
}

// placeOverrides finds for every override the instance it stands for. RECURRENCE-ID may be in any zone: what counts is
// the instant, or the day for a DATE.
func (s *Set) placeOverrides() {
	for i := range s.overrides {
		o := &s.overrides[i]
		if len(s.series) == 0 {
			f := s.form(o.idTime)
			clock := f.clock()
			o.idWall = o.idTime.Wall.Unix()
			o.id = clock.Instant(o.idWall)
		} else {
			sr := &s.series[0] // one master, or all of one UID: RFC 4791 §4.1
			clock := sr.form.clock()
			o.idWall = s.dateIn(o.idTime, sr)
			o.id = clock.Instant(o.idWall)
			o.idTime = sr.form.time(o.idWall)
			sr.replaced = append(sr.replaced, o.id)
			if s.entries[o.comp].has&future != 0 {
				s.adopt(o)
				sr.ranges = append(sr.ranges, *o)
			}
		}
		s.adopt(o)
	}
	for i := range s.series {
		sr := &s.series[i]
		slices.Sort(sr.replaced)
		slices.SortStableFunc(sr.ranges, func(a, b override) int { return cmp.Compare(a.id, b.id) })
	}
	slices.SortStableFunc(s.overrides, func(a, b override) int { return cmp.Compare(a.unix, b.unix) })
}

// Doubled is a component that overrides an instance which one before it overrides already, nil when there is none. Their
// RECURRENCE-IDs may differ in zone and so in what is written.
func (s *Set) Doubled() *ical.Component {
	first := make(map[int64]int, len(s.overrides))
	double := -1
	for i := range s.overrides {
		o := &s.overrides[i]
		if before, ok := first[o.id]; ok {
			double = max(double, before, o.comp)
			continue
		}
		first[o.id] = o.comp
	}
	if double < 0 {
		return nil
	}
	return s.comps[double]
}

// adopt gives an override without any time of its own the time of the instance it stands for.
func (s *Set) adopt(o *override) {
	if o.hasStart || o.hasDue {
		return
	}
	o.form = s.form(o.idTime)
	o.start, o.unix, o.ends = o.idWall, o.id, o.form
	o.hasStart = true
	if len(s.series) > 0 {
		m := &s.series[0]
		o.span, o.hasEnd, o.hasDuration, o.hasDue = m.span, m.hasEnd, m.hasDuration, m.hasDue
	}
	clock := o.form.clock()
	o.end = o.span.end(o.start, o.unix, &clock)
}
