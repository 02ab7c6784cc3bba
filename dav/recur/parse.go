package recur

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"caldav-fcgi/dav/ical"
)

var frequencies = map[string]frequency{
	"YEARLY": yearly, "MONTHLY": monthly, "WEEKLY": weekly, "DAILY": daily, "HOURLY": hourly, "MINUTELY": minutely, "SECONDLY": secondly,
}

const (
	// maxInterval is so long that there is no second instance in the years 1 to 9999, and so short that nothing overflows.
	maxInterval = 1 << 40
	maxCount    = 1 << 40
	// maxList is well above the longest list that says anything: every day of a year from both ends.
	maxList = 1000
)

var weekdayCodes = map[string]int8{"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}

// untilValue is UNTIL as written.
type untilValue struct {
	set       bool
	wall      int64
	date, utc bool
}

// ruleError is about the value of an RRULE. Condition is the precondition it breaks.
func ruleError(condition, format string, args ...any) *ical.Error {
	return &ical.Error{Rule: "RRULE", Text: fmt.Sprintf(format, args...), Condition: condition}
}

// ConditionRScale names the precondition of RFC 7529 §5 for a calendar system that is not known here.
const ConditionRScale = "supported-rscale"

// ValidateRule checks the value of an RRULE that goes with a DTSTART. The error is an *ical.Error.
func ValidateRule(value string, dtstart ical.Time) error {
	_, err := parseRule(value, dtstart)
	return err
}

// parseRule reads an RRULE. Read leniently: lower case, a trailing ";", X- parts (RFC 2445 had them), and parts that
// RFC 5545 forbids for a FREQ where RFC 2445 did not: they limit, an ordinal of BYDAY is left out.
func parseRule(value string, dtstart ical.Time) (*rule, error) {
	r := &rule{interval: 1, last: maxWall, until: maxUnix, start: dtstart.Wall.Unix()}
	var seen []string
	var rscale, skipText string
	if r.start < minWall || r.start > maxWall {
		return nil, ruleError(ical.ConditionData, "DTSTART lies outside of the years 1 to 9999")
	}
	for part := range strings.SplitSeq(strings.ToUpper(strings.TrimSpace(value)), ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, val, ok := strings.Cut(part, "=")
		if !ok || val == "" {
			return nil, ruleError(ical.ConditionData, "%.40q is not NAME=VALUE", part)
		}
		if slices.Contains(seen, name) {
			return nil, ruleError(ical.ConditionData, "%s stands twice", name)
		}
		if len(seen) > 40 {
			return nil, ruleError(ical.ConditionData, "more than 40 parts")
		}
		seen = append(seen, name)
		var err error
		switch name {
		case "FREQ":
			f, ok := frequencies[val]
			if !ok {
				return nil, ruleError(ical.ConditionData, "FREQ=%.20s is not a frequency", val)
			}
			r.freq = f
		case "INTERVAL":
			r.interval, err = positive(val, maxInterval)
		case "COUNT":
			r.count, err = positive(val, maxCount)
		case "UNTIL":
			r.end, err = parseUntil(val)
		case "BYSECOND":
			// RFC 5545 §3.3.12: who does not know leap seconds reads 60 as 59.
			if r.seconds, err = mask(val, 0, 60); r.seconds>>60 != 0 {
				r.seconds = r.seconds&^(1<<60) | 1<<59
			}
		case "BYMINUTE":
			r.minutes, err = mask(val, 0, 59)
		case "BYHOUR":
			var m uint64
			m, err = mask(val, 0, 23)
			r.hours = uint32(m)
		case "BYMONTH":
			if strings.HasSuffix(val, "L") {
				return nil, ruleError(ical.ConditionData, "BYMONTH=%.20s: the Gregorian calendar has no leap months", val)
			}
			var m uint64
			m, err = mask(val, 1, 12)
			r.months = uint16(m)
		case "BYMONTHDAY":
			r.monthdays, err = list[int8](val, 31)
		case "BYYEARDAY":
			r.yeardays, err = list[int16](val, 366)
		case "BYWEEKNO":
			r.weeknos, err = list[int8](val, 53)
		case "BYSETPOS":
			r.setpos, err = list[int16](val, 366)
		case "BYDAY":
			r.weekdays, err = parseWeekdays(val)
		case "WKST":
			if r.wkst, ok = weekdayCodes[val]; !ok {
				return nil, ruleError(ical.ConditionData, "WKST=%.20s is not a weekday", val)
			}
		case "RSCALE":
			rscale = val
		case "SKIP":
			skipText = val
		default:
			if !strings.HasPrefix(name, "X-") {
				return nil, ruleError(ical.ConditionData, "%.40q is no part of a recurrence rule", name)
			}
		}
		if err != nil {
			return nil, ruleError(ical.ConditionData, "%s: %s", name, err)
		}
	}
	if !slices.Contains(seen, "FREQ") {
		return nil, ruleError(ical.ConditionData, "FREQ is missing")
	}
	if r.count > 0 && r.end.set {
		return nil, ruleError(ical.ConditionData, "COUNT and UNTIL in one rule") // RFC 5545 §3.3.10
	}
	if r.weeknos != nil && r.freq != yearly {
		return nil, ruleError(ical.ConditionData, "BYWEEKNO goes with FREQ=YEARLY only")
	}
	if err := r.readScale(rscale, skipText); err != nil {
		return nil, err
	}
	r.normalise(dtstart)
	return r, nil
}

func positive(s string, most int64) (int64, error) {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, fmt.Errorf("%.20q is not a number", s)
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > most {
		n = most // as many digits as one likes are allowed
	}
	if n < 1 {
		return 0, fmt.Errorf("%.20q is below 1", s)
	}
	return n, nil
}

func mask(s string, lo, hi int) (m uint64, err error) {
	for v := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(v)
		if err != nil || n < lo || n > hi || len(v) > 2 || v[0] == '+' {
			return 0, fmt.Errorf("%.20q is not a number from %d to %d", v, lo, hi)
		}
		m |= 1 << n
	}
	return m, nil
}

func list[T int8 | int16](s string, most int) ([]T, error) {
	var l []T
	for v := range strings.SplitSeq(s, ",") {
		n, err := strconv.Atoi(v)
		if err != nil || n == 0 || n > most || n < -most {
			return nil, fmt.Errorf("%.20q is not a number from 1 to %d or -%d to -1", v, most, most)
		}
		if l = append(l, T(n)); len(l) > maxList {
			return nil, fmt.Errorf("more than %d values", maxList)
		}
	}
	slices.Sort(l)
	return slices.Compact(l), nil
}

func parseWeekdays(s string) ([]ordinal, error) {
	var l []ordinal
	for v := range strings.SplitSeq(s, ",") {
		v = strings.TrimSpace(v)
		if len(v) < 2 || len(v) > 5 {
			return nil, fmt.Errorf("%.20q is not a weekday", v)
		}
		day, ok := weekdayCodes[v[len(v)-2:]]
		n := 0
		if num := v[:len(v)-2]; ok && num != "" {
			var err error
			n, err = strconv.Atoi(num)
			ok = err == nil && n != 0 && n <= 53 && n >= -53
		}
		if !ok {
			return nil, fmt.Errorf("%.20q is not a weekday", v)
		}
		if l = append(l, ordinal{int8(n), day}); len(l) > maxList {
			return nil, fmt.Errorf("more than %d values", maxList)
		}
	}
	slices.SortFunc(l, func(a, b ordinal) int {
		if a.n != b.n {
			return int(a.n) - int(b.n)
		}
		return int(a.day) - int(b.day)
	})
	return slices.Compact(l), nil
}

func parseUntil(s string) (untilValue, error) {
	t, err := ical.ParseTime(ical.NewProp("UNTIL", s))
	if err != nil {
		return untilValue{}, err
	}
	return untilValue{set: true, wall: t.Wall.Unix(), date: t.Date, utc: t.UTC}, nil
}
