package ical_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"caldav-fcgi/dav/ical"
)

// strict checks what Writer promises of everything it writes.
func strict(t *testing.T, out []byte) {
	t.Helper()
	if len(out) > 0 && !bytes.HasSuffix(out, []byte("\r\n")) {
		t.Errorf("no CRLF at the end: %q", out)
	}
	if !utf8.Valid(out) {
		t.Errorf("not UTF-8: %q", out)
	}
	for l := range strings.SplitSeq(strings.TrimSuffix(string(out), "\r\n"), "\r\n") {
		if len(l) > 75 || strings.ContainsAny(l, "\r\n") || !utf8.ValidString(l) || l == "" {
			t.Errorf("a line of %d octets: %q", len(l), l)
		}
	}
}

func TestWriter_FoldsBetweenLetters(t *testing.T) {
	t.Parallel()
	for _, letter := range []string{"x", "é", "€", "😀"} {
		for n := range 200 {
			value := strings.Repeat(letter, n)
			var b bytes.Buffer
			w := ical.NewWriter(&b)
			w.Begin("VCALENDAR")
			w.Property(ical.NewText("SUMMARY", value))
			w.End("VCALENDAR")
			strict(t, b.Bytes())
			cal, err := ical.Parse(b.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if got := cal.Root.Prop("SUMMARY").Text(); got != value {
				t.Fatalf("got %q, want %q", got, value)
			}
		}
	}
}

func TestWriter_NothingEndsALineEarly(t *testing.T) {
	t.Parallel()
	evil := "a\r\nATTENDEE:x\nb\rc\x00d\x7f\xffe\ufffff"
	for _, p := range []*ical.Property{
		ical.NewProp("X-A\r\nEVIL", evil, ical.Param{Name: "P\nQ:", Values: []string{evil, `"`}}),
		ical.NewText("X-A", evil),
		{Name: "X-A\r\nEVIL", Value: evil, Params: []ical.Param{{Name: "P", Values: []string{evil}}}},
	} {
		var b bytes.Buffer
		w := ical.NewWriter(&b)
		w.Begin("VCALENDAR\r\nX:")
		w.Property(p)
		w.NoValue(p)
		w.End("VCALENDARX")
		strict(t, b.Bytes())
		cal, err := ical.Parse(bytes.ReplaceAll(b.Bytes(), []byte("VCALENDARX"), []byte("VCALENDAR")))
		if err != nil {
			t.Errorf("%q: %v", b.Bytes(), err)
			continue
		}
		if len(cal.Root.Props) != 2 {
			t.Errorf("got %d properties in %q", len(cal.Root.Props), b.Bytes())
		}
	}
}

func TestWriter_Parameters(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ value, want string }{
		{"", "A;P=:v"},
		{"plain", "A;P=plain:v"},
		{"a,b", `A;P="a,b":v`},
		{"a:b;c", `A;P="a:b;c":v`},
		{" a", `A;P=" a":v`},
		{"say \"x\"", "A;P=say ^'x^':v"},
		{"a\nb\r\nc^", "A;P=a^nb^nc^^:v"},
	} {
		var b bytes.Buffer
		ical.NewWriter(&b).Property(ical.NewProp("a", "v", ical.Param{Name: "p", Values: []string{test.value}}))
		if got := b.String(); got != test.want+"\r\n" {
			t.Errorf("%q: got %q, want %q", test.value, got, test.want)
		}
	}
}

func TestWriter_CopiesWellFormedOctetsAndFoldsTheRestAnew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ raw, want string }{
		{"summary;x=\"1\":a\r\n", "summary;x=\"1\":a\r\n"},
		{"SUMMARY:a\r\n b\r\n", "SUMMARY:a\r\n b\r\n"},
		{"SUMMARY:a\n", "SUMMARY:a\r\n"},
		{"SUMMARY:a\r\n\r\n b\r\n", "SUMMARY:ab\r\n"},
		{"SUMMARY:\xc3\r\n \xa9\r\n", "SUMMARY:é\r\n"},
		{"X;CN=a \"b\":v\r\n", "X;CN=a ^'b^':v\r\n"},
		{"X;TZID=a, b:v\r\n", "X;TZID=\"a, b\":v\r\n"},
	} {
		cal, err := ical.Parse([]byte("BEGIN:VCALENDAR\r\n" + test.raw + "END:VCALENDAR\r\n"))
		if err != nil {
			t.Errorf("%q: %v", test.raw, err)
			continue
		}
		var one, whole bytes.Buffer
		ical.NewWriter(&one).Property(cal.Root.Props[0])
		ical.NewWriter(&whole).Component(cal.Root)
		if one.String() != test.want || whole.String() != "BEGIN:VCALENDAR\r\n"+test.want+"END:VCALENDAR\r\n" {
			t.Errorf("%q: got %q and %q, want %q", test.raw, one.String(), whole.String(), test.want)
		}
	}
}

func TestWriter_AChangedCopyIsNotTheOldOctets(t *testing.T) {
	t.Parallel()
	cal, err := ical.Parse(body("DTSTART;TZID=Europe/Paris:20260101T000000"))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	ical.NewWriter(&b).Property(cal.Root.Children[0].Prop("DTSTART").With("20260102T000000"))
	if b.String() != "DTSTART;TZID=Europe/Paris:20260102T000000\r\n" {
		t.Errorf("got %q", b.String())
	}
	b.Reset()
	event := *cal.Root.Children[0]
	start := *event.Props[1]
	start.Value = "20260103T000000"
	event.Props = []*ical.Property{&start}
	ical.NewWriter(&b).Component(&event)
	if b.String() != "BEGIN:VEVENT\r\nDTSTART;TZID=Europe/Paris:20260103T000000\r\nEND:VEVENT\r\n" {
		t.Errorf("got %q", b.String())
	}
}

type broken struct{ calls int }

var errBroken = errors.New("broken")

func (b *broken) Write([]byte) (int, error) { b.calls++; return 0, errBroken }

func TestWriter_FirstErrorStays(t *testing.T) {
	t.Parallel()
	to := &broken{}
	w := ical.NewWriter(to)
	w.Begin("A")
	w.End("A")
	if w.Err() != errBroken || to.calls != 1 {
		t.Errorf("got %v after %d calls", w.Err(), to.calls)
	}
}

func TestClean_IsUTF8WithoutMark(t *testing.T) {
	t.Parallel()
	for name, raw := range files(t, "valid") {
		out := ical.Clean(raw)
		if !utf8.Valid(out) || bytes.HasPrefix(out, []byte("\ufeff")) {
			t.Errorf("%s: got %q", name, out)
		}
		a, err := ical.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		b, err := ical.Parse(out)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := equal(a.Root, b.Root); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzFold(f *testing.F) {
	f.Add("SUMMARY", "text, with; all\\ of\nit", "CN", `Ann "A" ^Lee`)
	f.Add("X-LONG", strings.Repeat("é😀", 60), "X", strings.Repeat("€,", 80))
	f.Fuzz(func(t *testing.T, name, text, param, value string) {
		p := ical.NewText("X-"+name, text, ical.Param{Name: "X-" + param, Values: []string{value}})
		var b bytes.Buffer
		w := ical.NewWriter(&b)
		w.Begin("VCALENDAR")
		w.Property(p)
		w.End("VCALENDAR")
		strict(t, b.Bytes())
		cal, err := ical.Parse(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if len(cal.Root.Props) != 1 {
			t.Fatalf("%d properties", len(cal.Root.Props))
		}
		q := cal.Root.Props[0]
		if q.Name != p.Name || q.Value != p.Value {
			t.Fatalf("got %s %q, want %s %q", q.Name, q.Value, p.Name, p.Value)
		}
		var again bytes.Buffer
		w = ical.NewWriter(&again)
		w.Begin("VCALENDAR")
		w.Property(ical.NewProp(q.Name, q.Value, q.Params...))
		w.End("VCALENDAR")
		if !bytes.Equal(again.Bytes(), b.Bytes()) {
			t.Fatalf("written %q, then %q", b.Bytes(), again.Bytes())
		}
	})
}
