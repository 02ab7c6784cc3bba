package davtest

import (
	"strings"
	"testing"
)

const head = `<D:multistatus xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" partial="no">`

func TestElement_Comparison(t *testing.T) {
	t.Parallel()
	ms := func(s string) string { return head + s + `</D:multistatus>` }
	part := func(s string) string { return strings.Replace(ms(s), `partial="no"`, `partial="yes"`, 1) }
	one := func(href, prop, status string) string {
		return `<D:response><D:href>` + href + `</D:href><D:propstat><D:prop>` + prop + `</D:prop><D:status>HTTP/1.1 ` + status + `</D:status></D:propstat></D:response>`
	}
	gone := `<D:response><D:href>/b</D:href><D:status>HTTP/1.1 404 Not Found</D:status></D:response>`
	cal := func(lines string) string {
		return `<C:calendar-data>BEGIN:VCALENDAR&#13;` + "\n" + strings.ReplaceAll(lines, "|", "\r\n") + "\r\nEND:VCALENDAR\r\n</C:calendar-data>"
	}
	for name, c := range map[string]struct{ want, got, diff string }{
		"other prefix":         {`<a xmlns="DAV:"/>`, `<x:a xmlns:x="DAV:"/>`, ""},
		"other namespace":      {`<a xmlns="DAV:"/>`, `<a xmlns="DAV"/>`, "want DAV:a"},
		"order":                {`<a><b/><c>1</c></a>`, `<a> <c> 1 </c><b></b></a>`, ""},
		"one too many":         {`<a><b/></a>`, `<a><b/><b/></a>`, "b too much"},
		"partial":              {`<a partial="yes"><b/></a>`, `<a><b/><b/></a>`, ""},
		"attribute":            {`<a x="1"/>`, `<a x="2"/>`, `attribute x: got "2"`},
		"attribute too much":   {`<a/>`, `<a x="2"/>`, "too much"},
		"anything":             {`<a>**</a>`, `<a><b/></a>`, ""},
		"responses as a set":   {ms(one("/a", "<D:x/>", "200 OK") + gone), ms(gone + one("/a", "<D:x/>", "200 OK")), ""},
		"response missing":     {ms(gone), ms(""), "no response for /b"},
		"response too much":    {ms(""), ms(gone), "too much"},
		"response welcome":     {part(""), ms(gone), ""},
		"full URL and escapes": {ms(one("/a%20b%2f@", "", "200 OK")), ms(one("http://h/dav/a%20b%2F%40", "", "200 OK")), ""},
		"status":               {ms(one("/a", "<D:x/>", "200 OK")), ms(one("/a", "<D:x/>", "404 Not Found")), "got propstat 404, want 200"},
		"status text":          {ms(one("/a", "<D:x/>", "200 OK")), ms(one("/a", "<D:x/>", "200 Fine")), `status "HTTP/1.1 200 Fine"`},
		"property too much":    {ms(one("/a", "<D:x/>", "200 OK")), ms(one("/a", "<D:x/><D:y/>", "200 OK")), "DAV:y (200) too much"},
		"property welcome":     {part(one("/a", "<D:x/>", "200 OK")), ms(one("/a", "<D:x/><D:y/>", "200 OK")), ""},
		"value strict":         {part(one("/a", "<D:x><D:p/></D:x>", "200 OK")), ms(one("/a", "<D:x><D:p/><D:q/></D:x>", "200 OK")), "DAV:q too much"},
		"property twice":       {ms(one("/a", "<D:x/>", "200 OK")), ms(one("/a", "<D:x/><D:x/>", "200 OK")), "twice"},
		"doubled href":         {part(""), ms(gone + gone), "two responses for /b"},
		"calendar lines":       {ms(one("/a", cal("x-a:1|DTSTART;VALUE=DATE;A=B:1"), "200 OK")), ms(one("/a", cal("DTSTART;a=B;|  VALUE=DATE:1|X-A:1"), "200 OK")), "lacks"},
		"calendar folded":      {ms(one("/a", cal("x-a:1|DTSTART;VALUE=DATE;A=\"B\":1"), "200 OK")), ms(one("/a", cal("DTSTART;a=B;| VALUE=DATE:1|X-A:1"), "200 OK")), ""},
		"calendar pattern":     {ms(one("/a", cal("X:{{v}}|Y:{{v}}"), "200 OK")), ms(one("/a", cal("Y:1|X:1"), "200 OK")), ""},
		"calendar line more":   {ms(one("/a", cal("X:1"), "200 OK")), ms(one("/a", cal("X:1|X:1"), "200 OK")), "too much"},
		"components as a set":  {ms(one("/a", cal("BEGIN:V|A:1|END:V|BEGIN:V|A:2|END:V"), "200 OK")), ms(one("/a", cal("BEGIN:V|A:2|END:V|BEGIN:V|A:1|END:V"), "200 OK")), ""},
		"free-busy forms":      {ms(one("/a", cal("FREEBUSY:20060101T100000Z/P1DT1H,20060102T100000Z/20060102T110000Z"), "200 OK")), ms(one("/a", cal("FREEBUSY;FBTYPE=BUSY:20060102T100000Z/PT60M|FREEBUSY:20060101T100000Z/20060102T110000Z"), "200 OK")), ""},
		"captured twice":       {ms(one("/a", "<D:x>{{v}}</D:x><D:y>{{v}}</D:y>", "200 OK")), ms(one("/a", "<D:x>1</D:x><D:y>2</D:y>", "200 OK")), `DAV:y: got "2", want "1"`},
		"sync token":           {ms(`<D:sync-token>{{t}}</D:sync-token>`), ms(`<D:sync-token>urn:1</D:sync-token>`), ""},
		"no sync token":        {ms(`<D:sync-token>{{t}}</D:sync-token>`), ms(``), "lacks DAV:sync-token"},
		"unknown name":         {ms(gone + one("/c/{{n}}.ics", "<D:x>2</D:x>", "200 OK")), ms(one("/c/1.ics", "<D:x>2</D:x>", "200 OK") + gone), ""},
	} {
		want, err := readXML([]byte(c.want))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := readXML([]byte(c.got))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		diffs := strings.Join(comparison{predefined("http://h", "/dav"), "http://h", "/dav"}.element(want, got), "\n")
		if (c.diff == "") != (diffs == "") || !strings.Contains(diffs, c.diff) {
			t.Errorf("%s: got %q, want %q", name, diffs, c.diff)
		}
	}
}

func TestMatch_Captures(t *testing.T) {
	t.Parallel()
	v := vars{"known": "a.b"}
	for _, c := range []struct {
		pattern, got string
		want         bool
	}{
		{"x", "x", true}, {"x", "y", false}, {"**", "", true}, {`"**-1"`, `"abc-1"`, true},
		{"{{known}}/**", "a.b/c", true}, {"{{known}}", "aXb", false}, {"{{new}}", "", false},
		{"{{new}}-{{new}}", "1-2", false}, {"{{new}}-{{new}}", "1-1", true}, {"{{new}}", "2", false},
	} {
		if got := v.match(c.pattern, c.got); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.pattern, c.got, got)
		}
	}
	if v["new"] != "1" {
		t.Errorf("captured %q", v["new"])
	}
}

func FuzzReadXML(f *testing.F) {
	f.Add([]byte(head + `<D:response><D:href>/%zz</D:href><D:status>x</D:status></D:response></D:multistatus>`))
	f.Add([]byte(`<a xmlns="DAV:"><![CDATA[BEGIN:VCALENDAR]]></a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		root, err := readXML(data)
		if err != nil {
			return
		}
		_ = root.String()
		_ = comparison{vars{}, "http://h", "/dav"}.element(root, root)
	})
}

func FuzzReadICal(f *testing.F) {
	f.Add("BEGIN:VCALENDAR\r\nA;B=\"c:d\";E:f\r\n g\r\nEND:VCALENDAR\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := readICal(text); err == nil {
			if d := c.compare(c, vars{}, false); len(d) > 0 && !strings.Contains(text, "**") && !strings.Contains(text, "{{") {
				t.Errorf("a component differs from itself: %v", d)
			}
		}
	})
}
