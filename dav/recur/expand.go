package recur

import (
	"errors"
	"iter"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

// Instance is one happening of a component.
type Instance struct {
	Start, End        time.Time // instants in UTC; End is exclusive, and Start for what takes no time
	AllDay, Floating  bool
	RecurrenceID      ical.Time // the original start in the form of the master's DTSTART; zero for what does not recur
	RecurrenceInstant time.Time
	WallStart         ical.Time // as written; zero for what has no time
	WallEnd           ical.Time
	Comp              *ical.Component // the master or the override that describes it; nil of a Set that was decoded
	Recurring         bool
}

// found is an instance before it is dressed.
type found struct {
	part       *part
	clock      *zone.Clock
	wall       int64
	start, end int64
	id, idWall int64
	idForm     *form
	idTime     ical.Time // of an override
	recurs     bool
	loose      bool
}

// Window yields the instances that overlap [from, to) by RFC 4791 §9.9; zero is an open end. They come in order of time
// where one rule makes them and none is moved; overrides come first. After an error, which is ErrBudget, nothing comes.
func (s *Set) Window(from, to time.Time) iter.Seq2[Instance, error] {
	return func(yield func(Instance, error) bool) {
		over := false
		err := s.walk(newWindow(from, to), func(f *found) error {
			if err := s.budget.instance(); err != nil {
				return err
			}
			if !yield(s.instance(f), nil) {
				over = true
				return errStop
			}
			return nil
		})
		if err != nil && !over {
			yield(Instance{}, err)
		}
	}
}

// Overlaps reports whether any instance overlaps [from, to).
func (s *Set) Overlaps(from, to time.Time) (any bool, err error) {
	err = s.walk(newWindow(from, to), func(*found) error {
		any = true
		return errStop
	})
	return any, err
}

func (s *Set) instance(f *found) Instance {
	in := Instance{Recurring: f.recurs}
	if s.comps != nil {
		in.Comp = s.comps[f.part.comp]
	}
	if f.loose && !f.part.hasStart {
		return in
	}
	in.Start, in.End = wallTime(f.start), wallTime(f.end)
	form := f.part.form
	in.AllDay, in.Floating = form.date, !form.date && !form.utc && form.tzid == ""
	in.WallStart = form.time(f.wall)
	if ends := f.part.ends; ends == form || ends.date != form.date {
		in.WallEnd = form.time(f.clock.Wall(f.end))
	} else {
		clock := ends.clock()
		in.WallEnd = ends.time(clock.Wall(f.end))
	}
	if f.recurs {
		in.RecurrenceInstant = wallTime(f.id)
		if in.RecurrenceID = f.idTime; f.idForm != nil {
			in.RecurrenceID = f.idForm.time(f.idWall)
		}
	}
	return in
}

var errStop = errors.New("stop")

// walk calls f with every instance that overlaps; errStop from f ends it without an error.
func (s *Set) walk(w window, f func(*found) error) error {
	err := s.walkAll(w, f)
	if err == errStop {
		return nil
	}
	return err
}

func (s *Set) walkAll(w window, f func(*found) error) error {
	if w.lo >= w.hi {
		return nil
	}
	for i := range s.loose {
		if p := &s.loose[i]; s.looseOverlaps(p, w) {
			if err := f(&found{part: p, clock: &zone.Clock{}, wall: p.start, start: p.unix, end: p.end, loose: true}); err != nil {
				return err
			}
		}
	}
	for i := range s.overrides {
		o := &s.overrides[i]
		if err := s.budget.spend(1); err != nil {
			return err
		}
		if s.overlaps(&o.part, o.unix, o.end, w) {
			clock := o.form.clock()
			if err := f(&found{part: &o.part, clock: &clock, wall: o.start, start: o.unix, end: o.end, id: o.id, idTime: o.idTime, recurs: true}); err != nil {
				return err
			}
		}
	}
	for i := range s.series {
		sr := &s.series[i]
		for k := 0; k <= len(sr.ranges); k++ {
			if err := s.walkSegment(sr, k, w, f); err != nil {
				return err
			}
		}
	}
	return nil
}

// segment is the part of a series between two RANGE=THISANDFUTURE overrides: number 0 before the first of them. Its
// instances are moved by shift on the wall clock of the override that governs them.
type segment struct {
	part   *part
	lo, hi int64 // wall-clock seconds of the original starts, both inclusive
	shift  int64
}

func (sr *series) segment(k int) segment {
	g := segment{part: &sr.part, lo: minWall, hi: maxWall}
	if k < len(sr.ranges) {
		g.hi = sr.ranges[k].idWall - 1
	}
	if k > 0 {
		o := &sr.ranges[k-1]
		g.part, g.lo, g.shift = &o.part, o.idWall, o.start-o.idWall
	}
	return g
}

// walkSegment looks for original starts from which an instance may reach into the window, and then exactly.
func (s *Set) walkSegment(sr *series, k int, w window, f func(*found) error) error {
	g := sr.segment(k)
	clock, moved := sr.form.clock(), g.part.form.clock()
	from, to := g.lo, g.hi
	reach := g.part.span.wall + g.part.span.exact
	for _, e := range sr.dates {
		if e.span != nil {
			reach = max(reach, e.span.wall+e.span.exact)
		}
	}
	if g.part.form.loc != nil {
		reach += daySeconds / 12 // nominal days may be hours longer
	}
	if w.lo > minUnix {
		from = max(from, earliest(w.lo-reach, &moved)-g.shift)
	}
	if w.hi < maxUnix {
		to = min(to, latest(w.hi, &moved)-g.shift)
	}
	if from > to {
		return nil
	}
	one := found{part: g.part, clock: &moved, idForm: &sr.form, recurs: sr.recurs || len(s.overrides) > 0}
	var failed error
	err := sr.base(from, to, &clock, s.budget, func(wall, unix int64, own *span) bool {
		one.id, one.idWall = unix, wall
		one.wall, one.start = wall, unix
		if k > 0 {
			one.wall = wall + g.shift
			if g.part.form.date {
				one.wall = floorDiv(one.wall, daySeconds) * daySeconds
			}
			one.start = moved.Instant(one.wall)
		}
		length := g.part.span
		if own != nil && k == 0 {
			length = *own
		}
		one.end = length.end(one.wall, one.start, &moved)
		if s.overlaps(g.part, one.start, one.end, w) {
			failed = f(&one)
		}
		return failed == nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// earliest is a wall clock before which no instant from unix on lies, latest one after which none up to unix lies: the
// offsets of the days before and after count too, since clocks may change nearby.
func earliest(unix int64, c *zone.Clock) int64 {
	return unix + min(c.Wall(unix-daySeconds)-unix+daySeconds, c.Wall(unix)-unix, c.Wall(unix+daySeconds)-unix-daySeconds)
}

func latest(unix int64, c *zone.Clock) int64 {
	return unix + max(c.Wall(unix-daySeconds)-unix+daySeconds, c.Wall(unix)-unix, c.Wall(unix+daySeconds)-unix-daySeconds)
}
