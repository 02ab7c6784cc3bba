package recur

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

// object makes a calendar of components: each is its kind and lines.
func object(comps ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n")
	for _, c := range comps {
		kind, lines, _ := strings.Cut(c, "\n")
		b.WriteString("BEGIN:" + kind + "\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n" + strings.ReplaceAll(strings.TrimSpace(lines), "\n", "\r\n") + "\r\nEND:" + kind + "\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	return b.String()
}

func stamp(t testing.TB, s string) time.Time {
	t.Helper()
	if s == "" {
		return time.Time{}
	}
	for _, layout := range []string{"20060102T150405Z", "20060102"} {
		if at, err := time.Parse(layout, s); err == nil {
			return at
		}
	}
	t.Fatalf("bad time %q", s)
	return time.Time{}
}

// listed writes a window as "start/end" or, with an id that differs from the start, "start/end(id)".
func listed(t testing.TB, s *Set, from, to string) string {
	t.Helper()
	const layout = "0102T1504"
	var out []string
	for in, err := range s.Window(stamp(t, from), stamp(t, to)) {
		if err != nil {
			t.Fatal(err)
		}
		one := in.Start.Format(layout) + "/" + in.End.Format(layout)
		if in.Recurring && !in.RecurrenceInstant.Equal(in.Start) {
			one += "(" + in.RecurrenceInstant.Format(layout) + ")"
		}
		out = append(out, one)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func TestSet_Window(t *testing.T) {
	t.Parallel()
	const berlin = ";TZID=Europe/Berlin:"
	for _, c := range []struct{ name, ics, from, to, want string }{
		{"DTSTART off the rule is an instance", object("VEVENT\nDTSTART:20240103T090000Z\nDTEND:20240103T100000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO"),
			"20240101", "20240110", "0103T0900/0103T1000 0108T0900/0108T1000"},
		{"a DTSTART taken away by EXDATE", object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20240101T090000Z"),
			"20240101", "20240110", "0102T0900/0102T0900 0103T0900/0103T0900"},
		{"UNTIL is an instant in a zone", object("VEVENT\nDTSTART" + berlin + "20240101T003000\nRRULE:FREQ=DAILY;UNTIL=20240102T233000Z"),
			"20231231", "20240110", "0101T2330/0101T2330 0102T2330/0102T2330 1231T2330/1231T2330"},
		{"UNTIL before that instant", object("VEVENT\nDTSTART" + berlin + "20240101T003000\nRRULE:FREQ=DAILY;UNTIL=20240102T232959Z"),
			"20231231", "20240110", "0101T2330/0101T2330 1231T2330/1231T2330"},
		{"UNTIL before DTSTART leaves DTSTART", object("VEVENT\nDTSTART" + berlin + "20240101T003000\nRRULE:FREQ=DAILY;UNTIL=20230102T233000Z"),
			"20231231", "20240110", "1231T2330/1231T2330"},
		{"a day without an hour: Samoa skipped 2011-12-30", object("VEVENT\nDTSTART;TZID=Pacific/Apia:20111228T120000\nRRULE:FREQ=DAILY;COUNT=4"),
			"20111228", "20111231T220001Z", "1228T2200/1228T2200 1229T2200/1229T2200 1230T2200/1230T2200"},
		{"EXDATE in another zone, in a list, empty", object("VEVENT\nDTSTART" + berlin + "20240101T100000\nRRULE:FREQ=DAILY;COUNT=5\nEXDATE:20240102T090000Z,20240103T090000Z\nEXDATE:\nEXDATE;TZID=America/New_York:20240104T040000"),
			"20240101", "20240110", "0101T0900/0101T0900 0105T0900/0105T0900"},
		{"a DATE in EXDATE takes the day", object("VEVENT\nDTSTART" + berlin + "20240101T003000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE;VALUE=DATE:20240102"),
			"20231231", "20240110", "0102T2330/0102T2330 1231T2330/1231T2330"},
		{"EXDATE with a time for an all-day event", object("VEVENT\nDTSTART;VALUE=DATE:20240101\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20240102T000000Z"),
			"20240101", "20240110", "0101T0000/0102T0000 0103T0000/0104T0000"},
		{"RDATE: times, a DATE, a period, one that repeats the rule", object("VEVENT\nDTSTART:20240101T090000Z\nDTEND:20240101T100000Z\nRRULE:FREQ=DAILY;COUNT=2\nRDATE:20240102T090000Z,20240105T110000Z\nRDATE;VALUE=DATE:20240107\nRDATE;VALUE=PERIOD:20240108T090000Z/PT3H,20240109T090000Z/20240109T093000Z"),
			"20240101", "20240201", "0101T0900/0101T1000 0102T0900/0102T1000 0105T1100/0105T1200 0107T0900/0107T1000 0108T0900/0108T1200 0109T0900/0109T0930"},
		{"RDATE in another zone", object("VEVENT\nDTSTART" + berlin + "20240101T090000\nRDATE;TZID=America/New_York:20240701T090000"), "20240601", "20240801", "0701T1300/0701T1300"},
		{"two rules, each instance once", object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=4\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=4"),
			"20240101", "20240201", "0101T0900/0101T0900 0102T0900/0102T0900 0103T0900/0103T0900 0104T0900/0104T0900 0105T0900/0105T0900 0107T0900/0107T0900"},
		{"RECURRENCE-ID in any zone, floating too", object("VEVENT\nDTSTART"+berlin+"20240101T100000\nRRULE:FREQ=DAILY;COUNT=4",
			"VEVENT\nDTSTART:20240102T200000Z\nRECURRENCE-ID:20240102T090000Z", "VEVENT\nDTSTART:20240103T200000Z\nRECURRENCE-ID;TZID=America/New_York:20240103T040000",
			"VEVENT\nDTSTART:20240104T200000Z\nRECURRENCE-ID:20240104T100000"),
			"20240101", "20240201", "0101T0900/0101T0900 0102T2000/0102T2000(0102T0900) 0103T2000/0103T2000(0103T0900) 0104T2000/0104T2000(0104T0900)"},
		{"RECURRENCE-ID as a DATE", object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=2", "VEVENT\nDTSTART:20240102T200000Z\nRECURRENCE-ID;VALUE=DATE:20240102"),
			"20240101", "20240201", "0101T0900/0101T0900 0102T2000/0102T2000(0102T0900)"},
		{"moved out of the window", object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=DAILY", "VEVENT\nDTSTART:20240501T090000Z\nRECURRENCE-ID:20240102T090000Z"),
			"20240102", "20240103", ""},
		{"moved into the window", object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=2", "VEVENT\nDTSTART:20240501T090000Z\nRECURRENCE-ID:20240102T090000Z"),
			"20240501", "20240502", "0501T0900/0501T0900(0102T0900)"},
		{"overrides without a master", object("VEVENT\nDTSTART:20240102T200000Z\nRECURRENCE-ID:20240102T090000Z", "VEVENT\nDTSTART:20240103T200000Z\nRECURRENCE-ID:20240103T090000Z"),
			"20240101", "20240201", "0102T2000/0102T2000(0102T0900) 0103T2000/0103T2000(0103T0900)"},
		{"this and future", object("VEVENT\nDTSTART:20240101T090000Z\nDTEND:20240101T100000Z\nRRULE:FREQ=DAILY;COUNT=5", "VEVENT\nDTSTART:20240103T120000Z\nDTEND:20240103T123000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20240103T090000Z",
			"VEVENT\nDTSTART:20240104T200000Z\nRECURRENCE-ID:20240104T090000Z"),
			"20240101", "20240201", "0101T0900/0101T1000 0102T0900/0102T1000 0103T1200/0103T1230(0103T0900) 0104T2000/0104T2000(0104T0900) 0105T1200/0105T1230(0105T0900)"},
		{"this and future moved far into the window", object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=MONTHLY", "VEVENT\nDTSTART:20260101T090000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20240201T090000Z"),
			"20260101", "20260301", "0101T0900/0101T0900(0201T0900) 0130T0900/0130T0900(0301T0900)"},
		{"this and future in summer time", object("VEVENT\nDTSTART"+berlin+"20240301T090000\nRRULE:FREQ=MONTHLY;COUNT=3", "VEVENT\nDTSTART"+berlin+"20240301T110000\nRECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:20240301T090000"),
			"20240101", "20250101", "0301T1000/0301T1000(0301T0800) 0401T0900/0401T0900(0401T0700) 0501T0900/0501T0900(0501T0700)"},
		{"a time in a gap is moved, and once", object("VEVENT\nDTSTART" + berlin + "20240331T003000\nRRULE:FREQ=HOURLY;COUNT=4"),
			"20240330", "20240401", "0330T2330/0330T2330 0331T0030/0331T0030 0331T0130/0331T0130"},
		{"DURATION in days is nominal", object("VEVENT\nDTSTART" + berlin + "20240330T120000\nDURATION:P1DT1H"), "20240330", "20240401", "0330T1100/0331T1100"},
		{"DTEND in another zone", object("VEVENT\nDTSTART" + berlin + "20240101T120000\nDTEND;TZID=America/New_York:20240101T120000\nRRULE:FREQ=DAILY;COUNT=2"), "20240101", "20240201", "0101T1100/0101T1700 0102T1100/0102T1700"},
		{"DTEND before DTSTART takes no time", object("VEVENT\nDTSTART:20240101T120000Z\nDTEND:20240101T110000Z"), "20240101", "20240201", "0101T1200/0101T1200"},
		{"a VTODO that recurs by DUE", object("VTODO\nDUE:20240101T120000Z\nRRULE:FREQ=DAILY;COUNT=2"), "20240101", "20240201", "0101T1200/0101T1200 0102T1200/0102T1200"},
		{"a VJOURNAL of a day", object("VJOURNAL\nDTSTART;VALUE=DATE:20240101\nRRULE:FREQ=WEEKLY;COUNT=2"), "20240101", "20240201", "0101T0000/0102T0000 0108T0000/0109T0000"},
		{"long ones that began long ago", object("VEVENT\nDTSTART:20000101T090000Z\nDURATION:P450D\nRRULE:FREQ=YEARLY"), "20240301", "20240302", "0101T0900/0326T0900 0101T0900/0326T0900"},
		{"an endless rule in the last year", object("VEVENT\nDTSTART:20240229T090000Z\nRRULE:FREQ=YEARLY"), "99960101", "", "0229T0900/0229T0900"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := compileText(t, c.ics)
			if got := listed(t, s, c.from, c.to); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			// What is in the window is within the bounds.
			first, last, ok := s.Bounds()
			for in := range s.Window(stamp(t, c.from), stamp(t, c.to)) {
				if !ok || in.Start.Before(first) || in.End.After(last) {
					t.Errorf("%s is outside of %s to %s", in.Start, first, last)
				}
			}
		})
	}
}

func TestSet_Instance(t *testing.T) {
	t.Parallel()
	s := compileText(t, object("VEVENT\nDTSTART;TZID=Europe/Berlin:20240101T120000\nDTEND;TZID=America/New_York:20240101T120000\nRRULE:FREQ=DAILY;COUNT=2",
		"VEVENT\nDTSTART:20240102T200000Z\nDTEND:20240102T210000Z\nRECURRENCE-ID:20240102T110000Z"))
	var got []string
	for in := range s.Window(time.Time{}, time.Time{}) {
		got = append(got, fmt.Sprintf("%s %s %s id %s %s own %v", in.WallStart.Property("S").Param("TZID"), in.WallStart, in.WallEnd, in.RecurrenceID, in.RecurrenceID.TZID, in.Comp != s.Master()))
	}
	want := []string{" 20240102T200000Z 20240102T210000Z id 20240102T120000 Europe/Berlin own true", "Europe/Berlin 20240101T120000 20240101T120000 id 20240101T120000 Europe/Berlin own false"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if len(s.Overrides()) != 1 || !s.Recurring() {
		t.Error("no override, or not recurring")
	}
	single := compileText(t, object("VEVENT\nDTSTART;VALUE=DATE:20240101"))
	for in := range single.Window(time.Time{}, time.Time{}) {
		if in.Recurring || !in.RecurrenceID.IsZero() || !in.AllDay || in.Floating || in.WallEnd.String() != "20240102" {
			t.Errorf("%+v", in)
		}
	}
}

func TestSet_FloatingTimesFollowTheFallback(t *testing.T) {
	t.Parallel()
	cal, err := ical.Parse([]byte(object("VEVENT\nDTSTART:20240701T090000\nDTEND:20240701T100000\nRRULE:FREQ=DAILY;COUNT=1")))
	if err != nil {
		t.Fatal(err)
	}
	tokyo, _, _ := zone.Known("Asia/Tokyo")
	s, err := Compile(cal, zone.NewResolver(cal, tokyo), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := listed(t, s, "20240630", "20240702"); got != "0701T0000/0701T0100" {
		t.Error(got)
	}
}

// RFC 4791 §9.9, row by row; each object against [12:00, 13:00) of a day.
func TestOverlaps_Tables(t *testing.T) {
	t.Parallel()
	const day = "20240101T"
	for _, c := range []struct {
		comp string
		want bool
	}{
		{"VEVENT\nDTSTART:" + day + "110000Z\nDTEND:" + day + "120000Z", false},
		{"VEVENT\nDTSTART:" + day + "110000Z\nDTEND:" + day + "120001Z", true},
		{"VEVENT\nDTSTART:" + day + "130000Z\nDTEND:" + day + "140000Z", false},
		{"VEVENT\nDTSTART:" + day + "125959Z\nDURATION:PT1H", true},
		{"VEVENT\nDTSTART:" + day + "110000Z\nDURATION:PT1H", false},
		{"VEVENT\nDTSTART:" + day + "120000Z\nDURATION:PT0S", true},
		{"VEVENT\nDTSTART:" + day + "130000Z\nDURATION:PT0S", false},
		{"VEVENT\nDTSTART:" + day + "120000Z", true},
		{"VEVENT\nDTSTART:" + day + "115959Z", false},
		{"VEVENT\nDTSTART;VALUE=DATE:20240101", true},
		{"VEVENT\nDTSTART;VALUE=DATE:20231231", false},
		{"VTODO\nDTSTART:" + day + "110000Z\nDURATION:PT1H", true}, // touching is enough
		{"VTODO\nDTSTART:" + day + "130000Z\nDURATION:PT1H", false},
		{"VTODO\nDTSTART:" + day + "130000Z\nDURATION:PT0S", true},
		{"VTODO\nDTSTART:" + day + "110000Z\nDUE:" + day + "120000Z", false},
		{"VTODO\nDTSTART:" + day + "110000Z\nDUE:" + day + "120001Z", true},
		{"VTODO\nDTSTART:" + day + "130000Z\nDUE:" + day + "130000Z", true},
		{"VTODO\nDTSTART:" + day + "130000Z\nDUE:" + day + "130001Z", false},
		{"VTODO\nDTSTART:" + day + "120000Z", true},
		{"VTODO\nDTSTART:" + day + "130000Z", false},
		{"VTODO\nDUE:" + day + "120000Z", false},
		{"VTODO\nDUE:" + day + "120001Z", true},
		{"VTODO\nDUE:" + day + "130000Z", true},
		{"VTODO\nDUE:" + day + "130001Z", false},
		{"VTODO\nCREATED:" + day + "110000Z\nCOMPLETED:" + day + "140000Z", true},
		{"VTODO\nCREATED:" + day + "100000Z\nCOMPLETED:" + day + "110000Z", false},
		{"VTODO\nCREATED:" + day + "140000Z\nCOMPLETED:" + day + "150000Z", false},
		{"VTODO\nCOMPLETED:" + day + "130000Z", true},
		{"VTODO\nCOMPLETED:" + day + "130001Z", false},
		{"VTODO\nCREATED:" + day + "125959Z", true},
		{"VTODO\nCREATED:" + day + "130000Z", false},
		{"VTODO\nSUMMARY:some day", true},
		{"VJOURNAL\nDTSTART:" + day + "120000Z", true},
		{"VJOURNAL\nDTSTART:" + day + "130000Z", false},
		{"VJOURNAL\nDTSTART;VALUE=DATE:20240101", true},
		{"VJOURNAL\nSUMMARY:no date", false},
		{"VFREEBUSY\nDTSTART:" + day + "110000Z\nDTEND:" + day + "120000Z", true},
		{"VFREEBUSY\nDTSTART:" + day + "130000Z\nDTEND:" + day + "140000Z", false},
		{"VFREEBUSY\nDTSTART:" + day + "110000Z\nDURATION:PT9H", false}, // RFC 4791 §9.9: DURATION is ignored
		{"VFREEBUSY\nFREEBUSY;FBTYPE=FREE:" + day + "110000Z/PT2H", true},
		{"VFREEBUSY\nFREEBUSY:" + day + "110000Z/PT1H", false},
		{"VFREEBUSY\nSUMMARY:x", false},
		{"VAVAILABILITY\nDTSTART:" + day + "120000Z", false},
		{"VPOLL\nDTSTART:" + day + "120000Z", false},
	} {
		s := compileText(t, object(c.comp))
		from, to := stamp(t, day+"120000Z"), stamp(t, day+"130000Z")
		got, err := s.Overlaps(from, to)
		if err != nil || got != c.want {
			t.Errorf("%q: %v, %v, want %v", c.comp, got, err, c.want)
		}
		n := 0
		for range s.Window(from, to) {
			n++
		}
		if n > 0 != c.want {
			t.Errorf("%q: %d instances", c.comp, n)
		}
		if first, last, ok := s.Bounds(); c.want && (!ok || first.After(to) || last.Before(from)) {
			t.Errorf("%q: bounds %s to %s, %v", c.comp, first, last, ok)
		}
	}
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ comp, first, last string }{
		{"VEVENT\nDTSTART:20240101T090000Z\nDTEND:20240101T100000Z", "20240101T090000Z", "20240101T100000Z"},
		{"VEVENT\nDTSTART:20240101T090000Z\nDTEND:20240101T100000Z\nRRULE:FREQ=DAILY;COUNT=3", "20240101T090000Z", "20240103T100000Z"},
		{"VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20240101T090000Z,20240103T090000Z", "20240102T090000Z", "20240102T090000Z"},
		{"VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;COUNT=1\nEXDATE:20240101T090000Z", "", ""},
		{"VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=DAILY", "20240101T090000Z", "max"},
		{"VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=MONTHLY;UNTIL=20990101T000000Z;BYMONTHDAY=31;BYMONTH=1,2", "20240101T090000Z", "20980131T090000Z"},
		{"VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "20240101T090000Z", "20240101T090000Z"},
		{"VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=HOURLY;INTERVAL=24;BYHOUR=5", "20240101T090000Z", "20240101T090000Z"},
		{"VEVENT\nDTSTART:20240101T090000Z\nRDATE:20200101T000000Z\nRDATE;VALUE=PERIOD:20300101T000000Z/P2D", "20200101T000000Z", "20300103T000000Z"},
		{"VTODO\nCREATED:20240101T090000Z", "20240101T090000Z", "max"},
		{"VTODO\nSUMMARY:x", "min", "max"},
		{"VJOURNAL\nSUMMARY:x", "", ""},
	} {
		s := compileText(t, object(c.comp))
		first, last, ok := s.Bounds()
		show := func(at time.Time) string {
			switch {
			case !ok:
				return ""
			case at.Equal(MinTime):
				return "min"
			case at.Equal(MaxTime):
				return "max"
			}
			return at.Format("20060102T150405Z")
		}
		if show(first) != c.first || show(last) != c.last {
			t.Errorf("%q: %s to %s, want %s to %s", c.comp, show(first), show(last), c.first, c.last)
		}
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ comp, want string }{
		{"VEVENT\nDTSTART:20240101T090000Z\nDTEND:20240101T100000Z\nRRULE:FREQ=DAILY;COUNT=2", "0101T0900/0101T1000 BUSY, 0102T0900/0102T1000 BUSY"},
		{"VEVENT\nDTSTART:20240101T090000Z\nDTEND:20240101T100000Z\nSTATUS:TENTATIVE", "0101T0900/0101T1000 BUSY-TENTATIVE"},
		{"VEVENT\nDTSTART:20240101T090000Z\nDTEND:20240101T100000Z\nSTATUS:X-ODD\nTRANSP:opaque", "0101T0900/0101T1000 BUSY"},
		{"VEVENT\nDTSTART:20240101T090000Z\nDTEND:20240101T100000Z\nSTATUS:CANCELLED", ""},
		{"VEVENT\nDTSTART:20240101T090000Z\nDTEND:20240101T100000Z\nTRANSP:TRANSPARENT", ""},
		{"VEVENT\nDTSTART:20240101T090000Z", ""},
		{"VEVENT\nDTSTART;VALUE=DATE:20240101", "0101T0000/0102T0000 BUSY"},
		{"VTODO\nDTSTART:20240101T090000Z\nDUE:20240101T100000Z", ""},
		{"VFREEBUSY\nFREEBUSY:20240101T090000Z/PT1H,20240101T110000Z/20240101T120000Z\nFREEBUSY;FBTYPE=FREE:20240101T130000Z/PT1H\nFREEBUSY;FBTYPE=busy-unavailable:20240101T150000Z/PT1H\nFREEBUSY;FBTYPE=X-Y:20240101T170000Z/PT1H\nFREEBUSY:20250101T090000Z/PT1H",
			"0101T0900/0101T1000 BUSY, 0101T1100/0101T1200 BUSY, 0101T1500/0101T1600 BUSY-UNAVAILABLE, 0101T1700/0101T1800 BUSY"},
	} {
		var got []string
		for b, err := range compileText(t, object(c.comp)).Busy(stamp(t, "20240101"), stamp(t, "20240201")) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, b.Start.Format("0102T1504/")+b.End.Format("0102T1504 ")+b.Type)
		}
		if g := strings.Join(got, ", "); g != c.want {
			t.Errorf("%q\ngot  %s\nwant %s", c.comp, g, c.want)
		}
	}
}

func TestBusy_OverrideIsItsOwn(t *testing.T) {
	t.Parallel()
	s := compileText(t, object("VEVENT\nDTSTART:20240101T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3\nTRANSP:TRANSPARENT",
		"VEVENT\nDTSTART:20240102T120000Z\nDURATION:PT1H\nRECURRENCE-ID:20240102T090000Z"))
	n := 0
	for b := range s.Busy(time.Time{}, time.Time{}) {
		if n++; b.Start.Hour() != 12 {
			t.Error(b)
		}
	}
	if n != 1 {
		t.Errorf("%d busy times", n)
	}
}

func TestAlarmsOverlap(t *testing.T) {
	t.Parallel()
	event := "VEVENT\nDTSTART:20240101T120000Z\nDTEND:20240101T140000Z\nRRULE:FREQ=DAILY;COUNT=3\n"
	alarm := func(lines string) string {
		return "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:x\n" + lines + "\nEND:VALARM"
	}
	for _, c := range []struct {
		name, comp, from, to string
		want                 bool
	}{
		{"before the start", event + alarm("TRIGGER:-PT15M"), "20240102T114500Z", "20240102T114501Z", true},
		{"the end is not in it", event + alarm("TRIGGER:-PT15M"), "20240102T114000Z", "20240102T114500Z", false},
		{"outside of the event", event + alarm("TRIGGER:-PT15M"), "20240102T120000Z", "20240102T140000Z", false},
		{"from the end", event + alarm("TRIGGER;RELATED=END:PT5M"), "20240103T140500Z", "20240103T140501Z", true},
		{"days before", event + alarm("TRIGGER:-P30D"), "20231202T120000Z", "20231202T120001Z", true},
		{"at a time", event + alarm("TRIGGER;VALUE=DATE-TIME:20200101T000000Z"), "20200101T000000Z", "20200101T000001Z", true},
		{"again", event + alarm("TRIGGER:PT0S\nREPEAT:3\nDURATION:PT10M"), "20240103T123000Z", "20240103T123001Z", true},
		{"not once more", event + alarm("TRIGGER:PT0S\nREPEAT:3\nDURATION:PT10M"), "20240103T124000Z", "20240103T124001Z", false},
		{"between two", event + alarm("TRIGGER:PT0S\nREPEAT:3\nDURATION:PT10M"), "20240103T121001Z", "20240103T122000Z", false},
		{"for ever, nearly", event + alarm("TRIGGER:PT0S\nREPEAT:99999999999\nDURATION:PT10M"), "20240601T000000Z", "20240601T001000Z", true},
		{"no trigger", event + alarm("REPEAT:1"), "20240101", "20240201", false},
		{"a bad trigger", event + alarm("TRIGGER:soon"), "20240101", "20240201", false},
		{"a VTODO by DUE", "VTODO\nDUE:20240101T120000Z\n" + alarm("TRIGGER;RELATED=END:-PT1H"), "20240101T110000Z", "20240101T110001Z", true},
		{"a VTODO without a time", "VTODO\nSUMMARY:x\n" + alarm("TRIGGER:-PT1H"), "20240101", "20240201", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := compileText(t, object(c.comp))
			got, err := s.AlarmsOverlap(stamp(t, c.from), stamp(t, c.to), nil)
			if err != nil || got != c.want {
				t.Errorf("%v, %v, want %v", got, err, c.want)
			}
			if none, _ := s.AlarmsOverlap(stamp(t, c.from), stamp(t, c.to), func(*ical.Component) bool { return false }); none {
				t.Error("an alarm nobody asked for")
			}
		})
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	cal, err := ical.Parse([]byte(object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=SECONDLY")))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []*Budget{{Steps: 1000}, {Instances: 1000}} {
		s, err := Compile(cal, nil, b)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		var last error
		for _, err := range s.Window(time.Time{}, time.Time{}) {
			if last = err; err == nil {
				n++
			}
		}
		if !errors.Is(last, ErrBudget) || n > 1000 {
			t.Errorf("%d instances, %v", n, last)
		}
		n = 0
		for _, err := range s.Window(time.Time{}, time.Time{}) { // used up for the whole request
			if err == nil {
				n++
			}
		}
		if n > 0 {
			t.Errorf("%d instances more", n)
		}
		if _, err := s.With(nil).Overlaps(time.Time{}, time.Time{}); err != nil {
			t.Error(err)
		}
	}
}

func TestCompile_Errors(t *testing.T) {
	t.Parallel()
	for _, c := range []string{"RRULE:FREQ=DAILY;COUNT=0", "RDATE:x", "EXDATE:2024", "RDATE;VALUE=PERIOD:20240101T000000Z/x", "DTEND:x", "DURATION:x", "RECURRENCE-ID:x"} {
		cal, err := ical.Parse([]byte(object("VEVENT\nDTSTART:20240101T090000Z\n" + c)))
		if err != nil {
			t.Fatal(err)
		}
		var e *ical.Error
		if _, err := Compile(cal, nil, nil); !errors.As(err, &e) || e.Line != 8 || e.Condition != ical.ConditionData {
			t.Errorf("%s: %v", c, err)
		}
	}
	cal, _ := ical.Parse([]byte(object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=YEARLY;RSCALE=CHINESE")))
	var e *ical.Error
	if _, err := Compile(cal, nil, nil); !errors.As(err, &e) || e.Line != 8 || e.Condition != ConditionRScale {
		t.Error(err)
	}
}

// Ten thousand RDATEs and EXDATEs, a thousand overrides: stored if valid, and quick to look into.
func TestCompile_LongLists(t *testing.T) {
	t.Parallel()
	comps := []string{"VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=DAILY\n"}
	at := time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC)
	var r, x []string
	for i := range 10_000 {
		r = append(r, at.Add(time.Duration(i)*24*time.Hour+time.Hour).Format("20060102T150405Z"))
		x = append(x, at.Add(time.Duration(i)*24*time.Hour).Format("20060102T150405Z"))
	}
	comps[0] += "RDATE:" + strings.Join(r, ",") + "\nEXDATE:" + strings.Join(x, ",")
	for i := range 1000 {
		comps = append(comps, fmt.Sprintf("VEVENT\nDTSTART:20230101T%02d0000Z\nRECURRENCE-ID:%s", i%24, r[i]))
	}
	s := compileText(t, object(comps...))
	s = s.With(nil)
	if got := listed(t, s, "20300101", "20300103"); got != "0101T1000/0101T1000 0102T1000/0102T1000" {
		t.Error(got)
	}
	if used := defaultSteps - s.budget.Steps; used > 1500 {
		t.Errorf("%d steps", used)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(object("VEVENT\nDTSTART;TZID=Europe/Berlin:20240101T120000\nDURATION:P1DT1H\nRRULE:FREQ=DAILY;COUNT=5\nEXDATE;VALUE=DATE:20240103\nRDATE;VALUE=PERIOD:20240108T090000Z/PT3H",
		"VEVENT\nDTSTART:20240102T200000Z\nRECURRENCE-ID;RANGE=THISANDFUTURE:20240102T110000Z\nBEGIN:VALARM\nTRIGGER:-PT15M\nREPEAT:3\nDURATION:PT1M\nEND:VALARM"))
	f.Add(object("VTODO\nDUE:20240101T120000Z\nCOMPLETED:20240101T000000Z\nRRULE:FREQ=HOURLY;BYMINUTE=1,2"))
	f.Add(object("VFREEBUSY\nDTSTART:20240101T120000Z\nDTEND:20240102T120000Z\nFREEBUSY:20240101T090000Z/PT1H"))
	f.Add(object("VJOURNAL\nDTSTART;VALUE=DATE:20240101\nRRULE:FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=FORWARD;BYMONTHDAY=31"))
	f.Fuzz(func(t *testing.T, text string) {
		cal, err := ical.Parse([]byte(text))
		if err != nil {
			return
		}
		s, err := Compile(cal, nil, &Budget{Steps: 500_000, Instances: 500})
		if err != nil {
			return
		}
		from := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
		first, last, ok := s.Bounds()
		w := newWindow(from, from.AddDate(0, 1, 0))
		for in, err := range s.Window(from, from.AddDate(0, 1, 0)) {
			if err != nil {
				return
			}
			if in.WallStart.IsZero() && in.Start.IsZero() {
				continue
			}
			if in.End.Before(in.Start) || in.Start.Unix() > w.hi || in.End.Unix() < w.lo {
				t.Fatalf("%s to %s", in.Start, in.End)
			}
			if s.budget.Steps > 0 && (!ok || in.Start.Before(first) || in.End.After(last)) {
				t.Fatalf("%s to %s is outside of %s to %s", in.Start, in.End, first, last)
			}
		}
		s.AlarmsOverlap(from, from.AddDate(0, 1, 0), nil)
		for range s.Busy(from, from.AddDate(0, 1, 0)) {
		}
	})
}

func benchmarkMonth(b *testing.B, comp string) {
	s := compileText(b, object(comp))
	from, to := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		s.budget.Steps, s.budget.Instances = defaultSteps, defaultInstances
		n := 0
		for _, err := range s.Window(from, to) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
	}
}

func BenchmarkMonth(b *testing.B) {
	for _, c := range []struct{ name, comp string }{
		{"daily1990", "VEVENT\nDTSTART;TZID=Europe/Berlin:19900101T090000\nDTEND;TZID=Europe/Berlin:19900101T100000\nRRULE:FREQ=DAILY"},
		{"weekly2024", "VEVENT\nDTSTART;TZID=Europe/Berlin:20240101T090000\nDTEND;TZID=Europe/Berlin:20240101T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE"},
		{"monthly2020", "VEVENT\nDTSTART;TZID=America/New_York:20200103T090000\nDURATION:PT1H\nRRULE:FREQ=MONTHLY;BYDAY=1FR"},
		{"yearly1604", "VEVENT\nDTSTART;VALUE=DATE:16040615\nRRULE:FREQ=YEARLY"},
		{"hourly2000", "VEVENT\nDTSTART:20000101T000000Z\nRRULE:FREQ=HOURLY;INTERVAL=4"},
		{"weekno", "VEVENT\nDTSTART:20000101T000000Z\nRRULE:FREQ=YEARLY;BYWEEKNO=25"},
	} {
		b.Run(c.name, func(b *testing.B) { benchmarkMonth(b, c.comp) })
	}
}

func BenchmarkOverlapsWeekly(b *testing.B) {
	s := compileText(b, object("VEVENT\nDTSTART;TZID=Europe/Berlin:20240101T090000\nDTEND;TZID=Europe/Berlin:20240101T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE"))
	from, to := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		s.budget.Steps = defaultSteps
		s.Overlaps(from, to)
	}
}

func BenchmarkCompile(b *testing.B) {
	cal, err := ical.Parse([]byte(object("VEVENT\nDTSTART;TZID=Europe/Berlin:20240101T090000\nDTEND;TZID=Europe/Berlin:20240101T100000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20271231T000000Z\nEXDATE;TZID=Europe/Berlin:20240108T090000\nSUMMARY:x")))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s, err := Compile(cal, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		s.Bounds()
	}
}
