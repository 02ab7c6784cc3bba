package recur

import (
	"math/bits"
	"slices"
)

// period is the number of the year, month, week or day that a day lies in; periods of one frequency are consecutive
// numbers.
func (r *rule) period(day int64) int64 {
	switch r.freq {
	case yearly:
		if r.weeknos != nil {
			return r.weekYear(day)
		}
		return dateOf(day).year
	case monthly:
		d := dateOf(day)
		return d.year*12 + int64(d.month) - 1
	case weekly:
		return floorDiv(day-r.weekOffset(), 7)
	}
	return day
}

// firstDay is the first day of a period.
func (r *rule) firstDay(p int64) int64 {
	switch r.freq {
	case yearly:
		if r.weeknos != nil {
			return r.weekOne(p)
		}
		return dayOf(p, 1, 1)
	case monthly:
		year := floorDiv(p, 12)
		return dayOf(year, int(p-year*12)+1, 1)
	case weekly:
		return p*7 + r.weekOffset()
	}
	return p
}

// weekOffset is a day that begins a week, 1970-01-01 being a Thursday.
func (r *rule) weekOffset() int64 { return int64(r.wkst) - 3 }

// weekOne is the first day of week 1: the week with at least four days of the year (RFC 5545 §3.3.10).
func (r *rule) weekOne(year int64) int64 {
	fourth := dayOf(year, 1, 4)
	return fourth - int64((weekdayOf(fourth)-int(r.wkst)+7)%7)
}

func (r *rule) weekYear(day int64) int64 {
	year := dateOf(day).year
	switch {
	case day < r.weekOne(year):
		return year - 1
	case day >= r.weekOne(year+1):
		return year + 1
	}
	return year
}

// cycle is the number of periods after which the calendar repeats itself: 400 years. A rule that has nothing in so many
// of its periods in a row never will.
func (r *rule) cycle() int64 {
	return []int64{yearly: 400, monthly: 4800, weekly: 20871, daily: 146097}[r.freq]
}

// scanDays is the generator by definition, for days and longer: each period's days, each day's times, BYSETPOS.
func (r *rule) scanDays(from, to int64, b *Budget, yield func(int64) bool) error {
	anchor := r.period(floorDiv(r.start, daySeconds))
	p := r.period(floorDiv(from, daySeconds))
	if r.skip != omit {
		p-- // a day may have moved on from the period before
	}
	p = anchor + max(0, floorDiv(p-anchor, r.interval))*r.interval
	perDay := int64(bits.OnesCount32(r.hours) * bits.OnesCount64(r.minutes) * bits.OnesCount64(r.seconds))
	var dayBuf [32]int64
	var posBuf [8]int64
	days, pos := dayBuf[:0], posBuf[:0]
	lastDay := floorDiv(to, daySeconds)
	var empty int64
	previous := int64(minWall - 1)
	emit := func(wall int64) bool {
		if wall > previous {
			previous = wall
			b.Steps--
			return yield(wall)
		}
		return true // SKIP brought two to one day
	}
	for ; ; p += r.interval {
		if err := b.spend(1); err != nil {
			return err
		}
		first := r.firstDay(p)
		if r.skip != omit {
			first-- // a day may have moved back into the period before
		}
		if first > lastDay {
			return nil
		}
		days = r.daysOf(p, days[:0])
		b.Steps -= int64(len(days))
		if r.setpos != nil {
			pos = r.positions(int64(len(days))*perDay, pos)
		}
		if len(days) == 0 || r.setpos != nil && len(pos) == 0 {
			if empty++; empty > r.cycle() {
				return nil
			}
			continue
		}
		empty = 0
		if r.setpos != nil {
			for _, i := range pos {
				wall := days[i/perDay]*daySeconds + r.timeAt(int(i%perDay))
				if wall > to {
					break
				}
				if wall >= from && !emit(wall) {
					return nil
				}
			}
			continue
		}
		for _, day := range days {
			base := day * daySeconds
			if base+daySeconds <= from {
				continue
			}
			if base > to {
				break
			}
			if !r.times(from-base, to-base, func(at int64) bool { return emit(base + at) }) {
				return nil
			}
			if err := b.spend(0); err != nil {
				return err
			}
		}
	}
}

// timeAt is the nth time of a day.
func (r *rule) timeAt(n int) int64 {
	seconds, minutes := bits.OnesCount64(r.seconds), bits.OnesCount64(r.minutes)
	return nth(uint64(r.hours), n/(seconds*minutes))*3600 + nth(r.minutes, n/seconds%minutes)*60 + nth(r.seconds, n%seconds)
}

// daysOf appends the days of a period, in order.
func (r *rule) daysOf(p int64, days []int64) []int64 {
	switch r.freq {
	case daily:
		d := dateOf(p)
		if r.matches(&d) {
			days = append(days, p)
		}
	case weekly:
		first := r.firstDay(p)
		for i := range int64(7) {
			if !slices.Contains(r.weekdays, ordinal{0, int8(weekdayOf(first + i))}) && r.weekdays != nil {
				continue
			}
			if r.months == 0 && r.monthdays == nil && r.yeardays == nil {
				days = append(days, first+i)
				continue
			}
			if d := dateOf(first + i); r.matches(&d) {
				days = append(days, first+i)
			}
		}
	case monthly:
		if r.skip != omit {
			return r.skippedDays(p, days)
		}
		year := floorDiv(p, 12)
		days = r.daysOfMonth(year, int(p-year*12)+1, days)
	case yearly:
		switch {
		case r.weeknos != nil:
			return r.daysOfWeeks(p, days)
		case r.skip != omit:
			return r.skippedDays(p, days)
		}
		for m := 1; m <= 12; m++ {
			days = r.daysOfMonth(p, m, days)
		}
	}
	return days
}

func (r *rule) daysOfMonth(year int64, month int, days []int64) []int64 {
	if r.months != 0 && r.months>>month&1 == 0 {
		return days
	}
	first := dayOf(year, month, 1)
	length := monthLen(year, month)
	if len(r.monthdays) == 1 && r.monthdays[0] > 0 && r.weekdays == nil && r.yeardays == nil {
		if n := int(r.monthdays[0]); n <= length {
			days = append(days, first+int64(n)-1)
		}
		return days
	}
	d := date{day: first, year: year, month: month, monthday: 1, monthLen: length,
		yearday: int(first-dayOf(year, 1, 1)) + 1, yearLen: yearLen(year), weekday: weekdayOf(first)}
	for range length {
		if r.matches(&d) {
			days = append(days, d.day)
		}
		d.day++
		d.monthday++
		d.yearday++
		if d.weekday++; d.weekday == 7 {
			d.weekday = 0
		}
	}
	return days
}

// daysOfWeeks: the days of numbered weeks belong to the year that counts the week, though up to three lie in another.
func (r *rule) daysOfWeeks(year int64, days []int64) []int64 {
	one := r.weekOne(year)
	weeks := (r.weekOne(year+1) - one) / 7
	for w := range weeks {
		if !slices.Contains(r.weeknos, int8(w+1)) && !slices.Contains(r.weeknos, int8(w-weeks)) {
			continue
		}
		for i := range int64(7) {
			if d := dateOf(one + w*7 + i); r.matches(&d) {
				days = append(days, d.day)
			}
		}
	}
	return days
}
