package ical_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	goical "github.com/emersion/go-ical"

	"caldav-fcgi/dav/ical"
)

var update = flag.Bool("update", false, "rewrite the expected refusals")

const testdata = "../../testdata/ical"

func files(tb testing.TB, kind string) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join(testdata, kind, "*.ics"))
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no files in %s/%s: %v", testdata, kind, err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".ics")] = raw
	}
	return all
}

var zones = ical.Options{KnownZone: func(id string) bool { return id == "Europe/Paris" }}

func TestParse_FilesOfClientsAreValid(t *testing.T) {
	t.Parallel()
	for name, raw := range files(t, "valid") {
		cal, err := ical.Parse(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := zones.Validate(cal); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := tiles(cal); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each broken file is refused with the line, the rule and the condition that stand in refusals.txt.
func TestParse_BrokenFilesNameLineAndRule(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	broken := files(t, "broken")
	for _, name := range slices.Sorted(maps.Keys(broken)) {
		cal, err := ical.Parse(broken[name])
		if err == nil {
			_, err = zones.Validate(cal)
		}
		var e *ical.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *Error", name, err)
			continue
		}
		fmt.Fprintf(&got, "%s\n\t%s: %s\n", name, e.Condition, e)
	}
	golden := filepath.Join(testdata, "broken", "refusals.txt")
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("refusals differ from %s:\n%s", golden, got.String())
	}
}

// tiles checks that the components and lines of the tree cover the body, in order, with nothing but blank lines between.
func tiles(cal *ical.Calendar) error {
	blank := func(from, to int) error {
		if from > to || strings.Trim(string(cal.Raw[from:to]), "\r\n") != "" {
			return fmt.Errorf("octets %d to %d are of no line: %q", from, to, cal.Raw[from:max(from, to)])
		}
		return nil
	}
	var walk func(c *ical.Component) error
	walk = func(c *ical.Component) error {
		type span struct{ start, end int }
		var spans []span
		for _, p := range c.Props {
			spans = append(spans, span{p.Start, p.End})
			if got := bytes.ToUpper(cal.Raw[p.Start:min(p.End, p.Start+len(p.Name))]); !strings.HasPrefix(string(got), p.Name[:1]) {
				return fmt.Errorf("%s: octets %q", p.Name, got)
			}
			if n := bytes.Count(normal(cal.Raw[:p.Start]), []byte("\n")) + 1; n != p.Line {
				return fmt.Errorf("%s: line %d, counted %d", p.Name, p.Line, n)
			}
		}
		for _, k := range c.Children {
			spans = append(spans, span{k.Start, k.End})
			if err := walk(k); err != nil {
				return err
			}
		}
		slices.SortFunc(spans, func(a, b span) int { return a.start - b.start })
		raw := c.Raw(cal)
		at := c.Start + lineEnd(raw)
		for _, s := range spans {
			if err := blank(at, s.start); err != nil {
				return err
			}
			at = s.end
		}
		if at > c.End || !strings.HasPrefix(strings.ToUpper(strings.TrimLeft(string(cal.Raw[at:c.End]), "\r\n")), "END") {
			return fmt.Errorf("%s: no END line behind the last line: %q", c.Name, cal.Raw[at:max(at, c.End)])
		}
		return nil
	}
	return walk(cal.Root)
}

// normal makes every line end a "\n", as the body's own way of ending lines has it.
func normal(b []byte) []byte {
	if !bytes.Contains(b, []byte("\n")) {
		return bytes.ReplaceAll(b, []byte("\r"), []byte("\n"))
	}
	return b
}

// lineEnd returns where the first content line of a component ends, continuation lines included.
func lineEnd(raw []byte) int {
	eol := byte('\n')
	if !bytes.Contains(raw, []byte("\n")) {
		eol = '\r'
	}
	end := 0
	for at := 0; at < len(raw); {
		n := bytes.IndexByte(raw[at:], eol)
		if n < 0 {
			n = len(raw) - at - 1 // the last line has no end
		}
		text := bytes.TrimRight(raw[at:min(at+n, len(raw))], "\r")
		if at > 0 && len(text) > 0 && text[0] != ' ' && text[0] != '\t' {
			return end
		}
		at += n + 1
		if end == 0 || len(text) > 0 {
			end = at
		}
	}
	return end
}

func TestParse_SameTreeAsGoICal(t *testing.T) {
	t.Parallel()
	compared := 0
	for name, raw := range files(t, "valid") {
		cal, err := ical.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := goical.NewDecoder(bytes.NewReader(raw)).Decode()
		if err != nil {
			continue // it does not read some of what clients send
		}
		compared++
		if err := same(cal.Root, theirs.Component); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if compared < 20 {
		t.Errorf("go-ical read %d files only", compared)
	}
}

func same(c *ical.Component, g *goical.Component) error {
	if c.Name != g.Name || len(c.Children) != len(g.Children) {
		return fmt.Errorf("%s with %d, go-ical has %s with %d", c.Name, len(c.Children), g.Name, len(g.Children))
	}
	count := 0
	for name, list := range g.Props {
		ours := c.All(name)
		count += len(list)
		if len(ours) != len(list) {
			return fmt.Errorf("%s: %d, go-ical has %d", name, len(ours), len(list))
		}
		for i, v := range list {
			if ours[i].Value != v.Value {
				return fmt.Errorf("%s: %q, go-ical has %q", name, ours[i].Value, v.Value)
			}
			for key, values := range v.Params {
				if key == "TZID" || strings.Contains(strings.Join(values, ""), "^") {
					continue // read our way: unquoted commas, RFC 6868
				}
				for _, p := range ours[i].Params {
					if p.Name == key && !slices.Equal(p.Values, values) {
						return fmt.Errorf("%s;%s: %q, go-ical has %q", name, key, p.Values, values)
					}
				}
			}
		}
	}
	if count != len(c.Props) {
		return fmt.Errorf("%s: %d properties, go-ical has %d", c.Name, len(c.Props), count)
	}
	for i := range c.Children {
		if err := same(c.Children[i], g.Children[i]); err != nil {
			return err
		}
	}
	return nil
}

func TestParse_RepairsAreNamedAndOctetsStay(t *testing.T) {
	t.Parallel()
	raw := files(t, "valid")["blank-after-begin-and-lower-case"]
	cal, err := ical.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"line 1: blanks around the name of BEGIN:VCALENDAR", "line 4: BEGIN:VEVENT not in upper case",
		"line 8: END:VEVENT not in upper case", "line 9: blanks around the name of END:VCALENDAR"}
	if !slices.Equal(cal.Repairs, want) {
		t.Errorf("repairs: got %q, want %q", cal.Repairs, want)
	}
	if !bytes.Equal(cal.Raw, raw) {
		t.Error("the octets were changed")
	}
	p := cal.Root.Children[0].Prop("DTSTART")
	if p == nil || p.Param("VALUE") != "date" || string(p.Raw()) != "dtstart;value=date:20260212\r\n" {
		t.Errorf("DTSTART: got %+v", p)
	}
}

// body wraps lines into a calendar with one event.
func body(lines ...string) []byte {
	all := append([]string{"BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:a"}, lines...)
	all = append(all, "END:VEVENT", "END:VCALENDAR", "")
	return []byte(strings.Join(all, "\r\n"))
}

func TestParse_Lines(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ line, name, value, params string }{
		{"SUMMARY:a", "SUMMARY", "a", ""},
		{"summary:", "SUMMARY", "", ""},
		{"SUMMARY:a\r\n  b\r\n\tc", "SUMMARY", "a bc", ""},
		{"SUMMARY\r\n :a", "SUMMARY", "a", ""},
		{"SUMMARY:\r\n \r\n x", "SUMMARY", "x", ""},
		{"X-A;P=1;Q=2,3;p=\"a;b:c,d\":v:w", "X-A", "v:w", `P="1" Q="2","3" P="a;b:c,d"`},
		{"X-A;P=:v", "X-A", "v", `P=""`},
		{"X-A;P=a^nb^^c^'d^x^:v", "X-A", "v", `P="a\nb^c\"d^x^"`},
		{"X-A;P=\"\",\"b\":v", "X-A", "v", `P="","b"`},
		{"X-A;TZID=Amsterdam, Berlin:v", "X-A", "v", `TZID="Amsterdam, Berlin"`},
		{"X-A;CN=a \"b\" c:v", "X-A", "v", `CN="a \"b\" c"`},
		{"X_A.1:v", "X_A.1", "v", ""},
	} {
		cal, err := ical.Parse(body(test.line))
		if err != nil {
			t.Errorf("%q: %v", test.line, err)
			continue
		}
		p := cal.Root.Children[0].Props[1]
		var params []string
		for _, param := range p.Params {
			var values []string
			for _, v := range param.Values {
				values = append(values, fmt.Sprintf("%q", v))
			}
			params = append(params, param.Name+"="+strings.Join(values, ","))
		}
		if got := strings.Join(params, " "); p.Name != test.name || p.Value != test.value || got != test.params {
			t.Errorf("%q: got %s %q %s, want %s %q %s", test.line, p.Name, p.Value, got, test.name, test.value, test.params)
		}
	}
}

func TestParse_LinesThatFitNoGrammar(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"SUMMARY", ":a", ";P=1:a", "A;:b", "A;P:b", "A;P=\"x:b", "A;P=\"x\"y:b", "A;=x:b", "A B:c", "A;P=1", "A;P=1;", "A\r:b",
		"A:a\x00", "A:\x7f", "A:\xff", "A:\ufffe", "A:\uffff", "A;P=\x01:b", "É:b", "BEGIN;P=1:X", "BEGIN:", "BEGIN:A B", "END:VEVENT2",
		"A" + strings.Repeat(";P=1", 201) + ":b", "A;P=1" + strings.Repeat(",1", 2000) + ":b",
		strings.Repeat("A", 251) + ":b", "A;" + strings.Repeat("P", 251) + "=1:b", "BEGIN:" + strings.Repeat("A", 251),
	} {
		_, err := ical.Parse(body(line))
		var e *ical.Error
		if !errors.As(err, &e) || e.Condition != ical.ConditionData {
			t.Errorf("%q: got %v, want a refusal", line, err)
			continue
		}
		if e.Line != 5 {
			t.Errorf("%q: got line %d, want 5 (%v)", line, e.Line, e)
		}
	}
}

func TestParse_Depth(t *testing.T) {
	t.Parallel()
	nest := func(n int) []byte {
		return []byte("BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:X\r\n", n) + strings.Repeat("END:X\r\n", n) + "END:VCALENDAR\r\n")
	}
	if _, err := ical.Parse(nest(7)); err != nil {
		t.Errorf("8 deep: %v", err)
	}
	if _, err := ical.Parse(nest(8)); err == nil {
		t.Error("9 deep: taken")
	}
}

// The work for a hostile body is counted in allocated bytes: a fixed multiple of its size means linear. Not parallel, so
// that nothing else allocates meanwhile.
func TestParse_HostileBodiesCostInProportion(t *testing.T) {
	for name, raw := range hostile() {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, _ = ical.Parse(raw)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > uint64(60*len(raw))+1<<20 {
			t.Errorf("%s: %d bytes allocated for %d", name, got, len(raw))
		}
	}
}

func hostile() map[string][]byte {
	const mb = 1 << 20
	return map[string][]byte{
		"one line of 10 MB":           body("DESCRIPTION:" + strings.Repeat("x", 10*mb)),
		"10 MB folded at one octet":   body("DESCRIPTION:" + strings.Repeat("\r\n x", 450_000)),
		"a parameter of 200 kB":       body("X;P=" + strings.Repeat("x", 200_000) + ":a"),
		"200 kB of parameter values":  body("X;P=" + strings.Repeat("x,", 100_000) + ":a"),
		"200 kB of carets":            body("X;P=" + strings.Repeat("^", 200_000) + ":a"),
		"200 kB of quotes":            body("X;P=" + strings.Repeat("\"\",", 70_000) + ":a"),
		"1 M nested components":       []byte("BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:X\r\n", 1_000_000)),
		"10 MB of blank lines":        bytes.Repeat([]byte("\r\n"), 5*mb),
		"blank lines before each":     body(strings.Repeat(strings.Repeat("\r\n", 100)+"A:b\r\n", 4000)),
		"400,000 short lines":         body(strings.Repeat("A:b\r\n", 400_000) + "A:b"),
		"200,000 components":          []byte("BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:X\r\nEND:X\r\n", 200_000) + "END:VCALENDAR\r\n"),
		"carriage returns, no line":   bytes.Repeat([]byte("\r"), mb),
		"carriage returns in a line":  body("A:" + strings.Repeat("\r", mb) + "b"),
		"one property without an end": []byte("BEGIN:VCALENDAR\r\nA" + strings.Repeat(";P=1", 1_000_000)),
	}
}

func TestParse_MoreThan500000Lines(t *testing.T) {
	t.Parallel()
	_, err := ical.Parse(body("A:b" + strings.Repeat("\r\n ", 500_000)))
	if err == nil || !strings.Contains(err.Error(), "more than 500000 lines") {
		t.Errorf("got %v", err)
	}
}

func TestParse_ShortLinesTakeAtMost20MB(t *testing.T) {
	for _, lines := range []int{99_990, 100_001, 450_000} {
		raw := body(strings.Repeat("A:b\r\n", lines) + "A:b")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ical.Parse(raw)
		runtime.ReadMemStats(&after)
		if refused := err != nil && strings.Contains(err.Error(), "more properties than one object may have"); refused != (lines > 100_000) {
			t.Errorf("%d lines: %v", lines, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 20<<20 {
			t.Errorf("%d lines took %d octets", lines, grown)
		}
	}
}

func TestParse_EmptyComponentsTakeAtMost20MB(t *testing.T) {
	for _, n := range []int{49_000, 50_000, 200_000} {
		raw := []byte("BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:X\r\nEND:X\r\n", n) + "END:VCALENDAR\r\n")
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := ical.Parse(raw)
		runtime.ReadMemStats(&after)
		if refused := err != nil && strings.Contains(err.Error(), "more components and properties than one object may have"); refused != (n > 49_999) {
			t.Errorf("%d components: %v", n, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 20<<20 {
			t.Errorf("%d components took %d octets", n, grown)
		}
	}
}

func TestParseAll_SeveralCalendarsInOneFile(t *testing.T) {
	t.Parallel()
	raw := append(append(body("SUMMARY:1"), "\r\n \r\n"...), body("SUMMARY:2")...)
	all, err := ical.ParseAll(raw)
	if err != nil || len(all) != 2 {
		t.Fatalf("got %d calendars, %v", len(all), err)
	}
	p := all[1].Root.Children[0].Prop("SUMMARY")
	if p.Line != 14 || string(p.Raw()) != "SUMMARY:2\r\n" {
		t.Errorf("got line %d, %q", p.Line, p.Raw())
	}
	if _, err := ical.ParseAll(nil); err == nil {
		t.Error("an empty file: taken")
	}
}

func FuzzParse(f *testing.F) {
	for _, kind := range []string{"valid", "broken"} {
		for _, raw := range files(f, kind) {
			f.Add(raw)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		before := bytes.Clone(raw)
		cal, err := ical.Parse(raw)
		if err == nil {
			if err := tiles(cal); err != nil {
				t.Fatal(err)
			}
			_, _ = zones.Validate(cal)
			again, err := ical.Parse(rewrite(cal))
			if err != nil {
				t.Fatalf("what was written is refused: %v\n%q", err, rewrite(cal))
			}
			if err := equal(cal.Root, again.Root); err != nil {
				t.Fatal(err)
			}
		}
		for part, err := range ical.Split(raw) {
			if err == nil {
				_, _ = ical.Parse(part.Body)
			}
		}
		_ = ical.Clean(raw)
		if !bytes.Equal(before, raw) {
			t.Fatal("the octets were changed")
		}
	})
}

func rewrite(cal *ical.Calendar) []byte {
	var b bytes.Buffer
	ical.NewWriter(&b).Component(cal.Root)
	return b.Bytes()
}

// equal compares two trees but for lines and offsets.
func equal(a, b *ical.Component) error {
	if a.Name != b.Name || len(a.Props) != len(b.Props) || len(a.Children) != len(b.Children) {
		return fmt.Errorf("%s with %d and %d, then %s with %d and %d", a.Name, len(a.Props), len(a.Children), b.Name, len(b.Props), len(b.Children))
	}
	for i, p := range a.Props {
		q := b.Props[i]
		if p.Name != q.Name || p.Value != q.Value || len(p.Params) != len(q.Params) {
			return fmt.Errorf("%s %q, then %s %q", p.Name, p.Value, q.Name, q.Value)
		}
		for j := range p.Params {
			if p.Params[j].Name != q.Params[j].Name || !slices.Equal(p.Params[j].Values, q.Params[j].Values) {
				return fmt.Errorf("%s: %q, then %q", p.Name, p.Params[j], q.Params[j])
			}
		}
	}
	for i := range a.Children {
		if err := equal(a.Children[i], b.Children[i]); err != nil {
			return err
		}
	}
	return nil
}

func BenchmarkParse_Event(b *testing.B) {
	raw := event1800()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ical.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidate_Event(b *testing.B) {
	cal, err := ical.Parse(event1800())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ical.Validate(cal); err != nil {
			b.Fatal(err)
		}
	}
}

// event1800 is an invitation of about 1.8 kB, as desktop clients write them.
func event1800() []byte {
	text := `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example//EN
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZNAME:CEST
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZNAME:CET
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
CREATED:20260104T101500Z
UID:5C0B3E1A-7B1C-4E57-9D55-8B7B6A0C2F10
DTEND;TZID=Europe/Paris:20260212T110000
SUMMARY:Quarterly review of the department and its plans
LAST-MODIFIED:20260104T101600Z
DTSTAMP:20260104T101600Z
DTSTART;TZID=Europe/Paris:20260212T103000
RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=TH
LOCATION:Room 12\nMain building
DESCRIPTION:Agenda:\n1. Figures of the last quarter\, as sent around\n2. Wha
 t to do about the heating\n3. Holidays\n\nPlease bring the printed report th
 at everybody got last week\, and read chapter four before.
SEQUENCE:1
ORGANIZER;CN=Ann Lee:mailto:ann@example.org
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Ann Lee
 :mailto:ann@example.org
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=T
 RUE;CN=Bob Miller:mailto:bob@example.org
ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=T
 RUE;CN="Doe, Jane":mailto:jane@example.org
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER;VALUE=DURATION:-PT15M
DESCRIPTION:Reminder
END:VALARM
END:VEVENT
END:VCALENDAR
`
	return []byte(strings.ReplaceAll(text, "\n", "\r\n"))
}

// BenchmarkParse_Hostile fails where a body takes more than 50 ms of processor time or 20 MB besides itself, and says which.
func BenchmarkParse_Hostile(b *testing.B) {
	spent := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	for name, raw := range hostile() {
		b.Run(name, func(b *testing.B) {
			var before, after runtime.MemStats
			b.ReportAllocs()
			runtime.ReadMemStats(&before)
			began := spent()
			for b.Loop() {
				_, _ = ical.Parse(raw)
			}
			each := (spent() - began) / time.Duration(b.N)
			runtime.ReadMemStats(&after)
			if size := (after.TotalAlloc - before.TotalAlloc) / uint64(b.N); each > 50*time.Millisecond || size > 20<<20 {
				b.Errorf("%s takes %v and %d octets: more than 50 ms or 20 MB", name, each, size)
			}
			b.ReportMetric(each.Seconds()*1e3, "cpu-ms")
		})
	}
}
