package ical_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"

	"caldav-fcgi/dav/ical"
)

// prop reads one line.
func prop(t *testing.T, line string) *ical.Property {
	t.Helper()
	cal, err := ical.Parse(body(line))
	if err != nil {
		t.Fatal(err)
	}
	return cal.Root.Children[0].Props[1]
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	wall := time.Date(2026, 2, 12, 10, 30, 0, 0, time.UTC)
	day := time.Date(2026, 2, 12, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		line string
		want ical.Time
	}{
		{"DTSTART:20260212T103000Z", ical.Time{Wall: wall, UTC: true}},
		{"DTSTART:20260212T103000", ical.Time{Wall: wall}},
		{"DTSTART;TZID=Europe/Paris:20260212T103000", ical.Time{Wall: wall, TZID: "Europe/Paris"}},
		{"DTSTART;VALUE=DATE-TIME;TZID=\" Europe/Paris\":20260212T103000 ", ical.Time{Wall: wall, TZID: "Europe/Paris"}},
		{"DTSTART;TZID=Europe/Paris:20260212T103000Z", ical.Time{Wall: wall, UTC: true}},
		{"DTSTART;VALUE=DATE:20260212", ical.Time{Wall: day, Date: true}},
		{"DTSTART;VALUE=date;TZID=Europe/Paris:20260212", ical.Time{Wall: day, Date: true}},
		{"DTSTART:20260212", ical.Time{Wall: day, Date: true}},
		{"DTSTART:00010101", ical.Time{Wall: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), Date: true}},
		{"DTSTART:99991231T235960Z", ical.Time{Wall: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), UTC: true}},
		{"DTSTART:20240229", ical.Time{Wall: time.Date(2024, 2, 29, 0, 0, 0, 0, time.UTC), Date: true}},
	} {
		got, err := ical.ParseTime(prop(t, test.line))
		if err != nil || got != test.want {
			t.Errorf("%s: got %+v, %v, want %+v", test.line, got, err, test.want)
			continue
		}
		again, err := ical.ParseTime(got.Property("DTSTART"))
		if err != nil || again != got {
			t.Errorf("%s: written and read again %+v, %v", test.line, again, err)
		}
	}
	for _, line := range []string{
		"DTSTART:", "DTSTART:2026021", "DTSTART:20260230", "DTSTART:20230229", "DTSTART:20261301", "DTSTART:20260001",
		"DTSTART:20260212T2430", "DTSTART:20260212T240000", "DTSTART:20260212T106000", "DTSTART:20260212T103061", "DTSTART:20260212 103000",
		"DTSTART:20260212T103000z", "DTSTART:2026-02-12", "DTSTART:00000101", "DTSTART:+0260212", "DTSTART;VALUE=DATE:20260212T103000",
		"DTSTART;VALUE=DATE-TIME:20260212", "DTSTART:20260212,20260213", "DTSTART:２０２６０２１２",
	} {
		if got, err := ical.ParseTime(prop(t, line)); err == nil {
			t.Errorf("%s: got %+v, want an error", line, got)
		}
	}
}

func TestParseTimes(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ line, want string }{
		{"EXDATE:", ""},
		{"EXDATE:,", ""},
		{"EXDATE;TZID=Europe/Paris:20260212T103000,20260213T103000", "20260212T103000 20260213T103000"},
		{"EXDATE;VALUE=DATE:20260212, 20260213,", "20260212 20260213"},
		{"RDATE:20260212T103000Z", "20260212T103000Z"},
	} {
		times, err := ical.ParseTimes(prop(t, test.line))
		var got []string
		for _, v := range times {
			got = append(got, v.String())
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.line, got, err, test.want)
		}
	}
	for _, line := range []string{"EXDATE:x", "EXDATE:20260212T103000;20260213T103000", "RDATE;VALUE=PERIOD:20260212T103000Z/PT1H", "RDATE:20260212T103000Z/PT1H"} {
		if got, err := ical.ParseTimes(prop(t, line)); err == nil {
			t.Errorf("%s: got %v, want an error", line, got)
		}
	}
}

func TestParsePeriods(t *testing.T) {
	t.Parallel()
	got, err := ical.ParsePeriods(prop(t, "RDATE;VALUE=PERIOD;TZID=Europe/Paris:20260212T103000/PT1H30M,20260213T103000/20260213T113000"))
	if err != nil || len(got) != 2 {
		t.Fatalf("got %v, %v", got, err)
	}
	if got[0].Start.TZID != "Europe/Paris" || got[0].Duration.String() != "PT1H30M" || !got[0].End.IsZero() {
		t.Errorf("got %+v", got[0])
	}
	if got[1].End.String() != "20260213T113000" || got[1].End.TZID != "Europe/Paris" || !got[1].Duration.IsZero() {
		t.Errorf("got %+v", got[1])
	}
	for _, line := range []string{
		"FREEBUSY:20260212T103000Z", "FREEBUSY:20260212/20260213", "FREEBUSY:20260212T103000Z/20260212T093000Z",
		"FREEBUSY:20260212T103000Z/", "FREEBUSY:/PT1H", "FREEBUSY:20260212T103000Z/-PT1H", "FREEBUSY:20260212T103000Z/PT1H/PT1H",
	} {
		if got, err := ical.ParsePeriods(prop(t, line)); err == nil {
			t.Errorf("%s: got %+v, want an error", line, got)
		}
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, out string
		days    int
		exact   time.Duration
	}{
		{"PT15M", "PT15M", 0, 15 * time.Minute},
		{"-PT15M", "-PT15M", 0, -15 * time.Minute},
		{"+P1D", "P1D", 1, 0},
		{"P1W", "P1W", 7, 0},
		{"-P2W", "-P2W", -14, 0},
		{"P1W2DT3H", "P9DT3H", 9, 3 * time.Hour},
		{"P1DT", "P1D", 1, 0},
		{"p1dt2h3m4s", "P1DT2H3M4S", 1, 2*time.Hour + 3*time.Minute + 4*time.Second},
		{"PT1H5S", "PT1H0M5S", 0, time.Hour + 5*time.Second},
		{"PT0S", "PT0S", 0, 0},
		{" P0D ", "PT0S", 0, 0},
		{"PT86400S", "PT86400S", 0, 24 * time.Hour},
	} {
		d, err := ical.ParseDuration(test.in)
		if err != nil || d.String() != test.out || d.NominalDays() != test.days || d.Exact() != test.exact {
			t.Errorf("%s: got %s, %d days and %s, %v", test.in, d, d.NominalDays(), d.Exact(), err)
		}
	}
	for _, in := range []string{
		"", "P", "PT", "-P", "1D", "P1", "P1H", "PT1D", "P1M", "PT1H1H", "PT1M1H", "P1D1W", "PT1.5H", "P-1D", "--P1D", "PTT1H", "P1DTT1H",
		"P999999999999999999W", "P99999999999D", "P4294967296W", "PT9999999999S", "P1D T1H", "P1Y",
	} {
		if d, err := ical.ParseDuration(in); err == nil {
			t.Errorf("%q: got %+v, want an error", in, d)
		}
	}
}

func TestDuration_AddCountsDaysOnTheWallClockOnly(t *testing.T) {
	t.Parallel()
	d, err := ical.ParseDuration("P1DT2H")
	if err != nil {
		t.Fatal(err)
	}
	wall := time.Date(2026, 2, 28, 10, 0, 0, 0, time.UTC)
	if got := d.Add(wall); !got.Equal(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("got %s", got)
	}
}

func TestParseOffset(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"+0100": 3600, "-0330": -12600, "+001530": 930, "0100": 3600, "-0000": 0} {
		if got, err := ical.ParseOffset(in); err != nil || got != want {
			t.Errorf("%s: got %d, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "+", "+1", "+01:00", "+2400", "+0160", "+01000", "++100", "Z"} {
		if got, err := ical.ParseOffset(in); err == nil {
			t.Errorf("%s: got %d, want an error", in, got)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ value, text string }{
		{`a`, "a"}, {`a\, b\; c\\d\ne\N`, "a, b; c\\d\ne\n"}, {`a, b; c`, "a, b; c"}, {`\x\`, `x\`}, {``, ""},
	} {
		p := prop(t, "SUMMARY:"+test.value)
		if got := p.Text(); got != test.text {
			t.Errorf("%s: got %q, want %q", test.value, got, test.text)
		}
		if got := ical.NewText("SUMMARY", test.text).Text(); got != test.text {
			t.Errorf("%q: written and read %q", test.text, got)
		}
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for value, want := range map[string][]string{
		`a`: {"a"}, `a,b\,c`: {"a", "b,c"}, `a\x,b`: {"ax", "b"}, ``: {""}, `a,`: {"a", ""}, `a\`: {`a\`},
	} {
		if got := prop(t, "CATEGORIES:"+value).List(); !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", value, got, want)
		}
	}
}

func TestList_Bounded(t *testing.T) {
	t.Parallel()
	got := prop(t, "CATEGORIES:"+strings.Repeat("a,", 100_000)).List()
	if len(got) != 2000 || got[1998] != "a" {
		t.Errorf("got %d values", len(got))
	}
}

func FuzzValues(f *testing.F) {
	for _, s := range []string{"20260212T103000Z", "20260212", "-P1W2DT3H4M5S", "20260212T103000/PT1H", "FREQ=DAILY;BYDAY=-1MO", "+013045"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := ical.ParseDuration(s); err == nil {
			again, err := ical.ParseDuration(d.String())
			if err != nil || again.NominalDays() != d.NominalDays() || again.Exact() != d.Exact() {
				t.Fatalf("%q: %s, then %s, %v", s, d, again, err)
			}
		}
		p := ical.NewProp("DTSTART", s)
		if v, err := ical.ParseTime(p); err == nil {
			if again, err := ical.ParseTime(v.Property("DTSTART")); err != nil || again != v {
				t.Fatalf("%q: %+v, then %+v, %v", s, v, again, err)
			}
		}
		_, _ = ical.ParseTimes(p)
		_, _ = ical.ParsePeriods(p)
		_, _ = ical.ParseOffset(s)
		_ = p.List()
		for _, name := range []string{"RRULE", "TRIGGER", "RDATE", "SEQUENCE", "CREATED"} {
			_, _ = ical.Validate(&ical.Calendar{Root: &ical.Component{Name: "VCALENDAR", Children: []*ical.Component{
				{Name: "VEVENT", Props: []*ical.Property{ical.NewProp("UID", "a"), ical.NewProp("DTSTART", "20260101"), ical.NewProp(name, s)}}}}})
		}
	})
}

func TestGoProp_LongParametersStayOut(t *testing.T) {
	t.Parallel()
	v := prop(t, "ATTACH;VALUE=binary;ENCODING=BASE64;X-LONG="+strings.Repeat("x", 5000)+":aGk=").GoProp()
	if got, err := v.Binary(); err != nil || string(got) != "hi" {
		t.Errorf("got %q, %v", got, err)
	}
	if len(v.Params["X-LONG"]) != 0 {
		t.Error("a parameter of 5000 octets was handed on")
	}
}

func TestGo_APanicIsAnError(t *testing.T) {
	t.Parallel()
	if err := prop(t, "SUMMARY:a").Go(func(*goical.Prop) error { panic("x") }); err == nil {
		t.Error("got no error")
	}
}
