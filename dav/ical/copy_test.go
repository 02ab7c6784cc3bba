package ical_test

import (
	"bytes"
	"strings"
	"testing"

	"caldav-fcgi/dav/ical"
)

// merged is what an export writes of objects: with copy by Merger.Copy where that takes them, else by way of a tree.
func merged(m *ical.Merger, out *bytes.Buffer, raw []byte, copy bool) (copied bool, err error) {
	if copy && m.Copy(raw, func(b []byte) { out.Write(b) }) {
		return true, nil
	}
	cal, err := ical.Parse(raw)
	if err == nil {
		m.Add(cal)
	}
	return false, err
}

func newMerged() (*ical.Merger, *bytes.Buffer) {
	out := new(bytes.Buffer)
	return ical.NewMerger(ical.NewWriter(out).Component), out
}

const zoned = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n" +
	"BEGIN:VEVENT\r\nUID:a\r\nDTSTART;TZID=Europe/Berlin:20260212T103000\r\nSUMMARY:Kaffee für\r\n  alle\r\nATTENDEE;CN=\"Lee, Ann\";ROLE=REQ-PARTICI\r\n PANT;X-A=1,2:mailto:ann@example.org\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

func TestMerger_CopyTakesWhatIsUsual(t *testing.T) {
	t.Parallel()
	edit := func(old, new string) string {
		if !strings.Contains(zoned, old) {
			t.Fatalf("%q is not in the object", old)
		}
		return strings.Replace(zoned, old, new, 1)
	}
	for _, c := range []struct {
		name, raw string
		copied    bool
	}{
		{"an event", zoned, true},
		{"a tab in a text", edit("Kaffee", "Kaf\tfee"), true},
		{"a zone without a name", edit("TZID:Europe/Berlin\r\n", ""), true},
		{"a component inside", edit("END:VEVENT", "BEGIN:VALARM\r\nACTION:AUDIO\r\nEND:VALARM\r\nEND:VEVENT"), true},
		{"LF alone", edit("UID:a\r\n", "UID:a\n"), false},
		{"a blank line", edit("UID:a\r\n", "UID:a\r\n\r\n"), false},
		{"a blank line after the end", zoned + "\r\n", false},
		{"no line end after the end", strings.TrimSuffix(zoned, "\r\n"), false},
		{"a byte-order mark", "\ufeff" + zoned, false},
		{"lower case", edit("BEGIN:VEVENT", "begin:vevent"), false},
		{"a blank after a name", edit("END:VEVENT", "END:VEVENT "), false},
		{"a folded END", edit("END:VEVENT", "END:VEV\r\n ENT"), false},
		{"another END", edit("END:VEVENT", "END:VTODO"), false},
		{"an END too many", edit("END:VEVENT", "END:VEVENT\r\nEND:VEVENT"), false},
		{"two VCALENDARs", zoned + zoned, false},
		{"a letter folded in its middle", edit("für", "f\xc3\r\n \xbcr"), false},
		{"a control character", edit("Kaffee", "Kaffee\x01"), false},
		{"DEL at the end", edit("Kaffee", "1234567\x7f"), false},
		{"no UTF-8", edit("Kaffee", "Kaffee\xff"), false},
		{"what XML cannot hold", edit("Kaffee", "Kaffee\uffff"), false},
		{"a quote that is no quote", edit("ROLE=REQ", "ROLE=\"REQ"), false},
		{"a comma in a TZID", edit("DTSTART;TZID=Europe/Berlin", "DTSTART;TZID=Europe, Berlin"), false},
		{"a parameter without a value", edit(";ROLE=REQ-PARTICI\r\n PANT", ";ROLE"), false},
		{"an escape in a zone's name", edit("TZID:Europe", `TZID:Europe\,`), false},
		{"a folded name of a zone", edit("TZID:Europe", "TZID:Eur\r\n ope"), false},
		{"text outside", "X-A:1\r\n" + zoned, false},
		{"nothing", "", false},
	} {
		m, out := newMerged()
		copied, err := merged(m, out, []byte(c.raw), true)
		if copied != c.copied {
			t.Errorf("%s: copied: %v, want %v", c.name, copied, c.copied)
		}
		m, want := newMerged()
		_, wantErr := merged(m, want, []byte(c.raw), false)
		if (err == nil) != (wantErr == nil) || out.String() != want.String() {
			t.Errorf("%s: %v\n%q\nby way of a tree: %v\n%q", c.name, err, out, wantErr, want)
		}
	}
}

// FuzzMergerCopy holds what is copied against what is written from a tree, also for zones that were met before.
func FuzzMergerCopy(f *testing.F) {
	f.Add([]byte(zoned), []byte(zoned))
	for _, kind := range []string{"valid", "broken"} {
		for _, raw := range files(f, kind) {
			f.Add(raw, []byte(zoned))
			f.Add([]byte(strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n", "\r\n")), raw)
		}
	}
	f.Fuzz(func(t *testing.T, one, two []byte) {
		m, out := newMerged()
		tree, want := newMerged()
		for _, raw := range [][]byte{one, two, one} {
			_, err := merged(m, out, raw, true)
			_, wantErr := merged(tree, want, raw, false)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("%v; by way of a tree %v", err, wantErr)
			}
		}
		if !bytes.Equal(out.Bytes(), want.Bytes()) {
			t.Fatalf("%q\nby way of a tree\n%q", out, want)
		}
	})
}

func BenchmarkMerger(b *testing.B) {
	raw := []byte(strings.Replace(zoned, "SUMMARY:", "DESCRIPTION:"+strings.Repeat(strings.Repeat("x", 60)+"\r\n ", 15)+"y\r\nSUMMARY:", 1))
	for name, copy := range map[string]bool{"copy": true, "tree": false} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			m, out := newMerged()
			for b.Loop() {
				out.Reset()
				if copied, err := merged(m, out, raw, copy); err != nil || copied != copy {
					b.Fatal(copied, err)
				}
			}
		})
	}
}
