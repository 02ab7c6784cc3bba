package ical_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"caldav-fcgi/dav/ical"
)

// object joins components, given as lines, into one body.
func object(t *testing.T, components ...[]string) *ical.Calendar {
	t.Helper()
	lines := []string{"BEGIN:VCALENDAR", "VERSION:2.0"}
	for _, c := range components {
		lines = append(append(append(lines, "BEGIN:"+c[0]), c[1:]...), "END:"+c[0])
	}
	cal, err := ical.Parse([]byte(strings.Join(append(lines, "END:VCALENDAR", ""), "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return cal
}

func TestValidate_Event(t *testing.T) {
	t.Parallel()
	start := "DTSTART:20260212T103000Z"
	for _, test := range []struct{ lines, fault string }{
		{start, ""},
		{"DTSTART:20260212T103000Z|DTEND:20260212T103000Z", ""},
		{"DTSTART;VALUE=DATE:20260212|DTEND;VALUE=DATE:20260212", ""},
		{"DTSTART;TZID=A:20260212T103000|DTEND;TZID=B:20260212T093000", "valid-timezone"},
		{start + "|DTEND:20260212T093000Z", "DTEND"},
		{start + "|DTEND:20260212T113000", ""},
		{start + "|DTEND:20260210T093000", "DTEND"},
		{start + "|DURATION:-PT1H", "DURATION"},
		{start + "|DURATION:-PT0S", ""},
		{start + "|" + start, "DTSTART"},
		{start + "|SUMMARY:a|SUMMARY:b|DESCRIPTION:c|DESCRIPTION:d", ""},
		{start + "|CREATED:00000000T000000Z", "CREATED"},
		{start + "|CREATED:00001231T000000Z|LAST-MODIFIED:20260101T000000", ""},
		{start + "|DTSTAMP:yesterday", "DTSTAMP"},
		{start + "|SEQUENCE:x", "SEQUENCE"},
		{start + "|SEQUENCE: 3|PRIORITY:0", ""},
		{start + "|ORGANIZER:mailto:a@example.org|ORGANIZER:mailto:b@example.org", "ORGANIZER"},
		{start + "|RRULE:FREQ=DAILY|RRULE:FREQ=WEEKLY", ""},
		{start + "|RDATE:|EXDATE:", ""},
		{start + "|RDATE;VALUE=PERIOD:20260212T103000Z/20260212T093000Z", "RDATE"},
		{start + "|BEGIN:VALARM|TRIGGER:-PT5M|END:VALARM", ""},
		{start + "|BEGIN:VALARM|TRIGGER:20260212T103000Z|REPEAT:2|DURATION:PT5M|END:VALARM", ""},
		{start + "|BEGIN:VALARM|TRIGGER:soon|END:VALARM", "TRIGGER"},
		{start + "|BEGIN:VALARM|TRIGGER:PT1M|TRIGGER:PT2M|END:VALARM", "TRIGGER"},
		{start + "|BEGIN:VALARM|TRIGGER:PT1M|REPEAT:often|END:VALARM", "REPEAT"},
		{start + "|BEGIN:X-THING|DTSTART:x|END:X-THING", "DTSTART"},
		{start + "|BEGIN:X-THING|X-Y:x|END:X-THING", ""},
		{start + "|BEGIN:VCALENDAR|END:VCALENDAR", "VCALENDAR"},
		{start + "|X-EVIL;TZID=Nowhere:x", "valid-timezone"},
		{"DTSTART;VALUE=DATE;TZID=Nowhere:20260212", ""},
		{"DTSTART;TZID=Nowhere:20260212T103000Z", ""},
		{"DTSTART;TZID=:20260212T103000", ""},
	} {
		cal := object(t, append([]string{"VEVENT", "UID:a"}, strings.Split(test.lines, "|")...))
		_, err := ical.Validate(cal)
		expect(t, test.lines, err, test.fault)
	}
}

// expect compares an error with the rule or condition that it should name; "" for none.
func expect(t *testing.T, what string, err error, fault string) {
	t.Helper()
	var e *ical.Error
	switch {
	case fault == "" && err != nil, fault != "" && !errors.As(err, &e):
		t.Errorf("%s: got %v, want %q", what, err, fault)
	case fault != "" && e.Rule != fault && e.Condition != fault:
		t.Errorf("%s: got %v (%s), want %q", what, err, e.Condition, fault)
	case fault != "" && e.Line < 1:
		t.Errorf("%s: no line: %v", what, err)
	}
}

func TestValidate_Rule(t *testing.T) {
	t.Parallel()
	for rule, good := range map[string]bool{
		"FREQ=DAILY": true, "freq=daily;count=3;": true, "FREQ=WEEKLY;BYDAY=MO,-1TU,+2WE,53TH": true, "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD": true,
		"FREQ=YEARLY;BYMONTH=1,12;BYMONTHDAY=-31,31;BYYEARDAY=366,-366;BYWEEKNO=53,-53;BYSETPOS=-1;WKST=SU": true,
		"FREQ=DAILY;BYHOUR=0,23;BYMINUTE=0,59;BYSECOND=0,60":                                                true,
		"FREQ=DAILY;UNTIL=20261231": true, "FREQ=DAILY;UNTIL=20261231T000000Z": true, "FREQ=DAILY;X-PART=1": true, "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5L": true,
		"": false, "FREQ": false, "FREQ=": false, "FREQ=NEVER": false, "COUNT=1": false, "FREQ=DAILY;FREQ=DAILY": false, "FREQ=DAILY;COUNT=0": false,
		"FREQ=DAILY;COUNT=-1": false, "FREQ=DAILY;INTERVAL=0": false, "FREQ=DAILY;INTERVAL=9223372036854775808": false, "FREQ=DAILY;COUNT=1;UNTIL=20260101": false,
		"FREQ=DAILY;BYHOUR=24": false, "FREQ=DAILY;BYMINUTE=60": false, "FREQ=DAILY;BYSECOND=61": false, "FREQ=DAILY;BYMONTH=0": false, "FREQ=DAILY;BYMONTHDAY=0": false,
		"FREQ=DAILY;BYMONTHDAY=32": false, "FREQ=DAILY;BYDAY=": false, "FREQ=DAILY;BYDAY=MO,": false, "FREQ=DAILY;BYDAY=0MO": false, "FREQ=DAILY;BYDAY=54MO": false,
		"FREQ=DAILY;BYEASTER=1": false, "FREQ=DAILY;UNTIL=never": false, "FREQ=DAILY;WKST=MO,TU": false, "FREQ=YEARLY;SKIP=BAD": false, "FREQ=DAILY;=1": false,
		"FREQ=DAILY;BYSETPOS=367": false, "FREQ=YEARLY;BYWEEKNO=54": false, "FREQ=YEARLY;BYYEARDAY=-367": false, "FREQ=DAILY BYDAY=MO": false,
	} {
		_, err := ical.Validate(object(t, []string{"VEVENT", "UID:a", "DTSTART:20260101T000000Z", "RRULE:" + rule}))
		fault := ""
		if !good {
			fault = "RRULE"
		}
		expect(t, rule, err, fault)
	}
}

func TestValidate_Object(t *testing.T) {
	t.Parallel()
	event := func(uid string, more ...string) []string {
		return append([]string{"VEVENT", "UID:" + uid, "DTSTART:20260212T103000Z"}, more...)
	}
	day := func(more ...string) []string {
		return append([]string{"VEVENT", "UID:a", "DTSTART;VALUE=DATE:20260212"}, more...)
	}
	id, idZ := "RECURRENCE-ID;VALUE=DATE:20260213", "RECURRENCE-ID:20260213T103000Z"
	for name, test := range map[string]struct {
		components [][]string
		fault      string
	}{
		"override":                      {[][]string{event("a"), event("a", idZ)}, ""},
		"override first":                {[][]string{event("a", idZ), event("a")}, ""},
		"overrides alone":               {[][]string{event("a", idZ), event("a", "RECURRENCE-ID:20260214T103000Z")}, ""},
		"timed override of a day":       {[][]string{day(), event("a", id)}, ""},
		"day override of a timed one":   {[][]string{event("a"), day(idZ)}, ""},
		"id of another kind":            {[][]string{day(), event("a", idZ)}, ical.ConditionData},
		"id of another kind, no master": {[][]string{day(idZ)}, ""},
		"the same id in two zones":      {[][]string{event("a", idZ), event("a", "RECURRENCE-ID:20260213T103000")}, ""},
		"one id with RANGE":             {[][]string{event("a", idZ), event("a", "RECURRENCE-ID;RANGE=THISANDFUTURE:20260213T103000Z")}, ical.ConditionResource},
		"two ids in one":                {[][]string{event("a", idZ, idZ)}, ical.ConditionData},
		"a bad id":                      {[][]string{event("a", "RECURRENCE-ID:x")}, ical.ConditionData},
		"two masters":                   {[][]string{event("a"), event("a")}, ical.ConditionResource},
		"UIDs that differ in case":      {[][]string{event("a"), event("A", idZ)}, ical.ConditionResource},
		"UIDs that differ in escapes":   {[][]string{event("a,b"), event(`a\,b`, idZ)}, ""},
		"an empty UID":                  {[][]string{event(" ")}, ical.ConditionResource},
		"two UIDs in one":               {[][]string{event("a", "UID:a")}, ical.ConditionResource},
		"journal and event":             {[][]string{event("a"), {"VJOURNAL", "UID:a"}}, ical.ConditionResource},
		"unknown kind":                  {[][]string{{"X-THING", "UID:a"}}, ""},
		"unknown kind beside":           {[][]string{event("a"), {"X-THING", "UID:a"}}, ical.ConditionResource},
		"alarm alone":                   {[][]string{{"VALARM", "TRIGGER:PT1M"}}, ical.ConditionData},
		"nothing":                       {nil, ical.ConditionResource},
		"zone without TZID":             {[][]string{{"VTIMEZONE"}, event("a")}, ical.ConditionData},
		"zone without observance":       {[][]string{{"VTIMEZONE", "TZID:x"}, event("a")}, ical.ConditionData},
		"zone without offset":           {[][]string{{"VTIMEZONE", "TZID:x", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETTO:+0100", "END:STANDARD"}, event("a")}, ical.ConditionData},
		"task with DUE and DURATION":    {[][]string{{"VTODO", "UID:a", "DUE:20260212T103000Z", "DURATION:PT1H"}}, ical.ConditionData},
		"free-busy ends first":          {[][]string{{"VFREEBUSY", "UID:a", "DTSTART:20260212T103000Z", "DTEND:20260211T103000Z"}}, ical.ConditionData},
		"available without start":       {[][]string{{"VAVAILABILITY", "UID:a", "BEGIN:AVAILABLE", "UID:b", "END:AVAILABLE"}}, ical.ConditionData},
	} {
		_, err := ical.Validate(object(t, test.components...))
		expect(t, name, err, test.fault)
	}
}

func TestValidate_Info(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		components [][]string
		want       ical.Info
	}{
		{[][]string{{"VEVENT", "UID:a", "DTSTART:20260212T103000"}},
			ical.Info{UID: "a", Kind: ical.VEvent, Component: "VEVENT", Floating: true}},
		{[][]string{{"VEVENT", `UID:a\,b`, "DTSTART;VALUE=DATE:20260212", "RRULE:FREQ=YEARLY", "CLASS:confidential"}},
			ical.Info{UID: "a,b", Kind: ical.VEvent, Component: "VEVENT", Recurring: true, AllDay: true, Class: "CONFIDENTIAL"}},
		{[][]string{
			{"VEVENT", "UID:a", "DTSTART:20260212T103000Z", "CLASS:PUBLIC", "ATTENDEE:mailto:a@example.org", "ATTENDEE:mailto:b@example.org"},
			{"VEVENT", "UID:a", "RECURRENCE-ID:20260213T103000Z", "DTSTART:20260213", "CLASS:X-SECRET", "ATTENDEE:mailto:a@example.org",
				"BEGIN:VALARM", "TRIGGER:PT0S", "END:VALARM"}},
			ical.Info{UID: "a", Kind: ical.VEvent, Component: "VEVENT", Recurring: true, HasAlarm: true, Class: "X-SECRET", Attendees: 2}},
		{[][]string{{"VTODO", "UID:a", "DUE;VALUE=DATE:20260212"}},
			ical.Info{UID: "a", Kind: ical.VTodo, Component: "VTODO", AllDay: true}},
		{[][]string{{"X-THING", "UID:a"}}, ical.Info{UID: "a", Kind: ical.Other, Component: "X-THING"}},
	} {
		got, err := ical.Validate(object(t, test.components...))
		if err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v, want %+v", test.components, got, err, test.want)
		}
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]ical.Kind{"VEVENT": 1, "vtodo": 2, "VJOURNAL": 4, "VFREEBUSY": 8, "VAVAILABILITY": 16,
		"VTIMEZONE": 32, "VPOLL": 64, "X-A": 1 << 15} {
		if got := ical.KindOf(name); got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
	if got := (ical.VEvent | ical.VTodo | ical.Other).String(); got != "VEVENT,VTODO,other" {
		t.Errorf("got %s", got)
	}
}

func TestWrite_Selection(t *testing.T) {
	t.Parallel()
	// RFC 4791 §7.8.1 and §9.6.
	cal := object(t, []string{"VTIMEZONE", "TZID:x", "BEGIN:STANDARD", "TZOFFSETTO:+0100", "END:STANDARD"},
		[]string{"VEVENT", "UID:a", "DTSTART;TZID=x:20260212T103000", "SUMMARY:s", "BEGIN:VALARM", "TRIGGER:PT0S", "END:VALARM"})
	whole := string(cal.Raw)
	event := strings.TrimSuffix(whole[strings.Index(whole, "BEGIN:VEVENT"):], "END:VCALENDAR\r\n")
	for name, test := range map[string]struct {
		s    *ical.Selection
		want string
	}{
		"nil":        {nil, whole},
		"everything": {&ical.Selection{AllProps: true, AllComps: true}, whole},
		"nothing":    {&ical.Selection{}, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"},
		"properties": {&ical.Selection{AllProps: true}, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n"},
		"a component": {&ical.Selection{Comps: map[string]*ical.Selection{"VEVENT": nil}},
			"BEGIN:VCALENDAR\r\n" + event + "END:VCALENDAR\r\n"},
		"some": {&ical.Selection{Props: map[string]bool{"VERSION": false}, Comps: map[string]*ical.Selection{"VEVENT": {
			Props: map[string]bool{"UID": false, "DTSTART": true, "LOCATION": false}, AllComps: true}}},
			"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=x:\r\nBEGIN:VALARM\r\nTRIGGER:PT0S\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"},
	} {
		var b bytes.Buffer
		w := ical.NewWriter(&b)
		ical.Write(w, cal.Root, test.s)
		if b.String() != test.want || w.Err() != nil {
			t.Errorf("%s: got %q, want %q", name, b.String(), test.want)
		}
	}
	var b bytes.Buffer
	ical.Write(ical.NewWriter(&b), cal.Root, ical.Minimal())
	if got := b.String(); strings.Contains(got, "SUMMARY") || strings.Contains(got, "VALARM") || !strings.Contains(got, "DTSTART") || !strings.Contains(got, "TZID:x") {
		t.Errorf("minimal: got %q", got)
	}
}

func TestSplit_ByUIDWithZonesAndLines(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join(testdata, "export", "two-calendars-one-event-not-closed.ics"))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for part, err := range ical.Split(raw) {
		if err != nil {
			fmt.Fprintf(&got, "! %v\n", err)
			continue
		}
		fmt.Fprintf(&got, "%s %q line %d\n", part.Component, part.UID, part.Line)
		cal, err := ical.Parse(part.Body)
		if err == nil {
			_, err = ical.Validate(cal)
		}
		var e *ical.Error
		if errors.As(err, &e) {
			fmt.Fprintf(&got, "  line %d: %s: %s\n", part.FileLine(e.Line), e.Rule, e.Text)
			continue
		}
		for _, k := range cal.Root.Children {
			fmt.Fprintf(&got, "  %s of line %d\n", k.Name, part.FileLine(k.Line))
		}
		for _, p := range cal.Root.Props {
			fmt.Fprintf(&got, "  %s\n", p.Name)
		}
		if !bytes.Contains(raw, cal.Root.Children[0].Raw(cal)) {
			t.Errorf("%s: octets changed", part.UID)
		}
	}
	want, err := os.ReadFile(filepath.Join(testdata, "export", "parts.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestSplit_NoCalendarInTheFile(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "hello\r\n", "BEGIN", "\x00"} {
		n := 0
		for _, err := range ical.Split([]byte(raw)) {
			n++
			if err == nil {
				t.Errorf("%q: no error", raw)
			}
		}
		if n != 1 {
			t.Errorf("%q: %d parts", raw, n)
		}
	}
	for range ical.Split([]byte("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")) {
		t.Error("an empty calendar has no parts")
	}
}

func TestMerger_EachZoneOnce(t *testing.T) {
	t.Parallel()
	zone := []string{"VTIMEZONE", "TZID:x", "BEGIN:STANDARD", "DTSTART:19700101T000000", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0100", "END:STANDARD"}
	var b bytes.Buffer
	w := ical.NewWriter(&b)
	w.Begin("VCALENDAR")
	m := ical.NewMerger(w.Component)
	m.Add(object(t, zone, []string{"VEVENT", "UID:a", "DTSTART;TZID=x:20260212T103000"}))
	m.Add(object(t, zone, []string{"VEVENT", "UID:b", "DTSTART;TZID=x:20260212T103000"}))
	w.End("VCALENDAR")
	cal, err := ical.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if z, e := len(cal.Root.Kids("VTIMEZONE")), len(cal.Root.Kids("VEVENT")); z != 1 || e != 2 {
		t.Errorf("got %d zones and %d events", z, e)
	}
	n := 0
	for part, err := range ical.Split(b.Bytes()) {
		n++
		cal, perr := ical.Parse(part.Body)
		if err != nil || perr != nil || len(cal.Root.Kids("VTIMEZONE")) != 1 {
			t.Errorf("%s: %v %v", part.UID, err, perr)
		}
	}
	if n != 2 {
		t.Errorf("split again: %d parts", n)
	}
}
