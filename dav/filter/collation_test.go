package filter

import (
	"strings"
	"testing"
	"testing/quick"
	"unicode"
)

func TestParseCollation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		id   string
		want Collation
	}{
		{"", ASCIICasemap}, {"default", ASCIICasemap}, {"i;ascii-casemap", ASCIICasemap}, {"i;octet", Octet}, {" i;unicode-casemap ", UnicodeCasemap},
		{"i;*", ""}, {"*", ""}, {"i;ascii*", ""}, {"i;basic", ""}, {"I;OCTET", ""}, {"http://example.com/c", ""},
	} {
		got, ok := ParseCollation(c.id, ASCIICasemap)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("ParseCollation(%q): got %q %v, want %q", c.id, got, ok, c.want)
		}
	}
}

func TestCollation_Contains(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s, part               string
		octet, ascii, unicode bool
	}{
		{"Steelers", "steel", false, true, true},
		{"Steelers", "Steel", true, true, true},
		{"Steelers", "", true, true, true},
		{"", "x", false, false, false},
		{"CAFÉ", "café", false, false, true},
		{"CAFÉ", "cafÉ", false, true, true},
		{"cafe\u0301", "CAF\u00c9", false, false, true}, // a mark apart and together
		{"café", "cafe", false, false, true},            // RFC 5051 §1 finds the letter without its mark
		{"Straße", "STRASSE", false, false, false},      // simple mappings only
		{"\ufb01n", "FIN", false, false, false},         // the ligature is decomposed after it was titlecased: "fi" stays lower
		{"\u01c6", "d\u017e", false, false, false},      // titlecase is "Dž": its second letter stays small
		{"\u01c4", "\u01c6", false, false, true},        // the example of RFC 5051 §2
		{"Ελλάδα", "ελλάδα", false, false, true},        // Greek
		{"한글", "한", true, true, true},                   // Hangul, composed
		{"a\xffb", "A\xff", false, true, false},         // no UTF-8: octets
		{"a\xffb", "a\xff", true, true, true},           //
		{"Ünder \xff", "ünder", false, false, false},    //
		{"mailto:lisa@example.com", "LISA@", false, true, true},
	} {
		for _, k := range []struct {
			c    Collation
			want bool
		}{{Octet, c.octet}, {ASCIICasemap, c.ascii}, {UnicodeCasemap, c.unicode}} {
			if got := k.c.Contains(c.s, c.part); got != k.want {
				t.Errorf("%s: %q in %q: got %v, want %v", k.c, c.part, c.s, got, k.want)
			}
		}
	}
}

// A part of a text is found in it by every collation, and whatever one collation finds the next wider one finds too.
func TestCollation_PartsAreFound(t *testing.T) {
	t.Parallel()
	found := func(before, part, after []rune) bool {
		s := string(before) + string(part) + string(after)
		for _, id := range Collations {
			if !Collation(id).Contains(s, string(part)) {
				return false
			}
		}
		return true
	}
	if err := quick.Check(found, nil); err != nil {
		t.Error(err)
	}
	prepared := func(a, b []rune) bool {
		for _, id := range Collations {
			c := Collation(id)
			if c.Prepare(string(a)+string(b)) != c.Prepare(string(a))+c.Prepare(string(b)) {
				return false
			}
		}
		return true
	}
	if err := quick.Check(prepared, nil); err != nil {
		t.Error(err)
	}
	cases := func(s []rune) bool {
		text := string(s)
		return ASCIICasemap.Prepare(upperASCII(text)) == ASCIICasemap.Prepare(text) &&
			UnicodeCasemap.Contains(strings.Map(unicode.ToTitle, text), text) && ASCIICasemap.Contains(upperASCII(text), text)
	}
	if err := quick.Check(cases, nil); err != nil {
		t.Error(err)
	}
}

func FuzzCollation(f *testing.F) {
	f.Add("CAFÉ \xff", "é")
	f.Fuzz(func(t *testing.T, s, part string) {
		octet, ascii := Octet.Contains(s, part), ASCIICasemap.Contains(s, part)
		if octet && !ascii {
			t.Errorf("%q in %q is found by octets and not without case", part, s)
		}
		UnicodeCasemap.Contains(s, part)
	})
}
