package davtest

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"
	_ "time/tzdata" // the zones of the answers, wherever this runs
)

// Generated is one calendar object made by Generate.
type Generated struct {
	Name, UID, Body string
	Component       string    // "VEVENT" or "VTODO"
	event           *occasion // of a VEVENT: what it means
}

// Generate yields n calendar objects, the same for the same seed, and the first of a larger n are those of a smaller
// one: the mix of a busy person's ten years (2020 to 2029). 62% are single events, 10% all-day, 3% last for days, 14%
// repeat and end, 6% repeat without an end, 5% are tasks; a third of the repeating ones have EXDATEs and an overridden
// instance, half of all an alarm, a fifth attendees. They are in three time zones and, one in ten, in UTC.
// Expect knows what a server must find in them.
func Generate(n int, seed uint64) iter.Seq[Generated] {
	return func(yield func(Generated) bool) {
		r := rand.New(rand.NewPCG(seed, seed))
		for i := range n {
			if !yield(generate(r, i)) {
				return
			}
		}
	}
}

type generatedZone struct {
	id, rules string
	place     *time.Location
}

var generatedZones = []generatedZone{
	vtimezone("Europe/Berlin", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
	vtimezone("America/New_York", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU"),
	vtimezone("Europe/London", "+0000", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU"),
}

// inUTC is no zone: times end in Z.
var inUTC = generatedZone{place: time.UTC}

func vtimezone(id, standard, daylight, spring, autumn string) generatedZone {
	place, err := time.LoadLocation(id)
	if err != nil {
		panic(err) // tzdata is linked in
	}
	return generatedZone{id: id, place: place, rules: crlf("BEGIN:VTIMEZONE", "TZID:"+id,
		"BEGIN:DAYLIGHT", "DTSTART:20070311T020000", "TZOFFSETFROM:"+standard, "TZOFFSETTO:"+daylight, spring, "END:DAYLIGHT",
		"BEGIN:STANDARD", "DTSTART:20071104T020000", "TZOFFSETFROM:"+daylight, "TZOFFSETTO:"+standard, autumn, "END:STANDARD",
		"END:VTIMEZONE")}
}

func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

func generate(r *rand.Rand, i int) Generated {
	g := Generated{UID: fmt.Sprintf("%08x-%06d@example.org", r.Uint32(), i), Component: "VEVENT"}
	g.Name = fmt.Sprintf("%06d.ics", i)
	kind := r.IntN(100)
	ev := generateEvent(r, kind)
	about := fmt.Sprintf("SUMMARY:Meeting %d about item %d", i, r.IntN(1000))
	common := crlf("UID:"+g.UID, "DTSTAMP:20260101T000000Z", "CREATED:20260101T000000Z", "LAST-MODIFIED:20260101T000000Z",
		about, "LOCATION:Room "+string(rune('A'+r.IntN(20)))) + description(r) + people(r)
	var b strings.Builder
	b.WriteString(crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example Corp.//Generator//EN"))
	switch {
	case kind < tasks:
		g.Component = "VTODO"
		b.WriteString(crlf("BEGIN:VTODO") + common + crlf("DUE:"+ev.start.UTC().Format(utcForm), "STATUS:NEEDS-ACTION", "END:VTODO"))
	default:
		g.event = ev
		b.WriteString(ev.zone.rules + crlf("BEGIN:VEVENT") + common + ev.properties() + alarm(r) + crlf("END:VEVENT"))
		if ev.moved {
			b.WriteString(crlf("BEGIN:VEVENT", "UID:"+g.UID, "DTSTAMP:20260101T000000Z", about, ev.at("RECURRENCE-ID", ev.from), ev.at("DTSTART", ev.to), ev.at("DTEND", ev.after(ev.to)), "END:VEVENT"))
		}
	}
	b.WriteString(crlf("END:VCALENDAR"))
	g.Body = b.String()
	return g
}

// The kinds are ranges of a number below 100.
const (
	tasks   = 5
	allDay  = tasks + 10
	endless = allDay + 6
	bounded = endless + 14
	long    = bounded + 3
)

func generateEvent(r *rand.Rand, kind int) *occasion {
	zone := inUTC
	if r.IntN(10) > 0 {
		zone = generatedZones[r.IntN(len(generatedZones))]
	}
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(3652))
	ev := &occasion{zone: zone, length: time.Duration(1+r.IntN(6)) * 30 * time.Minute}
	ev.start = time.Date(day.Year(), day.Month(), day.Day(), 7+r.IntN(12), 15*r.IntN(4), 0, 0, zone.place)
	switch {
	case kind < tasks:
	case kind < allDay:
		ev.zone, ev.days, ev.start = inUTC, 1+r.IntN(3), day
	case kind < bounded:
		ev.repeat(r, kind >= endless)
	case kind < long:
		ev.length = time.Duration(20+r.IntN(100)) * time.Hour
	}
	return ev
}

// repeat gives an event a rule that its start is an instance of, as RFC 5545 §3.8.5.3 wants it.
func (ev *occasion) repeat(r *rand.Rand, ends bool) {
	if ev.start.Day() > 28 {
		ev.start = ev.start.AddDate(0, 0, -3) // every month has that day
	}
	ev.rule = &rule{every: 1}
	switch n := r.IntN(100); {
	case n < 55:
		ev.rule.freq, ev.rule.every = "WEEKLY", 1+r.IntN(4)/3
		ev.rule.days[ev.start.Weekday()] = true
		if r.IntN(2) == 0 {
			ev.rule.days[r.IntN(7)] = true
		}
	case n < 70:
		ev.rule.freq = "DAILY"
	case n < 80:
		ev.rule.freq = "MONTHLY"
	case n < 90:
		ev.rule.freq, ev.rule.nth = "MONTHLY", true
	default:
		ev.rule.freq = "YEARLY"
	}
	if ends {
		count := 4 + r.IntN(45)
		if r.IntN(2) == 0 {
			ev.rule.count = count
		} else {
			ev.rule.until = ev.starts(count)[count-1]
		}
	}
	if r.IntN(3) == 0 {
		starts := ev.starts(4)
		ev.without = starts[1:2]
		ev.moved, ev.from, ev.to = true, starts[2], starts[2].Add(time.Duration(1+r.IntN(3))*30*time.Minute)
	}
}

func people(r *rand.Rand) string {
	if r.IntN(5) > 0 {
		return ""
	}
	return crlf("ORGANIZER;CN=Ann Lee:mailto:ann@example.org", "ATTENDEE;CN=Ann Lee;PARTSTAT=ACCEPTED:mailto:ann@example.org",
		"ATTENDEE;CN=Bob Ray;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.org")
}

func description(r *rand.Rand) string {
	words := []string{"agenda", "budget", "draft", "review", "figures", "travel", "minutes", "question", "answer", "plan"}
	var b strings.Builder
	line, _ := b.WriteString("DESCRIPTION:")
	for n := 5 + r.IntN(80); n > 0; n-- {
		word := words[r.IntN(len(words))]
		if line+len(word)+1 > 75 {
			b.WriteString("\r\n ")
			line = 1
		}
		b.WriteString(word + " ")
		line += len(word) + 1
	}
	return b.String() + "\r\n"
}

func alarm(r *rand.Rand) string {
	if r.IntN(2) == 0 {
		return ""
	}
	return crlf("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Reminder", "TRIGGER:-PT15M", "END:VALARM")
}
