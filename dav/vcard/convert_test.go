package vcard_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav/vcard"
)

// canonical is a card as a multiset of (group, name, parameters, value), without what doc.go lists as lost.
func canonical(c *vcard.Card) []string {
	var all []string
	for _, p := range c.Props {
		media := p.Name == "PHOTO" || p.Name == "LOGO" || p.Name == "SOUND" || p.Name == "KEY"
		var params []string
		for _, q := range p.Params {
			for _, v := range q.Values {
				if media && (q.Name == "TYPE" || q.Name == "ENCODING") || strings.EqualFold(v, "pref") {
					v = strings.ToUpper(v)
				}
				params = append(params, q.Name+"="+v)
			}
		}
		slices.Sort(params)
		all = append(all, p.Group+"."+p.Name+";"+strings.Join(params, ";")+":"+p.Value)
	}
	slices.Sort(all)
	return all
}

func TestTo_3To4To3KeepsEverything(t *testing.T) {
	t.Parallel()
	for name, raw := range files(t, "valid") {
		c := parse(t, string(raw))
		if c.Version != vcard.V3 {
			continue
		}
		four := parse(t, string(c.To(vcard.V4).Bytes()))
		if _, err := vcard.Validate(four); err != nil || four.Version != vcard.V4 {
			t.Errorf("%s: as 4.0: %v", name, err)
		}
		back := parse(t, string(four.To(vcard.V3).Bytes()))
		got, want := canonical(back), canonical(c)
		if name == "nextcloud-contact" { // basic format in a 3.0 card
			for i := range want {
				want[i] = strings.Replace(want[i], "20260301T102030Z", "2026-03-01T10:20:30Z", 1)
			}
		}
		if !slices.Equal(got, want) {
			for _, l := range got {
				if !slices.Contains(want, l) {
					t.Errorf("%s: came back as   %s", name, l)
				}
			}
			for _, l := range want {
				if !slices.Contains(got, l) {
					t.Errorf("%s: did not return %s", name, l)
				}
			}
		}
	}
}

func TestTo_4To3To4KeepsEverything(t *testing.T) {
	t.Parallel()
	for name, raw := range files(t, "valid") {
		c := parse(t, string(raw))
		if c.Version != vcard.V4 {
			continue
		}
		three := parse(t, string(c.To(vcard.V3).Bytes()))
		if _, err := vcard.Validate(three); err != nil || three.Version != vcard.V3 {
			t.Errorf("%s: as 3.0: %v", name, err)
		}
		got, want := canonical(three.To(vcard.V4)), canonical(c)
		for i := range want { // "date" is a type that only 3.0 has
			want[i] = strings.Replace(want[i], "VALUE=DATE", "VALUE=date-and-or-time", 1)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: came back as\n%s\nfrom\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// Each line of a 3.0 card stands beside what it is in 4.0.
func TestTo_Lines(t *testing.T) {
	t.Parallel()
	jpeg := base64.StdEncoding.EncodeToString([]byte("\xff\xd8\xff\xe0JFIF....."))
	for _, c := range []struct {
		name, three, four string
		oneWay            bool
	}{
		{name: "photo", three: "PHOTO;ENCODING=b;TYPE=JPEG:" + jpeg, four: "PHOTO:data:image/jpeg;base64," + jpeg},
		{name: "photo without a type", three: "PHOTO;ENCODING=b:" + jpeg, four: "PHOTO:data:image/jpeg;base64," + jpeg, oneWay: true},
		{name: "old encoding", three: "PHOTO;ENCODING=BASE64;TYPE=png:AA BB", four: "PHOTO:data:image/png;base64,AABB", oneWay: true},
		{name: "unknown octets", three: "SOUND;ENCODING=b:AAAA", four: "SOUND:data:application/octet-stream;base64,AAAA"},
		{name: "key", three: "KEY;ENCODING=b;TYPE=PGP:AAAA", four: "KEY:data:application/pgp-keys;base64,AAAA"},
		{name: "picture elsewhere", three: "PHOTO;VALUE=uri;TYPE=GIF:http://x/y.gif", four: "PHOTO;VALUE=uri;MEDIATYPE=image/gif:http://x/y.gif"},
		{name: "kind", three: "X-ADDRESSBOOKSERVER-KIND:group", four: "KIND:group"},
		{name: "member", three: "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:1", four: "MEMBER:urn:uuid:1"},
		{name: "preferred", three: "TEL;TYPE=home,pref:1", four: "TEL;TYPE=home;PREF=1:1"},
		{name: "preferred alone", three: "TEL;TYPE=pref:1", four: "TEL;PREF=1:1"},
		{name: "second", three: "TEL;PREF=2:1", four: "TEL;PREF=2:1"},
		{name: "birthday", three: "BDAY:1985-04-12", four: "BDAY:19850412"},
		{name: "birthday as date", three: "BDAY;VALUE=date:1985-04-12", four: "BDAY;VALUE=date-and-or-time:19850412"},
		{name: "birthday with time", three: "BDAY;VALUE=date-time:1953-10-15T23:10:00Z", four: "BDAY;VALUE=date-and-or-time:19531015T231000Z"},
		{name: "no year", three: "BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12", four: "BDAY:--0412"},
		{name: "text", three: "BDAY;VALUE=text:circa 1800", four: "BDAY;VALUE=text:circa 1800"},
		{name: "anniversary", three: "X-ANNIVERSARY:2009-08-08", four: "ANNIVERSARY:20090808"},
		{name: "anniversary of Apple's", three: "i.X-ABDATE:2009-08-08\r\ni.X-ABLABEL:_$!<Anniversary>!$_", four: "i.ANNIVERSARY:20090808\r\ni.X-ABLABEL:_$!<Anniversary>!$_"},
		{name: "another date", three: "i.X-ABDATE:2009-08-08\r\ni.X-ABLABEL:First day", four: "i.X-ABDATE:2009-08-08\r\ni.X-ABLABEL:First day"},
		{name: "relation", three: "i.X-ABRELATEDNAMES:Jo\r\ni.X-ABLABEL:_$!<Mother>!$_", four: "i.RELATED;VALUE=text;TYPE=parent:Jo\r\ni.X-ABLABEL:_$!<Mother>!$_"},
		{name: "place", three: "GEO:37.38;-122.08", four: "GEO:geo:37.38,-122.08"},
		{name: "place with height", three: "GEO;VALUE=uri:geo:1,2,3", four: "GEO:geo:1,2,3", oneWay: true},
		{name: "zone", three: "TZ:-05:00", four: "TZ;VALUE=utc-offset:-0500"},
		{name: "zone by name", three: "TZ;VALUE=text:Europe/Paris", four: "TZ;VALUE=text:Europe/Paris"},
		{name: "revision", three: "REV:1995-10-31T22:27:10Z", four: "REV:19951031T222710Z"},
		{name: "unknown", three: `x.X-Thing;X-P="a;b":v\,w`, four: `x.X-Thing;X-P="a;b":v\,w`},
		{name: "caret", three: "ADR;LABEL=a^nb:;;;;;;", four: "ADR;LABEL=a^nb:;;;;;;"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.name != "place with height" {
				if got, want := canonical(parse(t, card("3.0", c.three)).To(vcard.V4)), canonical(parse(t, card("4.0", c.four))); !slices.Equal(got, want) {
					t.Errorf("3 → 4: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
				}
			}
			if c.oneWay && c.name != "place with height" {
				return
			}
			if got, want := canonical(parse(t, card("4.0", c.four)).To(vcard.V3)), canonical(parse(t, card("3.0", c.three))); !slices.Equal(got, want) {
				t.Errorf("4 → 3: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}

func TestTo_3HasAName(t *testing.T) {
	t.Parallel()
	c := parse(t, "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u\r\nFN:Rail\\, Ltd.\r\nEND:VCARD\r\n").To(vcard.V3)
	if n := c.Prop("N"); n == nil || n.Value != `Rail\, Ltd.;;;;` {
		t.Errorf("N is %+v", n)
	}
}

func TestTo_3PercentEncodedData(t *testing.T) {
	t.Parallel()
	c := parse(t, card("4.0", "PHOTO:data:image/svg+xml,%3Csvg/%3E")).To(vcard.V3)
	p := c.Prop("PHOTO")
	if p.Param("ENCODING") != "b" || p.Param("TYPE") != "SVG" || p.Value != base64.StdEncoding.EncodeToString([]byte("<svg/>")) {
		t.Errorf("%+v", p)
	}
}

func TestTo_3PhoneNumbersAreText(t *testing.T) {
	t.Parallel()
	p := parse(t, card("4.0", `TEL;VALUE=uri;TYPE=work:tel:+1-418-656-9254;ext=102`)).To(vcard.V3).Prop("TEL")
	if p.Text() != "+1-418-656-9254;ext=102" || p.HasParam("VALUE") || !vcard.HasType(p, "work") {
		t.Errorf("%+v", p)
	}
}

func TestTo_4TakesListsInQuotesApart(t *testing.T) {
	t.Parallel()
	p := parse(t, card("4.0", `TEL;TYPE="work,voice";PREF=1:1`)).To(vcard.V3).Prop("TEL")
	if len(p.Params) != 1 || strings.Join(p.Params[0].Values, "|") != "work|voice|pref" {
		t.Errorf("%+v", p)
	}
}
