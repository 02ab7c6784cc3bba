package davtest

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"time"
)

// Generated is one calendar object made by Generate.
type Generated struct {
	Name, UID, Body string
	Component       string // "VEVENT" or "VTODO"
}

// Generate yields n calendar objects, the same for the same seed: the mix of a busy person's ten years (2020 to 2029)
// with single, all-day and recurring events, alarms, attendees, overrides and tasks, in four time zones.
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

var generatedZones = []struct{ id, rules string }{
	{"Europe/Berlin", vtimezone("Europe/Berlin", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU")},
	{"America/New_York", vtimezone("America/New_York", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU")},
	{"Europe/London", vtimezone("Europe/London", "+0000", "+0100", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU")},
}

func vtimezone(id, standard, daylight, spring, autumn string) string {
	return crlf("BEGIN:VTIMEZONE", "TZID:"+id,
		"BEGIN:DAYLIGHT", "DTSTART:20070325T020000", "TZOFFSETFROM:"+standard, "TZOFFSETTO:"+daylight, spring, "END:DAYLIGHT",
		"BEGIN:STANDARD", "DTSTART:20071028T030000", "TZOFFSETFROM:"+daylight, "TZOFFSETTO:"+standard, autumn, "END:STANDARD",
		"END:VTIMEZONE")
}

func crlf(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n" }

func generate(r *rand.Rand, i int) Generated {
	g := Generated{UID: fmt.Sprintf("%08x-%06d@example.org", r.Uint32(), i), Component: "VEVENT"}
	g.Name = fmt.Sprintf("%06d.ics", i)
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(3652))
	start := day.Add(time.Duration(7*4+r.IntN(12*4)) * 15 * time.Minute)
	var b strings.Builder
	b.WriteString(crlf("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Example Corp.//Generator//EN"))
	common := crlf("UID:"+g.UID, "DTSTAMP:20260101T000000Z", "CREATED:20260101T000000Z", "LAST-MODIFIED:20260101T000000Z",
		fmt.Sprintf("SUMMARY:Meeting %d about item %d", i, r.IntN(1000)), "LOCATION:Room "+string(rune('A'+r.IntN(20)))) +
		description(r)
	kind := r.IntN(100)
	zone := generatedZones[r.IntN(len(generatedZones))]
	at := func(name string, t time.Time) string {
		return name + ";TZID=" + zone.id + ":" + t.Format("20060102T150405")
	}
	switch {
	case kind < 5:
		g.Component = "VTODO"
		b.WriteString("BEGIN:VTODO\r\n" + common + crlf("DUE:"+start.Format("20060102T150405Z"), "STATUS:NEEDS-ACTION", "END:VTODO"))
	case kind < 15:
		b.WriteString("BEGIN:VEVENT\r\n" + common + crlf("DTSTART;VALUE=DATE:"+day.Format("20060102"), "DTEND;VALUE=DATE:"+day.AddDate(0, 0, 1+r.IntN(3)).Format("20060102"), "TRANSP:TRANSPARENT", "END:VEVENT"))
	case kind < 35:
		end := start.Add(time.Hour)
		rule := []string{"FREQ=WEEKLY", "FREQ=DAILY", "FREQ=MONTHLY;BYDAY=2TU", "FREQ=YEARLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE"}[r.IntN(5)]
		if kind < 29 {
			rule += fmt.Sprintf(";COUNT=%d", 5+r.IntN(40))
		}
		b.WriteString(zone.rules + "BEGIN:VEVENT\r\n" + common + crlf(at("DTSTART", start), at("DTEND", end), "RRULE:"+rule))
		if r.IntN(3) == 0 {
			b.WriteString(crlf(at("EXDATE", start.AddDate(0, 0, 7))))
		}
		b.WriteString(alarm(r) + "END:VEVENT\r\n")
	default:
		b.WriteString(zone.rules + "BEGIN:VEVENT\r\n" + common + crlf(at("DTSTART", start), at("DTEND", start.Add(time.Duration(1+r.IntN(6))*30*time.Minute))))
		if r.IntN(5) == 0 {
			b.WriteString(crlf("ORGANIZER;CN=Ann Lee:mailto:ann@example.org", "ATTENDEE;CN=Ann Lee;PARTSTAT=ACCEPTED:mailto:ann@example.org", "ATTENDEE;CN=Bob Ray;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.org"))
		}
		b.WriteString(alarm(r) + "END:VEVENT\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	g.Body = b.String()
	return g
}

func description(r *rand.Rand) string {
	words := []string{"agenda", "budget", "draft", "review", "figures", "travel", "minutes", "question", "answer", "plan"}
	var b strings.Builder
	b.WriteString("DESCRIPTION:")
	for n := 5 + r.IntN(60); n > 0; n-- {
		b.WriteString(words[r.IntN(len(words))])
		if b.Len()%70 > 60 {
			b.WriteString("\r\n ")
		}
		b.WriteByte(' ')
	}
	return b.String() + "\r\n"
}

func alarm(r *rand.Rand) string {
	if r.IntN(2) == 0 {
		return ""
	}
	return crlf("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Reminder", "TRIGGER:-PT15M", "END:VALARM")
}
