package davtest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Expected is what a server must find of generated objects between two times.
type Expected struct {
	Names     []string // of the events with an instance there, sorted
	Instances int
	Busy      time.Duration // of which some event takes the time
}

// Expect expands the objects between two times. It knows nothing of recurrence but what Generate uses of it, and it
// asks of each day whether a rule falls on it: slow, and of no kinship with the code that it judges.
func Expect(objects []Generated, from, to time.Time) Expected {
	var e Expected
	var busy []span
	for _, o := range objects {
		if o.event == nil {
			continue
		}
		spans := o.event.between(from, to)
		if len(spans) == 0 {
			continue
		}
		e.Names = append(e.Names, o.Name)
		e.Instances += len(spans)
		if o.event.days == 0 {
			busy = append(busy, spans...)
		}
	}
	slices.Sort(e.Names)
	slices.SortFunc(busy, func(a, b span) int { return a.from.Compare(b.from) })
	counted := from
	for _, s := range busy {
		begin, end := s.from, s.to
		if begin.Before(counted) {
			begin = counted
		}
		if end.After(to) {
			end = to
		}
		if begin.Before(end) {
			e.Busy += end.Sub(begin)
			counted = end
		}
	}
	return e
}

type span struct{ from, to time.Time }

// occasion is what a generated VEVENT means.
type occasion struct {
	zone    generatedZone
	start   time.Time // in the zone; midnight in UTC where it is all day long
	length  time.Duration
	days    int // instead of length: of an all-day event, which takes no time
	rule    *rule
	without []time.Time // EXDATE
	moved   bool        // the instance at from is at to
	from    time.Time
	to      time.Time
}

type rule struct {
	freq  string
	every int
	days  [7]bool // WEEKLY: on these
	nth   bool    // MONTHLY: on the weekday of the start, as the same one of its month; else on its day
	count int
	until time.Time
}

const (
	localForm = "20060102T150405"
	utcForm   = localForm + "Z"
	dayForm   = "20060102"
)

func (ev *occasion) after(start time.Time) time.Time {
	if ev.days > 0 {
		return start.AddDate(0, 0, ev.days)
	}
	return start.Add(ev.length)
}

func (ev *occasion) at(property string, t time.Time) string {
	switch {
	case ev.days > 0:
		return property + ";VALUE=DATE:" + t.Format(dayForm)
	case ev.zone.id == "":
		return property + ":" + t.Format(utcForm)
	default:
		return property + ";TZID=" + ev.zone.id + ":" + t.Format(localForm)
	}
}

func (ev *occasion) properties() string {
	lines := []string{ev.at("DTSTART", ev.start), ev.at("DTEND", ev.after(ev.start))}
	if ev.days > 0 {
		lines = append(lines, "TRANSP:TRANSPARENT")
	}
	if ev.rule != nil {
		lines = append(lines, "RRULE:"+ev.rule.text(ev.start))
	}
	for _, t := range ev.without {
		lines = append(lines, ev.at("EXDATE", t))
	}
	return crlf(lines...)
}

var dayCodes = [7]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

func (r *rule) text(start time.Time) string {
	s := "FREQ=" + r.freq
	if r.every > 1 {
		s += fmt.Sprintf(";INTERVAL=%d", r.every)
	}
	switch {
	case r.nth:
		s += fmt.Sprintf(";BYDAY=%d%s", (start.Day()+6)/7, dayCodes[start.Weekday()])
	case r.freq == "MONTHLY":
		s += fmt.Sprintf(";BYMONTHDAY=%d", start.Day())
	case r.freq == "WEEKLY":
		var codes []string
		for day, on := range r.days {
			if on {
				codes = append(codes, dayCodes[day])
			}
		}
		s += ";BYDAY=" + strings.Join(codes, ",")
	}
	if r.count > 0 {
		s += fmt.Sprintf(";COUNT=%d", r.count)
	}
	if !r.until.IsZero() {
		s += ";UNTIL=" + r.until.UTC().Format(utcForm)
	}
	return s
}

// on says whether the rule falls on the day that is days after the one of the start; both are midnights in UTC.
func (r *rule) on(start, day time.Time, days int) bool {
	switch {
	case r.freq == "DAILY":
		return days%r.every == 0
	case r.freq == "WEEKLY":
		sinceMonday := (int(start.Weekday()) + 6) % 7
		return r.days[day.Weekday()] && (days+sinceMonday)/7%r.every == 0
	case r.nth:
		return day.Weekday() == start.Weekday() && (day.Day()-1)/7 == (start.Day()-1)/7
	case r.freq == "MONTHLY":
		return day.Day() == start.Day()
	default:
		return day.Day() == start.Day() && day.Month() == start.Month()
	}
}

// walk yields the starts that the rule makes, exceptions included, until told to stop.
func (ev *occasion) walk(yield func(time.Time) bool) {
	if ev.rule == nil {
		yield(ev.start)
		return
	}
	first := time.Date(ev.start.Year(), ev.start.Month(), ev.start.Day(), 0, 0, 0, 0, time.UTC)
	for days, n := 0, 0; ev.rule.count == 0 || n < ev.rule.count; days++ {
		day := first.Add(time.Duration(days) * 24 * time.Hour)
		if !ev.rule.on(first, day, days) {
			continue
		}
		at := time.Date(day.Year(), day.Month(), day.Day(), ev.start.Hour(), ev.start.Minute(), 0, 0, ev.zone.place)
		if !ev.rule.until.IsZero() && at.After(ev.rule.until) || !yield(at) {
			return
		}
		n++
	}
}

// starts are the first n of them.
func (ev *occasion) starts(n int) (list []time.Time) {
	for t := range ev.walk {
		if list = append(list, t); len(list) == n {
			break
		}
	}
	return list
}

// between are the instances that overlap from to to.
func (ev *occasion) between(from, to time.Time) (list []span) {
	for t := range ev.walk {
		if !t.Before(to) {
			break // an instance is moved to later only
		}
		if slices.ContainsFunc(ev.without, t.Equal) {
			continue
		}
		if ev.moved && t.Equal(ev.from) {
			t = ev.to
		}
		if end := ev.after(t); t.Before(to) && end.After(from) {
			list = append(list, span{t, end})
		}
	}
	return list
}
