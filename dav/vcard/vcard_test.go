package vcard_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	govcard "github.com/emersion/go-vcard"

	"caldav-fcgi/dav/vcard"
)

var update = flag.Bool("update", false, "rewrite the expected refusals and imports")

const testdata = "../../testdata/vcard"

func files(tb testing.TB, kind string) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob(filepath.Join(testdata, kind, "*.vcf"))
	if err != nil || len(paths) == 0 {
		tb.Fatalf("no files in %s/%s: %v", testdata, kind, err)
	}
	all := map[string][]byte{}
	for _, path := range paths {
		raw, err := os.ReadFile(path)
		if err != nil {
			tb.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".vcf")] = raw
	}
	return all
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	path = filepath.Join(testdata, path)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func parse(tb testing.TB, raw string) *vcard.Card {
	tb.Helper()
	c, err := vcard.Parse([]byte(raw))
	if err != nil {
		tb.Fatalf("%v in\n%s", err, raw)
	}
	return c
}

// card puts lines into a card that is valid without them.
func card(version string, lines ...string) string {
	return "BEGIN:VCARD\r\nVERSION:" + version + "\r\n" + strings.Join(append(lines, "UID:u", "FN:Ann", "N:;Ann;;;"), "\r\n") + "\r\nEND:VCARD\r\n"
}

func TestParse_FilesOfClientsAreValidAndWrittenAsTheyCame(t *testing.T) {
	t.Parallel()
	for name, raw := range files(t, "valid") {
		c, err := vcard.Parse(raw)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := vcard.Validate(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := c.Bytes(); !bytes.Equal(got, raw) {
			t.Errorf("%s: written as\n%s", name, got)
		}
	}
}

// go-vcard is the second reader: it finds the same properties.
func TestParse_AgreesWithAnotherReader(t *testing.T) {
	t.Parallel()
	for name, raw := range files(t, "valid") {
		for _, version := range []string{vcard.V3, vcard.V4} {
			text := parse(t, string(raw)).To(version).Bytes()
			other, err := govcard.NewDecoder(bytes.NewReader(text)).Decode()
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			ours := parse(t, string(text)).Fields()
			delete(ours, "BEGIN")
			for key := range ours {
				if len(ours[key]) != len(other[key]) {
					t.Errorf("%s %s: %d %s, the other reader finds %d", name, version, len(ours[key]), key, len(other[key]))
				}
			}
			if ours.Value("FN") != other.Value("FN") || ours.Kind() != other.Kind() {
				t.Errorf("%s %s: FN %q, the other reader has %q", name, version, ours.Value("FN"), other.Value("FN"))
			}
		}
	}
}

func TestValidate_BrokenFilesNameLineAndRule(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	broken := files(t, "broken")
	for _, name := range slices.Sorted(maps.Keys(broken)) {
		c, err := vcard.Parse(broken[name])
		if err == nil {
			_, err = vcard.Validate(c)
		}
		var e *vcard.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: got %v, want an *Error", name, err)
			continue
		}
		fmt.Fprintf(&got, "%s\n\t%s: %s\n", name, e.Condition, e)
	}
	golden(t, "broken/refusals.txt", got.String())
}

func TestValidate_TellsGroups(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"KIND:group": true, "X-ADDRESSBOOKSERVER-KIND:group": true, "kind:GROUP": true, "KIND:org": false, "NOTE:group": false,
	} {
		if info, err := vcard.Validate(parse(t, card("4.0", line))); err != nil || info.Group != want {
			t.Errorf("%s: %v, %v", line, info.Group, err)
		}
	}
}

func TestCard_PreferredAndLabel(t *testing.T) {
	t.Parallel()
	for want, text := range map[string]string{
		"b": card("4.0", "EMAIL;PREF=2:a", "EMAIL;PREF=1:b"),
		"c": card("3.0", "EMAIL:a", "EMAIL;TYPE=HOME,pref:c"),
		"d": card("3.0", "EMAIL:d", "EMAIL:e"),
		"f": card("4.0", "EMAIL:a", `EMAIL;TYPE="home,pref":f`),
	} {
		if got := parse(t, text).Preferred("EMAIL"); got == nil || got.Value != want {
			t.Errorf("want %s, got %+v", want, got)
		}
	}
	c := parse(t, card("3.0", "item1.TEL:1", "ITEM1.X-ABLabel:_$!<Mother>!$_", "item2.TEL:2"))
	if got := c.Label(c.Props[1]); got != "Mother" {
		t.Errorf("label %q", got)
	}
}

func TestSelection_NamesAndGroups(t *testing.T) {
	t.Parallel()
	text := card("3.0", "TEL:1", "X-ABC.TEL:2", "x-abc-1.TEL;TYPE=HOME:3")
	for _, c := range []struct {
		name, want string
		novalue    bool
	}{
		{"tel", "TEL:1\r\nX-ABC.TEL:2\r\nx-abc-1.TEL;TYPE=HOME:3\r\n", false},
		{"X-ABC.TEL", "X-ABC.TEL:2\r\n", false},
		{"X-ABC-1.tel", "x-abc-1.TEL;TYPE=HOME:\r\n", true},
		{"EMAIL", "", false},
	} {
		var s vcard.Selection
		s.Select(c.name, c.novalue)
		var b bytes.Buffer
		if err := vcard.Write(&b, parse(t, text), &s); err != nil {
			t.Fatal(err)
		}
		if want := "BEGIN:VCARD\r\n" + c.want + "END:VCARD\r\n"; b.String() != want {
			t.Errorf("%s: got %q, want %q", c.name, b.String(), want)
		}
	}
}

func TestImport_FilesOfOtherPrograms(t *testing.T) {
	t.Parallel()
	for name, raw := range files(t, "import") {
		var got strings.Builder
		for p := range vcard.Import(raw) {
			fmt.Fprintf(&got, "line %d: %q %q\n", p.Line, p.Name, p.UID)
			for _, n := range p.Notes {
				fmt.Fprintf(&got, "  note: %s\n", n)
			}
			if p.Err != nil {
				fmt.Fprintf(&got, "  refused: %v\n", p.Err)
				continue
			}
			got.Write(bytes.ReplaceAll(p.Body, []byte("\r"), nil))
			if _, err := vcard.Validate(parse(t, string(p.Body))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		golden(t, "import/"+name+".txt", got.String())
	}
}

func TestImport_ReadsUTF16(t *testing.T) {
	t.Parallel()
	raw := []byte{0xff, 0xfe}
	for _, r := range card("3.0", "NOTE:ü") {
		raw = append(raw, byte(r), byte(r>>8))
	}
	n := 0
	for p := range vcard.Import(raw) {
		n++
		if p.Err != nil || !bytes.Contains(p.Body, []byte("NOTE:ü")) {
			t.Errorf("%v %s", p.Err, p.Body)
		}
	}
	if n != 1 {
		t.Errorf("%d cards", n)
	}
}

func TestImport_CleanCardsKeepTheirOctets(t *testing.T) {
	t.Parallel()
	var file []byte
	want := map[string][]byte{}
	for _, raw := range files(t, "valid") {
		file = append(file, raw...)
		want[parse(t, string(raw)).Text("UID")] = raw
	}
	for p := range vcard.Import(file) {
		if p.Err != nil || !bytes.Equal(p.Body, want[p.UID]) {
			t.Errorf("%s: %v\n%s", p.UID, p.Err, p.Body)
		}
		delete(want, p.UID)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", slices.Collect(maps.Keys(want)))
	}
}
