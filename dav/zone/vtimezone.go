package zone

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"caldav-fcgi/dav/ical"
)

// Limits on what a VTIMEZONE may hold. Real ones have under 60 sub-components and 300 dates.
const (
	maxObservances = 400
	maxOnsets      = 20_000
	maxOffset      = 18 * 60 * 60 // RFC 5545 has no limit; the world stays within ±15 h, or 16 in the past
	maxText        = 1 << 20
	maxChecks      = 3_000_000 // comparisons made to expand the rules: some 10 ms; real zones take up to 800,000

	// Rules without an end are written out to one of these years: the first when a POSIX rule takes over from there.
	lastYearWithRule = 2037
	lastYear         = 2100
	firstYear        = 1900 // Outlook begins its rules in 1601
)

// FromVTimezone reads the value of CALDAV:calendar-timezone: an iCalendar object with exactly one VTIMEZONE and nothing
// else (RFC 4791 §5.2.2). The zone is the one of our data when its name is known.
func FromVTimezone(text []byte) (*time.Location, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("a time zone of %d bytes, at most %d are read", len(text), maxText)
	}
	cal, err := ical.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("read the time zone: %w", err)
	}
	if n := len(cal.Root.Kids("VTIMEZONE")); n != 1 || len(cal.Root.Children) != 1 {
		return nil, fmt.Errorf("expected one VTIMEZONE and no other component, found %d of %d", n, len(cal.Root.Children))
	}
	z := cal.Root.Children[0]
	id := z.Prop("TZID")
	if id == nil || unquote(id.Value) == "" {
		return nil, errors.New("VTIMEZONE without TZID")
	}
	// It must make sense by itself, even where our own data will be used.
	loc, err := compile(z, cal.Raw)
	if err != nil {
		return nil, err
	}
	if own, _, ok := known(z, id.Value); ok {
		return own, nil
	}
	return loc, nil
}

// onset is a moment at which the clocks begin to follow another offset.
type onset struct {
	unix     int64
	from, to int
	dst      bool
	name     string
}

// tail is a rule without an end.
type tail struct {
	onset
	posix string // "" where POSIX has no such rule
}

// build compiles a VTIMEZONE.
func build(z *ical.Component) (*time.Location, error) {
	var onsets []onset
	var tails []tail
	observances, checks := 0, maxChecks
	for _, c := range z.Children {
		if c.Name != "STANDARD" && c.Name != "DAYLIGHT" {
			continue
		}
		if observances++; observances > maxObservances {
			return nil, fmt.Errorf("VTIMEZONE with more than %d rules", maxObservances)
		}
		o, err := readObservance(c)
		if err != nil {
			return nil, fmt.Errorf("%s in line %d: %w", c.Name, c.Line, err)
		}
		if onsets, err = o.onsets(onsets, &tails, &checks); err != nil {
			return nil, fmt.Errorf("%s in line %d: %w", c.Name, c.Line, err)
		}
	}
	if len(onsets) == 0 {
		return nil, errors.New("VTIMEZONE without STANDARD or DAYLIGHT")
	}
	footer := mirrored(tails)
	if footer != "" {
		end := time.Date(lastYearWithRule+1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		onsets = slices.DeleteFunc(onsets, func(o onset) bool { return o.unix >= end })
	}
	slices.SortStableFunc(onsets, func(a, b onset) int { return cmp.Compare(a.unix, b.unix) })
	// DTSTART is often repeated by the rule or an RDATE; of two at one moment the later in the file holds.
	kept := onsets[:1]
	for _, o := range onsets[1:] {
		if o.unix == kept[len(kept)-1].unix {
			kept[len(kept)-1] = o
			continue
		}
		kept = append(kept, o)
	}
	blob, err := tzif(kept, footer)
	if err != nil {
		return nil, err
	}
	name := "VTIMEZONE"
	if p := z.Prop("TZID"); p != nil {
		name = unquote(p.Value)
	}
	loc, err := time.LoadLocationFromTZData(name, blob)
	if err != nil {
		return nil, fmt.Errorf("load the compiled VTIMEZONE: %w", err)
	}
	return loc, nil
}

// observance is a STANDARD or DAYLIGHT.
type observance struct {
	from, to int
	dst      bool
	name     string
	start    time.Time // wall clock as UTC
	dates    []time.Time
	rules    []*yearly
}

func readObservance(c *ical.Component) (o observance, err error) {
	o.dst = c.Name == "DAYLIGHT"
	if o.from, err = readOffset(c, "TZOFFSETFROM"); err != nil {
		return o, err
	}
	if o.to, err = readOffset(c, "TZOFFSETTO"); err != nil {
		return o, err
	}
	start := c.Prop("DTSTART")
	if start == nil {
		return o, errors.New("DTSTART is missing")
	}
	t, err := ical.ParseTime(start)
	if err != nil {
		return o, fmt.Errorf("DTSTART: %w", err)
	}
	o.start = t.Wall
	if p := c.Prop("TZNAME"); p != nil {
		o.name = p.Text()
	}
	for _, p := range c.All("RDATE") {
		times, err := rdates(p)
		if err != nil {
			return o, fmt.Errorf("RDATE: %w", err)
		}
		for _, t := range times {
			wall := t.Wall
			if t.UTC { // against RFC 5545 §3.6.5, and clear all the same
				wall = wall.Add(time.Duration(o.from) * time.Second)
			}
			o.dates = append(o.dates, wall)
		}
		if len(o.dates) > maxOnsets {
			return o, fmt.Errorf("more than %d dates", maxOnsets)
		}
	}
	for _, p := range c.All("RRULE") {
		y, err := parseYearly(p.Value, o.start)
		if err != nil {
			return o, fmt.Errorf("RRULE: %w", err)
		}
		if o.rules = append(o.rules, y); len(o.rules) > 20 {
			return o, errors.New("more than 20 RRULEs")
		}
	}
	return o, nil
}

func rdates(p *ical.Property) ([]ical.Time, error) {
	if !ical.IsPeriod(p) {
		return ical.ParseTimes(p)
	}
	periods, err := ical.ParsePeriods(p)
	times := make([]ical.Time, len(periods))
	for i := range periods {
		times[i] = periods[i].Start
	}
	return times, err
}

// readOffset reads a UTC-OFFSET (RFC 5545 §3.3.14): "+0100", "-043000".
func readOffset(c *ical.Component, name string) (int, error) {
	p := c.Prop(name)
	if p == nil {
		return 0, fmt.Errorf("%s is missing", name)
	}
	s := strings.TrimSpace(p.Value)
	bad := fmt.Errorf("%s is not an offset: %.20q", name, s)
	if s == "" || s[0] != '+' && s[0] != '-' {
		return 0, bad
	}
	sign, digits := 1, s[1:]
	if s[0] == '-' {
		sign = -1
	}
	if len(digits) != 4 && len(digits) != 6 {
		return 0, bad
	}
	secs := 0
	for i, unit := range []int{3600, 60, 1}[:len(digits)/2] {
		a, b := digits[2*i]-'0', digits[2*i+1]-'0'
		n := int(a)*10 + int(b)
		if a > 9 || b > 9 || i > 0 && n > 59 {
			return 0, bad
		}
		secs += n * unit
	}
	if secs > maxOffset {
		return 0, fmt.Errorf("%s is beyond ±18 hours: %s", name, s)
	}
	return sign * secs, nil
}

// onsets appends every onset of the observance.
func (o *observance) onsets(list []onset, tails *[]tail, checks *int) ([]onset, error) {
	at := func(wall time.Time) onset {
		return onset{unix: wall.Unix() - int64(o.from), from: o.from, to: o.to, dst: o.dst, name: o.name}
	}
	list = append(list, at(o.start)) // RFC 5545 §3.6.5: DTSTART is an onset itself
	for _, d := range o.dates {
		list = append(list, at(d))
	}
	if len(list) > maxOnsets {
		return nil, fmt.Errorf("more than %d onsets", maxOnsets)
	}
	for _, y := range o.rules {
		first := o.start.Year()
		if y.count == 0 {
			first = max(first, firstYear)
		}
		left := y.count
		if left == 0 {
			left = maxOnsets
		}
		for year := first; year <= lastYear && left > 0; year++ {
			if *checks -= y.checks(); *checks < 0 {
				return nil, errors.New("VTIMEZONE whose rules take too long to expand")
			}
			past := false
			y.in(year, func(wall time.Time) {
				if left == 0 || wall.Before(o.start) {
					return
				}
				left--
				on := at(wall)
				limit := on.unix
				if !y.untilUTC {
					limit += int64(o.from)
				}
				if past = past || y.bounded && limit > y.until; !past {
					list = append(list, on)
				}
			})
			if past {
				break
			}
			if len(list) > maxOnsets {
				return nil, fmt.Errorf("more than %d onsets", maxOnsets)
			}
		}
		if !y.bounded && y.count == 0 {
			rule, _ := y.posix()
			*tails = append(*tails, tail{onset: at(o.start), posix: rule})
		}
	}
	return list, nil
}

// mirrored is the POSIX footer for two endless rules that undo each other, the only case that POSIX can say.
func mirrored(tails []tail) string {
	if len(tails) != 2 || tails[0].posix == "" || tails[1].posix == "" || tails[0].dst == tails[1].dst {
		return ""
	}
	std, dst := tails[0], tails[1]
	if std.dst {
		std, dst = dst, std
	}
	if std.to != dst.from || dst.to != std.from {
		return ""
	}
	// A rule that only begins after the table ends would be applied too early.
	if end := time.Date(lastYearWithRule, 1, 1, 0, 0, 0, 0, time.UTC).Unix(); std.unix > end || dst.unix > end {
		return ""
	}
	// POSIX counts offsets westward.
	return fmt.Sprintf("<STD>%s<DST>%s,%s,%s", hms(-std.to), hms(-dst.to), dst.posix, std.posix)
}
