package ical

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Duration is a DURATION value (RFC 5545 §3.3.6). Its weeks and days are nominal: they count on the wall clock, across
// a change of the clocks too; hours, minutes and seconds are exact.
type Duration struct {
	Neg                                  bool
	Weeks, Days, Hours, Minutes, Seconds int
}

// maxDuration keeps every sum with a date within int64 nanoseconds (292 years).
const maxDuration = 250 * 366 * 24 * 60 * 60 // seconds

var errDuration = errors.New("not a duration")

// ParseDuration reads "-P1DT2H" and the like. Weeks beside days and lower case are read too: clients write both.
func ParseDuration(s string) (Duration, error) {
	var d Duration
	rest := strings.ToUpper(strings.Trim(s, " "))
	switch {
	case strings.HasPrefix(rest, "-"):
		d.Neg, rest = true, rest[1:]
	case strings.HasPrefix(rest, "+"):
		rest = rest[1:]
	}
	rest, ok := strings.CutPrefix(rest, "P")
	if !ok || rest == "" {
		return Duration{}, fmt.Errorf("%w: %s", errDuration, quote(s))
	}
	// Each unit at most once and in this order; those after "T" only behind it.
	units := []struct {
		letter byte
		clock  bool
		into   *int
	}{{'W', false, &d.Weeks}, {'D', false, &d.Days}, {'H', true, &d.Hours}, {'M', true, &d.Minutes}, {'S', true, &d.Seconds}}
	clock, any := false, false
	for rest != "" {
		if rest[0] == 'T' && !clock {
			clock, rest = true, rest[1:]
			if rest == "" && any {
				break // "P1DT", seen from several generators
			}
		}
		n, digits := 0, 0
		for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
			if digits < 11 {
				n = n*10 + int(rest[digits]-'0')
			}
			digits++
		}
		if digits == 0 || digits == len(rest) {
			return Duration{}, fmt.Errorf("%w: %s", errDuration, quote(s))
		}
		found := false
		for i, u := range units {
			if u.letter == rest[digits] && u.clock == clock {
				*u.into, units, found = n, units[i+1:], true
				break
			}
		}
		if !found {
			return Duration{}, fmt.Errorf("%w: %s", errDuration, quote(s))
		}
		if digits > 10 || n > maxDuration {
			return Duration{}, fmt.Errorf("duration out of range: %s", quote(s))
		}
		rest, any = rest[digits+1:], true
	}
	if !any {
		return Duration{}, fmt.Errorf("%w: %s", errDuration, quote(s))
	}
	if (d.Weeks*7+d.Days)*86400+d.Hours*3600+d.Minutes*60+d.Seconds > maxDuration {
		return Duration{}, fmt.Errorf("duration out of range: %s", quote(s))
	}
	return d, nil
}

// NominalDays is the part that counts in days of the wall clock, with its sign.
func (d Duration) NominalDays() int {
	n := d.Weeks*7 + d.Days
	if d.Neg {
		return -n
	}
	return n
}

// Exact is the part that counts in seconds, with its sign; the days are not in it.
func (d Duration) Exact() time.Duration {
	n := time.Duration(d.Hours)*time.Hour + time.Duration(d.Minutes)*time.Minute + time.Duration(d.Seconds)*time.Second
	if d.Neg {
		return -n
	}
	return n
}

// Add moves a wall clock by the nominal days only. Exact is to be added to the instant that the result stands for, since
// RFC 5545 §3.3.6 counts days first, on the wall clock, and then seconds of real time.
func (d Duration) Add(wall time.Time) time.Time {
	return wall.AddDate(0, 0, d.NominalDays())
}

// IsZero reports whether it is no time at all, whatever its sign.
func (d Duration) IsZero() bool {
	return d.Weeks == 0 && d.Days == 0 && d.Hours == 0 && d.Minutes == 0 && d.Seconds == 0
}

// String writes it as RFC 5545 §3.3.6 has it: weeks stand alone, so beside anything else they become days.
func (d Duration) String() string {
	if d.IsZero() {
		return "PT0S"
	}
	var b strings.Builder
	if d.Neg {
		b.WriteByte('-')
	}
	b.WriteByte('P')
	clock := d.Hours != 0 || d.Minutes != 0 || d.Seconds != 0
	if d.Weeks != 0 && d.Days == 0 && !clock {
		fmt.Fprintf(&b, "%dW", d.Weeks)
		return b.String()
	}
	if days := d.Weeks*7 + d.Days; days != 0 {
		fmt.Fprintf(&b, "%dD", days)
	}
	if clock {
		b.WriteByte('T')
		if d.Hours != 0 {
			fmt.Fprintf(&b, "%dH", d.Hours)
		}
		// dur-hour and dur-minute may only be followed by the next smaller unit.
		if d.Minutes != 0 || d.Hours != 0 && d.Seconds != 0 {
			fmt.Fprintf(&b, "%dM", d.Minutes)
		}
		if d.Seconds != 0 {
			fmt.Fprintf(&b, "%dS", d.Seconds)
		}
	}
	return b.String()
}
