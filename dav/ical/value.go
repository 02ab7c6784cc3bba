package ical

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Time is a DATE or DATE-TIME value (RFC 5545 §3.3.4, §3.3.5). It is an instant only together with a zone.
type Time struct {
	Wall time.Time // what stands in the value, read as if it were UTC
	Date bool      // a DATE: Wall is its midnight
	UTC  bool      // written with "Z"
	TZID string    // as sent; "" for a DATE, for UTC and for floating time
}

// IsZero reports whether it is no value at all.
func (t Time) IsZero() bool { return t.Wall.IsZero() && !t.Date && !t.UTC && t.TZID == "" }

// Floating reports whether it is a DATE-TIME of no zone. A DATE is not called floating.
func (t Time) Floating() bool { return !t.Date && !t.UTC && t.TZID == "" }

// Equal reports whether both are the same value in the same form; the same instant in two zones is not equal here.
func (t Time) Equal(u Time) bool {
	return t.Wall.Equal(u.Wall) && t.Date == u.Date && t.UTC == u.UTC && t.TZID == u.TZID
}

const (
	layoutDate     = "20060102"
	layoutDateTime = "20060102T150405"
)

// String is the value as it stands after the colon; TZID and VALUE are the property's to carry, see Property.
func (t Time) String() string {
	switch {
	case t.Date:
		return t.Wall.Format(layoutDate)
	case t.UTC:
		return t.Wall.Format(layoutDateTime) + "Z"
	}
	return t.Wall.Format(layoutDateTime)
}

// Property makes a property of that name with this value and the parameters it needs.
func (t Time) Property(name string) *Property {
	switch {
	case t.Date:
		return NewProp(name, t.String(), Param{Name: "VALUE", Values: []string{"DATE"}})
	case t.TZID != "":
		return NewProp(name, t.String(), Param{Name: "TZID", Values: []string{t.TZID}})
	}
	return NewProp(name, t.String())
}

var (
	errDate     = errors.New("not a date")
	errDateTime = errors.New("not a date-time")
	errPeriod   = errors.New("not a period")
	errForm     = errors.New("not of the form its VALUE parameter says")
)

// ParseTime reads the value of DTSTART, DTEND, DUE, RECURRENCE-ID and their like. Read leniently: a DATE without
// VALUE=DATE, a TZID beside a DATE or a UTC time (it is left out), blanks around the value.
func ParseTime(p *Property) (Time, error) {
	return parseTime(p, strings.Trim(p.Value, " "), p.Param("TZID"))
}

// ParseTimes reads a list: EXDATE, RDATE. An empty value, which clients do send, is an empty list. For periods see
// ParsePeriods.
func ParseTimes(p *Property) ([]Time, error) {
	if IsPeriod(p) {
		return nil, fmt.Errorf("a list of periods, not of times: %s", quote(p.Value))
	}
	tzid := p.Param("TZID")
	var times []Time
	for s := range strings.SplitSeq(p.Value, ",") {
		if s = strings.Trim(s, " "); s == "" {
			continue
		}
		t, err := parseTime(p, s, tzid)
		if err != nil {
			return nil, err
		}
		times = append(times, t)
	}
	return times, nil
}

func parseTime(p *Property, s, tzid string) (Time, error) {
	t, err := readTime(s)
	if err != nil {
		return Time{}, err
	}
	switch v := p.Param("VALUE"); {
	case v == "":
	case strings.EqualFold(v, "DATE") && !t.Date, strings.EqualFold(v, "DATE-TIME") && t.Date:
		return Time{}, fmt.Errorf("%w (%s): %s", errForm, v, quote(s))
	}
	if !t.Date && !t.UTC {
		t.TZID = strings.TrimSpace(tzid)
	}
	return t, nil
}

// readTime reads "20060102", "20060102T150405" or the latter with "Z"; years 1 to 9999.
func readTime(s string) (Time, error) {
	if len(s) == len(layoutDate) {
		year, month, day, ok := readDate(s)
		if !ok || year == 0 {
			return Time{}, fmt.Errorf("%w: %s", errDate, quote(s))
		}
		return Time{Wall: time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC), Date: true}, nil
	}
	t := Time{}
	clock := s
	if len(s) == len(layoutDateTime)+1 && s[len(s)-1] == 'Z' {
		t.UTC, clock = true, s[:len(s)-1]
	}
	if len(clock) != len(layoutDateTime) || clock[8] != 'T' {
		return Time{}, fmt.Errorf("%w: %s", errDateTime, quote(s))
	}
	year, month, day, ok := readDate(clock[:8])
	hour, ok1 := digits(clock[9:11])
	minute, ok2 := digits(clock[11:13])
	second, ok3 := digits(clock[13:15])
	if !ok || !ok1 || !ok2 || !ok3 || year == 0 || hour > 23 || minute > 59 || second > 60 {
		return Time{}, fmt.Errorf("%w: %s", errDateTime, quote(s))
	}
	if second == 60 { // RFC 5545 §3.3.12: who does not know leap seconds reads 60 as 59
		second = 59
	}
	t.Wall = time.Date(year, time.Month(month), day, hour, minute, second, 0, time.UTC)
	return t, nil
}

func readDate(s string) (year, month, day int, ok bool) {
	year, ok1 := digits(s[:4])
	month, ok2 := digits(s[4:6])
	day, ok3 := digits(s[6:8])
	if !ok1 || !ok2 || !ok3 || month < 1 || month > 12 || day < 1 || day > 31 {
		return 0, 0, 0, false
	}
	if day > 28 && time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return 0, 0, 0, false
	}
	return year, month, day, true
}

func digits(s string) (n int, ok bool) {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// Period is a PERIOD value (RFC 5545 §3.3.9): it ends at End, or, when End is zero, Duration after Start.
type Period struct {
	Start, End Time
	Duration   Duration
}

// IsPeriod reports whether an RDATE holds periods; some clients leave VALUE=PERIOD out.
func IsPeriod(p *Property) bool {
	return strings.EqualFold(p.Param("VALUE"), "PERIOD") || p.Name == "FREEBUSY" || strings.Contains(p.Value, "/")
}

// ParsePeriods reads RDATE;VALUE=PERIOD and FREEBUSY lists.
func ParsePeriods(p *Property) ([]Period, error) {
	tzid := strings.TrimSpace(p.Param("TZID"))
	var periods []Period
	for s := range strings.SplitSeq(p.Value, ",") {
		if s = strings.Trim(s, " "); s == "" {
			continue
		}
		period, err := parsePeriod(s, tzid)
		if err != nil {
			return nil, err
		}
		periods = append(periods, period)
	}
	return periods, nil
}

func parsePeriod(s, tzid string) (Period, error) {
	first, second, ok := strings.Cut(s, "/")
	if !ok {
		return Period{}, fmt.Errorf("%w: %s", errPeriod, quote(s))
	}
	var p Period
	var err error
	if p.Start, err = readTime(first); err != nil {
		return Period{}, err
	}
	if p.Start.Date {
		return Period{}, fmt.Errorf("%w: %s", errPeriod, quote(s))
	}
	if !p.Start.UTC {
		p.Start.TZID = tzid
	}
	if strings.HasPrefix(second, "P") || strings.HasPrefix(second, "+P") {
		p.Duration, err = ParseDuration(second)
		return p, err
	}
	if p.End, err = readTime(second); err != nil {
		return Period{}, err
	}
	if !p.End.UTC {
		p.End.TZID = tzid
	}
	// Both are of one zone nearly always; where one is UTC, this alone cannot tell which is first.
	if p.End.Date || p.End.UTC == p.Start.UTC && p.End.Wall.Before(p.Start.Wall) {
		return Period{}, fmt.Errorf("%w, it ends before it begins: %s", errPeriod, quote(s))
	}
	return p, nil
}
