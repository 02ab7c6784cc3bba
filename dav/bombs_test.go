package dav_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patience is a bound on one hostile request, on a machine with much else to do. What it bounds costs a tenth of it.
const patience = 20 * time.Second

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func TestBombs_XML(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 20 {
		w.want(201, "ann", "PUT", fmt.Sprintf("/calendars/ann/calendar/%d.ics", i), event(fmt.Sprint(i), "DTSTART:20260101T090000Z"))
	}
	bodies := map[string]string{
		"deep":               strings.Repeat("<a>", 100_000) + strings.Repeat("</a>", 100_000),
		"deep, never closed": strings.Repeat("<a>", 300_000),
		"attributes":         `<propfind xmlns="DAV:"` + numbered(50_000, ` a%d="x"`) + `/>`,
		"namespaces":         `<propfind xmlns="DAV:"` + numbered(40_000, ` xmlns:a%d="u"`) + `/>`,
		"entities":           `<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><propfind xmlns="DAV:"><prop>&b;</prop></propfind>`,
		"external":           `<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]><propfind xmlns="DAV:"><prop>&a;</prop></propfind>`,
		"external subset":    `<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><propfind xmlns="DAV:"><allprop/></propfind>`,
		"elements":           `<propfind xmlns="DAV:"><prop>` + strings.Repeat("<a/>", 240_000) + `</prop></propfind>`,
		"one name":           `<propfind xmlns="DAV:"><prop>` + strings.Repeat("<getetag/>", 90_000) + `</prop></propfind>`,
		"names":              `<propfind xmlns="DAV:"><prop>` + numbered(90_000, "<a%d/>") + `</prop></propfind>`,
		"include":            `<propfind xmlns="DAV:"><allprop/><include>` + numbered(90_000, "<a%d/>") + `</include></propfind>`,
		"a huge name":        `<propfind xmlns="DAV:"><prop><` + strings.Repeat("a", 1_000_000) + `/></prop></propfind>`,
		"a huge namespace":   `<propfind xmlns="DAV:"><prop><a xmlns="` + strings.Repeat("a", 1_000_000) + `"/></prop></propfind>`,
		"too much":           `<propfind xmlns="DAV:"><prop><a>` + strings.Repeat("a", 1<<20) + `</a></prop></propfind>`,
		"comments":           `<propfind xmlns="DAV:"><prop>` + strings.Repeat("<!---->", 140_000) + `</prop></propfind>`,
		"references":         `<propfind xmlns="DAV:"><prop><a>` + strings.Repeat("&#65;", 200_000) + `</a></prop></propfind>`,
		"hrefs":              `<c:calendar-multiget ` + caldavNS + `><d:prop><d:getetag/></d:prop>` + strings.Repeat("<d:href>/a</d:href>", 50_000) + `</c:calendar-multiget>`,
		"hrefs to one":       `<c:calendar-multiget ` + caldavNS + `><d:prop><c:calendar-data/></d:prop>` + strings.Repeat("<d:href>/calendars/ann/calendar/1.ics</d:href>", 5_000) + `</c:calendar-multiget>`,
		"hrefs to many":      `<c:calendar-multiget ` + caldavNS + `><d:prop><c:calendar-data/></d:prop>` + numbered(5_000, "<d:href>/calendars/ann/c%d/1.ics</d:href>") + `</c:calendar-multiget>`,
		"comp-filters":       `<c:calendar-query ` + caldavNS + `><c:filter><c:comp-filter name="VCALENDAR">` + strings.Repeat(`<c:comp-filter name="VEVENT"/>`, 20_000) + `</c:comp-filter></c:filter></c:calendar-query>`,
		"prop-filters": `<c:calendar-query ` + caldavNS + `><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT">` +
			strings.Repeat(`<c:prop-filter name="SUMMARY"><c:text-match>`+strings.Repeat("a", 1000)+`</c:text-match></c:prop-filter>`, 450) + `</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`,
		"comps in data": `<c:calendar-query ` + caldavNS + `><d:prop><c:calendar-data><c:comp name="VCALENDAR">` + numbered(30_000, `<c:comp name="X%d"/>`) + `</c:comp></c:calendar-data></d:prop>` +
			`<c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>`,
		"many calendar-data": `<c:calendar-query ` + caldavNS + `><d:prop>` + strings.Repeat(`<c:calendar-data/>`, 30_000) + `</d:prop><c:filter><c:comp-filter name="VCALENDAR"/></c:filter></c:calendar-query>`,
		"sync":               `<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop>` + numbered(90_000, "<a%d/>") + `</prop></sync-collection>`,
		"a long token":       syncBody("urn:caldav-fcgi:sync:" + strings.Repeat("9", 900_000)),
		"nresults":           `<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><limit><nresults>99999999999999999999</nresults></limit><prop/></sync-collection>`,
		"negative nresults":  `<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><limit><nresults>-1</nresults></limit><prop/></sync-collection>`,
		"proppatch":          `<propertyupdate xmlns="DAV:"><set><prop>` + numbered(60_000, "<a%d>x</a%[1]d>") + `</prop></set></propertyupdate>`,
		"proppatch of one":   `<propertyupdate xmlns="DAV:"><set><prop>` + strings.Repeat(`<a xmlns="u:x">x</a>`, 40_000) + `</prop></set></propertyupdate>`,
		"proppatch many":     `<propertyupdate xmlns="DAV:">` + strings.Repeat(`<remove><prop><a/></prop></remove>`, 25_000) + `</propertyupdate>`,
		"protected":          `<propertyupdate xmlns="DAV:"><set><prop>` + strings.Repeat(`<getetag>x</getetag>`, 40_000) + `</prop></set></propertyupdate>`,
		"a huge property":    `<propertyupdate xmlns="DAV:"><set><prop><a xmlns="u:x">` + strings.Repeat("x", 1_000_000) + `</a></prop></set></propertyupdate>`,
		"a huge displayname": `<propertyupdate xmlns="DAV:"><set><prop><displayname>` + strings.Repeat("x", 1_000_000) + `</displayname></prop></set></propertyupdate>`,
		"mkcol":              `<mkcol xmlns="DAV:"><set><prop><resourcetype>` + strings.Repeat("<collection/>", 70_000) + `</resourcetype></prop></set></mkcol>`,
	}
	for name, body := range bodies {
		for _, m := range []struct{ method, path string }{
			{"PROPFIND", "/calendars/ann/calendar/"}, {"REPORT", "/calendars/ann/calendar/"}, {"PROPPATCH", "/calendars/ann/calendar/"}, {"PROPPATCH", "/calendars/ann/calendar/1.ics"},
			{"PROPPATCH", "/principals/users/ann/"}, {"MKCALENDAR", "/calendars/ann/new/"}, {"MKCOL", "/calendars/ann/new/"},
		} {
			if strings.HasPrefix(body, "<prop") && !strings.HasPrefix(body, "<"+strings.ToLower(m.method)) && !strings.HasPrefix(body, "<propertyupdate") ||
				strings.HasPrefix(body, "<propertyupdate") && m.method != "PROPPATCH" || strings.HasPrefix(body, "<c:") && m.method != "REPORT" {
				continue // refused by its root
			}
			w.within(patience, m.method+" "+m.path+" of "+name, func() {
				if a := w.do("ann", m.method, m.path, body, "Depth", "1"); a.Body.Len() > 64<<20 {
					t.Errorf("%s of %s: an answer of %d octets", m.method, name, a.Body.Len())
				}
			})
			if m.method == "MKCALENDAR" || m.method == "MKCOL" {
				w.do("ann", "DELETE", m.path, "")
			}
		}
	}
	for _, c := range []struct{ what, props string }{
		{"1001 properties", numbered(1001, `<a%d xmlns="u:x"/>`)}, {"a long displayname", "<d:displayname>" + strings.Repeat("x", 5000) + "</d:displayname>"},
		{"a long property", `<a xmlns="u:x">` + strings.Repeat("x", 130<<10) + `</a>`},
	} {
		for _, path := range []string{"/calendars/ann/calendar/", "/principals/users/ann/"} {
			a := w.do("ann", "PROPPATCH", path, `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop>`+c.props+`</d:prop></d:set></d:propertyupdate>`)
			if !strings.Contains(fmt.Sprint(a.Code, a.Body), "507") {
				t.Errorf("PROPPATCH of %s on %s: %d %.300s", c.what, path, a.Code, a.Body)
			}
		}
	}
	full := 0
	for i := range 30 {
		a := w.want(207, "ann", "PROPPATCH", "/calendars/ann/calendar/2.ics", fmt.Sprintf(`<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><a%d xmlns="u:x">%s</a%[1]d></d:prop></d:set></d:propertyupdate>`, i, strings.Repeat("x", 120<<10)))
		if strings.Contains(a.Body.String(), "507") {
			full++
		}
	}
	if full < 10 {
		t.Errorf("one object keeps %d properties of 120 kB", 30-full)
	}
	// Whatever was kept of it is still listed, and well-formed.
	for _, path := range []string{"/calendars/ann/", "/calendars/ann/calendar/", "/principals/users/"} {
		if a := w.want(207, "ann", "PROPFIND", path, `<propfind xmlns="DAV:"><allprop/></propfind>`, "Depth", "1"); a.Body.Len() > 4<<20 {
			t.Errorf("%s lists %d octets", path, a.Body.Len())
		}
	}
}

func TestBombs_Headers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(201, "ann", "PUT", "/calendars/ann/calendar/x.ics", event("x", "DTSTART:20260101T090000Z"))
	for name, values := range map[string][]string{
		"If-Match":            {strings.Repeat(`"a",`, 2000), strings.Repeat(`W/"`, 2700), `"`, strings.Repeat("*,", 4000), "\x00\xff", `"a`, strings.Repeat(",", 8000)},
		"If-None-Match":       {strings.Repeat(`"a",`, 2000), strings.Repeat(`"`, 8000), `W/`, "*, *"},
		"If":                  {strings.Repeat("(<urn:x>)", 900), strings.Repeat("(", 8000), "(Not Not)", `<http://evil/> (["x"])`, "((((", "<", "[", strings.Repeat("(Not <DAV:no-lock>)", 400)},
		"If-Modified-Since":   {"yesterday", "Mon, 00 Jan 0000 00:00:00 GMT", strings.Repeat("1", 8000)},
		"If-Unmodified-Since": {"Fri, 31 Dec 9999 23:59:59 GMT", "-1"},
		"Depth":               {"-1", "2", "1,noroot", "infinity, 0", strings.Repeat("1", 8000), " 1 ", "１", "\x00"},
		"Overwrite":           {"X", "TF", "", strings.Repeat("T", 8000), "f"},
		"Destination":         {strings.Repeat("/a", 4000), "/" + strings.Repeat("%41", 2600), "http://" + strings.Repeat("a", 8000) + "/", "/calendars/ann/calendar/%", "?", "#"},
		"Prefer":              {strings.Repeat("a=b;c=d,", 1000), `return="minimal`, strings.Repeat("return=minimal,", 500), "return=minimal, return=representation", "=;,=", "wait=999999999999"},
		"Brief":               {"t", strings.Repeat("t", 8000)},
		"Timeout":             {"Infinite, Second-99999999999999999999", strings.Repeat("Second-1,", 800)},
		"Content-Type":        {strings.Repeat("a/b;", 2000), "text/calendar;" + strings.Repeat(`a="b";`, 1000), "text/calendar; charset=utf-16", "text/calendar; charset", "\x00", "text/calendar; charset=\"", "multipart/mixed; boundary="},
		"Content-Encoding":    {"gzip", "identity, gzip", "x"},
		"Content-Range":       {"bytes 0-1/2", "x"},
		"Content-Length":      {"-1", "99999999999"},
		"Accept":              {strings.Repeat("text/html;q=0.1,", 500), "*/*;q=x", "text/html", ";;;"},
		"Accept-Encoding":     {strings.Repeat("gzip;q=1,", 900)},
		"User-Agent":          {strings.Repeat("x", 8000), "\xff\xfe", "a\x00b", "'; DROP TABLE agent;--", "ä"},
		"Range":               {"bytes=0-1", "bytes=" + strings.Repeat("0-1,", 2000), "bytes=-9223372036854775808"},
		"Host":                {"", "a b", strings.Repeat("a", 8000), "[::1", "evil.example"},
		"X-Forwarded-Host":    {"evil.example"},
		"Expect":              {"100-continue", "x"},
		"Transfer-Encoding":   {"chunked, chunked"},
		"Schedule-Reply":      {"F"}, "If-Schedule-Tag-Match": {`"x"`}, "Lock-Token": {"<" + strings.Repeat("x", 8000)}, "Slug": {"../../x", "\x00", strings.Repeat("s", 8000)},
	} {
		for _, value := range values {
			for _, method := range []string{"GET", "HEAD", "PUT", "DELETE", "PROPFIND", "PROPPATCH", "REPORT", "COPY", "MOVE", "POST", "OPTIONS", "MKCOL", "MKCALENDAR", "LOCK", "UNLOCK"} {
				for _, path := range []string{"/calendars/ann/calendar/x.ics", "/calendars/ann/calendar/"} {
					if path == "/calendars/ann/calendar/" && (method == "DELETE" || method == "MOVE" || method == "COPY") {
						continue // the matrix stays
					}
					body := ""
					switch method {
					case "PUT", "POST":
						body = event("x", "DTSTART:20260101T090000Z")
					case "REPORT":
						body = syncBody("")
					}
					r := request(method, path, body)
					if method == "COPY" || method == "MOVE" {
						r.Header.Set("Destination", "/calendars/ann/tasks/x.ics")
					}
					r.Header.Set(name, value)
					if name == "Host" {
						r.Host = value
					}
					w.within(patience, method+" with "+name, func() { w.send("ann", r) })
				}
			}
		}
	}
	w.want(207, "ann", "PROPFIND", "/calendars/ann/calendar/", "", "Depth", "1")
}

// bombs are objects made to cost. Each may be refused or stored; no report may fail over one that is.
func bombs() map[string]string {
	lines := func(n int, format string) []string {
		return strings.Split(strings.TrimSuffix(numbered(n, format+"\n"), "\n"), "\n")
	}
	with := func(name string, more ...string) string {
		return event(name, append([]string{"DTSTART:20240101T090000Z", "DURATION:PT1H"}, more...)...)
	}
	zoned := func(name, vtimezone string) string {
		return strings.Replace(event(name, "DTSTART;TZID=Bomb:20240101T090000", "RRULE:FREQ=DAILY"), "BEGIN:VEVENT", "BEGIN:VTIMEZONE\r\nTZID:Bomb\r\n"+vtimezone+"END:VTIMEZONE\r\nBEGIN:VEVENT", 1)
	}
	onset := func(more string) string {
		return "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n" + more + "END:STANDARD\r\n"
	}
	all := map[string]string{
		"nested":            event("nested", "DTSTART:20240101T090000Z", strings.Repeat("BEGIN:X-A\r\n", 100_000)+"X:1", strings.Repeat("END:X-A\r\n", 100_000)+"X:1"),
		"never-ended":       "BEGIN:VCALENDAR\r\n" + strings.Repeat("BEGIN:VEVENT\r\n", 200_000),
		"long-line":         with("long-line", "DESCRIPTION:"+strings.Repeat("a", 9_500_000)),
		"long-folded-line":  with("long-folded-line", "DESCRIPTION:"+strings.Repeat("a\r\n ", 2_000_000)),
		"escapes":           with("escapes", "DESCRIPTION:"+strings.Repeat(`\,`, 4_000_000)),
		"long-parameter":    with("long-parameter", "X-A;X-P="+strings.Repeat("a", 5_000_000)+":x"),
		"quoted-parameter":  with("quoted-parameter", `X-A;X-P="`+strings.Repeat("^n", 2_000_000)+`":x`),
		"parameters":        with("parameters", "X-A"+numbered(100_000, ";X-%d=a")+":x"),
		"parameter-values":  with("parameter-values", "X-A;X-P="+strings.Repeat("a,", 1_000_000)+"a:x"),
		"one-parameter":     with("one-parameter", "X-A"+strings.Repeat(";X-P=a", 500_000)+":x"),
		"long-name":         with("long-name", strings.Repeat("X", 5_000_000)+":x"),
		"properties":        with("properties", lines(200_000, "X-%d:a")...),
		"attendees":         with("attendees", append([]string{"ORGANIZER:mailto:a@x"}, lines(50_000, "ATTENDEE:mailto:%d@x")...)...),
		"rdates":            with("rdates", "RDATE:"+strings.TrimSuffix(numbered(10_000, "2024%04[1]dT000000Z,"), ",")),
		"real-rdates":       with("real-rdates", rdates(10_000)),
		"many-rdates":       with("many-rdates", rdates(300_000)),
		"exdates":           with("exdates", "RRULE:FREQ=SECONDLY", strings.Replace(rdates(10_000), "RDATE", "EXDATE", 1)),
		"periods":           with("periods", "RDATE;VALUE=PERIOD:"+strings.TrimSuffix(strings.Repeat("20240101T000000Z/P9999D,", 20_000), ",")),
		"rrules":            with("rrules", lines(2_000, "RRULE:FREQ=SECONDLY;INTERVAL=%d1")...),
		"long-rule":         with("long-rule", "RRULE:FREQ=YEARLY;BYSECOND="+strings.Repeat("1,", 100_000)+"1"),
		"repeat":            with("repeat", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT1S", "DURATION:PT1S", "REPEAT:2147483647", "END:VALARM"),
		"repeat-huge":       with("repeat-huge", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-PT1S", "DURATION:PT0S", "REPEAT:99999999999999999999999", "END:VALARM"),
		"repeat-and-rule":   with("repeat-and-rule", "RRULE:FREQ=SECONDLY", "BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:x", "TRIGGER:-P9999W", "DURATION:P9999W", "REPEAT:1000000", "END:VALARM"),
		"alarms":            with("alarms", "RRULE:FREQ=SECONDLY", strings.TrimSuffix(strings.Repeat("BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT1S\r\nDURATION:PT1S\r\nREPEAT:1000\r\nEND:VALARM\r\n", 2_000), "\r\n")),
		"duration":          event("duration", "DTSTART:20240101T090000Z", "DURATION:P99999999999999999999D"),
		"long-duration":     event("long-duration", "DTSTART:20240101T090000Z", "DURATION:P2147483647W", "RRULE:FREQ=SECONDLY"),
		"negative-duration": event("negative-duration", "DTSTART:20240101T090000Z", "DURATION:-P1000D", "RRULE:FREQ=DAILY"),
		"year-one":          event("year-one", "DTSTART:00010101T000000Z", "RRULE:FREQ=SECONDLY"),
		"year-zero":         event("year-zero", "DTSTART:00000101T000000Z", "RRULE:FREQ=YEARLY;BYWEEKNO=1"),
		"last-year":         event("last-year", "DTSTART:99991231T235958Z", "RRULE:FREQ=DAILY", "DURATION:P1000W"),
		"until-far":         event("until-far", "DTSTART:20240101T090000Z", "RRULE:FREQ=SECONDLY;UNTIL=99991231T235959Z"),
		"zone-onsets":       zoned("zone-onsets", strings.Repeat(onset(""), 5_000)),
		"zone-rdates":       zoned("zone-rdates", onset(strings.Replace(strings.ReplaceAll(rdates(20_000), "Z", ""), "RDATE", "RDATE", 1)+"\r\n")),
		"zone-secondly":     zoned("zone-secondly", onset("RRULE:FREQ=SECONDLY\r\n")),
		"zone-yearly":       zoned("zone-yearly", onset("RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=1,2,3,4;BYMINUTE="+strings.Repeat("1,", 59)+"1\r\n")),
		"zone-offset":       zoned("zone-offset", strings.ReplaceAll(onset(""), "+0200", "+995959")),
		"zone-names":        zoned("zone-names", onset("TZNAME:"+strings.Repeat("x", 1_000_000)+"\r\n")),
		"zones":             strings.Replace(event("zones", "DTSTART;TZID=Z1:20240101T090000", "RRULE:FREQ=DAILY"), "BEGIN:VEVENT", numbered(3_000, "BEGIN:VTIMEZONE\r\nTZID:Z%d\r\n"+onset("")+"END:VTIMEZONE\r\n")+"BEGIN:VEVENT", 1),
		"tzid":              event("tzid", "DTSTART;TZID="+strings.Repeat("../", 1000)+"etc/passwd:20240101T090000"),
		"tzid-local":        event("tzid-local", "DTSTART;TZID=Local:20240101T090000"),
		"big-and-endless":   with("big-and-endless", "RRULE:FREQ=SECONDLY", "DESCRIPTION:"+strings.Repeat("a", 1_000_000)),
		"nul":               with("nul", "SUMMARY:a\x00b"),
		"bad-utf-8":         with("bad-utf-8", "SUMMARY:a\xffb"),
		"cdata":             with("cdata", "SUMMARY:]]></c:calendar-data><x/>\uFFFD"),
		"nothing":           strings.Repeat("\r\n", 3_000_000),
		"spaces":            strings.Repeat(" ", 5_000_000),
	}
	overrides := event("overrides", "DTSTART:20240101T090000Z", "RRULE:FREQ=DAILY")
	for i := range 10_000 {
		at := time.Date(2024, 1, 1, 9, 0, 0, 0, time.UTC).AddDate(0, 0, i).Format("20060102T150405Z")
		rng := ""
		if i%2 == 0 {
			rng = ";RANGE=THISANDFUTURE"
		}
		overrides = strings.Replace(overrides, "END:VCALENDAR", "", 1) + "BEGIN:VEVENT\r\nUID:overrides\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID" + rng + ":" + at + "\r\nDTSTART:" + at + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		if i >= 2_000 {
			break // pasting one after the other is quadratic in this test
		}
	}
	all["overrides"] = overrides
	for i, rule := range []string{
		"FREQ=MONTHLY;BYDAY=-6MO", "FREQ=MONTHLY;BYDAY=-10MO,10MO,53MO", "FREQ=YEARLY;BYMONTH=1;BYDAY=-53MO", "FREQ=YEARLY;BYMONTH=12;BYDAY=53MO", "FREQ=MONTHLY;INTERVAL=9223372036854775807",
		"FREQ=YEARLY;BYEASTER=400", "FREQ=HOURLY;INTERVAL=24;BYHOUR=5", "FREQ=MINUTELY;INTERVAL=60;BYMINUTE=7", "FREQ=SECONDLY;INTERVAL=86400;BYSECOND=7", "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3,4",
		"FREQ=SECONDLY;INTERVAL=600;BYMINUTE=3,4", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=1;BYMINUTE=1",
		"FREQ=MONTHLY;BYDAY=6MO", "FREQ=YEARLY;BYWEEKNO=-42,-35,-9,22;WKST=SU", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-5", "FREQ=DAILY;INTERVAL=0", "FREQ=MINUTELY;BYSECOND=60", "RSCALE=CHINESE;FREQ=YEARLY",
		"FREQ=SECONDLY;COUNT=999999999999", "FREQ=SECONDLY;BYSETPOS=366", "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23;BYMINUTE=0,1,2,3,4,5,6,7,8,9;BYSECOND=0,1,2,3,4,5,6,7,8,9",
		"FREQ=YEARLY;INTERVAL=401;BYMONTH=2;BYMONTHDAY=29", "FREQ=", "FREQ=DAILY;FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,2SA", strings.Repeat("FREQ=DAILY;", 1000), "FREQ=SECONDLY;UNTIL=20200101T000000Z",
	} {
		name := fmt.Sprintf("rule-%02d", i)
		all[name] = with(name, "RRULE:"+rule)
	}
	return all
}

func rdates(n int) string {
	var b strings.Builder
	b.WriteString("RDATE:")
	at := time.Date(2024, 1, 1, 0, 0, 1, 0, time.UTC)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(at.Add(time.Duration(i) * time.Hour).Format("20060102T150405Z"))
	}
	return b.String()
}

// reports are every way to look at all of a calendar. An expansion may be refused, by its condition, but only that.
func (w *world) reports(path string) {
	w.t.Helper()
	for _, r := range []struct {
		name, method, path, body string
		refused                  bool
	}{
		{"PROPFIND", "PROPFIND", path, "", false},
		{"sync", "REPORT", path, syncBody(""), false},
		{"a query of one day", "REPORT", path, query("20260601T000000Z", "20260602T000000Z", ""), true},
		{"a query of a hundred years", "REPORT", path, query("20000101T000000Z", "21000101T000000Z", ""), true},
		{"a query with expand", "REPORT", path, query("20260601T000000Z", "20260602T000000Z", expand("20260601T000000Z", "20260602T000000Z")), true},
		{"an expansion of all time", "REPORT", path, query("20260601T000000Z", "20260602T000000Z", expand("00010101T000000Z", "99991231T235959Z")), true},
		{"limited overrides", "REPORT", path, query("20260601T000000Z", "20260602T000000Z", `<c:limit-recurrence-set start="20260601T000000Z" end="20260602T000000Z"/>`), true},
		{"free-busy", "REPORT", path, busyBody("20260601T000000Z", "20260602T000000Z"), true},
		{"free-busy of all time", "REPORT", path, busyBody("00010101T000000Z", "99991231T235959Z"), true},
		{"a query for alarms", "REPORT", path, `<c:calendar-query ` + caldavNS + `><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:comp-filter name="VALARM">` +
			`<c:time-range start="20260601T000000Z" end="20260602T000000Z"/></c:comp-filter></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`, true},
		{"a query for text", "REPORT", path, `<c:calendar-query ` + caldavNS + `><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:prop-filter name="DESCRIPTION">` +
			`<c:text-match collation="i;unicode-casemap">aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab</c:text-match></c:prop-filter></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`, false},
		{"the export", "GET", path + "?export", "", false},
	} {
		w.within(patience, r.name, func() {
			a := w.do("ann", r.method, r.path, r.body, "Depth", "1")
			switch {
			case a.Code == http.StatusOK || a.Code == http.StatusMultiStatus:
			case r.refused && strings.Contains(a.Body.String(), "number-of-matches-within-limits"):
			default:
				w.t.Errorf("%s of %s: %d %.500s", r.name, path, a.Code, a.Body)
			}
		})
	}
}

func TestBombs_Calendar(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("long")
	}
	w := newWorld(t)
	all := bombs()
	stored := map[string]bool{} // calendars that have something
	n := 0
	for name, body := range all {
		path := "/calendars/ann/" + name + "/"
		if strings.HasPrefix(name, "rule-") {
			path = "/calendars/ann/rules/" // together they are a calendar that looks into many
		}
		w.do("ann", "MKCALENDAR", path, "")
		var code int
		w.within(patience, "PUT of "+name, func() {
			code = w.do("ann", "PUT", path+name+".ics", body, "Content-Type", "text/calendar").Code
		})
		switch code {
		case 201:
			stored[path] = true
			n++
		case 403:
		default:
			t.Errorf("PUT of %s: %d", name, code)
		}
	}
	for path := range stored {
		w.reports(path)
	}
	t.Logf("%d of %d were stored", n, len(all))
}
