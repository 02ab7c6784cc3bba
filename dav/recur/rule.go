package recur

import (
	"math/bits"
	"slices"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"

	"github.com/teambition/rrule-go"
)

type frequency uint8

const (
	yearly frequency = iota
	monthly
	weekly
	daily
	hourly
	minutely
	secondly
)

// rule is an RRULE made complete: every part that RFC 5545 §3.3.10 takes from DTSTART is written out, so that it
// generates the same times from wherever it is begun. Plain numbers throughout: it can be stored as it is.
type rule struct {
	freq     frequency
	interval int64
	count    int64 // not 0: COUNT, as long as it could not be turned into last

	months    uint16 // bit 1 to 12
	weeknos   []int8
	yeardays  []int16
	monthdays []int8
	weekdays  []ordinal
	hours     uint32
	minutes   uint64
	seconds   uint64
	setpos    []int16
	wkst      int8 // 0 is Monday
	skip      skip

	start int64 // wall-clock second of DTSTART
	last  int64 // no wall-clock second after this one; maxWall when there is no end
	until int64 // no instant after this one, when it was UNTIL with "Z" in a zone; else maxUnix
	never bool  // generates nothing at all, DTSTART neither

	end     untilValue // UNTIL as written, from which last and until follow
	once    bool       // generates DTSTART at most
	settled bool       // COUNT and once are known
	onStart bool       // settled: generates DTSTART

	option *rrule.ROption // what library.go may hand to rrule-go; nil when it may not
	asked  bool           // option is known
}

// ordinal is a weekday of BYDAY; n is 0 for every one.
type ordinal struct {
	n   int8
	day int8 // 0 is Monday
}

// normalise writes out what comes from DTSTART, and drops what has no meaning.
func (r *rule) normalise(dtstart ical.Time) {
	if dtstart.Date {
		r.hours, r.minutes, r.seconds = 0, 0, 0 // RFC 5545 §3.3.10: MUST be ignored
		if r.freq > daily {
			// Every hour of a day is still that day.
			unit := []int64{hourly: 3600, minutely: 60, secondly: 1}[r.freq]
			if r.interval%(daySeconds/unit) == 0 {
				r.interval /= daySeconds / unit
			} else {
				r.interval = 1
			}
			r.freq = daily
		}
	}
	start := dateOf(floorDiv(r.start, daySeconds))
	second := r.start - start.day*daySeconds
	if r.freq < secondly && r.seconds == 0 {
		r.seconds = 1 << (second % 60)
	}
	if r.freq < minutely && r.minutes == 0 {
		r.minutes = 1 << (second / 60 % 60)
	}
	if r.freq < hourly && r.hours == 0 {
		r.hours = 1 << (second / 3600)
	}
	if r.freq > monthly || r.weeknos != nil {
		for i := range r.weekdays {
			r.weekdays[i].n = 0
		}
		slices.SortFunc(r.weekdays, func(a, b ordinal) int { return int(a.day) - int(b.day) })
		r.weekdays = slices.Compact(r.weekdays)
	}
	if len(r.weekdays) == 0 && len(r.monthdays) == 0 && len(r.yeardays) == 0 {
		switch {
		case r.freq == weekly || r.weeknos != nil:
			r.weekdays = []ordinal{{0, int8(start.weekday)}}
		case r.freq == monthly:
			r.monthdays = []int8{int8(start.monthday)}
		case r.freq == yearly:
			r.monthdays = []int8{int8(start.monthday)}
			if r.months == 0 {
				r.months = 1 << start.month
			}
		}
	}
	if r.freq > daily {
		r.never = !r.reachable() || r.setpos != nil && len(r.positions(r.perTick(), nil)) == 0
	}
}

// limit sets the end that UNTIL gives, read in the zone of DTSTART.
func (r *rule) limit(dtstart ical.Time, clock *zone.Clock) {
	switch u := r.end; {
	case !u.set:
	case u.date:
		r.last = u.wall + daySeconds - 1 // the whole of that day, for a DATE-TIME start too
	case dtstart.Date:
		r.last = floorDiv(u.wall, daySeconds)*daySeconds + daySeconds - 1
	case u.utc && !dtstart.UTC && !dtstart.Floating():
		// An instant: compared as one, and a day later on the wall clock so that nothing is missed.
		r.until = u.wall
		r.last = clock.Wall(u.wall) + daySeconds
	default:
		r.last = u.wall
	}
	r.last = min(r.last, maxWall)
	if r.once {
		r.last = min(r.last, r.start)
	}
}

// scan yields the wall-clock seconds that the rule generates in [from, to], in order. It may stop early: yield returns
// false.
func (r *rule) scan(from, to int64, b *Budget, yield func(int64) bool) error {
	if r.count == 0 {
		return r.generate(from, to, b, yield)
	}
	// COUNT that could not be resolved: everything before the window must be counted. DTSTART is the first.
	left := r.count
	if on, err := r.generates(r.start, b); err != nil {
		return err
	} else if !on {
		left--
	}
	return r.generate(r.start, to, b, func(wall int64) bool {
		if left--; left < 0 {
			return false
		}
		return wall < from || yield(wall)
	})
}

func (r *rule) generate(from, to int64, b *Budget, yield func(int64) bool) error {
	from, to = max(from, r.start), min(to, r.last, maxWall)
	switch {
	case from > to || r.never:
		return nil
	case r.freq > daily:
		return r.scanClock(from, to, b, yield)
	case r.libraryFits(from, to):
		return r.scanLibrary(from, to, b, yield)
	}
	return r.scanDays(from, to, b, yield)
}

// generates reports whether a wall-clock second is one of the rule's, COUNT aside.
func (r *rule) generates(wall int64, b *Budget) (found bool, err error) {
	if wall < r.start || wall > r.last {
		return false, nil
	}
	return r.generatesAnyway(wall, b)
}

// generatesAnyway leaves the end of the rule aside, too.
func (r *rule) generatesAnyway(wall int64, b *Budget) (found bool, err error) {
	if r.never {
		return false, nil
	}
	scan := r.scanDays
	if r.freq > daily {
		scan = r.scanClock
	}
	err = scan(wall, wall, b, func(int64) bool { found = true; return false })
	return found, err
}

// settleSteps is some 30 ms, and every day of the years 1 to 9999.
const settleSteps = 4_000_000

// settle finds out whether the rule generates DTSTART, turns COUNT into a last instance, and sees that nothing comes
// after DTSTART. It takes at most a part of the budget: what is then still open is found when expanding.
func (r *rule) settle(b *Budget) error {
	if r.settled {
		return nil
	}
	r.settled = true
	var err error
	if r.onStart, err = r.generatesAnyway(r.start, b); err != nil {
		return err
	}
	part, back := b.part(max(min(settleSteps, (b.Steps-b.steps)/4), 1))
	defer back()
	if r.count > 0 {
		last, err := r.resolve(part)
		if err != nil {
			return nil // left to scan
		}
		r.count, r.last = 0, last
		return nil
	}
	if r.last == maxWall {
		more := false
		if err := r.generate(r.start+1, maxWall, part, func(int64) bool { more = true; return false }); err == nil && !more {
			r.last, r.once = r.start, true
		}
	}
	return nil
}

// resolve finds the last of COUNT instances.
func (r *rule) resolve(b *Budget) (int64, error) {
	left := r.count
	on, err := r.generates(r.start, b)
	if err != nil {
		return 0, err
	}
	if !on {
		left-- // RFC 5545 §3.3.10: DTSTART always counts as the first occurrence
	}
	last := r.start
	if left == 0 || r.never {
		return last, nil
	}
	if r.unfiltered() {
		step := r.interval * r.unit()
		if left-1 > (maxWall-r.start)/step {
			return maxWall, nil
		}
		return r.start + (left-1)*step, nil
	}
	from := r.start
	if r.freq > daily && daySeconds%(r.interval*r.unit()) == 0 {
		// Every day it falls on has as many: whole days are counted without their instances.
		if from, left, last, err = r.countDays(left, b); err != nil || left == 0 {
			return last, err
		}
	}
	scan := r.scanDays
	if r.freq > daily {
		scan = r.scanClock
	}
	err = scan(from, maxWall, b, func(wall int64) bool {
		last = wall
		left--
		return left > 0
	})
	return last, err
}

// matches reports whether a day passes the parts that limit (RFC 5545 §3.3.10, the table).
func (r *rule) matches(d *date) bool {
	if r.months != 0 && r.months>>d.month&1 == 0 {
		return false
	}
	if r.yeardays != nil && !slices.Contains(r.yeardays, int16(d.yearday)) && !slices.Contains(r.yeardays, int16(d.yearday-d.yearLen-1)) {
		return false
	}
	if r.monthdays != nil && !slices.Contains(r.monthdays, int8(d.monthday)) && !slices.Contains(r.monthdays, int8(d.monthday-d.monthLen-1)) {
		return false
	}
	return r.weekdays == nil || r.onWeekday(d)
}

func (r *rule) onWeekday(d *date) bool {
	for _, w := range r.weekdays {
		if int(w.day) != d.weekday {
			continue
		}
		if w.n == 0 {
			return true
		}
		// The nth of its month, or of its year for YEARLY without BYMONTH.
		at, length := d.monthday, d.monthLen
		if r.freq == yearly && r.months == 0 {
			at, length = d.yearday, d.yearLen
		}
		if w.n > 0 && int(w.n) == (at-1)/7+1 || w.n < 0 && int(-w.n) == (length-at)/7+1 {
			return true
		}
	}
	return false
}

// times calls f with the seconds of the day of the rule in [from, to], in order.
func (r *rule) times(from, to int64, f func(int64) bool) bool {
	for h := r.hours; h != 0; h &= h - 1 {
		hour := int64(bits.TrailingZeros32(h)) * 3600
		if hour+3599 < from {
			continue
		}
		if hour > to {
			return true
		}
		for m := r.minutes; m != 0; m &= m - 1 {
			minute := hour + int64(bits.TrailingZeros64(m))*60
			if minute+59 < from {
				continue
			}
			for s := r.seconds; s != 0; s &= s - 1 {
				at := minute + int64(bits.TrailingZeros64(s))
				if at > to {
					return true
				}
				if at >= from && !f(at) {
					return false
				}
			}
		}
	}
	return true
}

// nth is the position of the nth bit (from 0) of a mask that has so many.
func nth(m uint64, n int) int64 {
	for ; n > 0; n-- {
		m &= m - 1
	}
	return int64(bits.TrailingZeros64(m))
}

// positions turns BYSETPOS into sorted indexes of a set of n.
func (r *rule) positions(n int64, buf []int64) []int64 {
	buf = buf[:0]
	for _, p := range r.setpos {
		i := int64(p) - 1
		if p < 0 {
			i = n + int64(p)
		}
		if i >= 0 && i < n {
			buf = append(buf, i)
		}
	}
	slices.Sort(buf)
	return slices.Compact(buf)
}

func wallTime(wall int64) time.Time { return time.Unix(wall, 0).UTC() }
