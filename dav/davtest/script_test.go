package davtest

import (
	"bytes"
	"strings"
	"testing"
)

func TestParse_Script(t *testing.T) {
	t.Parallel()
	d, err := Parse("a.txtar", []byte(`# what it is
as ann
needs login
PUT /calendars/ann/calendar/1.ics < 1.ics
If-None-Match: *
201|204
> ETag: {{tag}}
as nobody
GET ^/x
4xx ~ some text  # a comment
!~ other
REPORT /calendars/ann/calendar/ < q.xml
If: {{tag}}
403 CALDAV:valid-filter
-- 1.ics --
BEGIN:VCALENDAR
END:VCALENDAR
-- q.xml --
<q/>
`))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Steps) != 3 || len(d.Needs) != 1 {
		t.Fatalf("got %d steps, needs %v", len(d.Steps), d.Needs)
	}
	put, get, report := d.Steps[0], d.Steps[1], d.Steps[2]
	if put.User != "ann" || put.Body != "1.ics" || len(put.Status) != 2 || put.Checks[0].Arg != "{{tag}}" {
		t.Errorf("PUT: %+v", put)
	}
	if get.User != "" || !get.AtHost || get.Path != "/x" || get.Checks[0].Arg != "some text" || get.Checks[1].Kind != bodyLacks {
		t.Errorf("GET: %+v", get)
	}
	if report.Checks[0].Kind != errorIs || report.Header[0].Name != "If" {
		t.Errorf("REPORT: %+v", report)
	}
	if body, _ := put.content("1.ics"); !bytes.Contains(body, []byte("\r\n")) {
		t.Errorf("1.ics without CRLF: %q", body)
	}
}

func TestParse_Faults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ script, want string }{
		"no status":            {"GET /x\n", "without a blank line"},
		"unknown line":         {"GET /x\n200\nfoo bar\n", "neither"},
		"check before request": {"~ x\n", "neither"},
		"file missing":         {"GET /x\n200 = a.xml\n", "no file a.xml"},
		"file unused":          {"GET /x\n200\n-- a.xml --\n<a/>\n", "no step uses the file a.xml"},
		"not captured":         {"GET /{{x}}\n200\n", "before it is captured"},
		"bad XML":              {"GET /x\n200 = a.xml\n-- a.xml --\n<a>\n", "well-formed"},
		"bad calendar":         {"GET /x\n200 = a.ics\n-- a.ics --\nBEGIN:VCALENDAR\n", "VCALENDAR"},
		"absent with value":    {"GET /x\n200\n> !ETag: x\n", "want > Name"},
		"count":                {"GET /x\n200\ncount many\n", "count NUMBER"},
		"include":              {"include y.txtar\n", "include"},
		"file name":            {"GET /x\n200\n-- a/b --\n", "file name"},
		"no file name":         {"-- --\n", "a file without a name"},
		"event too small":      {"PUT /x < {{event 3}}\n200\n", "want a size"},
	} {
		if _, err := Parse("a.txtar", []byte(c.script)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

func TestEvent_Size(t *testing.T) {
	t.Parallel()
	for n := minEvent; n < minEvent+200; n++ {
		if got := len(event(n)); got != n {
			t.Fatalf("event(%d) has %d octets", n, got)
		}
	}
	big := event(1 << 20)
	if len(big) != 1<<20 {
		t.Errorf("got %d octets", len(big))
	}
	if _, err := readICal(string(big)); err != nil {
		t.Error(err)
	}
	for _, line := range strings.Split(string(big), "\r\n") {
		if len(line) > 75 {
			t.Fatalf("line of %d octets: %s", len(line), line)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("as ann\nGET /x < {{event 500}}\nA: b\n2xx = a.xml  # c\n> X has y\nhas /x 404\n-- a.xml --\n<a b='{{c}}'>**</a>\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, err := Parse("a.txtar", data); (d == nil) == (err == nil) {
			t.Errorf("dialogue %v, error %v", d, err)
		}
	})
}
