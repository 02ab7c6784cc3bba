package zone

import "time"

// day is more than any offset, so that a lookup one day off stands safely on the other side of a change.
const day = 24 * 60 * 60

// Instant maps a wall clock, read as if it were UTC, to the instant it means in loc (RFC 5545 §3.3.5): a time that
// occurs twice is the first one, a time that does not occur is read with the offset before the gap.
func Instant(wall time.Time, loc *time.Location) time.Time {
	if loc == nil || loc == time.UTC {
		return wall.UTC()
	}
	return time.Unix(instant(wall.Unix(), loc), int64(wall.Nanosecond())).UTC()
}

func instant(wall int64, loc *time.Location) int64 {
	before, after := offset(wall-day, loc), offset(wall+day, loc)
	if before == after {
		// No change near, or two that undo each other within two days, which is looked at once more.
		if t := wall - before; offset(t, loc) == before {
			return t
		}
	}
	if t := wall - before; offset(t, loc) == before {
		return t // the first of two, or the only one
	}
	if t := wall - after; offset(t, loc) == after {
		return t
	}
	return wall - before // in the gap
}

func offset(unix int64, loc *time.Location) int64 {
	_, off := time.Unix(unix, 0).In(loc).Zone()
	return int64(off)
}

// Clock is Instant and its reverse for many times of one zone in a row, in seconds: it remembers the span between two
// changes of the clocks, so that most times cost no lookup. The zero value is UTC. Not for use by two goroutines at once.
type Clock struct {
	loc    *time.Location
	lo, hi int64 // instants between which off holds, a day taken off at either end
	off    int64
}

// NewClock makes a Clock of a zone; nil is UTC.
func NewClock(loc *time.Location) Clock {
	if loc == time.UTC {
		loc = nil
	}
	return Clock{loc: loc}
}

// Instant is the Unix time that a wall clock means, as Instant has it.
func (c *Clock) Instant(wall int64) int64 {
	if c.loc == nil {
		return wall
	}
	if t := wall - c.off; c.lo <= t && t < c.hi {
		return t
	}
	t := instant(wall, c.loc)
	c.learn(t)
	return t
}

// Wall is what the clocks show at a Unix time.
func (c *Clock) Wall(unix int64) int64 {
	if c.loc == nil {
		return unix
	}
	if c.lo <= unix && unix < c.hi {
		return unix + c.off
	}
	c.learn(unix)
	return unix + offset(unix, c.loc)
}

func (c *Clock) learn(unix int64) {
	at := time.Unix(unix, 0).In(c.loc)
	_, off := at.Zone()
	start, end := at.ZoneBounds()
	lo, hi := int64(minUnix), int64(maxUnix)
	if !start.IsZero() {
		lo = start.Unix() + day
	}
	if !end.IsZero() {
		hi = end.Unix() - day
	}
	// ZoneBounds of Go 1.26 gives an end before its start on some days (31 December of leap years after 2037): no span
	// is learnt then.
	if end.IsZero() || end.After(at) {
		c.lo, c.hi, c.off = lo, hi, int64(off)
	}
}

// Years 1 to 9999 lie well within these.
const (
	minUnix = -1 << 40
	maxUnix = 1 << 40
)
