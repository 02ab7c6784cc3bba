package filter

import (
	"errors"
	"strings"
	"testing"

	"github.com/beevik/etree"
)

// element reads a filter's content; the CalDAV namespace is the default one.
func element(tb testing.TB, inner string) *etree.Element {
	tb.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(`<filter xmlns="urn:ietf:params:xml:ns:caldav" xmlns:x="urn:x">` + inner + `</filter>`); err != nil {
		tb.Fatalf("the test's own XML: %v", err)
	}
	return doc.Root()
}

func event(inner string) string {
	return `<comp-filter name="VCALENDAR"><comp-filter name="VEVENT">` + inner + `</comp-filter></comp-filter>`
}

const week = `<time-range start="20060102T000000Z" end="20060109T000000Z"/>`

func TestParse_Refuses(t *testing.T) {
	t.Parallel()
	prop := func(name, inner string) string {
		return event(`<prop-filter name="` + name + `">` + inner + `</prop-filter>`)
	}
	for _, c := range []struct {
		name, filter, condition, element string
	}{
		{"nothing", ``, ValidFilter, "filter"},
		{"no VCALENDAR", `<comp-filter name="VEVENT"/>`, ValidFilter, "comp-filter"},
		{"two comp-filters", `<comp-filter name="VCALENDAR"/><comp-filter name="VCALENDAR"/>`, ValidFilter, "comp-filter"},
		{"prop-filter first", `<prop-filter name="UID"/>`, ValidFilter, "prop-filter"},
		{"no name", `<comp-filter name="VCALENDAR"><comp-filter/></comp-filter>`, ValidFilter, "comp-filter"},
		{"VCALENDAR in itself", `<comp-filter name="VCALENDAR"><comp-filter name="VCALENDAR"/></comp-filter>`, ValidFilter, "comp-filter"},
		{"VEVENT in VTODO", `<comp-filter name="VCALENDAR"><comp-filter name="VTODO"><comp-filter name="VEVENT"/></comp-filter></comp-filter>`, ValidFilter, "comp-filter"},
		{"VALARM in VCALENDAR", `<comp-filter name="VCALENDAR"><comp-filter name="VALARM"/></comp-filter>`, ValidFilter, "comp-filter"},
		{"VALARM in VFREEBUSY", `<comp-filter name="VCALENDAR"><comp-filter name="VFREEBUSY"><comp-filter name="VALARM"/></comp-filter></comp-filter>`, ValidFilter, "comp-filter"},
		{"STANDARD in VEVENT", event(`<comp-filter name="STANDARD"/>`), ValidFilter, "comp-filter"},
		{"is-not-defined and time-range", event(`<is-not-defined/>` + week), ValidFilter, "comp-filter"},
		{"is-not-defined and prop-filter", event(`<prop-filter name="UID"/><is-not-defined/>`), ValidFilter, "comp-filter"},
		{"time-range for VCALENDAR", `<comp-filter name="VCALENDAR">` + week + `</comp-filter>`, ValidFilter, "comp-filter"},
		{"time-range for SUMMARY", prop("SUMMARY", week), ValidFilter, "prop-filter"},
		{"time-range for DURATION", prop("DURATION", week), ValidFilter, "prop-filter"},
		{"time-range and text-match", prop("DTSTART", week+`<text-match>x</text-match>`), ValidFilter, "prop-filter"},
		{"two time-ranges", event(week + week), ValidFilter, "time-range"},
		{"two text-matches", prop("SUMMARY", `<text-match>x</text-match><text-match>y</text-match>`), ValidFilter, "text-match"},
		{"is-not-defined and text", prop("SUMMARY", `<is-not-defined/><text-match>x</text-match>`), ValidFilter, "prop-filter"},
		{"is-not-defined and param", prop("SUMMARY", `<is-not-defined/><param-filter name="X"/>`), ValidFilter, "prop-filter"},
		{"param: both", prop("SUMMARY", `<param-filter name="X"><is-not-defined/><text-match>x</text-match></param-filter>`), ValidFilter, "param-filter"},
		{"param in comp", event(`<param-filter name="X"/>`), ValidFilter, "param-filter"},
		{"text in comp", event(`<text-match>x</text-match>`), ValidFilter, "text-match"},
		{"comp in prop", prop("SUMMARY", `<comp-filter name="VEVENT"/>`), ValidFilter, "comp-filter"},
		{"time in param", prop("SUMMARY", `<param-filter name="X">`+week+`</param-filter>`), ValidFilter, "time-range"},
		{"empty range", event(`<time-range/>`), ValidFilter, "time-range"},
		{"DATE", event(`<time-range start="20060102"/>`), ValidFilter, "time-range"},
		{"floating", event(`<time-range start="20060102T000000"/>`), ValidFilter, "time-range"},
		{"floating end", event(`<time-range start="20060102T000000Z" end="20060103T000000"/>`), ValidFilter, "time-range"},
		{"fraction", event(`<time-range start="20060102T000000.5Z"/>`), ValidFilter, "time-range"},
		{"no such day", event(`<time-range start="20060231T000000Z"/>`), ValidFilter, "time-range"},
		{"year 0", event(`<time-range start="00000102T000000Z"/>`), ValidFilter, "time-range"},
		{"empty start", event(`<time-range start="" end="20060103T000000Z"/>`), ValidFilter, "time-range"},
		{"ends as it begins", event(`<time-range start="20060102T000000Z" end="20060102T000000Z"/>`), ValidFilter, "time-range"},
		{"ends before", event(`<time-range start="20060102T000000Z" end="20060101T000000Z"/>`), ValidFilter, "time-range"},
		{"negate", prop("SUMMARY", `<text-match negate-condition="maybe">x</text-match>`), ValidFilter, "text-match"},
		{"collation", prop("SUMMARY", `<text-match collation="i;basic">x</text-match>`), SupportedCollation, "text-match"},
		{"wildcard", prop("SUMMARY", `<text-match collation="i;*">x</text-match>`), SupportedCollation, "text-match"},
		{"param's collation", prop("SUMMARY", `<param-filter name="X"><text-match collation="*">x</text-match></param-filter>`), SupportedCollation, "text-match"},
		{"time of X-PROP", prop("X-WHEN", week), SupportedFilter, "prop-filter"},
		{"time of X-COMP", `<comp-filter name="VCALENDAR"><comp-filter name="X-THING">` + week + `</comp-filter></comp-filter>`, SupportedFilter, "comp-filter"},
		{"too many", event(strings.Repeat(`<prop-filter name="SUMMARY"/>`, maxConditions)), SupportedFilter, "prop-filter"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(element(t, c.filter))
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want %s", err, c.condition)
			}
			if e.Condition != c.condition || e.Element == nil || e.Element.Tag != c.element || e.Text == "" {
				t.Errorf("got %s at %v (%s), want %s at %s", e.Condition, e.Element, e.Text, c.condition, c.element)
			}
		})
	}
	var e *Error
	if _, err := Parse(nil); !errors.As(err, &e) || e.Condition != ValidFilter {
		t.Errorf("no filter: got %v", err)
	}
}

func TestParse_Accepts(t *testing.T) {
	t.Parallel()
	for _, inner := range []string{
		`<comp-filter name="VCALENDAR"/>`,
		`<comp-filter name="vcalendar"><comp-filter name="vevent"/></comp-filter>`,
		`<comp-filter name="VCALENDAR"><x:other/><unheard-of/><comp-filter name="VEVENT"><x:time-range/></comp-filter></comp-filter>`,
		`<comp-filter name="VCALENDAR"><is-not-defined/></comp-filter>`,
		event(`<time-range start="20060102T000000Z"/>`),
		event(`<time-range end="99991231T235959Z"/>`),
		event(`<prop-filter name="SUMMARY"><text-match collation="default" negate-condition="yes">x</text-match></prop-filter>`),
		event(`<comp-filter name="VALARM"><time-range start="20060102T000000Z"/></comp-filter>`),
		event(`<prop-filter name="RECURRENCE-ID"><time-range start="20060102T000000Z"/></prop-filter>`),
		event(`<comp-filter name="X-THING"><prop-filter name="X-A"><param-filter name="X-B"/></prop-filter></comp-filter>`),
		`<comp-filter name="VCALENDAR"><comp-filter name="VTIMEZONE"><comp-filter name="STANDARD"/></comp-filter></comp-filter>`,
	} {
		if _, err := Parse(element(t, inner)); err != nil {
			t.Errorf("%s: %v", inner, err)
		}
	}
}

func FuzzParseFilter(f *testing.F) {
	f.Add(event(week))
	f.Add(event(`<prop-filter name="SUMMARY"><text-match collation="i;octet">x</text-match><param-filter name="LANGUAGE"/></prop-filter>`))
	f.Add(event(`<comp-filter name="VALARM"><is-not-defined/></comp-filter>`))
	o := object(f, recurring)
	f.Fuzz(func(t *testing.T, inner string) {
		doc := etree.NewDocument()
		if doc.ReadFromString(`<filter xmlns="urn:ietf:params:xml:ns:caldav">`+inner+`</filter>`) != nil || doc.Root() == nil {
			return
		}
		flt, err := Parse(doc.Root())
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Condition == "" {
				t.Fatalf("%q: %v is no *Error with a condition", inner, err)
			}
			return
		}
		match, err := flt.Match(o())
		if err != nil {
			t.Fatalf("%q: %v", inner, err)
		}
		if s := flt.Select(); match && (s.None || !s.UID("series@example.com") || s.Kinds != 0 && s.Kinds&1 == 0) {
			t.Errorf("%q: it matches, and Select rules it out: %+v", inner, s)
		}
	})
}
