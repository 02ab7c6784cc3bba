package filter

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/vcard"
)

// cardElement reads a filter of contacts; "test" goes before what is in it, as attributes.
func cardElement(tb testing.TB, attrs, inner string) *etree.Element {
	tb.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromString(`<filter xmlns="urn:ietf:params:xml:ns:carddav" xmlns:x="urn:x" ` + attrs + `>` + inner + `</filter>`); err != nil {
		tb.Fatalf("the test's own XML: %v", err)
	}
	return doc.Root()
}

func cardOf(tb testing.TB, lines ...string) *vcard.Card {
	tb.Helper()
	c, err := vcard.Parse([]byte("BEGIN:VCARD\r\nVERSION:4.0\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestParseCard_Refuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, attrs, inner, condition string }{
		{"test", `test="some"`, ``, ValidFilter},
		{"test of prop", ``, `<prop-filter name="FN" test="none"/>`, ValidFilter},
		{"no name", ``, `<prop-filter/>`, ValidFilter},
		{"absent and text", ``, `<prop-filter name="FN"><is-not-defined/><text-match>x</text-match></prop-filter>`, ValidFilter},
		{"match-type", ``, `<prop-filter name="FN"><text-match match-type="like">x</text-match></prop-filter>`, ValidFilter},
		{"param's match-type", ``, `<prop-filter name="FN"><param-filter name="TYPE"><text-match match-type="like">x</text-match></param-filter></prop-filter>`, ValidFilter},
		{"negate", ``, `<prop-filter name="FN"><text-match negate-condition="1">x</text-match></prop-filter>`, ValidFilter},
		{"collation", ``, `<prop-filter name="FN"><text-match collation="i;basic">x</text-match></prop-filter>`, SupportedCollation},
		{"text alone", ``, `<text-match>x</text-match>`, ValidFilter},
		{"comp-filter", ``, `<prop-filter name="FN"><comp-filter name="x"/></prop-filter>`, ValidFilter},
		{"too many", ``, `<prop-filter name="FN">` + strings.Repeat(`<text-match>x</text-match>`, maxConditions) + `</prop-filter>`, SupportedFilter},
	} {
		_, err := ParseCard(cardElement(t, c.attrs, c.inner))
		var e *Error
		if !errors.As(err, &e) || e.Condition != c.condition {
			t.Errorf("%s: got %v, want %s", c.name, err, c.condition)
		}
	}
	if _, err := ParseCard(nil); err == nil {
		t.Error("no filter is taken")
	}
}

// cases are filters with the cards (by their UID) that match of those in TestCardFilter.
var cases = []struct{ name, attrs, inner, want string }{
	{"empty", ``, ``, "abcd"},
	{"foreign elements only", ``, `<x:y/>`, "abcd"},
	{"there", ``, `<prop-filter name="NICKNAME"/>`, "bc"},
	{"not there", ``, `<prop-filter name="NICKNAME"><is-not-defined/></prop-filter>`, "ad"},
	{"contains, any case", ``, `<prop-filter name="fn"><text-match>LEE</text-match></prop-filter>`, "ab"},
	{"accents in any case", ``, `<prop-filter name="FN"><text-match>MÜLLER</text-match></prop-filter>`, "c"},
	{"accents decomposed", ``, "<prop-filter name=\"FN\"><text-match>mu\u0308ller</text-match></prop-filter>", "c"},
	{"ascii leaves them", ``, `<prop-filter name="FN"><text-match collation="i;ascii-casemap">MÜLLER</text-match></prop-filter>`, ""},
	{"octets", ``, `<prop-filter name="FN"><text-match collation="i;octet">Lee</text-match></prop-filter>`, "ab"},
	{"octets in another case", ``, `<prop-filter name="FN"><text-match collation="i;octet">lee</text-match></prop-filter>`, ""},
	{"equals", ``, `<prop-filter name="NICKNAME"><text-match match-type="equals">ME</text-match></prop-filter>`, "b"},
	{"starts", ``, `<prop-filter name="EMAIL"><text-match match-type="starts-with">ann@</text-match></prop-filter>`, "a"},
	{"ends", ``, `<prop-filter name="EMAIL"><text-match match-type="ends-with">example.ORG</text-match></prop-filter>`, "abc"},
	{"negated", ``, `<prop-filter name="EMAIL"><text-match negate-condition="yes">example.org</text-match></prop-filter>`, "b"},
	{"anyof", ``, `<prop-filter name="FN"><text-match>ann</text-match></prop-filter><prop-filter name="EMAIL"><text-match>bob</text-match></prop-filter>`, "ab"},
	{"allof", `test="allof"`, `<prop-filter name="FN"><text-match>lee</text-match></prop-filter><prop-filter name="EMAIL"><text-match>example.net</text-match></prop-filter>`, "b"},
	{"allof with absent", `test="allof"`, `<prop-filter name="FN"><text-match>lee</text-match></prop-filter><prop-filter name="NICKNAME"><is-not-defined/></prop-filter>`, "a"},
	{"inner anyof", ``, `<prop-filter name="TEL"><text-match>111</text-match><text-match>333</text-match></prop-filter>`, "ac"},
	{"inner allof of one value", ``, `<prop-filter name="TEL" test="allof"><text-match>111</text-match><text-match>222</text-match></prop-filter>`, ""},
	{"inner allof of one value, met", ``, `<prop-filter name="TEL" test="allof"><text-match>111</text-match><text-match match-type="starts-with">+1</text-match></prop-filter>`, "a"},
	{"param", ``, `<prop-filter name="TEL"><param-filter name="TYPE"><text-match match-type="equals">home</text-match></param-filter></prop-filter>`, "ac"},
	{"param of a quoted list", ``, `<prop-filter name="TEL"><param-filter name="TYPE"><text-match match-type="equals">voice</text-match></param-filter></prop-filter>`, "c"},
	{"param or text", ``, `<prop-filter name="TEL"><param-filter name="TYPE"/><text-match>222</text-match></prop-filter>`, "ac"},
	{"param and text", ``, `<prop-filter name="TEL" test="allof"><param-filter name="TYPE"/><text-match>222</text-match></prop-filter>`, ""},
	{"param absent", ``, `<prop-filter name="TEL"><param-filter name="TYPE"><is-not-defined/></param-filter></prop-filter>`, "a"},
	{"any group", ``, `<prop-filter name="URL"><text-match>example</text-match></prop-filter>`, "ad"},
	{"that group", ``, `<prop-filter name="ITEM1.URL"><text-match>example</text-match></prop-filter>`, "d"},
	{"that group of what is indexed", ``, `<prop-filter name="item1.EMAIL"/>`, "c"},
	{"no such in that group", ``, `<prop-filter name="item1.EMAIL"><is-not-defined/></prop-filter>`, "abd"},
	{"unindexed or indexed", ``, `<prop-filter name="URL"/><prop-filter name="UID"><text-match match-type="equals">b</text-match></prop-filter>`, "abd"},
	{"unindexed and indexed", `test="allof"`, `<prop-filter name="URL"/><prop-filter name="FN"><text-match>lee</text-match></prop-filter>`, "a"},
	{"two that are absent", `test="allof"`, `<prop-filter name="URL"><is-not-defined/></prop-filter><prop-filter name="NOTE"><is-not-defined/></prop-filter>`, "bc"},
	{"negated ascii", ``, `<prop-filter name="FN"><text-match collation="i;ascii-casemap" negate-condition="yes">müller</text-match></prop-filter>`, "abd"},
	{"N in one piece", ``, `<prop-filter name="N"><text-match match-type="starts-with">lee;</text-match></prop-filter>`, "a"},
	{"a comma unescaped", ``, `<prop-filter name="ORG"><text-match match-type="equals">rail, ltd.</text-match></prop-filter>`, "d"},
}

func TestCardFilter(t *testing.T) {
	t.Parallel()
	cards := []*vcard.Card{
		cardOf(t, "UID:a", "FN:Ann Lee", "N:Lee;Ann;;;", "EMAIL:ann@example.org", "TEL;TYPE=home:+1 111", "TEL:+1 222", "URL:http://example.org"),
		cardOf(t, "UID:b", "FN:Bob Leery", "NICKNAME:me", "EMAIL:bob@example.org", "EMAIL:bob@example.net"),
		cardOf(t, "UID:c", "FN:Jörg Müller", "NICKNAME:me,you", "item1.EMAIL:joerg@example.org", `TEL;TYPE="home,voice":333`),
		cardOf(t, "UID:d", "FN:Rail", `ORG:Rail\, Ltd.`, "item1.URL:http://example.com"),
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f, err := ParseCard(cardElement(t, c.attrs, c.inner))
			if err != nil {
				t.Fatal(err)
			}
			got, narrowed := "", ""
			sel := f.Select()
			for _, card := range cards {
				if f.Match(card) {
					got += card.Text("UID")
				}
				if sel.mayMatch(CardKeys(card)) {
					narrowed += card.Text("UID")
				}
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			for _, uid := range got {
				if !strings.ContainsRune(narrowed, uid) {
					t.Errorf("the keys rule out %c, which matches", uid)
				}
			}
			if sel.Exact && narrowed != got {
				t.Errorf("the keys say %q and that this is exact", narrowed)
			}
		})
	}
}

// mayMatch is what the store does with a selection.
func (s CardSelection) mayMatch(keys []CardKey) bool {
	if len(s.Queries) == 0 {
		return true
	}
	holds := func(q CardQuery) bool {
		return slices.ContainsFunc(keys, func(k CardKey) bool {
			if k.Prop != q.Prop {
				return false
			}
			ok := func(t CardTest) bool {
				return (&textMatch{collation: Octet, kind: t.Kind, part: t.Part, negate: t.Negate}).holds(k.Value)
			}
			switch {
			case len(q.Tests) == 0:
				return true
			case q.All:
				return !slices.ContainsFunc(q.Tests, func(t CardTest) bool { return !ok(t) })
			}
			return slices.ContainsFunc(q.Tests, ok)
		}) != q.Absent
	}
	if s.All {
		return !slices.ContainsFunc(s.Queries, func(q CardQuery) bool { return !holds(q) })
	}
	return slices.ContainsFunc(s.Queries, holds)
}

func TestCardKeys_LongValuesAreLeftToTheText(t *testing.T) {
	t.Parallel()
	for _, card := range []*vcard.Card{
		cardOf(t, "UID:a", "FN:"+strings.Repeat("x", maxCardKey+1)),
		cardOf(t, "UID:a", numbered("TEL:", maxCardKeys+1)),
	} {
		if keys := CardKeys(card); len(keys) != 1 || keys[0].Prop != Unindexed {
			t.Errorf("%d keys, the first %v", len(keys), keys[0])
		}
	}
	if keys := CardKeys(cardOf(t, "UID:a", "FN:ß", "EMAIL:a", "EMAIL:A")); len(keys) != 3 {
		t.Errorf("%v", keys)
	}
}

func numbered(line string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s%d\r\n", line, i)
	}
	return strings.TrimSpace(b.String())
}

func FuzzParseCard(f *testing.F) {
	for _, c := range cases {
		f.Add(`<filter xmlns="urn:ietf:params:xml:ns:carddav" ` + c.attrs + `>` + c.inner + `</filter>`)
	}
	card := cardOf(f, "UID:c", "FN:Jörg Müller", "NICKNAME:me,you", "item1.EMAIL:joerg@example.org", `TEL;TYPE="home,voice":333`)
	keys := CardKeys(card)
	f.Fuzz(func(t *testing.T, text string) {
		doc := etree.NewDocument()
		if doc.ReadFromString(text) != nil || doc.Root() == nil {
			return
		}
		filter, err := ParseCard(doc.Root())
		if err != nil {
			return
		}
		match, sel := filter.Match(card), filter.Select()
		may := sel.mayMatch(keys)
		if match && !may || sel.Exact && match != may {
			t.Errorf("text says %v, keys %v, exact %v", match, may, sel.Exact)
		}
	})
}
