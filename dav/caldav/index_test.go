package caldav

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/store"
)

func TestIndex_Bounds(t *testing.T) {
	t.Parallel()
	at := func(s string) int64 {
		v, err := time.Parse("20060102T150405Z", s)
		if err != nil {
			t.Fatal(err)
		}
		return v.Unix()
	}
	const h26 = 26 * 3600
	start, end := at("20260301T100000Z"), at("20260301T110000Z")
	for _, test := range []struct {
		name, body  string
		first, last int64
	}{
		{"once", event("x"), start - h26, end + h26},
		{"counted", event("x", "RRULE:FREQ=DAILY;COUNT=3"), start - h26, end + 2*86400 + h26},
		{"endless", event("x", "RRULE:FREQ=DAILY"), start - h26, store.MaxTime},
		{"every second", event("x", "RRULE:FREQ=SECONDLY"), start - h26, store.MaxTime},
		{"all day", object("VEVENT", "x", "DTSTART;VALUE=DATE:20260301"), at("20260301T000000Z") - h26, at("20260302T000000Z") + h26},
		{"an override that was moved", strings.Replace(event("x", "RRULE:FREQ=DAILY;COUNT=2"), "END:VCALENDAR",
			"BEGIN:VEVENT\r\nUID:x\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260302T100000Z\r\nDTSTART:20250101T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR", 1),
			at("20250101T000000Z") - h26, end + h26},
		{"a task at no time", task("x"), store.MinTime, store.MaxTime},
		{"an unknown component", object("X-OWN", "x"), store.MinTime, store.MaxTime},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ix, err := testCalendar().judge([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if ix.First != test.first || ix.Last != test.last {
				t.Errorf("got %s, want %s", span(ix.First, ix.Last), span(test.first, test.last))
			}
			if ix.UID != "x" || ix.Version != IndexVersion {
				t.Errorf("UID %q, version %d", ix.UID, ix.Version)
			}
		})
	}
}

func span(first, last int64) string {
	return fmt.Sprintf("%d (%v) to %d (%v)", first, time.Unix(first, 0).UTC(), last, time.Unix(last, 0).UTC())
}

func TestIndex_Flags(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body string
		want uint32
	}{
		{event("x"), 0},
		{event("x", "RRULE:FREQ=DAILY"), flagRecurring},
		{object("VEVENT", "x", "DTSTART;VALUE=DATE:20260301"), flagAllDay},
		{object("VEVENT", "x", "DTSTART:20260301T100000"), flagFloating},
		{event("x", "CLASS:PRIVATE"), flagPrivate | store.Hidden},
		{event("x", "CLASS:X-SECRET"), flagPrivate | store.Hidden}, // RFC 5545 §3.8.1.3
		{event("x", "CLASS:confidential"), flagConfidential | store.Hidden},
		{event("x", "CLASS:PUBLIC"), 0},
		{event("x", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT5M", "END:VALARM"), flagAlarm},
	} {
		ix, err := testCalendar().judge([]byte(test.body))
		if err != nil {
			t.Fatal(err)
		}
		if ix.Flags != test.want {
			t.Errorf("flags %06b, want %06b of\n%s", ix.Flags, test.want, test.body)
		}
		if ix.Kind != uint32(ical.VEvent) {
			t.Errorf("kind %d", ix.Kind)
		}
	}
}
