package vcard_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"testing"

	"caldav-fcgi/dav/vcard"
)

// The example of RFC 7095 appendix B.1, both ways.
const (
	b1VCard = "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Simon Perreault\r\nN:Perreault;Simon;;;ing. jr,M.Sc.\r\nBDAY:--0203\r\n" +
		"ANNIVERSARY:20090808T1430-0500\r\nGENDER:M\r\nLANG;PREF=1:fr\r\nLANG;PREF=2:en\r\nORG;TYPE=work:Viagenie\r\n" +
		"ADR;TYPE=work:;Suite D2-630;2875 Laurier;\r\n Quebec;QC;G1V 2M2;Canada\r\n" +
		"TEL;VALUE=uri;TYPE=\"work,voice\";PREF=1:tel:+1-418-656-9254;ext=102\r\n" +
		"TEL;VALUE=uri;TYPE=\"work,cell,voice,video,text\":tel:+1-418-262-6501\r\nEMAIL;TYPE=work:simon.perreault@viagenie.ca\r\n" +
		"GEO;TYPE=work:geo:46.772673,-71.282945\r\nKEY;TYPE=work;VALUE=uri:\r\n http://www.viagenie.ca/simon.perreault/simon.asc\r\n" +
		"TZ:-0500\r\nURL;TYPE=home:http://nomis80.org\r\nEND:VCARD\r\n"
	b1JCard = `["vcard",[["version",{},"text","4.0"],["fn",{},"text","Simon Perreault"],` +
		`["n",{},"text",["Perreault","Simon","","",["ing. jr","M.Sc."]]],["bday",{},"date-and-or-time","--02-03"],` +
		`["anniversary",{},"date-and-or-time","2009-08-08T14:30-05:00"],["gender",{},"text","M"],["lang",{"pref":"1"},"language-tag","fr"],` +
		`["lang",{"pref":"2"},"language-tag","en"],["org",{"type":"work"},"text","Viagenie"],` +
		`["adr",{"type":"work"},"text",["","Suite D2-630","2875 Laurier","Quebec","QC","G1V 2M2","Canada"]],` +
		`["tel",{"type":["work","voice"],"pref":"1"},"uri","tel:+1-418-656-9254;ext=102"],` +
		`["tel",{"type":["work","cell","voice","video","text"]},"uri","tel:+1-418-262-6501"],["email",{"type":"work"},"text","simon.perreault@viagenie.ca"],` +
		`["geo",{"type":"work"},"uri","geo:46.772673,-71.282945"],["key",{"type":"work"},"uri","http://www.viagenie.ca/simon.perreault/simon.asc"],` +
		`["tz",{},"utc-offset","-05:00"],["url",{"type":"home"},"uri","http://nomis80.org"]]]`
)

func TestJCard_ExampleOfTheRFC(t *testing.T) {
	t.Parallel()
	if got := string(vcard.JCard(parse(t, b1VCard))); got != b1JCard {
		t.Errorf("got  %s\nwant %s", got, b1JCard)
	}
	text, err := vcard.FromJCard([]byte(b1JCard))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(vcard.JCard(parse(t, string(text)))); got != b1JCard {
		t.Errorf("back and forth: %s", got)
	}
}

func TestJCard_FilesOfClientsReturn(t *testing.T) {
	t.Parallel()
	for name, raw := range files(t, "valid") {
		four := parse(t, string(raw)).To(vcard.V4)
		j := vcard.JCard(four)
		if !json.Valid(j) {
			t.Errorf("%s: %s", name, j)
			continue
		}
		text, err := vcard.FromJCard(j)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		back := parse(t, string(text))
		if _, err := vcard.Validate(back); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if again := vcard.JCard(back); !bytes.Equal(again, j) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, again, j)
		}
		for _, p := range four.Props {
			if p.Name == "NOTE" && back.Text("NOTE") != p.Text() {
				t.Errorf("%s: NOTE %q", name, back.Text("NOTE"))
			}
		}
	}
}

func TestFromJCard_Refuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `{}`, `["vcalendar",[],[]]`, `["vcard"]`, `["vcard",[["fn",{},"text"]]]`, `["vcard",[["fn",[],"text","x"]]]`,
		`["vcard",[["begin",{},"text","x"]]]`, `["vcard",[["f n",{},"text","x"]]]`, `["vcard",[]] x`, `["vcard",[],[]]`,
		`["vcard",[["fn",{},"text",{"a":1}]]]`, `["vcard",[["fn",{},"text",[[["x"]]]]]]`,
	} {
		if out, err := vcard.FromJCard([]byte(text)); err == nil {
			t.Errorf("%s: taken as %q", text, out)
		}
	}
}

func TestFromJCard_ValuesStayInTheirLine(t *testing.T) {
	t.Parallel()
	text, err := vcard.FromJCard([]byte(`["vcard",[["version",{},"text","4.0"],["x-a",{"group":"g\r\nX"},"unknown","a\r\nEND:VCARD"],["note",{"x":"a\nb:\""},"text","l1\nl2,;"],["x-n",{},"integer",3],["x-b",{},"boolean",true]]]`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"VERSION:4.0", `gX.X-A:a\nEND:VCARD`, `NOTE;X="a^nb:^'":l1\nl2\,\;`, "X-N;VALUE=integer:3", "X-B;VALUE=boolean:TRUE"}
	var got []string
	for line := range bytes.SplitSeq(bytes.TrimSpace(text), []byte("\r\n")) {
		got = append(got, string(line))
	}
	if got = got[1 : len(got)-1]; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
