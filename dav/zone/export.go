package zone

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"caldav-fcgi/dav/ical"
)

// VTimezone writes the VTIMEZONE component of a known zone under the given TZID: history from 1970 on as dates, and the
// rule that holds now as an RRULE, as far back as it fits. It holds in years to 2100 at least.
func VTimezone(tzid string) ([]byte, bool) {
	loc, name, ok := Known(tzid)
	if !ok {
		return nil, false
	}
	var props []*ical.Property
	if name != tzid {
		props = append(props, ical.NewText("X-LIC-LOCATION", name))
	}
	return writeZone(tzid, props, history(loc))
}

func writeZone(tzid string, props []*ical.Property, onsets []onset) ([]byte, bool) {
	var b bytes.Buffer
	w := ical.NewWriter(&b)
	w.Begin("VTIMEZONE")
	w.Property(ical.NewText("TZID", tzid))
	for _, p := range props {
		w.Property(p)
	}
	for len(onsets) > 0 {
		// One sub-component for all onsets that change the clocks in the same way.
		like := onsets[0]
		same := func(o onset) bool {
			return o.from == like.from && o.to == like.to && o.dst == like.dst && o.name == like.name
		}
		var walls []time.Time
		for _, o := range onsets {
			if same(o) {
				walls = append(walls, time.Unix(o.unix+int64(o.from), 0).UTC())
			}
		}
		onsets = slices.DeleteFunc(onsets, same)
		dates, rule := split(walls)
		if len(dates) > 0 {
			writeObservance(w, like, dates, "")
		}
		if rule != "" {
			writeObservance(w, like, walls[len(dates):len(dates)+1], rule)
		}
	}
	w.End("VTIMEZONE")
	if w.Err() != nil {
		return nil, false
	}
	return b.Bytes(), true
}

func writeObservance(w *ical.Writer, o onset, walls []time.Time, rule string) {
	const layout = "20060102T150405"
	kind := "STANDARD"
	if o.dst {
		kind = "DAYLIGHT"
	}
	w.Begin(kind)
	w.Property(ical.NewProp("DTSTART", walls[0].Format(layout)))
	w.Property(ical.NewProp("TZOFFSETFROM", utcOffset(o.from)))
	w.Property(ical.NewProp("TZOFFSETTO", utcOffset(o.to)))
	w.Property(ical.NewText("TZNAME", o.name))
	if rule != "" {
		w.Property(ical.NewProp("RRULE", rule))
	}
	if len(walls) > 1 {
		var list []string
		for _, t := range walls[1:] {
			list = append(list, t.Format(layout))
		}
		w.Property(ical.NewProp("RDATE", strings.Join(list, ",")))
	}
	w.End(kind)
}

func utcOffset(secs int) string {
	sign := '+'
	if secs < 0 {
		sign, secs = '-', -secs
	}
	s := fmt.Sprintf("%c%02d%02d", sign, secs/3600, secs/60%60)
	if secs%60 != 0 {
		s += fmt.Sprintf("%02d", secs%60)
	}
	return s
}

// history lists the changes of a zone from 1970 to lastYear; the first entry is what held at the beginning of 1970.
func history(loc *time.Location) []onset {
	list := changes(loc, time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(lastYear+1, 1, 1, 0, 0, 0, 0, time.UTC))
	list[0].unix -= int64(list[0].to) // at the wall clock's midnight, so that DTSTART looks as people expect it
	return list
}

// changes lists the changes of a zone in [at, end); the first entry is what holds at the beginning.
func changes(loc *time.Location, at, end time.Time) []onset {
	name, off := at.In(loc).Zone()
	dst := at.In(loc).IsDST()
	list := []onset{{unix: at.Unix(), from: off, to: off, dst: dst, name: name}}
	for at.Before(end) {
		_, next := at.In(loc).ZoneBounds()
		if next.IsZero() {
			break
		}
		if !next.After(at) {
			// A fault of ZoneBounds on 31 December of leap years after 2037: no zone changes there then.
			at = at.Add(24 * time.Hour)
			continue
		}
		at = next
		n, o := at.In(loc).Zone()
		d := at.In(loc).IsDST()
		if o != off || d != dst || n != name { // a bound may also be no change but the start of a year
			if at.Before(end) {
				list = append(list, onset{unix: at.Unix(), from: off, to: o, dst: d, name: n})
			}
			name, off, dst = n, o, d
		}
	}
	return list
}

// split finds the longest run of years at the end of walls that an endless rule describes. It returns what lies before,
// and the rule, "" when there is none.
func split(walls []time.Time) (dates []time.Time, rule string) {
	last := walls[len(walls)-1]
	if last.Year() != lastYear {
		return walls, ""
	}
	best := len(walls)
	for _, candidate := range candidates(last) {
		y, err := parseYearly(candidate, last)
		if err != nil {
			continue
		}
		i := len(walls)
		for i > 0 && fits(y, walls[i-1]) && (i == len(walls) || walls[i-1].Year() == walls[i].Year()-1) {
			i--
		}
		if i < best {
			best, rule = i, candidate
		}
	}
	if rule == "" || walls[best].Year() > lastYearWithRule {
		return walls, ""
	}
	return walls[:best], rule
}

func fits(y *yearly, wall time.Time) bool {
	n, hit := 0, false
	y.in(wall.Year(), func(t time.Time) {
		n++
		hit = hit || t.Equal(wall)
	})
	return n == 1 && hit
}

// candidates are the rules that zones of the world are known to follow, made to meet one date; the commonest first.
func candidates(t time.Time) []string {
	year, month, d := t.Date()
	n := daysIn(year, int(month))
	code := strings.ToUpper(t.Weekday().String()[:2])
	var list []string
	if d+7 > n {
		list = append(list, fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=-1%s", month, code))
	}
	if nth := (d-1)/7 + 1; nth < 5 {
		list = append(list, fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%s", month, nth, code))
	}
	list = append(list, fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYMONTHDAY=%d", month, d))
	for first := max(1, d-6); first <= d && first+6 <= n; first++ {
		list = append(list, fmt.Sprintf("FREQ=YEARLY;BYMONTH=%d;BYDAY=%s;BYMONTHDAY=%s", month, code, seven(first)))
	}
	back := t.YearDay() - daysIn(year, 13) - 1
	for first := back - 6; first <= back && first+6 < 0; first++ {
		list = append(list, fmt.Sprintf("FREQ=YEARLY;BYDAY=%s;BYYEARDAY=%s", code, seven(first)))
	}
	for first := max(1, t.YearDay()-6); first <= t.YearDay(); first++ {
		list = append(list, fmt.Sprintf("FREQ=YEARLY;BYDAY=%s;BYYEARDAY=%s", code, seven(first)))
	}
	return list
}

func seven(first int) string {
	var s []string
	for i := range 7 {
		s = append(s, fmt.Sprint(first+i))
	}
	return strings.Join(s, ",")
}
