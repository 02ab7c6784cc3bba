package recur

import "time"

// Bounds are the earliest start and the latest end of any instance, exactly; MinTime or MaxTime where there is none. ok is
// false when there is no instance at all. What cannot be told within the budget is MaxTime.
func (s *Set) Bounds() (first, last time.Time, ok bool) {
	lo, hi := int64(maxUnix), int64(minUnix)
	for i := range s.loose {
		if f, l, ok := s.looseBounds(&s.loose[i]); ok {
			lo, hi = min(lo, f), max(hi, l)
		}
	}
	for i := range s.overrides {
		o := &s.overrides[i]
		lo, hi = min(lo, o.unix), max(hi, o.end)
	}
	for i := range s.series {
		sr := &s.series[i]
		for k := range len(sr.ranges) + 1 {
			f, l := s.segmentBounds(sr, k)
			lo, hi = min(lo, f), max(hi, l)
		}
	}
	if lo > hi {
		return time.Time{}, time.Time{}, false
	}
	return wallTime(lo), wallTime(hi), true
}

// segmentBounds looks at each source of a segment by itself: each is in order, so its first instance is the first found,
// and its last is in the shortest stretch before its end that holds any.
func (s *Set) segmentBounds(sr *series, k int) (first, last int64) {
	first, last = maxUnix, minUnix
	g := sr.segment(k)
	end := int64(minWall)
	for _, source := range sr.sources() {
		clock, moved := sr.form.clock(), g.part.form.clock()
		look := func(from, to int64, f func(start, end int64) bool) bool {
			return source.base(max(from, g.lo), min(to, g.hi), &clock, s.budget, func(wall, unix int64, own *span) bool {
				start, length := unix, g.part.span
				if k > 0 {
					wall += g.shift
					start = moved.Instant(wall)
				} else if own != nil {
					length = *own
				}
				return f(start, length.end(wall, start, &moved))
			}) == nil
		}
		end = source.last()
		if !look(minWall, maxWall, func(start, _ int64) bool { first = min(first, start); return false }) {
			return min(first, sr.unix), maxUnix
		}
		if end == maxWall && g.hi == maxWall {
			last = maxUnix
			continue
		}
		end = min(end, g.hi)
		// Longer and longer stretches back from the end: less than twice the whole. RDATEs have lengths of their own, so the
		// last to begin need not be the last to end.
		stretch := int64(40 * daySeconds)
		if len(source.dates) > 0 {
			stretch = maxWall - minWall
		}
		for ; ; stretch *= 8 {
			any := false
			from := max(minWall, end-stretch)
			if !look(from, end, func(_, e int64) bool { any = true; last = max(last, e); return true }) {
				return first, maxUnix
			}
			if any || from == minWall || from < sr.start {
				break
			}
		}
	}
	return first, last
}

// sources are the series taken apart: DTSTART, the RDATEs, and each rule.
func (sr *series) sources() []series {
	var list []series
	one := *sr
	one.rules, one.dates = nil, nil
	if sr.startOff || len(sr.rules) == 0 {
		list = append(list, one)
	}
	one.start = maxWall + 1 // DTSTART is done with
	if len(sr.dates) > 0 {
		one.dates = sr.dates
		list = append(list, one)
		one.dates = nil
	}
	one.startOff = false
	for i := range sr.rules {
		one.rules = sr.rules[i : i+1 : i+1]
		list = append(list, one)
	}
	return list
}

// last is a wall clock after which a source has nothing; maxWall when it has no end.
func (sr *series) last() int64 {
	last := int64(minWall)
	if len(sr.rules) == 0 && sr.start <= maxWall {
		last = sr.start
	}
	for i := range sr.rules {
		if r := &sr.rules[i]; !r.never {
			last = max(last, r.last)
		}
	}
	if n := len(sr.dates); n > 0 {
		last = max(last, sr.dates[n-1].wall)
	}
	return last
}
