package webdav

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/beevik/etree"
)

func TestParseXML_RefusesWhatIsNoSingleDocument(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"not closed":          `<a xmlns="DAV:">`,
		"two roots":           `<a/><b/>`,
		"text after the root": `<a/>x`,
		"undeclared prefix":   `<d:a/>`,
		"undeclared on attr":  `<a x:y="1"/>`,
		"empty prefix":        `<d:a xmlns:d=""/>`,
		"latin-1":             `<?xml version="1.0" encoding="iso-8859-1"?><a/>`,
		"too deep":            strings.Repeat("<a>", maxXMLDepth+1) + strings.Repeat("</a>", maxXMLDepth+1),
		"too many":            "<a>" + strings.Repeat("<b/>", maxXMLElements) + "</a>",
		"bad UTF-8":           "<a>\xff</a>",
		"mismatched":          `<a><b></a></b>`,
		"an entity":           `<a>&x;</a>`,
		"a colon at the end":  `<a:/>`,
		"a colon in front":    `<:a/>`,
		"attribute with one":  `<a :b="c"/>`,
		"doubled attribute":   `<a b="1" b="2"/>`,
		"doubled by its name": `<a xmlns:p="u:x" xmlns:q="u:x" p:b="1" q:b="2"/>`,
		"doubled namespace":   `<a xmlns="u:x" xmlns="u:y"/>`,
		"prefix xml declared": `<a xmlns:xml="u:x"/>`,
		"element in xmlns":    `<xmlns:a/>`,
		"instruction inside":  `<a><?xml version="1.0"?></a>`,
		"another directive":   `<a><!ELEMENT b ANY></a>`,
		"a long name":         "<" + strings.Repeat("a", maxXMLName+1) + "/>",
		"a long namespace":    `<a xmlns="` + strings.Repeat("a", maxXMLName+1) + `"/>`,
		"attributes":          "<a" + manyAttributes("b", maxXMLAttrs+1) + "/>",
		"attributes in all":   "<a" + manyAttributes("b", maxXMLAttrs/2+1) + "><a" + manyAttributes("b", maxXMLAttrs/2) + "/></a>",
	} {
		if el, err := ParseXML([]byte(body)); err == nil {
			t.Errorf("%s: taken as %v", name, el)
		} else if o := outcomeOf(err); o.status != 400 {
			t.Errorf("%s: %d, want 400 (%v)", name, o.status, err)
		}
	}
}

func manyAttributes(name string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` %s%d=""`, name, i)
	}
	return b.String()
}

// What declares most and what looks up most are linear: neither names nor namespaces multiply.
func TestParseXML_NamespacesCostNoMoreThanTheirLength(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for i := range maxXMLAttrs - 1 {
		fmt.Fprintf(&b, ` xmlns:p%d="u:%d"`, i, i)
	}
	for name, inner := range map[string]string{
		"looked up": strings.Repeat("<p0:b/>", maxXMLElements-1),
		"declared":  strings.Repeat(`<c xmlns:q="u"/>`, maxXML/20),
	} {
		began := time.Now()
		el, err := ParseXML([]byte("<a" + b.String() + ">" + inner + "</a>"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, c := range el.ChildElements() {
			NameOf(c)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func TestParseXML_AnswersABodyOverTheTransportsLimit413(t *testing.T) {
	t.Parallel()
	_, err := readXML(http.MaxBytesReader(nil, io.NopCloser(strings.NewReader("<a>     </a>")), 4))
	if o := outcomeOf(err); o.status != 413 {
		t.Errorf("got %d (%v), want 413", o.status, err)
	}
}

func TestParseXML_RefusesADoctypeByItsCondition(t *testing.T) {
	t.Parallel()
	_, err := ParseXML([]byte(`<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>`))
	if !errors.Is(err, ErrNoExternalEntities) {
		t.Errorf("got %v", err)
	}
}

func TestParseXML_TakesAMarkAndAnyPrefix(t *testing.T) {
	t.Parallel()
	el, err := ParseXML([]byte("\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\r\n<n0:propfind xmlns:n0=\"DAV:\"><prop xmlns=\"DAV:\"><x xmlns=\"u:y\"/></prop></n0:propfind>"))
	if err != nil || NameOf(el) != DAV("propfind") || NameOf(Find(el, DAV("prop")).ChildElements()[0]) != (Name{"u:y", "x"}) {
		t.Errorf("got %v, %v", el, err)
	}
	if el, err := ParseXML([]byte(" \r\n")); el != nil || err != nil {
		t.Errorf("white space: %v, %v", el, err)
	}
}

func TestMarkup_StandsAlone(t *testing.T) {
	t.Parallel()
	root, err := ParseXML([]byte(`<d:set xmlns:d="DAV:" xmlns:z="urn:z" xml:lang="de"><d:prop><z:x a="1&amp;2"><y xmlns="urn:y">a` + "&#13;" + `b</y></z:x></d:prop></d:set>`))
	if err != nil {
		t.Fatal(err)
	}
	text := Markup(root.ChildElements()[0].ChildElements()[0])
	again, err := ParseXML([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if NameOf(again) != (Name{"urn:z", "x"}) || again.SelectAttrValue("xml:lang", "") != "de" || again.SelectAttrValue("a", "") != "1&2" || again.ChildElements()[0].Text() != "a\rb" {
		t.Errorf("got %s", text)
	}
	if twice := Markup(again); twice != text {
		t.Errorf("changes on the second writing:\n%s\n%s", text, twice)
	}
}

func TestAppendText_ReadsBack(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "a", "a&b<c>d\"e", "a\r\nb\tc", "ä€𝄞", "\x7f"} {
		if got := readBack(t, s); got != s {
			t.Errorf("%q reads back as %q", s, got)
		}
	}
	for _, s := range []string{"\x00", "a\x01b", "\xff", "\uFFFE"} {
		if got := readBack(t, s); !strings.Contains(got, "\uFFFD") {
			t.Errorf("%q reads back as %q", s, got)
		}
	}
}

func readBack(t *testing.T, s string) string {
	t.Helper()
	var out struct {
		Text string `xml:",chardata"`
	}
	if err := xml.Unmarshal(append(append([]byte("<a>"), appendText(nil, s)...), "</a>"...), &out); err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return out.Text
}

// Eight octets are looked at together: each octet is tried at each place.
func TestAppendText_EachOctetAtEachPlace(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		want := string(appendText(nil, string([]byte{byte(c)})))
		for at := range 20 {
			s := strings.Repeat("x", at) + string([]byte{byte(c)}) + strings.Repeat("y", 20-at)
			if got := string(appendText(nil, []byte(s))); got != strings.Repeat("x", at)+want+strings.Repeat("y", 20-at) {
				t.Fatalf("%q is written as %q", s, got)
			}
		}
	}
}

func FuzzAppendText(f *testing.F) {
	f.Add("a&b\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := readBack(t, s)
		if utf8.ValidString(s) && xmlText(s) && got != s {
			t.Errorf("%q reads back as %q", s, got)
		}
	})
}

func BenchmarkAppendText(b *testing.B) {
	text := []byte(strings.Repeat("DESCRIPTION:a line of a calendar object; with a date: 20260212T103000Z\r\n", 20))
	buf := make([]byte, 0, 4*len(text))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		buf = appendText(buf[:0], text)
	}
}

func BenchmarkParseXML(b *testing.B) {
	body := []byte(`<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:getetag/><c:calendar-data/></d:prop>` +
		strings.Repeat("<d:href>/calendars/ann/work/00000000-0000-4000-8000-000000000000.ics</d:href>", 100) + "</c:calendar-multiget>")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ParseXML(body); err != nil {
			b.Fatal(err)
		}
	}
}

func FuzzParseXML(f *testing.F) {
	f.Add([]byte(`<d:propfind xmlns:d="DAV:"><d:prop><d:x/></d:prop></d:propfind>`))
	f.Add([]byte(`<a xml:lang="x">&#13;<!-- c --><?pi?><![CDATA[x]]></a>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		el, err := ParseXML(body)
		if err != nil || el == nil {
			return
		}
		text := Markup(el)
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))); err != nil || Markup(doc.Root()) != text {
			t.Fatalf("%q: etree reads %q (%v), and we %q", body, Markup(doc.Root()), err, text)
		}
		again, err := ParseXML([]byte(text))
		if err != nil {
			t.Fatalf("%q is written as %q, which is refused: %v", body, text, err)
		}
		if NameOf(again) != NameOf(el) {
			t.Errorf("%v becomes %v", NameOf(el), NameOf(again))
		}
	})
}
