package recur

import (
	"time"

	"caldav-fcgi/dav/ical"
)

// window is a time range in Unix seconds, lo inclusive, hi not.
type window struct{ lo, hi int64 }

// newWindow reads a range whose ends may be open.
func newWindow(from, to time.Time) window {
	w := window{minUnix, maxUnix}
	if !from.IsZero() {
		w.lo = max(w.lo, from.Unix())
	}
	if !to.IsZero() {
		w.hi = min(w.hi, to.Unix())
		if to.Nanosecond() > 0 {
			w.hi++
		}
	}
	return w
}

// overlaps is RFC 4791 §9.9 for an instance from start to end of a component that says p.
func (s *Set) overlaps(p *part, start, end int64, w window) bool {
	switch s.kind {
	case ical.VTodo:
		return p.todoOverlaps(start, end, w)
	case ical.VEvent, ical.VJournal:
		if end > start {
			return w.lo < end && w.hi > start
		}
		return w.lo <= start && w.hi > start
	}
	return false
}

// todoOverlaps is the table for VTODO, row by row.
func (p *part) todoOverlaps(start, end int64, w window) bool {
	switch {
	case p.hasStart && p.hasDuration:
		return w.lo <= end && (w.hi > start || w.hi >= end)
	case p.hasStart && p.hasDue:
		return (w.lo < end || w.lo <= start) && (w.hi > start || w.hi >= end)
	case p.hasStart:
		return w.lo <= start && w.hi > start
	case p.hasDue:
		return w.lo < end && w.hi >= end
	case p.hasCompleted && p.hasCreated:
		return (w.lo <= p.created || w.lo <= p.completed) && (w.hi >= p.created || w.hi >= p.completed)
	case p.hasCompleted:
		return w.lo <= p.completed && w.hi >= p.completed
	case p.hasCreated:
		return w.hi > p.created
	}
	return true
}

// looseOverlaps is for components without a time of their own.
func (s *Set) looseOverlaps(p *part, w window) bool {
	switch s.kind {
	case ical.VTodo:
		return p.todoOverlaps(0, 0, w)
	case ical.VFreeBusy:
		if p.hasStart && p.hasEnd {
			return w.lo <= p.end && w.hi > p.unix
		}
		for _, b := range p.busy {
			if w.lo < b.end && w.hi > b.start {
				return true
			}
		}
	}
	return false // RFC 4791 §9.9: a VJOURNAL without DTSTART never overlaps
}

// looseBounds are the first and last instants such a component has to do with.
func (s *Set) looseBounds(p *part) (first, last int64, ok bool) {
	switch s.kind {
	case ical.VTodo:
		switch {
		case p.hasCompleted && p.hasCreated:
			return min(p.completed, p.created), max(p.completed, p.created), true
		case p.hasCompleted:
			return p.completed, p.completed, true
		case p.hasCreated:
			return p.created, maxUnix, true
		}
		return minUnix, maxUnix, true
	case ical.VFreeBusy:
		first, last = maxUnix, minUnix
		if p.hasStart && p.hasEnd {
			first, last = p.unix, p.end
		}
		for _, b := range p.busy {
			first, last = min(first, b.start), max(last, b.end)
		}
		return first, last, first <= last
	}
	return 0, 0, false
}
