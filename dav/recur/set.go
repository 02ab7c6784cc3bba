package recur

import (
	"slices"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

const (
	minUnix = -1 << 40
	maxUnix = 1 << 40
)

// MinTime and MaxTime stand for no beginning and no end in Bounds: outside of all years a calendar can hold.
var (
	MinTime = time.Unix(minUnix, 0).UTC()
	MaxTime = time.Unix(maxUnix, 0).UTC()
)

// Set is everything of one component kind in one object: masters, which may recur, and overrides.
type Set struct {
	kind      ical.Kind
	series    []series          // one as a rule; none when an object holds overrides only
	overrides []override        // of all series, and of none, in order of their start
	loose     []part            // without a time of their own: VTODO without DTSTART and DUE, VJOURNAL without DTSTART, VFREEBUSY
	comps     []*ical.Component // of a Set that Compile made
	entries   []entry           // one for each component
	locs      []namedZone
	budget    *Budget
	zones     *zone.Resolver
	float     *time.Location // of floating times and dates
}

// series is a master: a component without RECURRENCE-ID. All times are wall-clock seconds in form, except where they are
// said to be instants (Unix seconds). Apart from part.comp and the locations it is plain numbers.
type series struct {
	part
	recurs   bool
	startOff bool // no rule generates DTSTART
	rules    []rule
	dates    []extra    // RDATE, sorted by wall, each once
	exact    []int64    // EXDATE: instants, sorted
	days     []int64    // EXDATE by day: day numbers on the wall clock, sorted
	replaced []int64    // instants that overrides replace, sorted
	ranges   []override // RANGE=THISANDFUTURE, sorted by id
}

// extra is an RDATE.
type extra struct {
	wall int64
	span *span // of a PERIOD; nil: as long as the others
}

// override is a component with a RECURRENCE-ID.
type override struct {
	part
	id     int64     // the instant it replaces
	idWall int64     // the same on the series's wall clock
	idTime ical.Time // the same in the form of the series's DTSTART, or as written where there is no master
}

// form is how a time is written.
type form struct {
	tzid string
	loc  *time.Location // nil is UTC
	date bool
	utc  bool
}

func (f form) time(wall int64) ical.Time {
	return ical.Time{Wall: wallTime(wall), Date: f.date, UTC: f.utc, TZID: f.tzid}
}

// span is the length of an instance: first on the wall clock, then in real time. DTEND of a zone gives an exact length,
// DURATION's days a nominal one (RFC 5545 §3.8.5.3, §3.3.6).
type span struct {
	wall, exact int64
}

func (s span) end(wall, unix int64, clock *zone.Clock) int64 {
	if s.wall != 0 {
		unix = max(unix, clock.Instant(wall+s.wall))
	}
	return unix + s.exact
}

// part is what one component says about its own time.
type part struct {
	comp  int // index into Set.comps
	form  form
	start int64 // wall
	unix  int64 // instant of it
	end   int64 // instant
	span  span
	ends  form // of DTEND or DUE

	hasStart, hasEnd, hasDuration, hasDue bool
	completed, created                    int64 // instants of a VTODO; see the flags
	hasCompleted, hasCreated              bool
	busy                                  []freeBusy // of a VFREEBUSY
}

// form reads how a value is written.
func (s *Set) form(t ical.Time) form {
	f := form{date: t.Date, utc: t.UTC}
	switch {
	case t.UTC:
	case t.Date || t.TZID == "":
		f.loc = s.float
	default:
		f.tzid = t.TZID
		f.loc = s.location(t.TZID)
	}
	return f
}

// namedZone is what a TZID of the object means.
type namedZone struct {
	tzid string
	loc  *time.Location
}

// location asks for each TZID once: there are one or two.
func (s *Set) location(tzid string) *time.Location {
	for _, z := range s.locs {
		if z.tzid == tzid {
			return z.loc
		}
	}
	loc, _ := s.zones.Location(tzid)
	s.locs = append(s.locs, namedZone{tzid, loc})
	return loc
}

// instant is what a value means, in Unix seconds.
func (s *Set) instant(t ical.Time) int64 {
	clock := s.form(t).clock()
	return clock.Instant(t.Wall.Unix())
}

func (f form) clock() zone.Clock { return zone.NewClock(f.loc) }

// wallIn is a value on the wall clock of a form: as written when it is floating or a date, or by its instant.
func (s *Set) wallIn(t ical.Time, f form) int64 {
	wall := t.Wall.Unix()
	g := s.form(t)
	if t.Date || t.Floating() || f.date || g.utc == f.utc && g.tzid == f.tzid {
		return wall
	}
	clock, own := f.clock(), g.clock()
	return clock.Wall(own.Instant(wall))
}

// Kind is the kind of component the set is of.
func (s *Set) Kind() ical.Kind { return s.kind }

// Master is the first component without RECURRENCE-ID, nil when there is none.
func (s *Set) Master() *ical.Component {
	for _, c := range s.comps {
		if c.Prop("RECURRENCE-ID") == nil {
			return c
		}
	}
	return nil
}

// Overrides are the components with a RECURRENCE-ID, in the order of the file.
func (s *Set) Overrides() []*ical.Component {
	var list []*ical.Component
	for _, c := range s.comps {
		if c.Prop("RECURRENCE-ID") != nil {
			list = append(list, c)
		}
	}
	return list
}

// Recurring reports whether there can be more than one instance.
func (s *Set) Recurring() bool {
	for i := range s.series {
		if s.series[i].recurs {
			return true
		}
	}
	return len(s.overrides) > 0
}

// With is the same set on another budget.
func (s *Set) With(b *Budget) *Set {
	t := *s
	t.budget = b.prepare()
	return &t
}

// excluded reports whether EXDATE takes an instance away.
func (sr *series) excluded(wall, unix int64) bool {
	if _, found := slices.BinarySearch(sr.exact, unix); found {
		return true
	}
	_, found := slices.BinarySearch(sr.days, floorDiv(wall, daySeconds))
	return found
}

// base yields every member of the recurrence set (wall, instant, length) with a wall clock in [from, to] that neither
// EXDATE nor a RECURRENCE-ID takes away: in order for each source (DTSTART, rules, RDATE), not over all.
func (sr *series) base(from, to int64, clock *zone.Clock, b *Budget, yield func(wall, unix int64, own *span) bool) error {
	stopped := false
	give := func(wall, unix int64, own *span) bool {
		if sr.excluded(wall, unix) {
			return true
		}
		if _, found := slices.BinarySearch(sr.replaced, unix); found {
			return true
		}
		stopped = !yield(wall, unix, own)
		return !stopped
	}
	if (sr.startOff || len(sr.rules) == 0) && sr.start >= from && sr.start <= to && !sr.isDate(sr.start) {
		give(sr.start, sr.unix, nil)
	}
	for i := range sr.rules {
		if stopped {
			return nil
		}
		r := &sr.rules[i]
		var failed error
		err := r.scan(from, to, b, func(wall int64) bool {
			unix := clock.Instant(wall)
			if unix > r.until {
				return false
			}
			if sr.isDate(wall) {
				return true // comes as an RDATE
			}
			repeated, err := sr.repeated(i, wall, unix, clock, b)
			if failed = err; err != nil {
				return false
			}
			return repeated || give(wall, unix, nil)
		})
		if err == nil {
			err = failed
		}
		if err != nil {
			return err
		}
	}
	first, _ := slices.BinarySearchFunc(sr.dates, from, func(e extra, w int64) int { return int(max(-1, min(1, e.wall-w))) })
	for _, e := range sr.dates[first:] {
		if stopped || e.wall > to {
			return nil
		}
		if err := b.spend(1); err != nil {
			return err
		}
		give(e.wall, clock.Instant(e.wall), e.span)
	}
	return nil
}

func (sr *series) isDate(wall int64) bool {
	_, found := slices.BinarySearchFunc(sr.dates, wall, func(e extra, w int64) int { return int(max(-1, min(1, e.wall-w))) })
	return found
}

// repeated reports whether an instance of rule i comes from elsewhere too: an earlier rule, or, for a time in a gap, the
// time it is moved to.
func (sr *series) repeated(i int, wall, unix int64, clock *zone.Clock, b *Budget) (bool, error) {
	moved := clock.Wall(unix)
	for j := range sr.rules {
		if j < i {
			if found, err := sr.rules[j].generates(wall, b); found || err != nil {
				return found, err
			}
		}
		if moved != wall {
			if found, err := sr.rules[j].generates(moved, b); found || err != nil {
				return found, err
			}
		}
	}
	return false, nil
}
