package recur

import (
	"slices"

	"caldav-fcgi/dav/ical"
)

// skip is what becomes of a date that does not exist (RFC 7529 §4.1).
type skip uint8

const (
	omit skip = iota
	backward
	forward
)

// readScale checks RSCALE and SKIP. Calendar systems other than the Gregorian are not known here.
func (r *rule) readScale(rscale, skipText string) error {
	switch rscale {
	case "", "GREGORIAN":
	default:
		return ruleError(ConditionRScale, "RSCALE=%.40s: only GREGORIAN is supported", rscale)
	}
	switch skipText {
	case "", "OMIT":
	case "BACKWARD":
		r.skip = backward
	case "FORWARD":
		r.skip = forward
	default:
		return ruleError(ical.ConditionData, "SKIP=%.20s is none of OMIT, BACKWARD, FORWARD", skipText)
	}
	if skipText != "" && rscale == "" {
		return ruleError(ical.ConditionData, "SKIP without RSCALE") // RFC 7529 §4
	}
	// In the Gregorian calendar only the days of a month or year can be missing, and only these two frequencies make dates
	// from them.
	if r.freq > monthly || r.weeknos != nil {
		r.skip = omit
	}
	return nil
}

// skippedDays is daysOf with SKIP. The order is that of RFC 7529 §4.1: BYMONTH, BYYEARDAY, BYMONTHDAY, then SKIP for the
// day, then BYDAY.
func (r *rule) skippedDays(p int64, days []int64) []int64 {
	if r.monthdays == nil && r.yeardays == nil { // nothing that could name a missing day
		if r.freq == monthly {
			year := floorDiv(p, 12)
			return r.daysOfMonth(year, int(p-year*12)+1, days)
		}
		for m := 1; m <= 12; m++ {
			days = r.daysOfMonth(p, m, days)
		}
		return days
	}
	year, first, last := p, 1, 12
	if r.freq == monthly {
		year = floorDiv(p, 12)
		first = int(p-year*12) + 1
		last = first
	}
	if r.monthdays != nil {
		for m := first; m <= last; m++ {
			if r.months == 0 || r.months>>m&1 == 1 {
				for _, n := range r.monthdays {
					days = append(days, r.moved(dayOf(year, m, 1), monthLen(year, m), int(n)))
				}
			}
		}
	}
	if r.yeardays != nil {
		var inYear []int64
		for _, n := range r.yeardays {
			day := r.moved(dayOf(year, 1, 1), yearLen(year), int(n))
			if m := dateOf(day).month; r.months == 0 || r.months>>m&1 == 1 {
				inYear = append(inYear, day)
			}
		}
		if r.monthdays == nil {
			days = append(days, inYear...)
		} else {
			days = slices.DeleteFunc(days, func(d int64) bool { return !slices.Contains(inYear, d) })
		}
	}
	if r.weekdays != nil {
		days = slices.DeleteFunc(days, func(day int64) bool {
			d := dateOf(day)
			return !r.onWeekday(&d)
		})
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// moved is the nth day (from the end when negative) of a span of days, or the existing day before or after it.
func (r *rule) moved(first int64, length, n int) int64 {
	past := first + int64(length)
	switch {
	case n > length && r.skip == backward:
		return past - 1
	case n > length:
		return past
	case n < -length && r.skip == backward:
		return first - 1
	case n < -length:
		return first
	case n < 0:
		return past + int64(n)
	}
	return first + int64(n) - 1
}
