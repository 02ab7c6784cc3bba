package filter

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/zone"
)

// object compiles calendar text, anew at each call: a Set is not for two goroutines.
func object(tb testing.TB, text string) func() *Object { return objectIn(tb, text, nil) }

func objectIn(tb testing.TB, text string, loc *time.Location) func() *Object {
	tb.Helper()
	if !strings.HasPrefix(text, "BEGIN:VCALENDAR") {
		text = "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//EN\n" + text + "END:VCALENDAR\n"
	}
	cal, err := ical.Parse([]byte(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "\r\n")))
	if err != nil {
		tb.Fatalf("the test's own object: %v", err)
	}
	return func() *Object {
		zones := zone.NewResolver(cal, loc)
		set, err := recur.Compile(cal, zones, nil)
		if err != nil {
			tb.Fatalf("the test's own object: %v", err)
		}
		return &Object{Cal: cal, Set: set, Zones: zones}
	}
}

func matches(tb testing.TB, inner string, o *Object) bool {
	tb.Helper()
	f, err := Parse(element(tb, inner))
	if err != nil {
		tb.Fatalf("%s: %v", inner, err)
	}
	match, err := f.Match(o)
	if err != nil {
		tb.Fatalf("%s: %v", inner, err)
	}
	return match
}

func span1(start, end string) string {
	attr := ""
	if start != "" {
		attr += ` start="` + start + `"`
	}
	if end != "" {
		attr += ` end="` + end + `"`
	}
	return `<time-range` + attr + `/>`
}

func comp(name, inner string) string {
	return `<comp-filter name="VCALENDAR"><comp-filter name="` + name + `">` + inner + `</comp-filter></comp-filter>`
}

// appendixB reads the objects of RFC 4791 appendix B.
func appendixB(tb testing.TB) map[string]func() *Object {
	tb.Helper()
	raw, err := os.ReadFile("../../testdata/rfc/rfc4791-b.txtar")
	if err != nil {
		tb.Fatal(err)
	}
	objects := map[string]func() *Object{}
	for _, f := range txtar.Parse(raw).Files {
		if strings.HasSuffix(f.Name, ".ics") {
			objects[strings.TrimSuffix(f.Name, ".ics")] = object(tb, string(f.Data))
		}
	}
	if len(objects) != 8 {
		tb.Fatalf("appendix B has 8 objects, got %d", len(objects))
	}
	return objects
}

func TestMatch_RFC4791Examples(t *testing.T) {
	t.Parallel()
	objects := appendixB(t)
	prop := func(name, inner string) string { return `<prop-filter name="` + name + `">` + inner + `</prop-filter>` }
	for _, c := range []struct{ name, filter, want string }{
		{"all", `<comp-filter name="VCALENDAR"/>`, "abcd1 abcd2 abcd3 abcd4 abcd5 abcd6 abcd7 abcd8"},
		{"7.8.1", comp("VEVENT", span1("20060104T000000Z", "20060105T000000Z")), "abcd2 abcd3"},
		{"7.8.2 7.8.3", comp("VEVENT", span1("20060103T000000Z", "20060105T000000Z")), "abcd2 abcd3"},
		{"7.8.4", comp("VFREEBUSY", span1("20060102T000000Z", "20060103T000000Z")), "abcd8"},
		// §7.8.5 shows another object than appendix B has: there, a to-do due on a DATE rings ten minutes before midnight.
		{"7.8.5", comp("VTODO", `<comp-filter name="VALARM">`+span1("20060105T230000Z", "20060106T100000Z")+`</comp-filter>`), "abcd5"},
		{"7.8.6", comp("VEVENT", prop("UID", `<text-match collation="i;octet">DC6C50A017428C5216A2F1CD@example.com</text-match>`)), "abcd3"},
		{"7.8.7", comp("VEVENT", prop("ATTENDEE", `<text-match collation="i;ascii-casemap">mailto:lisa@example.com</text-match>`+
			`<param-filter name="PARTSTAT"><text-match collation="i;ascii-casemap">NEEDS-ACTION</text-match></param-filter>`)), "abcd3"},
		{"7.8.8", comp("VEVENT", ""), "abcd1 abcd2 abcd3"},
		{"7.8.9", comp("VTODO", prop("COMPLETED", `<is-not-defined/>`)+prop("STATUS", `<text-match negate-condition="yes">CANCELLED</text-match>`)), "abcd4 abcd5"},
		{"7.8.10", comp("VEVENT", prop("X-ABC-GUID", `<text-match>ABC</text-match>`)), ""},
		{"7.8.10 in part", comp("VEVENT", prop("X-ABC-GUID", `<text-match>0007YM-hz</text-match>`)), "abcd3"},
		{"no VEVENT", comp("VEVENT", `<is-not-defined/>`), "abcd4 abcd5 abcd6 abcd7 abcd8"},
		{"a VTIMEZONE never overlaps", comp("VTIMEZONE", span1("19700101T000000Z", "")), ""},
		{"events with a VTIMEZONE", comp("VTIMEZONE", ""), "abcd1 abcd2 abcd3"},
		{"no VCALENDAR", `<comp-filter name="VCALENDAR"><is-not-defined/></comp-filter>`, ""},
		{"a property of VCALENDAR", `<comp-filter name="VCALENDAR">` + prop("VERSION", `<text-match>2.0</text-match>`) + `<comp-filter name="VFREEBUSY"/></comp-filter>`, "abcd8"},
		{"due in a range", comp("VTODO", prop("DUE", span1("20060104T000000Z", "20060106T000000Z"))), "abcd4"},
		{"completed in a range", comp("VTODO", prop("COMPLETED", span1("20051223T122322Z", "20051223T122323Z"))), "abcd6"},
		{"completed before", comp("VTODO", prop("COMPLETED", span1("", "20051223T122322Z"))), ""},
		{"tomorrow of two", `<comp-filter name="VCALENDAR"><comp-filter name="VTODO"/><comp-filter name="VEVENT"/></comp-filter>`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for name, o := range objects {
				if matches(t, c.filter, o()) {
					got = append(got, name)
				}
			}
			slices.Sort(got)
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("got %q, want %q", g, c.want)
			}
		})
	}
}

const recurring = `BEGIN:VEVENT
UID:series@example.com
DTSTAMP:20060101T000000Z
DTSTART:20060102T100000Z
DTEND:20060102T110000Z
RRULE:FREQ=DAILY;COUNT=10
SUMMARY:Stand-up
CATEGORIES:Work,Team
ATTENDEE;PARTSTAT=ACCEPTED;MEMBER="mailto:a@example.com","mailto:b@example.com":mailto:ann@example.com
ATTENDEE:mailto:bob@example.com
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Soon
TRIGGER:-PT10M
REPEAT:2
DURATION:PT2M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:series@example.com
DTSTAMP:20060101T000000Z
RECURRENCE-ID:20060104T100000Z
DTSTART:20060104T150000Z
DTEND:20060104T160000Z
SUMMARY:Moved\, with cake
LOCATION:Kitchen
END:VEVENT
`

// The master with its instances and an override with its own are held against a filter apart.
func TestMatch_Recurring(t *testing.T) {
	t.Parallel()
	o := object(t, recurring)
	prop := func(name, inner string) string { return `<prop-filter name="` + name + `">` + inner + `</prop-filter>` }
	text := func(s string) string { return `<text-match>` + s + `</text-match>` }
	at := func(s, e string) string { return span1("200601"+s+"00Z", "200601"+e+"00Z") }
	for _, c := range []struct {
		name, filter string
		want         bool
	}{
		{"an instance", event(at("05T1000", "05T1001")), true},
		{"ends as the range begins", event(at("05T1100", "05T1200")), false},
		{"begins as the range ends", event(at("05T0900", "05T1000")), false},
		{"where the moved one was", event(at("04T1000", "04T1100")), false},
		{"where it is now", event(at("04T1530", "04T1531")), true},
		{"the last", event(span1("20060111T100000Z", "")), true},
		{"after the last", event(span1("20060112T100000Z", "")), false},
		{"before all", event(span1("", "20060102T100000Z")), false},
		{"open start", event(span1("", "20060102T100001Z")), true},
		{"text of the master, its time", event(prop("SUMMARY", text("stand")) + at("05T1000", "05T1100")), true},
		{"text of the master, time of the override", event(prop("SUMMARY", text("stand")) + at("04T1500", "04T1600")), false},
		{"text of the override, its time", event(prop("SUMMARY", text("cake")) + at("04T1500", "04T1600")), true},
		{"text of the override, time of the master", event(prop("SUMMARY", text("cake")) + at("05T1000", "05T1100")), false},
		{"override in an open range", event(prop("SUMMARY", text("cake")) + span1("20060105T000000Z", "")), false},
		{"two texts of two components", event(prop("SUMMARY", text("stand")) + prop("LOCATION", text("kitchen"))), false},
		{"unescaped", event(prop("SUMMARY", text("moved, with"))), true},
		{"a list is one text", event(prop("CATEGORIES", text("team"))), true},
		{"no location: the master", event(prop("LOCATION", `<is-not-defined/>`)), true},
		{"no location at the moved time", event(prop("LOCATION", `<is-not-defined/>`) + at("04T1500", "04T1600")), false},
		{"negated", event(prop("SUMMARY", `<text-match negate-condition="yes">stand</text-match>`)), true},
		{"negated without the property", event(prop("CLASS", `<text-match negate-condition="yes">x</text-match>`)), false},
		{"exists", event(prop("RECURRENCE-ID", ``)), true},
		{"octets have case", event(prop("SUMMARY", `<text-match collation="i;octet">stand</text-match>`)), false},
		{"DTSTART of an instance", event(prop("DTSTART", at("06T1000", "06T1001"))), true},
		{"DTSTART of the master only", event(prop("DTSTART", at("04T1000", "04T1001"))), false},
		{"DTSTART of the override", event(prop("DTSTART", at("04T1500", "04T1501"))), true},
		{"DTEND of an instance", event(prop("DTEND", at("06T1100", "06T1101"))), true},
		{"DTEND is not in a range it ends", event(prop("DTEND", at("06T1000", "06T1100"))), false},
		{"RECURRENCE-ID in a range", event(prop("RECURRENCE-ID", at("04T1000", "04T1001"))), true},
		{"DTSTAMP", event(prop("DTSTAMP", span1("20060101T000000Z", "20060101T000001Z"))), true},
		{"parameter", event(prop("ATTENDEE", `<param-filter name="partstat">`+text("accepted")+`</param-filter>`)), true},
		{"parameter of another property", event(prop("ATTENDEE", text("bob")+`<param-filter name="PARTSTAT"/>`)), false},
		{"parameter missing", event(prop("ATTENDEE", text("bob")+`<param-filter name="PARTSTAT"><is-not-defined/></param-filter>`)), true},
		{"parameter not missing", event(prop("ATTENDEE", text("ann")+`<param-filter name="PARTSTAT"><is-not-defined/></param-filter>`)), false},
		{"second value of a parameter", event(prop("ATTENDEE", `<param-filter name="MEMBER">`+text("b@example")+`</param-filter>`)), true},
		{"parameter negated", event(prop("ATTENDEE", `<param-filter name="PARTSTAT"><text-match negate-condition="yes">ACCEPTED</text-match></param-filter>`)), false},
		{"parameter beside a range", event(prop("DTSTART", at("06T1000", "06T1001")+`<param-filter name="TZID"/>`)), false},
		{"alarm", event(`<comp-filter name="VALARM"/>`), true},
		{"alarm rings", event(`<comp-filter name="VALARM">` + at("05T0950", "05T0951") + `</comp-filter>`), true},
		{"alarm rings again", event(`<comp-filter name="VALARM">` + at("05T0954", "05T0955") + `</comp-filter>`), true},
		{"alarm does not ring", event(`<comp-filter name="VALARM">` + at("05T0955", "05T1100") + `</comp-filter>`), false},
		{"the override has no alarm", event(`<comp-filter name="VALARM">` + at("04T1450", "04T1451") + `</comp-filter>`), false},
		{"another alarm", event(`<comp-filter name="VALARM">` + prop("ACTION", text("EMAIL")) + at("05T0950", "05T0951") + `</comp-filter>`), false},
		{"no alarm: the override", event(`<comp-filter name="VALARM"><is-not-defined/></comp-filter>` + at("04T1500", "04T1600")), true},
		{"no alarm at the master's time", event(`<comp-filter name="VALARM"><is-not-defined/></comp-filter>` + at("05T1000", "05T1100")), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := matches(t, c.filter, o()); got != c.want {
				t.Errorf("%s: got %v, want %v", c.filter, got, c.want)
			}
		})
	}
}

// An endless series is searched in the end only as far as it has to be.
func TestMatch_EndlessSeries(t *testing.T) {
	t.Parallel()
	o := object(t, `BEGIN:VEVENT
UID:u
DTSTART:20060102T100000Z
DURATION:PT1H
RRULE:FREQ=DAILY
SUMMARY:old
END:VEVENT
BEGIN:VEVENT
UID:u
RECURRENCE-ID:20060110T100000Z
DTSTART:20060110T120000Z
SUMMARY:single
END:VEVENT
BEGIN:VEVENT
UID:u
RECURRENCE-ID;RANGE=THISANDFUTURE:20060201T100000Z
DTSTART:20060201T140000Z
DURATION:PT1H
SUMMARY:new
END:VEVENT
`)
	summary := func(s, start string) string {
		return event(`<prop-filter name="SUMMARY"><text-match>` + s + `</text-match></prop-filter>` + span1(start, ""))
	}
	for _, c := range []struct {
		filter string
		want   bool
	}{
		{summary("old", "20060101T000000Z"), true},
		{summary("old", "20060131T105959Z"), true},
		{summary("old", "20070101T000000Z"), false},
		{summary("single", "20060110T120000Z"), true},
		{summary("single", "20070101T000000Z"), false},
		{summary("new", "20060101T000000Z"), true},
		{summary("new", "20990101T000000Z"), true},
		{event(`<prop-filter name="DTEND">` + span1("20990101T150000Z", "20990101T150001Z") + `</prop-filter>`), true},
		{event(`<prop-filter name="DTEND">` + span1("20990101T110000Z", "20990101T110001Z") + `</prop-filter>`), false},
	} {
		x := o()
		if got := matches(t, c.filter, x); got != c.want {
			t.Errorf("%s: got %v, want %v", c.filter, got, c.want)
		}
	}
}

// RFC 4791 §9.9, the tables that this package computes itself, and the borders of the others.
func TestMatch_TimeRange(t *testing.T) {
	t.Parallel()
	lines := func(kind string, props ...string) string {
		return "BEGIN:" + kind + "\nUID:u\n" + strings.Join(props, "\n") + "\nEND:" + kind + "\n"
	}
	paris, _ := time.LoadLocation("Europe/Paris")
	for i, c := range []struct {
		text       string
		kind       string
		start, end string
		loc        *time.Location
		want       bool
	}{
		{lines("VEVENT", "DTSTART:20060102T100000Z"), "VEVENT", "20060102T100000Z", "", nil, true},
		{lines("VEVENT", "DTSTART:20060102T100000Z"), "VEVENT", "20060102T100001Z", "", nil, false},
		{lines("VEVENT", "DTSTART;VALUE=DATE:20060102"), "VEVENT", "20060102T235959Z", "", nil, true},
		{lines("VEVENT", "DTSTART;VALUE=DATE:20060102"), "VEVENT", "20060103T000000Z", "", nil, false},
		{lines("VEVENT", "DTSTART;VALUE=DATE:20060102"), "VEVENT", "", "20060101T230000Z", paris, false},
		{lines("VEVENT", "DTSTART;VALUE=DATE:20060102"), "VEVENT", "", "20060101T230001Z", paris, true},
		{lines("VEVENT", "DTSTART:20060102T100000"), "VEVENT", "20060102T090000Z", "20060102T090001Z", paris, true},
		{lines("VEVENT", "DTSTART:20060102T100000"), "VEVENT", "20060102T090000Z", "20060102T090001Z", nil, false},
		{lines("VTODO", "SUMMARY:x"), "VTODO", "20060102T090000Z", "20060102T090001Z", nil, true},
		{lines("VTODO", "DUE:20060102T100000Z"), "VTODO", "20060102T090000Z", "20060102T100000Z", nil, true},
		{lines("VTODO", "DUE:20060102T100000Z"), "VTODO", "20060102T100000Z", "", nil, false},
		{lines("VTODO", "COMPLETED:20060102T100000Z"), "VTODO", "20060102T100000Z", "20060102T100001Z", nil, true},
		{lines("VTODO", "CREATED:20060102T100000Z"), "VTODO", "", "20060102T100000Z", nil, false},
		{lines("VTODO", "CREATED:20060102T100000Z"), "VTODO", "20070101T000000Z", "", nil, true},
		{lines("VJOURNAL", "SUMMARY:x"), "VJOURNAL", "20060102T090000Z", "", nil, false},
		{lines("VJOURNAL", "DTSTART;VALUE=DATE:20060102"), "VJOURNAL", "20060102T230000Z", "", nil, true},
		{lines("VFREEBUSY", "DTSTART:20060102T100000Z", "DTEND:20060102T110000Z"), "VFREEBUSY", "20060102T110000Z", "", nil, true},
		{lines("VFREEBUSY", "DTSTART:20060102T100000Z", "DTEND:20060102T110000Z"), "VFREEBUSY", "20060102T110001Z", "", nil, false},
		{lines("VFREEBUSY", "DTSTART:20060102T100000Z", "DTEND:20060102T110000Z"), "VFREEBUSY", "", "20060102T100000Z", nil, false},
		{lines("VFREEBUSY", "FREEBUSY;FBTYPE=FREE:20060102T100000Z/PT1H,20060105T100000Z/20060105T110000Z"), "VFREEBUSY", "20060105T105959Z", "", nil, true},
		{lines("VFREEBUSY", "FREEBUSY:20060102T100000Z/PT1H"), "VFREEBUSY", "20060102T110000Z", "", nil, false},
		{lines("VFREEBUSY", "SUMMARY:x"), "VFREEBUSY", "19700101T000000Z", "", nil, false},
		{lines("VAVAILABILITY", "DTSTART:20060102T100000Z"), "VAVAILABILITY", "20300101T000000Z", "", nil, true},
		{lines("VAVAILABILITY", "DTSTART:20060102T100000Z", "DURATION:P1D"), "VAVAILABILITY", "20060103T100000Z", "", nil, false},
		{lines("VAVAILABILITY", "DTEND:20060102T100000Z"), "VAVAILABILITY", "", "19700101T000000Z", nil, true},
		{lines("VAVAILABILITY", "DTEND:20060102T100000Z"), "VAVAILABILITY", "20060102T100000Z", "", nil, false},
		{lines("VAVAILABILITY", "DTSTART:20060102T100000Z"), "VAVAILABILITY", "", "20060102T100000Z", nil, false},
		{lines("VAVAILABILITY", "DTSTART:20060102T100000Z", "DTEND:20060103T100000Z"), "VAVAILABILITY", "20060103T095959Z", "20060104T000000Z", nil, true},
		{lines("VAVAILABILITY", "DTSTART:20060102T100000Z", "DTEND:20060103T100000Z"), "VAVAILABILITY", "20060103T100000Z", "20060104T000000Z", nil, false},
		{lines("VAVAILABILITY", "DTSTART:20060102T100000Z", "DURATION:P1D"), "VAVAILABILITY", "20060103T095959Z", "", nil, true},
		{lines("VAVAILABILITY", "SUMMARY:x"), "VAVAILABILITY", "19700101T000000Z", "19700102T000000Z", nil, true},
	} {
		if got := matches(t, comp(c.kind, span1(c.start, c.end)), objectIn(t, c.text, c.loc)()); got != c.want {
			t.Errorf("%d: %q from %q to %q: got %v, want %v", i, c.text, c.start, c.end, got, c.want)
		}
	}
}

func TestMatch_EffectiveEnd(t *testing.T) {
	t.Parallel()
	in := func(name, prop, text string) bool {
		return matches(t, comp(name, `<prop-filter name="`+prop+`">`+span1("20060102T110000Z", "20060102T110001Z")+`</prop-filter>`), object(t, text)())
	}
	ev, td := "BEGIN:VEVENT\nUID:u\nDTSTART:20060102T100000Z\nDURATION:PT1H\nEND:VEVENT\n", "BEGIN:VTODO\nUID:u\nDTSTART:20060102T100000Z\nDURATION:PT1H\nEND:VTODO\n"
	for _, c := range []struct {
		kind, prop, text string
		want             bool
	}{{"VEVENT", "DTEND", ev, true}, {"VTODO", "DUE", td, true}, {"VEVENT", "DUE", ev, false}, {"VTODO", "DTEND", td, false}, {"VEVENT", "COMPLETED", ev, false}} {
		if got := in(c.kind, c.prop, c.text); got != c.want {
			t.Errorf("%s of %s: got %v, want %v", c.prop, c.kind, got, c.want)
		}
	}
}

func TestSelect(t *testing.T) {
	t.Parallel()
	uid := `<prop-filter name="UID"><text-match collation="i;octet">abc</text-match></prop-filter>`
	for _, c := range []struct{ filter, want string }{
		{`<comp-filter name="VCALENDAR"/>`, "kinds= exact"},
		{event(``), "kinds=VEVENT exact"},
		{event(week), "kinds=VEVENT 20060102-20060109 within"},
		{event(span1("20060102T000000Z", "")), "kinds=VEVENT 20060102- within"},
		{event(uid), "kinds=VEVENT uid exact"},
		{event(uid + week), "kinds=VEVENT 20060102-20060109 uid within"},
		{event(week + `<prop-filter name="SUMMARY"/>`), "kinds=VEVENT 20060102-20060109"},
		{event(`<comp-filter name="VALARM">` + week + `</comp-filter>`), "kinds=VEVENT"},
		{comp("VEVENT", `<is-not-defined/>`), "kinds=VTODO,VJOURNAL,VFREEBUSY,VAVAILABILITY,VPOLL,other exact"},
		{comp("VFREEBUSY", week), "kinds=VFREEBUSY 20060102-20060109"},
		{comp("VTIMEZONE", ``), "kinds="},
		{comp("X-THING", ``), "kinds=other"},
		{comp("X-THING", `<is-not-defined/>`), "kinds="},
		{`<comp-filter name="VCALENDAR"><is-not-defined/></comp-filter>`, "none"},
		{`<comp-filter name="VCALENDAR"><comp-filter name="VEVENT"/><comp-filter name="VTODO"/></comp-filter>`, "none"},
		{`<comp-filter name="VCALENDAR"><prop-filter name="METHOD"/><comp-filter name="VEVENT"/></comp-filter>`, "kinds=VEVENT"},
		{`<comp-filter name="VCALENDAR"><comp-filter name="VEVENT">` + week + `</comp-filter><comp-filter name="VEVENT">` +
			span1("20060105T000000Z", "20060110T000000Z") + `</comp-filter></comp-filter>`, "kinds=VEVENT 20060105-20060109"},
	} {
		f, err := Parse(element(t, c.filter))
		if err != nil {
			t.Fatal(err)
		}
		if got := show(f.Select()); got != c.want {
			t.Errorf("%s: got %q, want %q", c.filter, got, c.want)
		}
	}
}

func show(s Selection) string {
	if s.None {
		return "none"
	}
	out := "kinds=" + s.Kinds.String()
	if !s.From.IsZero() || !s.To.IsZero() {
		out += " "
		if !s.From.IsZero() {
			out += s.From.Format("20060102")
		}
		out += "-"
		if !s.To.IsZero() {
			out += s.To.Format("20060102")
		}
	}
	for _, f := range []struct {
		word string
		on   bool
	}{{"uid", s.HasUID()}, {"exact", s.Exact}, {"within", s.Within}} {
		if f.on {
			out += " " + f.word
		}
	}
	return out
}

func BenchmarkMatch(b *testing.B) {
	o := object(b, recurring)()
	var err error
	if o.Set, err = recur.Compile(o.Cal, o.Zones, &recur.Budget{Steps: 1 << 60, Instances: 1 << 60}); err != nil {
		b.Fatal(err)
	}
	for name, inner := range map[string]string{
		"time":  event(week),
		"text":  event(`<prop-filter name="SUMMARY"><text-match>cake</text-match></prop-filter>`),
		"both":  event(`<prop-filter name="SUMMARY"><text-match collation="i;unicode-casemap">stand</text-match></prop-filter>` + week),
		"alarm": event(`<comp-filter name="VALARM">` + week + `</comp-filter>`),
	} {
		f, err := Parse(element(b, inner))
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if ok, err := f.Match(o); !ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	}
	b.Run("read and time", func(b *testing.B) {
		f, _ := Parse(element(b, event(week)))
		b.ReportAllocs()
		for b.Loop() {
			cal, err := ical.Parse(o.Cal.Raw)
			if err != nil {
				b.Fatal(err)
			}
			zones := zone.NewResolver(cal, nil)
			set, err := recur.Compile(cal, zones, nil)
			if err != nil {
				b.Fatal(err)
			}
			if ok, err := f.Match(&Object{Cal: cal, Set: set, Zones: zones}); !ok || err != nil {
				b.Fatal(fmt.Sprint(ok, err))
			}
		}
	})
}
