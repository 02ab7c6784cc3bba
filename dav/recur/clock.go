package recur

import "math/bits"

// unit is the length of a period of a frequency of days or less.
func (r *rule) unit() int64 {
	return []int64{daily: daySeconds, hourly: 3600, minutely: 60, secondly: 1}[r.freq]
}

// anchor is the first tick: the start of the hour, minute or second of DTSTART.
func (r *rule) anchor() int64 { return floorDiv(r.start, r.unit()) * r.unit() }

// perTick is the number of instances of a tick.
func (r *rule) perTick() int64 {
	n := 1
	if r.freq < secondly {
		n = bits.OnesCount64(r.seconds)
	}
	if r.freq == hourly {
		n *= bits.OnesCount64(r.minutes)
	}
	return int64(n)
}

// unfiltered reports that each day, or each tick, is one instance and nothing else is.
func (r *rule) unfiltered() bool {
	if r.freq < daily || r.months != 0 || r.yeardays != nil || r.monthdays != nil || r.weekdays != nil || r.setpos != nil {
		return false
	}
	if r.freq == daily {
		// The one time of day must be that of DTSTART.
		return bits.OnesCount32(r.hours) == 1 && r.perTick() == 1 && bits.OnesCount64(r.minutes) == 1 &&
			r.timeAt(0) == r.start-floorDiv(r.start, daySeconds)*daySeconds
	}
	return r.hours == 0 && (r.freq < minutely || r.minutes == 0 || r.freq == hourly) && (r.freq < secondly || r.seconds == 0) &&
		r.perTick() == 1 && r.onTick()
}

// onTick reports that DTSTART is the instance of its own tick, or that there is no other second to choose.
func (r *rule) onTick() bool {
	at := r.start - r.anchor()
	switch r.freq {
	case hourly:
		return nth(r.minutes, 0)*60+nth(r.seconds, 0) == at
	case minutely:
		return nth(r.seconds, 0) == at
	}
	return true
}

// reachable reports whether the ticks, which repeat on a few seconds of the week, ever meet BYDAY, BYHOUR, BYMINUTE and
// BYSECOND: FREQ=HOURLY;INTERVAL=24;BYHOUR=5 from 09:00 never does.
func (r *rule) reachable() bool {
	if r.hours == 0 && (r.freq < minutely || r.minutes == 0) && (r.freq < secondly || r.seconds == 0) && r.weekdays == nil {
		return true
	}
	step := gcd(r.interval%weekSeconds*r.unit()%weekSeconds, weekSeconds)
	for t := r.anchor(); t < r.anchor()+weekSeconds; t += step {
		day := floorDiv(t, daySeconds)
		if _, wait := r.admits(t - day*daySeconds); wait != 0 {
			continue
		}
		d := date{weekday: weekdayOf(day)}
		if r.weekdays == nil || r.onWeekday(&d) {
			return true
		}
	}
	return false
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// admits checks a second of the day against BYHOUR, and BYMINUTE and BYSECOND as far as they limit. When it does not
// pass, wait is not zero and next is the earliest later second that may, daySeconds when there is none that day.
func (r *rule) admits(at int64) (next, wait int64) {
	hour := at / 3600
	if r.hours != 0 && r.hours>>hour&1 == 0 {
		return after(uint64(r.hours), hour, 24) * 3600, 1
	}
	if r.freq < minutely || r.minutes == 0 && r.freq == minutely {
		return at, 0
	}
	minute := at / 60 % 60
	if r.minutes != 0 && r.minutes>>minute&1 == 0 {
		return hour*3600 + after(r.minutes, minute, 60)*60, 1
	}
	if second := at % 60; r.freq == secondly && r.seconds != 0 && r.seconds>>second&1 == 0 {
		return at - second + after(r.seconds, second, 60), 1
	}
	return at, 0
}

// after is the first bit above n, or most.
func after(m uint64, n, most int64) int64 {
	if m >>= uint(n + 1); m != 0 {
		return min(n+1+int64(bits.TrailingZeros64(m)), most)
	}
	return most
}

// scanClock is the generator for HOURLY, MINUTELY and SECONDLY: it goes from tick to tick, and over all that BYxxx rule
// out in one step each.
func (r *rule) scanClock(from, to int64, b *Budget, yield func(int64) bool) error {
	unit := r.unit()
	step := min(r.interval, maxInterval/unit) * unit
	anchor := r.anchor()
	up := func(t int64) int64 { return anchor + floorDiv(t-anchor+step-1, step)*step }
	t := anchor + max(0, floorDiv(from-anchor, step))*step
	var buf [8]int64
	pos := buf[:0]
	matched := int64(minWall) // the day last found to match
	for t <= to {
		if err := b.spend(1); err != nil {
			return err
		}
		day := floorDiv(t, daySeconds)
		if day != matched {
			// The parts that choose days repeat after 400 years: none in so many days is none at all.
			d := day
			for n := 0; ; n++ {
				if at := dateOf(d); r.matches(&at) {
					break
				}
				if d++; n > 146097 || d*daySeconds > to {
					return nil
				}
				b.Steps--
			}
			matched = d
			if d != day {
				t = up(d * daySeconds)
				continue
			}
		}
		at := t - day*daySeconds
		if next, wait := r.admits(at); wait != 0 {
			t = up(day*daySeconds + next)
			continue
		}
		if !r.within(t, from, to, pos, yield) {
			return nil
		}
		t += step
	}
	return nil
}

// within yields the instances of one tick.
func (r *rule) within(t, from, to int64, pos []int64, yield func(int64) bool) bool {
	minutes, seconds := uint64(1), uint64(1) // offsets from the tick
	if r.freq == hourly {
		minutes = r.minutes
	}
	if r.freq < secondly {
		seconds = r.seconds
	}
	if r.setpos != nil {
		n := bits.OnesCount64(seconds)
		for _, i := range r.positions(int64(bits.OnesCount64(minutes)*n), pos) {
			at := t + nth(minutes, int(i)/n)*60 + nth(seconds, int(i)%n)
			if at >= from && at <= to && !yield(at) {
				return false
			}
		}
		return true
	}
	for m := minutes; m != 0; m &= m - 1 {
		for s := seconds; s != 0; s &= s - 1 {
			at := t + int64(bits.TrailingZeros64(m))*60 + int64(bits.TrailingZeros64(s))
			if at >= from && at <= to && !yield(at) {
				return false
			}
		}
	}
	return true
}

// countDays counts instances a day at a time, where every matching day has the same number. It returns where to go on,
// how many are then left, and the last instance so far.
func (r *rule) countDays(left int64, b *Budget) (from, still, last int64, err error) {
	count := func(lo, hi int64) (n, last int64, err error) {
		err = r.scanClock(lo, hi, b, func(wall int64) bool { n++; last = wall; return n < left })
		return n, last, err
	}
	last = r.start
	day := floorDiv(r.start, daySeconds)
	n, at, err := count(r.start, (day+1)*daySeconds-1)
	if err != nil || n == left {
		return 0, left - n, at, err
	}
	if n > 0 {
		last, left = at, left-n
	}
	var perDay, offset int64
	for empty := 0; empty <= 146097; empty++ {
		if day++; day*daySeconds > maxWall {
			return 0, 0, last, nil
		}
		if err := b.spend(1); err != nil {
			return 0, 0, 0, err
		}
		if d := dateOf(day); !r.matches(&d) {
			continue
		}
		empty = 0
		if perDay == 0 {
			if perDay, at, err = count(day*daySeconds, (day+1)*daySeconds-1); err != nil {
				return 0, 0, 0, err
			}
			if perDay == 0 { // no time of the day is met
				return 0, 0, last, nil
			}
			offset = at - day*daySeconds
		}
		if left <= perDay {
			return day * daySeconds, left, last, nil
		}
		left -= perDay
		last = day*daySeconds + offset
	}
	return 0, 0, last, nil
}
