package zone

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// yearly is an RRULE as a STANDARD or DAYLIGHT carries it: FREQ=YEARLY, a handful of parts. Anything else is refused.
type yearly struct {
	months           []int
	monthdays        []int
	yeardays         []int
	weekdays         []weekday
	count            int
	until            int64 // seconds; meaning by untilUTC
	bounded          bool  // UNTIL is there
	untilUTC         bool
	hour, min, sec   int
	startMon, startD int
}

type weekday struct {
	n   int // 0: every one
	day time.Weekday
}

var dayCodes = map[string]time.Weekday{"SU": 0, "MO": 1, "TU": 2, "WE": 3, "TH": 4, "FR": 5, "SA": 6}

func parseYearly(value string, start time.Time) (*yearly, error) {
	y := &yearly{startMon: int(start.Month()), startD: start.Day()}
	y.hour, y.min, y.sec = start.Clock()
	freq := false
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSpace(value)), ";") {
		if part == "" {
			continue
		}
		name, val, _ := strings.Cut(part, "=")
		var err error
		switch name {
		case "FREQ":
			if freq = val == "YEARLY"; !freq {
				return nil, errors.New("a zone's rule must be FREQ=YEARLY")
			}
		case "INTERVAL":
			if val != "1" {
				return nil, errors.New("a zone's rule must hold every year")
			}
		case "BYMONTH":
			y.months, err = numbers(val, 1, 12, false)
		case "BYMONTHDAY":
			y.monthdays, err = numbers(val, 1, 31, true)
		case "BYYEARDAY":
			y.yeardays, err = numbers(val, 1, 366, true)
		case "BYDAY":
			y.weekdays, err = weekdays(val)
		case "COUNT":
			if y.count, err = strconv.Atoi(val); err == nil && y.count < 1 {
				err = errors.New("COUNT below 1")
			}
		case "UNTIL":
			err = y.readUntil(val)
		case "WKST":
		case "BYHOUR", "BYMINUTE", "BYSECOND":
			// Repeats what DTSTART says, where it is written at all.
		default:
			err = fmt.Errorf("%q in a zone's rule", name)
		}
		if err != nil {
			return nil, err
		}
	}
	if !freq {
		return nil, errors.New("a rule without FREQ")
	}
	if len(y.monthdays)+len(y.yeardays)+len(y.weekdays) == 0 { // RFC 5545 §3.3.10: the rest comes from DTSTART
		if len(y.months) == 0 {
			y.months = []int{y.startMon}
		}
		y.monthdays = []int{y.startD}
	}
	return y, nil
}

func (y *yearly) readUntil(val string) error {
	layout := "20060102T150405"
	y.bounded, y.untilUTC = true, strings.HasSuffix(val, "Z")
	val = strings.TrimSuffix(val, "Z")
	if len(val) == 8 {
		val += "T235959"
	}
	t, err := time.Parse(layout, val)
	if err != nil {
		return fmt.Errorf("UNTIL is not a date-time: %.40q", val)
	}
	y.until = t.Unix()
	return nil
}

func numbers(s string, lo, hi int, negative bool) ([]int, error) {
	var list []int
	for v := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(v)
		if err != nil || len(list) > 400 {
			return nil, fmt.Errorf("not a list of numbers: %.40q", s)
		}
		if m := max(n, -n); m < lo || m > hi || n < 0 && !negative {
			return nil, fmt.Errorf("%d is out of range", n)
		}
		list = append(list, n)
	}
	return list, nil
}

func weekdays(s string) ([]weekday, error) {
	var list []weekday
	for v := range strings.SplitSeq(s, ",") {
		if len(v) < 2 || len(list) > 60 {
			return nil, fmt.Errorf("not a list of weekdays: %.40q", s)
		}
		d, ok := dayCodes[v[len(v)-2:]]
		if !ok {
			return nil, fmt.Errorf("not a weekday: %.40q", v)
		}
		n := 0
		if num := v[:len(v)-2]; num != "" {
			var err error
			if n, err = strconv.Atoi(num); err != nil || n == 0 || n > 53 || n < -53 {
				return nil, fmt.Errorf("not a weekday: %.40q", v)
			}
		}
		list = append(list, weekday{n, d})
	}
	return list, nil
}

// in yields the wall times (as UTC) of one year.
func (y *yearly) in(year int, yield func(time.Time)) {
	first, last := 1, 12
	if len(y.months) == 1 {
		first, last = y.months[0], y.months[0]
	}
	yearLen := daysIn(year, 13)
	weekdayOfJan1 := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Weekday()
	yd := 0
	for m := 1; m < first; m++ {
		yd += daysIn(year, m)
	}
	for m := first; m <= last; m++ {
		n := daysIn(year, m)
		if len(y.months) > 0 && !contains(y.months, m) {
			yd += n
			continue
		}
		for d := 1; d <= n; d++ {
			yd++
			if len(y.monthdays) > 0 && !contains(y.monthdays, d) && !contains(y.monthdays, d-n-1) {
				continue
			}
			if len(y.yeardays) > 0 && !contains(y.yeardays, yd) && !contains(y.yeardays, yd-yearLen-1) {
				continue
			}
			if len(y.weekdays) > 0 {
				wd := time.Weekday((int(weekdayOfJan1) + yd - 1) % 7)
				pos, neg := (d-1)/7+1, -((n-d)/7 + 1)
				if len(y.months) == 0 { // ordinals count within the year
					pos, neg = (yd-1)/7+1, -((yearLen-yd)/7 + 1)
				}
				if !y.onWeekday(wd, pos, neg) {
					continue
				}
			}
			yield(time.Date(year, time.Month(m), d, y.hour, y.min, y.sec, 0, time.UTC))
		}
	}
}

// checks is about how many comparisons a year takes.
func (y *yearly) checks() int {
	days := 365
	if len(y.months) == 1 {
		days = 31
	}
	return days * (1 + len(y.months) + 2*len(y.monthdays) + 2*len(y.yeardays) + len(y.weekdays))
}

func (y *yearly) onWeekday(wd time.Weekday, pos, neg int) bool {
	for _, w := range y.weekdays {
		if w.day == wd && (w.n == 0 || w.n == pos || w.n == neg) {
			return true
		}
	}
	return false
}

// posix writes the rule as the date and time of a POSIX TZ string, where there is such a form.
func (y *yearly) posix() (string, bool) {
	if y.bounded || y.count > 0 || len(y.months) != 1 || len(y.yeardays) > 0 {
		return "", false
	}
	m, secs := y.months[0], y.hour*3600+y.min*60+y.sec
	switch {
	case len(y.weekdays) == 1 && len(y.monthdays) == 0:
		n := y.weekdays[0].n
		if n == -1 {
			n = 5
		}
		if n < 1 || n > 5 || y.weekdays[0].n == 5 { // "fifth" in POSIX means "last"
			return "", false
		}
		return fmt.Sprintf("M%d.%d.%d/%s", m, n, y.weekdays[0].day, hms(secs)), true
	case len(y.weekdays) == 1 && y.weekdays[0].n == 0 && len(y.monthdays) == 7:
		// The first such weekday on or after day x: a week that begins on the 1st, 8th, 15th or 22nd, with days added to the time.
		x := y.monthdays[0]
		for i, d := range y.monthdays {
			if d != x+i {
				return "", false
			}
		}
		if x < 1 || x > 22 && x+6 > daysIn(2025, m) {
			return "", false
		}
		shift := (x - 1) % 7
		week := (x-1)/7 + 1
		if week > 4 || shift > 0 && secs+shift*86400 > 167*3600 {
			return "", false
		}
		wd := (int(y.weekdays[0].day) - shift + 7) % 7
		return fmt.Sprintf("M%d.%d.%d/%s", m, week, wd, hms(secs+shift*86400)), true
	case len(y.weekdays) == 0 && len(y.monthdays) == 1:
		d := y.monthdays[0]
		if d < 1 || d > daysIn(2025, m) { // 29 February too
			return "", false
		}
		for k := 1; k < m; k++ {
			d += daysIn(2025, k)
		}
		return fmt.Sprintf("J%d/%s", d, hms(secs)), true
	}
	return "", false
}

func hms(secs int) string {
	sign := ""
	if secs < 0 {
		sign, secs = "-", -secs
	}
	return fmt.Sprintf("%s%d:%02d:%02d", sign, secs/3600, secs/60%60, secs%60)
}

// daysIn is the length of a month, of the year for month 13.
func daysIn(year, month int) int {
	leap := 0
	if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		leap = 1
	}
	switch month {
	case 2:
		return 28 + leap
	case 4, 6, 9, 11:
		return 30
	case 13:
		return 365 + leap
	}
	return 31
}

func contains(list []int, n int) bool {
	for _, v := range list {
		if v == n {
			return true
		}
	}
	return false
}
