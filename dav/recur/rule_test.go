package recur

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

func mustRule(t testing.TB, value, start string) *rule {
	t.Helper()
	when, err := ical.ParseTime(ical.NewProp("DTSTART", start))
	if err != nil {
		t.Fatal(err)
	}
	r, err := parseRule(value, when)
	if err != nil {
		t.Fatalf("%s: %v", value, err)
	}
	clock := zone.Clock{}
	r.limit(when, &clock)
	if err := r.settle(new(Budget).prepare()); err != nil {
		t.Fatal(err)
	}
	return r
}

// walls lists a rule's times in a window, and the steps it took.
func walls(t testing.TB, r *rule, from, to string, most int) (list []string, steps int64) {
	t.Helper()
	b := new(Budget).prepare()
	before := b.Steps
	err := r.scan(wallOf(t, from), wallOf(t, to), b, func(wall int64) bool {
		list = append(list, wallTime(wall).Format("20060102T150405"))
		return len(list) < most
	})
	if err != nil {
		t.Errorf("%+v: %v", r, err)
	}
	return list, before - b.Steps
}

func wallOf(t testing.TB, s string) int64 {
	t.Helper()
	when, err := ical.ParseTime(ical.NewProp("X", s))
	if err != nil {
		t.Fatal(err)
	}
	return when.Wall.Unix()
}

func TestParseRule_Refused(t *testing.T) {
	t.Parallel()
	start := ical.Time{Wall: time.Date(2024, 1, 31, 9, 0, 0, 0, time.UTC)}
	for _, value := range []string{
		"", ";", "FREQ", "FREQ=", "INTERVAL=2", "FREQ=SOMETIMES", "FREQ=DAILY;FREQ=DAILY", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-5",
		"FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=x", "FREQ=DAILY;COUNT=2;UNTIL=20250101", "FREQ=DAILY;UNTIL=2025",
		"FREQ=DAILY;UNTIL=20250230", "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;BYMINUTE=60", "FREQ=DAILY;BYSECOND=61", "FREQ=YEARLY;BYMONTH=13",
		"FREQ=YEARLY;BYMONTH=0", "FREQ=YEARLY;BYMONTH=5L", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYMONTHDAY=0", "FREQ=YEARLY;BYYEARDAY=367",
		"FREQ=YEARLY;BYWEEKNO=54", "FREQ=MONTHLY;BYWEEKNO=5", "FREQ=MONTHLY;BYDAY=54MO", "FREQ=MONTHLY;BYDAY=0MO", "FREQ=MONTHLY;BYDAY=XX",
		"FREQ=MONTHLY;BYDAY=MO,", "FREQ=MONTHLY;BYSETPOS=367", "FREQ=DAILY;WKST=XX", "FREQ=YEARLY;BYEASTER=0", "FREQ=DAILY;SKIP=OMIT",
		"FREQ=DAILY;RSCALE=GREGORIAN;SKIP=MAYBE", "FREQ=DAILY;NONSENSE=1", "FREQ=DAILY;BYMONTHDAY=" + strings.Repeat("1,", 1001) + "1",
		"FREQ=DAILY;BYHOUR=+1", "FREQ=DAILY;BYHOUR=001",
	} {
		err := ValidateRule(value, start)
		var e *ical.Error
		if !errors.As(err, &e) || e.Condition != ical.ConditionData {
			t.Errorf("%.60q: %v", value, err)
		}
	}
	for _, value := range []string{"RSCALE=HEBREW;FREQ=YEARLY", "FREQ=YEARLY;RSCALE=CHINESE;SKIP=FORWARD", "FREQ=YEARLY;RSCALE=X-MINE"} {
		var e *ical.Error
		if err := ValidateRule(value, start); !errors.As(err, &e) || e.Condition != ConditionRScale {
			t.Errorf("%q: %v", value, err)
		}
	}
	if err := ValidateRule("FREQ=DAILY", ical.Time{Wall: time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)}); err == nil {
		t.Error("year 0 is taken")
	}
}

func TestRule_Readings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, start, rule, from, to, want string }{
		{"lower case, a trailing semicolon, X- parts", "20240101T090000", "freq=daily;x-mine=1;count=2;", "20240101", "20250101", "20240101T090000 20240102T090000"},
		{"plain and ordinal weekdays are joined", "20240101T090000", "FREQ=MONTHLY;BYDAY=MO,2SA", "20240101", "20240131", "20240101T090000 20240108T090000 20240113T090000 20240115T090000 20240122T090000 20240129T090000"},
		{"BYWEEKNO takes the weekday from DTSTART", "20240515T090000", "FREQ=YEARLY;BYWEEKNO=20", "20240101", "20261231", "20240515T090000 20250514T090000 20260513T090000"},
		{"week 53 only where there is one", "20201231T090000", "FREQ=YEARLY;BYWEEKNO=53", "20200101", "20330101", "20201231T090000 20261231T090000 20321230T090000"},
		{"week -1 over the year's edge", "20181230T090000", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=SU", "20180101", "20230102", "20181230T090000 20191229T090000 20210103T090000 20220102T090000 20230101T090000"},
		{"more than 292 years", "16040101", "FREQ=YEARLY", "20260101", "20261231", "20260101T000000"},
		{"UNTIL as a DATE holds the whole day", "20240101T090000", "FREQ=DAILY;UNTIL=20240103", "20240101", "20250101", "20240101T090000 20240102T090000 20240103T090000"},
		{"UNTIL as a DATE-TIME for dates", "20240101", "FREQ=DAILY;UNTIL=20240102T235959Z", "20240101", "20250101", "20240101T000000 20240102T000000"},
		{"repeated values do not repeat instances", "20240101T090000", "FREQ=DAILY;BYHOUR=9,9;BYMINUTE=0,0,0;COUNT=2", "20240101", "20250101", "20240101T090000 20240102T090000"},
		{"second 60 is 59", "20240101T090059", "FREQ=DAILY;BYSECOND=60;COUNT=2", "20240101", "20250101", "20240101T090059 20240102T090059"},
		{"times of day are ignored for a DATE", "20240101", "FREQ=DAILY;BYHOUR=5;COUNT=2", "20240101", "20250101", "20240101T000000 20240102T000000"},
		{"hours of a DATE are days", "20240101", "FREQ=HOURLY;INTERVAL=48;COUNT=2", "20240101", "20250101", "20240101T000000 20240103T000000"},
		{"an ordinal of WEEKLY is left out", "20240101T090000", "FREQ=WEEKLY;BYDAY=1MO", "20240101", "20240110", "20240101T090000 20240108T090000"},
		{"an ordinal of BYWEEKNO is left out", "20240513T090000", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "20240101", "20250101", "20240513T090000"},
		{"no such ordinal", "20240101T090000", "FREQ=MONTHLY;BYDAY=-6MO", "20240101", "20300101", ""},
		{"BYSETPOS of an unfinished first period", "20240117T090000", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "20240101", "20240201", "20240117T090000 20240124T090000 20240131T090000"},
		{"BYSETPOS over times", "20240101T090000", "FREQ=DAILY;BYHOUR=9,12,15;BYMINUTE=0,30;BYSETPOS=1,-1", "20240101", "20240103", "20240101T090000 20240101T153000 20240102T090000 20240102T153000"},
		{"BYSETPOS of an hour", "20240101T090000", "FREQ=HOURLY;BYMINUTE=0,20,40;BYSETPOS=-1", "20240101", "20240101T113000", "20240101T094000 20240101T104000"},
		{"the last year", "20240101T090000", "FREQ=YEARLY", "99980601", "99991231", "99990101T090000"},
		{"the last hours", "20240101T090000", "FREQ=HOURLY;INTERVAL=12", "99991231", "99991231T235959", "99991231T090000 99991231T210000"},
		{"the first years", "00010101T090000", "FREQ=WEEKLY;WKST=SU;BYDAY=MO,SU", "00010101", "00010115", "00010101T090000 00010107T090000 00010108T090000 00010114T090000"},
		{"INTERVAL too long for a second instance", "20240101T090000", "FREQ=MONTHLY;INTERVAL=9223372036854775807", "20240101", "99991231", "20240101T090000"},
		{"INTERVAL with too many digits", "20240101T090000", "FREQ=SECONDLY;INTERVAL=99999999999999999999999", "20240101", "99991231", "20240101T090000"},

		// RFC 7529 §4.1
		{"SKIP=OMIT", "20240131T090000", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=OMIT;COUNT=3", "20240101", "20250101", "20240131T090000 20240331T090000 20240531T090000"},
		{"SKIP=BACKWARD", "20240131T090000", "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;COUNT=4", "20240101", "20250101", "20240131T090000 20240229T090000 20240331T090000 20240430T090000"},
		{"SKIP=FORWARD", "20240131T090000", "RSCALE=gregorian;FREQ=MONTHLY;SKIP=forward;COUNT=4", "20240101", "20250101", "20240131T090000 20240301T090000 20240331T090000 20240501T090000"},
		{"SKIP=BACKWARD of a leap day", "20120229", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=BACKWARD", "20120101", "20161231", "20120229T000000 20130228T000000 20140228T000000 20150228T000000 20160229T000000"},
		{"SKIP=FORWARD of a leap day", "20160229", "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "20170101", "20181231", "20170301T000000 20180301T000000"},
		{"SKIP brings two to one day", "20240130T090000", "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=28,29,30;SKIP=BACKWARD", "20250201", "20250228T235959", "20250228T090000"},
		{"SKIP=FORWARD on the first of a month", "20240131T090000", "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=1,31;SKIP=FORWARD", "20240201", "20240302", "20240201T090000 20240301T090000"},
		{"SKIP of a day counted from the end", "20240101T090000", "RSCALE=GREGORIAN;FREQ=MONTHLY;BYMONTHDAY=-31;SKIP=BACKWARD", "20240201", "20240502", "20240301T090000 20240331T090000 20240501T090000"},
		{"SKIP of day 366", "20241231T090000", "RSCALE=GREGORIAN;FREQ=YEARLY;BYYEARDAY=366;SKIP=BACKWARD", "20250101", "20251231T235959", "20251231T090000"},
		{"SKIP where nothing is missing", "20240101T090000", "RSCALE=GREGORIAN;FREQ=WEEKLY;SKIP=FORWARD;COUNT=2", "20240101", "20250101", "20240101T090000 20240108T090000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := mustRule(t, c.rule, c.start)
			got, _ := walls(t, r, c.from, c.to, 100)
			if g := strings.Join(got, " "); g != c.want {
				t.Errorf("%s %s\ngot  %s\nwant %s", c.start, c.rule, g, c.want)
			}
		})
	}
}

// hostile is what is known to make rrule-go panic, hang or run long, and what could make us.
var hostile = []struct{ start, rule string }{
	{"20240101T090000", "FREQ=MONTHLY;BYDAY=-6MO"},
	{"20240101T090000", "FREQ=MONTHLY;BYDAY=-10MO,10MO,53MO"},
	{"20240101T090000", "FREQ=YEARLY;BYMONTH=1;BYDAY=-53MO"},
	{"20240101T090000", "FREQ=YEARLY;BYMONTH=12;BYDAY=53MO"},
	{"20240101T090000", "FREQ=MONTHLY;INTERVAL=9223372036854775807"},
	{"00010101T000000", "FREQ=YEARLY;BYWEEKNO=1,-1,53,-53"},
	{"20240101T090000", "FREQ=HOURLY;INTERVAL=24;BYHOUR=5"},
	{"20240101T090000", "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=7"},
	{"20240101T090000", "FREQ=SECONDLY;INTERVAL=86400;BYSECOND=7"},
	{"20240101T090000", "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3,4"},
	{"20240101T090000", "FREQ=SECONDLY;INTERVAL=600;BYMINUTE=3,4"},
	{"20240101T090000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
	{"20240101T090000", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30"},
	{"20240101T090000", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"},
	{"20240101T090000", "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30"},
	{"20240101T090000", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=1;BYMINUTE=1"},
	{"20240101T090000", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;BYSETPOS=2"},
	{"20240101T090000", "FREQ=SECONDLY;BYSETPOS=2"},
	{"20240101T090000", "FREQ=MONTHLY;BYDAY=6MO"},
	{"20240101T090000", "FREQ=YEARLY;BYWEEKNO=-42,-35,-9,22;WKST=SU"},
	{"20240101T090000", "FREQ=HOURLY;INTERVAL=7;BYHOUR=9;BYDAY=TU"},
	{"20240101T090000", "FREQ=HOURLY;INTERVAL=84;BYHOUR=21;BYDAY=MO"},
	{"20240101T090000", "FREQ=DAILY;INTERVAL=7;BYDAY=TU"},
	{"20240101T090000", "FREQ=WEEKLY;BYMONTH=2;BYSETPOS=8"},
	{"20240101T090000", "RSCALE=GREGORIAN;FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=2;SKIP=FORWARD;BYDAY=53MO"},
	{"20240101T000000", "FREQ=SECONDLY;COUNT=999999999999"},
	{"20240101T000000", "FREQ=SECONDLY;COUNT=999999999;BYDAY=MO"},
	{"20240101T000000", "FREQ=MINUTELY;INTERVAL=7;COUNT=999999999;BYDAY=MO"},
	{"20240101T000000", "FREQ=SECONDLY;INTERVAL=7;COUNT=999999999"},
	{"20240101T000000", "FREQ=DAILY;COUNT=999999999;BYMONTH=2;BYMONTHDAY=30"},
	{"20240101T000000", "FREQ=DAILY;COUNT=4000000;BYHOUR=" + numbersTo(23) + ";BYMINUTE=" + numbersTo(59) + ";BYSECOND=" + numbersTo(59)},
	{"20240101T000000", "FREQ=YEARLY;BYDAY=MO;BYHOUR=" + numbersTo(23) + ";BYMINUTE=" + numbersTo(59) + ";BYSECOND=" + numbersTo(59) + ";BYSETPOS=-1"},
	{"20240101T000000", "FREQ=YEARLY;INTERVAL=401;BYMONTH=2;BYMONTHDAY=29"},
}

// Each within a number of steps, in any window.
func TestRule_HostileWithinSteps(t *testing.T) {
	t.Parallel()
	for _, c := range hostile {
		t.Run(c.rule[:min(len(c.rule), 60)], func(t *testing.T) {
			t.Parallel()
			when, _ := ical.ParseTime(ical.NewProp("DTSTART", c.start))
			r, err := parseRule(c.rule, when)
			if err != nil {
				t.Fatal(err)
			}
			b := new(Budget).prepare()
			r.settle(b)
			if used := defaultSteps - b.Steps; used > settleSteps+1000 {
				t.Errorf("settled in %d steps", used)
			}
			if r.count > 0 {
				t.Logf("COUNT stays open")
			}
			for _, w := range [][2]string{{"20240101", "20240102"}, {"20260601", "20260602"}, {"99990101", "99990102"}, {"00010101", "00010102"}} {
				if r.count > 0 && w[0] > "2027" {
					continue
				}
				before := b.Steps
				if err := r.scan(wallOf(t, w[0]), wallOf(t, w[1]), b, func(int64) bool { return true }); err != nil {
					t.Errorf("%s: %v", w[0], err)
				}
				most := int64(200_000) // a day of seconds is 86,400 instances
				if r.count > 0 {
					most = 30_000_000
				}
				if used := before - b.Steps; used > most {
					t.Errorf("%s: %d steps", w[0], used)
				}
			}
			// The first instance after DTSTART, or that there is none.
			before := b.Steps
			r.generate(r.start+1, maxWall, b, func(int64) bool { return false })
			if used := before - b.Steps; used > 5_000_000 {
				t.Errorf("%d steps to the next instance", used)
			}
		})
	}
}

func numbersTo(n int) string {
	var s []string
	for i := range n + 1 {
		s = append(s, fmt.Sprint(i))
	}
	return strings.Join(s, ",")
}

func TestRule_WindowCostDoesNotDependOnDistance(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE", "FREQ=MONTHLY;BYDAY=2FR", "FREQ=YEARLY", "FREQ=HOURLY;INTERVAL=5",
		"FREQ=MINUTELY;INTERVAL=90;BYDAY=MO", "FREQ=YEARLY;BYWEEKNO=20", "FREQ=DAILY;COUNT=3000000", "FREQ=DAILY;INTERVAL=3;BYMONTH=5"} {
		r := mustRule(t, value, "16040101T090000")
		_, near := walls(t, r, "16060501", "16060601", 1000)
		_, far := walls(t, r, "90060501", "90060601", 1000)
		if far > near+20 {
			t.Errorf("%s: %d steps near, %d far", value, near, far)
		}
	}
}

func TestRule_CountIsResolvedOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ start, rule, last string }{
		{"20240101T090000", "FREQ=DAILY;COUNT=10", "20240110T090000"},
		{"20240101T090000", "FREQ=DAILY;COUNT=1", "20240101T090000"},
		{"20240103T090000", "FREQ=WEEKLY;BYDAY=MO;COUNT=2", "20240108T090000"}, // DTSTART off the rule is the first
		{"20240103T090000", "FREQ=WEEKLY;BYDAY=MO;COUNT=1", "20240103T090000"},
		{"20240101T090000", "FREQ=SECONDLY;COUNT=86401", "20240102T090000"},
		{"20240101T090000", "FREQ=MINUTELY;INTERVAL=30;BYHOUR=9,10;COUNT=9", "20240103T090000"},
		{"20240101T100000", "FREQ=MINUTELY;INTERVAL=30;BYHOUR=9,10;COUNT=4", "20240102T093000"},
		{"20240101T093000", "FREQ=HOURLY;BYMINUTE=0,30;BYDAY=MO;COUNT=78", "20240115T000000"},
		{"20240101T090000", "FREQ=HOURLY;INTERVAL=7;COUNT=5", "20240102T130000"},
	} {
		r := mustRule(t, c.rule, c.start)
		if got := wallTime(r.last).Format("20060102T150405"); got != c.last || r.count != 0 {
			t.Errorf("%s %s: last %s (COUNT %d), want %s", c.start, c.rule, got, r.count, c.last)
		}
	}
}

// naive expands by asking every second-of-interest in turn whether RFC 5545 §3.3.10 has it: periods of the frequency,
// all members of the period, BYSETPOS. Slow, and written without a look at the other generators. Within it, only the days
// from DTSTART on are gone through.
func naive(r *rule, from, to int64) []int64 {
	unit := func(at int64) int64 { // which period a second is in
		day := floorDiv(at, daySeconds)
		tm := wallTime(at)
		switch r.freq {
		case yearly:
			if r.weeknos != nil {
				return isoYear(tm, int(r.wkst))
			}
			return int64(tm.Year())
		case monthly:
			return int64(tm.Year())*12 + int64(tm.Month())
		case weekly:
			for (int(wallTime(day*daySeconds).Weekday())+6)%7 != int(r.wkst) {
				day--
			}
			return floorDiv(day, 7)
		case daily:
			return day
		case hourly:
			return floorDiv(at, 3600)
		case minutely:
			return floorDiv(at, 60)
		}
		return at
	}
	has := func(m uint64, n int) bool { return m == 0 || m>>n&1 == 1 }
	member := func(tm time.Time) bool {
		if !has(uint64(r.months), int(tm.Month())) || !has(uint64(r.hours), tm.Hour()) || !has(r.minutes, tm.Minute()) || !has(r.seconds, tm.Second()) {
			return false
		}
		lastOfYear := time.Date(tm.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
		lastOfMonth := tm.AddDate(0, 1, -tm.Day()).Day()
		if tm.Day() > 28 {
			lastOfMonth = time.Date(tm.Year(), tm.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		}
		in := func(n, length int, l []int) bool {
			return len(l) == 0 || slices.Contains(l, n) || slices.Contains(l, n-length-1)
		}
		if !in(tm.YearDay(), lastOfYear, toInts(r.yeardays)) || !in(tm.Day(), lastOfMonth, toInts(r.monthdays)) {
			return false
		}
		if r.weeknos != nil {
			year := isoYear(tm, int(r.wkst))
			first := tm
			week := 0
			for isoYear(first, int(r.wkst)) == year {
				first = first.AddDate(0, 0, -7)
				week++
			}
			weeks := week
			for next := tm.AddDate(0, 0, 7); isoYear(next, int(r.wkst)) == year; next = next.AddDate(0, 0, 7) {
				weeks++
			}
			if !in(week, weeks, toInts(r.weeknos)) {
				return false
			}
		}
		if len(r.weekdays) == 0 {
			return true
		}
		for _, w := range r.weekdays {
			if int(w.day) != (int(tm.Weekday())+6)%7 {
				continue
			}
			if w.n == 0 {
				return true
			}
			same := func(t time.Time) bool {
				if r.freq == yearly && r.months == 0 {
					return t.Year() == tm.Year()
				}
				return t.Month() == tm.Month() && t.Year() == tm.Year()
			}
			n, step := 0, -7
			if w.n < 0 {
				step = 7
			}
			for t := tm; same(t); t = t.AddDate(0, 0, step) {
				n++
			}
			if n == int(max(w.n, -w.n)) {
				return true
			}
		}
		return false
	}
	stride := int64(1)
	if r.freq == hourly || r.freq < hourly {
		stride = 60 // the random rules below have whole minutes
	}
	begin := floorDiv(r.start, daySeconds)*daySeconds - 380*daySeconds
	if r.freq > daily {
		begin = floorDiv(r.start, daySeconds) * daySeconds
	}
	var out, set []int64
	current := int64(-1 << 62)
	flush := func() {
		for _, i := range r.positionsNaively(len(set)) {
			if set[i] >= r.start && set[i] >= from && set[i] <= to && set[i] <= r.last {
				out = append(out, set[i])
			}
		}
		set = set[:0]
	}
	for at := begin; at <= to+380*daySeconds; at += stride {
		if r.freq > daily && at > to+3600 {
			break
		}
		if at%daySeconds == 0 && !dayPossible(r, member, at) {
			at += daySeconds - stride
			continue
		}
		clock := int(at - floorDiv(at, daySeconds)*daySeconds)
		if !has(uint64(r.hours), clock/3600) || !has(r.minutes, clock/60%60) || !has(r.seconds, clock%60) {
			continue // the day is possible, and this time of it is not
		}
		if u := unit(at); u != current {
			flush()
			current = u
		}
		if (current-unit(r.start))%r.interval == 0 {
			set = append(set, at)
		}
	}
	flush()
	return out
}

// dayPossible saves the naive expander the minutes of days that no minute of can match.
func dayPossible(r *rule, member func(time.Time) bool, midnight int64) bool {
	h, m, s := r.hours, r.minutes, r.seconds
	r.hours, r.minutes, r.seconds = 0, 0, 0
	ok := member(wallTime(midnight))
	r.hours, r.minutes, r.seconds = h, m, s
	return ok
}

func (r *rule) positionsNaively(n int) []int {
	var out []int
	for i := range n {
		if r.setpos == nil || slices.Contains(r.setpos, int16(i+1)) || slices.Contains(r.setpos, int16(i-n)) {
			out = append(out, i)
		}
	}
	return out
}

// isoYear is the year whose numbered weeks a day belongs to: that of the fourth day of its week.
func isoYear(t time.Time, wkst int) int64 {
	for (int(t.Weekday())+6)%7 != wkst {
		t = t.AddDate(0, 0, -1)
	}
	return int64(t.AddDate(0, 0, 3).Year())
}

func randomRule(rnd *rand.Rand) string {
	freqs := []string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY"}
	f := rnd.IntN(len(freqs))
	parts := []string{"FREQ=" + freqs[f]}
	some := func(chance int) bool { return rnd.IntN(100) < chance }
	several := func(lo, hi, most int, signed bool) string {
		var s []string
		for range 1 + rnd.IntN(most) {
			n := lo + rnd.IntN(hi-lo+1)
			if signed && some(30) {
				n = -n
			}
			s = append(s, fmt.Sprint(n))
		}
		return strings.Join(s, ",")
	}
	if some(50) {
		parts = append(parts, fmt.Sprintf("INTERVAL=%d", 1+rnd.IntN([]int{3, 7, 6, 20, 40, 500}[f])))
	}
	if some(30) {
		parts = append(parts, "BYMONTH="+several(1, 12, 3, false))
	}
	if f == 0 && some(20) {
		parts = append(parts, "BYWEEKNO="+several(1, 53, 3, true))
	}
	if (f == 0 || f > 3) && some(15) {
		parts = append(parts, "BYYEARDAY="+several(1, 366, 6, true))
	}
	if f != 2 && some(25) {
		parts = append(parts, "BYMONTHDAY="+several(1, 31, 5, true))
	}
	if some(45) {
		var s []string
		for range 1 + rnd.IntN(4) {
			n := ""
			if f < 2 && some(50) {
				n = fmt.Sprint([]int{1, 2, 3, 4, 5, -1, -2, -5, 6, 20, 53, -53}[rnd.IntN(12)])
			}
			s = append(s, n+[]string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}[rnd.IntN(7)])
		}
		parts = append(parts, "BYDAY="+strings.Join(s, ","))
	}
	if some(25) {
		parts = append(parts, "BYHOUR="+several(0, 23, 3, false))
	}
	if some(20) {
		parts = append(parts, "BYMINUTE="+several(0, 59, 3, false))
	}
	if some(25) {
		parts = append(parts, "BYSETPOS="+several(1, 5, 2, true))
	}
	if some(30) {
		parts = append(parts, "WKST="+[]string{"MO", "SU", "SA", "WE"}[rnd.IntN(4)])
	}
	return strings.Join(parts, ";")
}

// pairs is how many random rules and windows are tried: CALDAV_FCGI_RECUR_PAIRS of the environment, as make fuzz sets it, or what fits
// into a test run. Another number also means other rules.
func pairs(t *testing.T, usual int) (n int, rnd *rand.Rand) {
	t.Helper()
	seed := uint64(7)
	if n, err := strconv.Atoi(os.Getenv("CALDAV_FCGI_RECUR_PAIRS")); err == nil && n > 0 {
		seed, usual = uint64(n), n
	} else if testing.Short() {
		usual /= 4
	}
	return usual, rand.New(rand.NewPCG(seed, 11))
}

// All generators against the naive one, and against each other.
func TestRule_RandomAgainstNaive(t *testing.T) {
	t.Parallel()
	n, rnd := pairs(t, 2000)
	library, found, wrong := 0, 0, 0
	for range n {
		value := randomRule(rnd)
		start := time.Date(1998+rnd.IntN(8), time.Month(1+rnd.IntN(12)), 1+rnd.IntN(31), rnd.IntN(24), rnd.IntN(60), 0, 0, time.UTC)
		r, err := parseRule(value, ical.Time{Wall: start})
		if err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		reach, length := 900, 120
		if r.freq > daily {
			reach, length = 60, 4
		}
		from := start.AddDate(0, 0, rnd.IntN(reach)-20).Unix()
		to := from + int64(1+rnd.IntN(length))*daySeconds
		want := naive(r, from, to)
		found += len(want)
		list := func(scan func(from, to int64, b *Budget, yield func(int64) bool) error) (got []int64) {
			if err := scan(from, to, new(Budget).prepare(), func(w int64) bool { got = append(got, w); return true }); err != nil {
				t.Errorf("%s: %v", value, err)
			}
			return got
		}
		compare := func(who string, got []int64) {
			if !slices.Equal(got, want) {
				if wrong++; wrong < 10 {
					t.Errorf("%s: DTSTART %s %s from %s to %s\ngot  %v\nwant %v", who, start.Format("20060102T150405"), value, utc(from), utc(to), utcs(got), utcs(want))
				}
			}
		}
		compare("scan", list(r.generate))
		if r.option = r.libraryOption(); r.option != nil && from > r.start {
			library++
			compare("by rrule-go", list(r.scanLibrary))
			compare("by definition", list(func(from, to int64, b *Budget, y func(int64) bool) error { return r.scanDays(from, to, b, y) }))
		}
	}
	t.Logf("%d rules, %d by rrule-go, %d instances", n, library, found)
}

func utc(wall int64) string { return wallTime(wall).Format("20060102T150405") }

func utcs(walls []int64) (out []string) {
	for _, w := range walls[:min(len(walls), 12)] {
		out = append(out, utc(w))
	}
	return out
}

func FuzzRule(f *testing.F) {
	for _, s := range []string{"FREQ=DAILY", "freq=weekly;byday=mo,2sa;", "FREQ=YEARLY;BYWEEKNO=53,-53;WKST=SU", "FREQ=SECONDLY;INTERVAL=86400;BYSECOND=7",
		"FREQ=MONTHLY;RSCALE=GREGORIAN;SKIP=FORWARD;BYMONTHDAY=31,-31", "FREQ=HOURLY;BYMINUTE=1,2;BYSETPOS=-1;COUNT=5", "FREQ=MONTHLY;BYDAY=-6MO;UNTIL=20300101T000000Z"} {
		f.Add(s, int64(1704099600), int64(1767225600))
	}
	f.Fuzz(func(t *testing.T, value string, start, from int64) {
		when := ical.Time{Wall: time.Unix(start%(1<<38), 0).UTC()}
		r, err := parseRule(value, when)
		if err != nil {
			return
		}
		clock := zone.Clock{}
		r.limit(when, &clock)
		b := &Budget{Steps: 3_000_000}
		b.prepare()
		r.settle(b)
		previous := int64(minWall - 1)
		n := 0
		from %= 1 << 38
		r.scan(from, from+100*daySeconds, b, func(w int64) bool {
			if w <= previous || w < r.start || w < from || w > from+100*daySeconds || w > r.last {
				t.Fatalf("%q: %s after %s", value, utc(w), utc(previous))
			}
			previous = w
			if on, _ := r.generates(w, new(Budget).prepare()); !on {
				t.Fatalf("%q: %s is not by itself", value, utc(w))
			}
			n++
			return n < 200
		})
	})
}

// The generators agree with each other in many windows, and a window with a part of itself.
func TestRule_RandomWindowsAgree(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 5))
	n := 20_000
	if testing.Short() {
		n = 2000
	}
	wrong, library := 0, 0
	for range n {
		value := randomRule(rnd)
		start := time.Date(1600+rnd.IntN(500), time.Month(1+rnd.IntN(12)), 1+rnd.IntN(31), rnd.IntN(24), rnd.IntN(60), 0, 0, time.UTC)
		r, err := parseRule(value, ical.Time{Wall: start})
		if err != nil {
			t.Fatalf("%s: %v", value, err)
		}
		from := start.AddDate(rnd.IntN(300)-1, rnd.IntN(12), 0).Unix()
		length := int64(400)
		if r.freq > daily {
			length = 4
		}
		to := from + 1 + rnd.Int64N(length*daySeconds)
		collect := func(from, to int64, scan func(from, to int64, b *Budget, yield func(int64) bool) error) (got []int64) {
			if err := scan(from, to, new(Budget).prepare(), func(w int64) bool { got = append(got, w); return true }); err != nil {
				t.Errorf("%s: %v", value, err)
			}
			return got
		}
		whole := collect(from, to, r.generate)
		middle := (from + to) / 2
		halves := append(collect(from, middle, r.generate), collect(middle+1, to, r.generate)...)
		if r.libraryOption() != nil {
			library++
			defined := collect(max(from, r.start), to, r.scanDays)
			if !slices.Equal(whole, defined) {
				halves = append(defined, -1)
			}
		}
		if !slices.Equal(whole, halves) {
			if wrong++; wrong < 10 {
				t.Errorf("DTSTART %s %s from %s to %s\ngot  %v\nwant %v", start.Format("20060102T150405"), value, utc(from), utc(to), utcs(whole), utcs(halves))
			}
		}
	}
	t.Logf("%d windows, %d by rrule-go", n, library)
}

// COUNT, however it is resolved, is the first so many of the rule with DTSTART as one.
func TestRule_RandomCount(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(13, 17))
	for range 3000 {
		value := randomRule(rnd)
		n := 1 + rnd.IntN(60)
		start := time.Date(1998+rnd.IntN(8), time.Month(1+rnd.IntN(12)), 1+rnd.IntN(31), rnd.IntN(24), rnd.IntN(60), 0, 0, time.UTC)
		when := ical.Time{Wall: start}
		endless, _ := parseRule(value, when)
		counted, err := parseRule(fmt.Sprintf("%s;COUNT=%d", value, n), when)
		if err != nil {
			t.Fatal(err)
		}
		want := []int64{start.Unix()}
		endless.generate(start.Unix(), maxWall, new(Budget).prepare(), func(w int64) bool {
			if w != want[0] && len(want) < n {
				want = append(want, w)
			}
			return len(want) < n
		})
		lazy := *counted
		counted.settle(new(Budget).prepare())
		if counted.count != 0 || counted.last != want[len(want)-1] {
			t.Errorf("%s %s;COUNT=%d: last %s, want %s", start.Format("20060102T150405"), value, n, utc(counted.last), utc(want[len(want)-1]))
		}
		got := 0
		lazy.scan(minWall, maxWall, new(Budget).prepare(), func(w int64) bool {
			got++
			if !slices.Contains(want, w) {
				t.Errorf("%s;COUNT=%d: %s is one too many", value, n, utc(w))
				return false
			}
			return true
		})
		if on, _ := endless.generates(start.Unix(), new(Budget).prepare()); on && got != len(want) || !on && got != len(want)-1 {
			t.Errorf("%s;COUNT=%d: %d counted, want %d", value, n, got, len(want))
		}
	}
}

// What each takes of memory is counted, too. Not parallel, so that nothing else allocates meanwhile.
func TestRule_HostileWithinAllocations(t *testing.T) {
	const most, octets = 20_000, 20 << 20
	for _, c := range hostile {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		hostileWork(t, c.start, c.rule)
		runtime.ReadMemStats(&after)
		if n, size := after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc; n > most || size > octets {
			t.Errorf("%.60s: %d allocations of %d octets", c.rule, n, size)
		}
	}
}

// hostileWork is what a PUT of a rule and a query of a day take.
func hostileWork(t testing.TB, start, value string) {
	when, _ := ical.ParseTime(ical.NewProp("DTSTART", start))
	r, err := parseRule(value, when)
	if err != nil {
		t.Fatal(err)
	}
	left := new(Budget).prepare()
	r.settle(left)
	if r.count == 0 {
		r.generate(wallOf(t, "20260601"), wallOf(t, "20260602"), left, func(int64) bool { return true })
	}
}

// BenchmarkHostile fails where a rule takes more than 50 ms of processor time or 20 MB, and says which.
func BenchmarkHostile(b *testing.B) {
	for _, c := range hostile {
		b.Run(c.rule[:min(len(c.rule), 60)], func(b *testing.B) {
			var before, after runtime.MemStats
			b.ReportAllocs()
			runtime.ReadMemStats(&before)
			began := processorTime(b)
			for b.Loop() {
				hostileWork(b, c.start, c.rule)
			}
			each := (processorTime(b) - began) / time.Duration(b.N)
			runtime.ReadMemStats(&after)
			if size := (after.TotalAlloc - before.TotalAlloc) / uint64(b.N); each > 50*time.Millisecond || size > 20<<20 {
				b.Errorf("%s takes %v and %d octets: more than 50 ms or 20 MB", c.rule, each, size)
			}
			b.ReportMetric(each.Seconds()*1e3, "cpu-ms")
		})
	}
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
