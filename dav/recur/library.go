package recur

import (
	"math/bits"
	"slices"
	"time"

	"github.com/teambition/rrule-go"
)

// maxTimes is the most times a day that rrule-go may be asked for: it lists them all anew for each piece.
const maxTimes = 24

var libraryDays = [...]rrule.Weekday{rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR, rrule.SA, rrule.SU}

// libraryOption is the rule as rrule-go 1.8.2 can be trusted with it, nil when it cannot. It panics on ordinals that no
// month or year has, cuts plain with ordinal weekdays instead of joining them, has the years of BYWEEKNO wrong at their
// edges, hangs on frequencies below a day, does not know SKIP, and, where a rule has nothing, looks for it up to the year
// 9999, whatever UNTIL says.
func (r *rule) libraryOption() *rrule.ROption {
	if r.freq > daily || r.skip != omit || r.weeknos != nil || !r.dense() {
		return nil
	}
	if bits.OnesCount32(r.hours)*bits.OnesCount64(r.minutes)*bits.OnesCount64(r.seconds) > maxTimes {
		return nil
	}
	o := &rrule.ROption{Freq: rrule.Frequency(r.freq), Interval: int(r.interval), Wkst: libraryDays[r.wkst]}
	plain, ordinals := false, false
	for _, w := range r.weekdays {
		if w.n == 0 {
			plain = true
			o.Byweekday = append(o.Byweekday, libraryDays[w.day])
			continue
		}
		ordinals = true
		most := int8(5)
		if r.freq == yearly && r.months == 0 {
			most = 52
		}
		if w.n > most || w.n < -most {
			return nil
		}
		day := libraryDays[w.day]
		o.Byweekday = append(o.Byweekday, day.Nth(int(w.n)))
	}
	if plain && ordinals {
		return nil
	}
	for m := 1; m <= 12; m++ {
		if r.months>>m&1 == 1 {
			o.Bymonth = append(o.Bymonth, m)
		}
	}
	o.Bymonthday, o.Byyearday, o.Bysetpos = toInts(r.monthdays), toInts(r.yeardays), toInts(r.setpos)
	o.Byhour, o.Byminute, o.Bysecond = positionsOf(uint64(r.hours)), positionsOf(r.minutes), positionsOf(r.seconds)
	return o
}

// dense reports that no more than about a year, or one period, can go by without an instance: rrule-go does not look at
// UNTIL before it has found one.
func (r *rule) dense() bool {
	lists := 0
	for _, there := range []bool{r.monthdays != nil, r.yeardays != nil, r.weekdays != nil} {
		if there {
			lists++
		}
	}
	if lists > 1 || slices.ContainsFunc(r.setpos, func(p int16) bool { return p != 1 && p != -1 }) {
		return false
	}
	short := slices.ContainsFunc(r.monthdays, func(d int8) bool { return d >= -28 && d <= 28 })
	switch r.freq {
	case yearly:
		if r.yeardays != nil {
			return r.interval <= maxLibraryInterval && r.months == 0 && slices.ContainsFunc(r.yeardays, func(d int16) bool { return d >= -365 && d <= 365 })
		}
		return r.interval <= maxLibraryInterval && (r.monthdays == nil || short) && r.commonWeekday()
	case monthly:
		return r.interval <= maxLibraryInterval && (r.interval == 1 || r.months == 0) && r.yeardays == nil && (r.monthdays == nil || short) && r.commonWeekday()
	case weekly:
		return r.setpos == nil && r.monthdays == nil && r.yeardays == nil && r.interval <= maxLibraryInterval && (r.interval <= 4 || r.months == 0)
	}
	return r.setpos == nil && r.yeardays == nil && (r.months == 0 || r.interval <= 28 && lists == 0) && (r.monthdays == nil || short && r.interval == 1) &&
		(r.weekdays == nil || r.interval%7 != 0) && r.interval <= maxLibraryInterval
}

// maxLibraryInterval is the longest INTERVAL rrule-go is given.
const maxLibraryInterval = 10_000

// commonWeekday reports that BYDAY is absent or names a weekday that every month, or every year, has.
func (r *rule) commonWeekday() bool {
	return r.weekdays == nil || slices.ContainsFunc(r.weekdays, func(w ordinal) bool {
		return w.n >= -4 && w.n <= 4 || r.freq == yearly && r.months == 0 && w.n >= -52 && w.n <= 52
	})
}

func toInts[T int8 | int16](l []T) []int {
	var out []int
	for _, v := range l {
		out = append(out, int(v))
	}
	return out
}

func positionsOf(m uint64) []int {
	var out []int
	for ; m != 0; m &= m - 1 {
		out = append(out, bits.TrailingZeros64(m))
	}
	return out
}

// shortWindow is up to which rrule-go takes longer to begin than the search by definition takes for all.
const shortWindow = 100 * daySeconds

// libraryFits keeps rrule-go away from the ends of its calendar, and from short windows.
func (r *rule) libraryFits(from, to int64) bool {
	const year2, year9990 = minWall + 366*daySeconds, maxWall - 10*366*daySeconds
	if to-from <= shortWindow || from <= year2 || from >= year9990 {
		return false
	}
	if !r.asked {
		r.option, r.asked = r.libraryOption(), true
	}
	return r.option != nil
}

// pieces is how many periods rrule-go is given at once; more, up to cycle, while it finds nothing.
var pieces = [...]int64{yearly: 8, monthly: 24, weekly: 32, daily: 128}

// scanLibrary generates by rrule-go, a piece of some periods at a time: each begins at the start of a period and ends
// with UNTIL, so that no call runs long, whatever the rule, and none depends on where DTSTART lies.
func (r *rule) scanLibrary(from, to int64, b *Budget, yield func(int64) bool) error {
	anchor := r.period(floorDiv(r.start, daySeconds))
	p := anchor + max(0, floorDiv(r.period(floorDiv(from, daySeconds))-anchor, r.interval))*r.interval
	option := *r.option
	empty, size := int64(0), pieces[r.freq]
	for {
		first := r.firstDay(p) * daySeconds
		if first > to {
			return nil
		}
		next := p + size*r.interval
		end := min(to, r.firstDay(next)*daySeconds-1)
		if first < minWall || end > maxWall-daySeconds*366*8 {
			return r.scanDays(max(from, first), to, b, yield)
		}
		// What the window does not reach into is not paid for.
		if err := b.spend(min(size, (end-first)/(daySeconds*r.interval)+1)); err != nil {
			return err
		}
		option.Dtstart, option.Until = time.Unix(first, 0).UTC(), time.Unix(end, 0).UTC()
		rr, err := rrule.NewRRule(option)
		if err != nil {
			return r.scanDays(max(from, first), to, b, yield)
		}
		step := rr.Iterator()
		found := false
		for t, ok := step(); ok; t, ok = step() {
			found = true
			if err := b.spend(1); err != nil {
				return err
			}
			if wall := t.Unix(); wall >= from && !yield(wall) {
				return nil
			}
		}
		if found {
			empty = 0
		} else if empty += size; empty > r.cycle() {
			return nil
		} else {
			size = min(size*4, r.cycle())
		}
		p = next
	}
}
