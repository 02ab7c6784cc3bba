package zone

import (
	"archive/zip"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
)

// goroot is the Go distribution that runs the tests.
func goroot(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("no go command: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// zoneNames lists the zones of the Go distribution's own database.
func zoneNames(t testing.TB) []string {
	t.Helper()
	z, err := zip.OpenReader(filepath.Join(goroot(t), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Skip("no zoneinfo.zip in GOROOT")
	}
	defer z.Close()
	var names []string
	for _, f := range z.File {
		if !strings.HasSuffix(f.Name, "/") && plausible(f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}

func TestVersion_IsTheOneEmbedded(t *testing.T) {
	t.Parallel()
	script, err := os.ReadFile(filepath.Join(goroot(t), "lib", "time", "update.bash"))
	if err != nil {
		t.Skip("no update.bash in GOROOT")
	}
	if !bytes.Contains(script, []byte("\nDATA="+Version+"\n")) {
		t.Errorf("Version is %s, which lib/time/update.bash does not name", Version)
	}
}

func TestWindows_EveryNameIsAZone(t *testing.T) {
	t.Parallel()
	if len(windows) < 139 {
		t.Errorf("%d Windows names", len(windows))
	}
	for win, name := range windows {
		if _, ok := iana(name); !ok {
			t.Errorf("%s: no zone %s", win, name)
		}
		if win != strings.ToLower(win) {
			t.Errorf("%s is not in lower case", win)
		}
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"Europe/Paris", "Europe/Paris"},
		{" Europe/Paris ", "Europe/Paris"},
		{`"Europe/Paris"`, "Europe/Paris"},
		{"Europe/Paris 1", "Europe/Paris"},
		{"/freeassociation.sourceforge.net/Europe/Paris", "Europe/Paris"},
		{"/freeassociation.sourceforge.net/Tzfile/Europe/Paris", "Europe/Paris"},
		{"/mozilla.org/20050126_1/America/Argentina/Salta", "America/Argentina/Salta"},
		{"/mozilla.org/20050126_1/Europe/Paris", "Europe/Paris"},
		{"W. Europe Standard Time", "Europe/Berlin"},
		{"w. europe standard time", "Europe/Berlin"},
		{"W. Europe Standard Time 2", "Europe/Berlin"},
		{"tzone://Microsoft/Utc", "Etc/UTC"},
		{"/example.com/UTC", "Etc/UTC"},
		{"UTC", "UTC"},
		{"EST5EDT", "EST5EDT"},
		{"", ""}, {"Local", ""}, {"LOCAL", ""}, {"localtime", ""}, {"posixrules", ""}, {"right/Europe/Paris", ""},
		{"/local", ""}, {"../etc/passwd", ""}, {"/etc/localtime", ""}, {"Europe//Paris", ""}, {"Europe/", ""}, {"Europe", ""},
		{"tzone://Microsoft/Custom", ""}, {"Nowhere/Land", ""}, {"A\x00B", ""}, {strings.Repeat("A/", 4000), ""},
		{"/x/Local", ""}, {"/x/y/localtime", ""}, {"Factory", ""},
	} {
		loc, name, ok := Known(c.in)
		if name != c.want || ok != (c.want != "") || ok != (loc != nil) {
			t.Errorf("Known(%.40q) = %v, %q, %v, want %q", c.in, loc, name, ok, c.want)
		}
	}
}

// Every gap and overlap of every zone: RFC 5545 §3.3.5.
func TestInstant_GapsAndOverlaps(t *testing.T) {
	t.Parallel()
	gaps, overlaps := 0, 0
	for _, name := range zoneNames(t) {
		loc, ok := iana(name)
		if !ok {
			continue
		}
		h := history(loc)
		for i, o := range h[1:] {
			if o.unix > time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC).Unix() {
				break
			}
			if o.unix-h[i].unix < 2*day || i+2 < len(h) && h[i+2].unix-o.unix < 2*day {
				continue // two changes within two days: RFC 5545 says nothing
			}
			from, to := int64(o.from), int64(o.to)
			clock := NewClock(loc)
			check := func(wall, want int64) {
				t.Helper()
				if got := instant(wall, loc); got != want {
					t.Errorf("%s: %s is %s, want %s", name, utc(wall), utc(got), utc(want))
				}
				clock.Instant(wall - 90*day)
				if got := clock.Instant(wall); got != want {
					t.Errorf("%s: Clock: %s is %s, want %s", name, utc(wall), utc(got), utc(want))
				}
			}
			check(o.unix+from-1, o.unix-1)
			if to > from {
				gaps++
				for _, wall := range []int64{o.unix + from, o.unix + (from+to)/2, o.unix + to - 1} {
					check(wall, wall-from)
				}
				check(o.unix+to, o.unix)
			} else {
				if to < from {
					overlaps++
				}
				for wall := o.unix + to; wall < o.unix+from; wall += (from - to + 2) / 3 {
					check(wall, wall-from)
				}
				check(o.unix+from, o.unix+from-to)
			}
		}
	}
	t.Logf("%d gaps, %d overlaps", gaps, overlaps)
}

func utc(unix int64) string { return time.Unix(unix, 0).UTC().Format("2006-01-02T15:04:05") }

// Every zone written as a VTIMEZONE and compiled back has the same offsets.
func TestVTimezone_ComesBack(t *testing.T) {
	t.Parallel()
	names := zoneNames(t)
	if testing.Short() {
		names = names[:60]
	}
	bytesOut := 0
	for _, name := range names {
		loc, ok := iana(name)
		if !ok {
			continue
		}
		text, ok := VTimezone(name)
		if !ok {
			t.Errorf("%s: not written", name)
			continue
		}
		bytesOut += len(text)
		back, err := build(component(t, text))
		if err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
			continue
		}
		h := history(loc)
		for i, o := range h {
			for _, at := range []int64{o.unix, o.unix + 1, o.unix - 1, o.unix + 40*day} {
				if i == 0 && at < o.unix {
					continue
				}
				if got, want := offset(at, back), offset(at, loc); got != want {
					t.Errorf("%s at %s: %d, want %d\n%s", name, utc(at), got, want, text)
					break
				}
			}
		}
	}
	t.Logf("%d zones, %d bytes each", len(names), bytesOut/len(names))
}

func component(t testing.TB, text []byte) *ical.Component {
	t.Helper()
	cal, err := ical.Parse([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + string(text) + "END:VCALENDAR\r\n"))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return cal.Root.Children[0]
}

func zoneText(id, body string) []byte {
	return []byte("BEGIN:VTIMEZONE\r\nTZID:" + id + "\r\n" + strings.ReplaceAll(body, "\n", "\r\n") + "END:VTIMEZONE\r\n")
}

func observanceText(kind, start, from, to, more string) string {
	return "BEGIN:" + kind + "\nDTSTART:" + start + "\nTZOFFSETFROM:" + from + "\nTZOFFSETTO:" + to + "\n" + more + "END:" + kind + "\n"
}

func TestBuild_ShapesOfRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		like       string // a zone with the same offsets in the years asked
		from, to   int
	}{
		{"Outlook, from 1601", observanceText("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\n") +
			observanceText("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n"), "Europe/Berlin", 1997, 2150},
		{"lower case and blanks", observanceText("STANDARD", "19961027T030000", "+0200", "+0100", "RRULE: freq=yearly;byday=-1su;bymonth=10;\n") +
			observanceText("DAYLIGHT", "19970330T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3;INTERVAL=1\n"), "Europe/Berlin", 1997, 2150},
		{"seven days of a month", observanceText("STANDARD", "20071104T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=SU\n") +
			observanceText("DAYLIGHT", "20070311T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=SU\n"), "America/New_York", 2008, 2150},
		{"a Friday before a Sunday", observanceText("STANDARD", "20131027T020000", "+0300", "+0200", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\n") +
			observanceText("DAYLIGHT", "20130329T020000", "+0200", "+0300", "RRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=23,24,25,26,27,28,29;BYDAY=FR\n"), "Asia/Jerusalem", 2014, 2100},
		{"UNTIL is UTC", observanceText("STANDARD", "19671029T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z\n") +
			observanceText("DAYLIGHT", "19870405T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z\n") +
			observanceText("DAYLIGHT", "20070311T020000", "-0500", "-0400", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\n") +
			observanceText("STANDARD", "20071104T020000", "-0400", "-0500", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\n"), "America/New_York", 1988, 2150},
		{"dates only", observanceText("STANDARD", "19700101T000000", "+0900", "+0900", ""), "Asia/Tokyo", 1970, 2100},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := build(component(t, zoneText("X", c.body)))
			if err != nil {
				t.Fatal(err)
			}
			want, _ := iana(c.like)
			for at := time.Date(c.from, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < c.to; at = at.Add(6 * time.Hour) {
				if g, w := offset(at.Unix(), got), offset(at.Unix(), want); g != w {
					t.Fatalf("at %s: %d, want %d", at, g, w)
				}
			}
		})
	}
}

func TestBuild_Refused(t *testing.T) {
	t.Parallel()
	many := strings.Repeat(observanceText("STANDARD", "19700101T000000", "+0100", "+0100", ""), maxObservances+1)
	for name, body := range map[string]string{
		"no rules":       "",
		"no offset":      "BEGIN:STANDARD\nDTSTART:19700101T000000\nEND:STANDARD\n",
		"offset of 25 h": observanceText("STANDARD", "19700101T000000", "+2500", "+0100", ""),
		"offset in words": observanceText("STANDARD", "19700101T000000", "+1:00", "+0100",
			""),
		"every second":      observanceText("STANDARD", "19700101T000000", "+0100", "+0100", "RRULE:FREQ=SECONDLY\n"),
		"no FREQ":           observanceText("STANDARD", "19700101T000000", "+0100", "+0100", "RRULE:BYMONTH=1\n"),
		"no DTSTART":        "BEGIN:STANDARD\nTZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\n",
		"a weekday too far": observanceText("STANDARD", "19700101T000000", "+0100", "+0100", "RRULE:FREQ=YEARLY;BYDAY=99SU\n"),
		"a bad date":        observanceText("STANDARD", "19700101T000000", "+0100", "+0100", "RDATE:2020\n"),
		"too many":          many,
		"endless work": strings.Repeat(observanceText("STANDARD", "00010101T000000", "+0100", "+0100",
			strings.Repeat("RRULE:FREQ=YEARLY;BYYEARDAY="+strings.TrimSuffix(strings.Repeat("366,", 300), ",")+";COUNT=999999\n", 20)), 100),
		"COUNT=0": observanceText("STANDARD", "19700101T000000", "+0100", "+0100", "RRULE:FREQ=YEARLY;COUNT=0\n"),
	} {
		begin := time.Now()
		loc, err := build(component(t, zoneText("X", body)))
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s: took %s", name, took)
		}
		if err == nil {
			t.Errorf("%s: accepted as %v", name, loc)
		}
	}
}

func TestResolver_Order(t *testing.T) {
	t.Parallel()
	odd := observanceText("STANDARD", "19700101T000000", "+0512", "+0512", "")
	text := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" +
		string(zoneText("Europe/Paris", odd)) + // a known name wins over the rules sent with it
		string(zoneText("Mine", odd)) +
		string(zoneText("Theirs", "X-LIC-LOCATION:Asia/Tokyo\n"+odd)) +
		string(zoneText("Local", odd)) +
		string(zoneText("Kind\\, of", odd)) +
		string(zoneText("Broken", "")) +
		"END:VCALENDAR\r\n"
	cal, err := ical.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r := NewResolver(cal, time.FixedZone("fallback", 7200))
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	for _, c := range []struct {
		tzid string
		off  int64
		ok   bool
	}{
		{"Europe/Paris", 3600, true}, {"Mine", 18720, true}, {`"Mine"`, 18720, true}, {"Theirs", 32400, true}, {"Local", 18720, true},
		{"Kind, of", 18720, true}, {"Broken", 7200, false}, {"Absent", 7200, false}, {"", 7200, false},
	} {
		loc, ok := r.Location(c.tzid)
		if got := offset(at, loc); ok != c.ok || got != c.off {
			t.Errorf("%q: offset %d, %v, want %d, %v", c.tzid, got, ok, c.off, c.ok)
		}
	}
	wall := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		t    ical.Time
		hour int
	}{
		{ical.Time{Wall: wall, UTC: true}, 12},
		{ical.Time{Wall: wall}, 10},
		{ical.Time{Wall: wall, Date: true}, 10},
		{ical.Time{Wall: wall, TZID: "America/New_York"}, 16},
	} {
		if got := r.Time(c.t); got.Hour() != c.hour {
			t.Errorf("%+v is %s", c.t, got)
		}
	}
}

func TestFromVTimezone(t *testing.T) {
	t.Parallel()
	wrap := func(s string) []byte {
		return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n" + s + "END:VCALENDAR\r\n")
	}
	good := observanceText("STANDARD", "19700101T000000", "+0512", "+0512", "")
	loc, err := FromVTimezone(wrap(string(zoneText("Mine", good))))
	if err != nil || offset(0, loc) != 18720 {
		t.Errorf("a zone of one's own: %v, %v", loc, err)
	}
	loc, err = FromVTimezone(wrap(string(zoneText("Asia/Tokyo", good))))
	if err != nil || offset(0, loc) != 32400 {
		t.Errorf("a known name: %v, %v", loc, err)
	}
	for name, text := range map[string][]byte{
		"empty": nil, "none": wrap(""), "two": wrap(string(zoneText("A", good)) + string(zoneText("B", good))),
		"an event too": wrap(string(zoneText("A", good)) + "BEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n"),
		"no TZID":      wrap("BEGIN:VTIMEZONE\r\nEND:VTIMEZONE\r\n"),
		"no rules":     wrap(string(zoneText("A", ""))),
		"too long":     bytes.Repeat([]byte("x"), maxText+1),
	} {
		if loc, err := FromVTimezone(text); err == nil {
			t.Errorf("%s: accepted as %v", name, loc)
		}
	}
}

func TestCache_StaysBounded(t *testing.T) {
	t.Parallel()
	c := cache[int]{max: 10}
	for i := range 1000 {
		c.get(i, func() *time.Location { return nil })
		if len(c.loc) > 10 {
			t.Fatalf("%d entries", len(c.loc))
		}
	}
}

func FuzzVTimezone(f *testing.F) {
	for _, name := range []string{"Europe/Paris", "Africa/Cairo", "Africa/Casablanca"} {
		text, _ := VTimezone(name)
		f.Add(bytes.Replace(text, []byte("TZID:"), []byte("TZID:X"), 1))
	}
	f.Add(zoneText("X", observanceText("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nRDATE;VALUE=PERIOD:20200101T000000/PT1H\n")))
	f.Fuzz(func(t *testing.T, text []byte) {
		loc, err := FromVTimezone([]byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + string(text) + "\r\nEND:VCALENDAR\r\n"))
		if err != nil {
			return
		}
		for year := 1; year < 2200; year += 97 {
			wall := time.Date(year, 6, 1, 2, 30, 0, 0, time.UTC)
			if d := Instant(wall, loc).Sub(wall); d > 26*time.Hour || d < -26*time.Hour {
				t.Fatalf("%s is %s away", wall, d)
			}
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	text, _ := VTimezone("Europe/Paris")
	z := component(b, text)
	for b.Loop() {
		if _, err := build(z); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVTimezone(b *testing.B) {
	for b.Loop() {
		VTimezone("Europe/Paris")
	}
}
