package ical

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// The examples of RFC 7265 appendix B. In B.2 the RFC's own JSON has lost "-1SU", "#2 bis" and the array of the period.
func TestJCal_ExamplesOfTheRFC(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"B.1", `BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Example Inc.//Example Calendar//EN
VERSION:2.0
BEGIN:VEVENT
DTSTAMP:20080205T191224Z
DTSTART:20081006
SUMMARY:Planning meeting
UID:4088E990AD89CB3DBB484909
END:VEVENT
END:VCALENDAR
`, `["vcalendar",
 [["calscale", {}, "text", "GREGORIAN"],
  ["prodid", {}, "text", "-//Example Inc.//Example Calendar//EN"],
  ["version", {}, "text", "2.0"]],
 [["vevent",
   [["dtstamp", {}, "date-time", "2008-02-05T19:12:24Z"],
    ["dtstart", {}, "date", "2008-10-06"],
    ["summary", {}, "text", "Planning meeting"],
    ["uid", {}, "text", "4088E990AD89CB3DBB484909"]],
   []]]]`},
		{"B.2", `BEGIN:VCALENDAR
PRODID:-//Example Corp.//Example Client//EN
VERSION:2.0
BEGIN:VTIMEZONE
LAST-MODIFIED:20040110T032845Z
TZID:US/Eastern
BEGIN:DAYLIGHT
DTSTART:20000404T020000
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=4
TZNAME:EDT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
DTSTART;TZID=US/Eastern:20060102T120000
DURATION:PT1H
RRULE:FREQ=DAILY;COUNT=5
RDATE;TZID=US/Eastern;VALUE=PERIOD:20060102T150000/PT2H
DESCRIPTION:We are having a meeting all this week at 12 pm fo
 r one hour\, with an additional meeting on the first day 2 h
 ours long.\nPlease bring your own lunch for the 12 pm meetin
 gs.
UID:00959BC664CA650E933C892C@example.com
END:VEVENT
END:VCALENDAR
`, `["vcalendar",
 [["prodid", {}, "text", "-//Example Corp.//Example Client//EN"], ["version", {}, "text", "2.0"]],
 [["vtimezone",
   [["last-modified", {}, "date-time", "2004-01-10T03:28:45Z"], ["tzid", {}, "text", "US/Eastern"]],
   [["daylight",
     [["dtstart", {}, "date-time", "2000-04-04T02:00:00"],
      ["rrule", {}, "recur", {"freq": "YEARLY", "byday": "1SU", "bymonth": 4}],
      ["tzname", {}, "text", "EDT"],
      ["tzoffsetfrom", {}, "utc-offset", "-05:00"],
      ["tzoffsetto", {}, "utc-offset", "-04:00"]],
     []]]],
  ["vevent",
   [["dtstart", {"tzid": "US/Eastern"}, "date-time", "2006-01-02T12:00:00"],
    ["duration", {}, "duration", "PT1H"],
    ["rrule", {}, "recur", {"freq": "DAILY", "count": 5}],
    ["rdate", {"tzid": "US/Eastern"}, "period", ["2006-01-02T15:00:00", "PT2H"]],
    ["description", {}, "text", "We are having a meeting all this week at 12 pm for one hour, with an additional meeting on the first day 2 hours long.\nPlease bring your own lunch for the 12 pm meetings."],
    ["uid", {}, "text", "00959BC664CA650E933C892C@example.com"]],
   []]]]`},
		{"properties of §3.4 to §3.6 and §5.3", `BEGIN:VCALENDAR
BEGIN:VEVENT
CATEGORIES:Meetings,Work\, dull
GEO:37.386013;-122.082932
REQUEST-STATUS:2.0;Success
REQUEST-STATUS:3.7;Invalid\; really;ATTENDEE:mailto:jsmith@example.org
ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-TO="mailto:a@example.org","mailto:b@example.org":mailto:jsmith@example.org
DTSTART;X-SLACK=30.3;VALUE=DATE:20110512
RRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1,15,-1;UNTIL=20131001;BYMONTH=5L
EXDATE:20110512T120000Z,20110513T120000Z
FREEBUSY;FBTYPE=FREE:19970308T160000Z/P1D
PERCENT-COMPLETE:95
X-COFFEE-DATA:Stenophylla;Guinea\,Africa
X-COMPLAINT-DEADLINE:20110512T120000Z
X-NON-SMOKING;VALUE=BOOLEAN:TRUE
X-GRADE;VALUE=FLOAT:1.3
X-TIME;VALUE=TIME:123000Z
ATTACH;ENCODING=BASE64;VALUE=BINARY:SGVsbG8gV29ybGQh
END:VEVENT
END:VCALENDAR
`, `["vcalendar", [], [["vevent",
 [["categories", {}, "text", "Meetings", "Work, dull"],
  ["geo", {}, "float", [37.386013, -122.082932]],
  ["request-status", {}, "text", ["2.0", "Success"]],
  ["request-status", {}, "text", ["3.7", "Invalid; really", "ATTENDEE:mailto:jsmith@example.org"]],
  ["attendee", {"partstat": "ACCEPTED", "delegated-to": ["mailto:a@example.org", "mailto:b@example.org"]}, "cal-address", "mailto:jsmith@example.org"],
  ["dtstart", {"x-slack": "30.3"}, "date", "2011-05-12"],
  ["rrule", {}, "recur", {"freq": "MONTHLY", "interval": 2, "bymonthday": [1, 15, -1], "until": "2013-10-01", "bymonth": "5L"}],
  ["exdate", {}, "date-time", "2011-05-12T12:00:00Z", "2011-05-13T12:00:00Z"],
  ["freebusy", {"fbtype": "FREE"}, "period", ["1997-03-08T16:00:00Z", "P1D"]],
  ["percent-complete", {}, "integer", 95],
  ["x-coffee-data", {}, "unknown", "Stenophylla;Guinea\\,Africa"],
  ["x-complaint-deadline", {}, "unknown", "20110512T120000Z"],
  ["x-non-smoking", {}, "boolean", true],
  ["x-grade", {}, "float", 1.3],
  ["x-time", {}, "time", "12:30:00Z"],
  ["attach", {"encoding": "BASE64"}, "binary", "SGVsbG8gV29ybGQh"]], []]]]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cal, err := Parse([]byte(strings.ReplaceAll(tt.text, "\n", "\r\n")))
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(JCal(cal.Root), &got); err != nil {
				t.Fatalf("%v in %s", err, JCal(cal.Root))
			}
			if err := json.Unmarshal([]byte(tt.want), &want); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %s\nwant %s", JCal(cal.Root), tt.want)
			}
			back, err := FromJCal([]byte(tt.want))
			if err != nil {
				t.Fatal(err)
			}
			again, err := Parse(back)
			if err != nil {
				t.Fatalf("%v in %s", err, back)
			}
			if !bytes.Equal(JCal(again.Root), JCal(cal.Root)) {
				t.Errorf("back: got %s\nwant %s", JCal(again.Root), JCal(cal.Root))
			}
		})
	}
}

// Every object of the collection comes through jCal with the same components, properties and values.
func TestJCal_RoundTripOfRealObjects(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/ical/valid/*.ics")
	if err != nil || len(files) == 0 {
		t.Fatalf("no objects: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cal, err := Parse(raw)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		first := JCal(cal.Root)
		if !json.Valid(first) {
			t.Errorf("%s: not JSON: %s", file, first)
		}
		text, err := FromJCal(first)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		again, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if second := JCal(again.Root); !bytes.Equal(first, second) {
			t.Errorf("%s:\nfirst  %s\nsecond %s", filepath.Base(file), first, second)
		}
	}
}

func TestFromJCal_Refuses(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`["a",[],[`, 20) + strings.Repeat(`]]`, 20)
	for name, in := range map[string]string{
		"nothing":                "",
		"no array":               `{}`,
		"an end too early":       `["vcalendar",[`,
		"text after the end":     `["vcalendar",[],[]] []`,
		"a fourth element":       `["vcalendar",[],[],1]`,
		"a property without one": `["vcalendar",[["version",{},"text"]],[]]`,
		"null":                   `["vcalendar",[["version",{},"text",null]],[]]`,
		"BEGIN as a property":    `["vcalendar",[["begin",{},"unknown","VEVENT"]],[]]`,
		"a name with a colon":    `["vcalendar",[["x:y",{},"text","a"]],[]]`,
		"a deep object":          deep,
		"a deep value":           `["vcalendar",[["x",{},"text",[["a"]]]],[]]`,
		"an object as text":      `["vcalendar",[["x",{},"text",{"a":"b"}]],[]]`,
		"a rule with a line":     `["vcalendar",[["rrule",{},"recur",{"freq":"DAILY;COUNT=1"}]],[]]`,
	} {
		if out, err := FromJCal([]byte(in)); err == nil {
			t.Errorf("%s: taken as %q", name, out)
		}
	}
}

// No string of a jCal body makes a line of its own.
func TestFromJCal_NoValueEndsItsLine(t *testing.T) {
	t.Parallel()
	out, err := FromJCal([]byte(`["vcalendar",[["x-a",{"x-b":"c\r\nEND:VCALENDAR"},"unknown","d\r\nEND:VCALENDAR"],["summary",{},"text","e\nEND:VCALENDAR"]],[]]`))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out, []byte("\r\n")); n != 4 {
		t.Errorf("%d lines: %s", n, out)
	}
}

func FuzzJCal(f *testing.F) {
	f.Add([]byte(`["vcalendar",[["version",{"a":["b","c"]},"text","2.0"]],[["vevent",[["rrule",{},"recur",{"freq":"DAILY","byday":["MO"]}]],[]]]]`))
	f.Add([]byte(`["vcalendar",[["geo",{},"float",[1.5,-2]],["rdate",{},"period","2006-01-02T15:00:00/PT2H"]],[]]`))
	f.Fuzz(func(t *testing.T, in []byte) {
		text, err := FromJCal(in)
		if err != nil {
			return
		}
		cal, err := Parse(text)
		if err != nil { // another root than VCALENDAR, a limit
			return
		}
		out := JCal(cal.Root)
		if !json.Valid(out) {
			t.Fatalf("not JSON: %s", out)
		}
		again, err := FromJCal(out)
		if err != nil {
			t.Fatalf("%v in %s", err, out)
		}
		second, err := Parse(again)
		if err != nil {
			t.Fatalf("%v in %s", err, again)
		}
		text, err = FromJCal(JCal(second.Root))
		if err != nil || !bytes.Equal(text, again) {
			t.Fatalf("not stable (%v):\n%s\n%s", err, again, text)
		}
	})
}
