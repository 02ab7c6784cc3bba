package ical

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// isRule checks the syntax of a recurrence rule (RFC 5545 §3.3.10): known parts, each once, numbers in their ranges.
// What the parts mean together is package recur's to judge. Lower case and a trailing ";" are read.
func isRule(p *Property) error {
	seen := map[string]string{}
	for part := range strings.SplitSeq(strings.ToUpper(p.Value), ";") {
		if part = strings.Trim(part, " "); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok || value == "" {
			return fmt.Errorf("part without a value: %s", quote(part))
		}
		if _, double := seen[name]; double {
			return fmt.Errorf("%s stands twice", quote(name))
		}
		seen[name] = value
		check, known := ruleParts[name]
		if !known {
			if strings.HasPrefix(name, "X-") {
				continue
			}
			return fmt.Errorf("unknown part %s", quote(name))
		}
		if err := check(value); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if seen["FREQ"] == "" {
		return errors.New("no FREQ")
	}
	if seen["COUNT"] != "" && seen["UNTIL"] != "" {
		return errors.New("both COUNT and UNTIL")
	}
	return nil
}

var ruleParts = map[string]func(string) error{
	"FREQ":       oneOf("SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"),
	"UNTIL":      func(s string) error { _, err := readTime(s); return err },
	"COUNT":      number(1, 1<<31-1),
	"INTERVAL":   number(1, 1<<31-1),
	"BYSECOND":   list(number(0, 60)),
	"BYMINUTE":   list(number(0, 59)),
	"BYHOUR":     list(number(0, 23)),
	"BYDAY":      list(ordinalWeekday),
	"BYMONTHDAY": list(ordinal(31)),
	"BYYEARDAY":  list(ordinal(366)),
	"BYWEEKNO":   list(ordinal(53)),
	"BYMONTH":    list(month),
	"BYSETPOS":   list(ordinal(366)),
	"WKST":       weekday,
	"RSCALE":     func(string) error { return nil },    // RFC 7529; which are computed is recur's to say
	"SKIP":       oneOf("OMIT", "BACKWARD", "FORWARD"), // RFC 7529 §4.1
}

var weekday = oneOf("MO", "TU", "WE", "TH", "FR", "SA", "SU")

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		for _, w := range words {
			if s == w {
				return nil
			}
		}
		return fmt.Errorf("not a value for it: %s", quote(s))
	}
}

func number(low, high int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n < low || n > high || s[0] == '+' {
			return fmt.Errorf("not a number from %d to %d: %s", low, high, quote(s))
		}
		return nil
	}
}

// ordinal: 1 to high, counted from the end with a minus.
func ordinal(high int) func(string) error {
	return func(s string) error {
		n, err := strconv.Atoi(s)
		if err != nil || n == 0 || n < -high || n > high {
			return fmt.Errorf("not a number from 1 to %d or -%d to -1: %s", high, high, quote(s))
		}
		return nil
	}
}

func ordinalWeekday(s string) error {
	if len(s) < 2 {
		return fmt.Errorf("not a weekday: %s", quote(s))
	}
	if err := weekday(s[len(s)-2:]); err != nil || len(s) == 2 {
		return err
	}
	return ordinal(53)(s[:len(s)-2])
}

// month: RFC 7529 §4.2 adds leap months, written with "L".
func month(s string) error {
	return number(1, 13)(strings.TrimSuffix(s, "L"))
}

func list(check func(string) error) func(string) error {
	return func(s string) error {
		for item := range strings.SplitSeq(s, ",") {
			if err := check(strings.Trim(item, " ")); err != nil {
				return err
			}
		}
		return nil
	}
}
