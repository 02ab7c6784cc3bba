package dav_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/store/storetest"
)

// recurCase is a line of testdata/recur/cases.jsonl.gz; the README there names the fields.
type recurCase struct {
	ID        string `json:"id"`
	ICS       string `json:"ics"`
	Start     string `json:"window_start"`
	End       string `json:"window_end"`
	Compare   string `json:"compare"`
	Instances []recurInstance
}

type recurInstance struct {
	Start        string  `json:"start"`
	End          string  `json:"end"`
	RecurrenceID *string `json:"recurrence_id"`
}

// recurDiffer is the case that package recur names with its reason.
const recurDiffer = "b01295"

func recurCases(t *testing.T) (cases []recurCase) {
	t.Helper()
	f, err := os.Open("../testdata/recur/cases.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c recurCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return cases
}

// lines brings instances into an order and form that can be compared.
func (c *recurCase) lines(list []recurInstance) string {
	var out []string
	for _, in := range list {
		s := in.Start
		if c.Compare != "start" {
			s += " " + in.End
		}
		if c.Compare == "" && in.RecurrenceID != nil {
			s += " " + *in.RecurrenceID
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// Every case comes back through a calendar-query with expand as it is in the file; it is found by its window, and by it
// only where it has an instance there; and free-busy is busy at the same times.
func TestRecur_EveryCaseOverHTTP(t *testing.T) {
	t.Parallel()
	cases := recurCases(t)
	if testing.Short() {
		cases = cases[:200]
	}
	const parts = 4
	for part := range parts {
		t.Run(fmt.Sprint(part), func(t *testing.T) {
			t.Parallel()
			s := quiet(t)
			const path = "/calendars/ann/cases/"
			if w := do(s, "MKCALENDAR", path, ""); w.Code != http.StatusCreated {
				t.Fatalf("MKCALENDAR: %d %s", w.Code, w.Body)
			}
			for i := part; i < len(cases); i += parts {
				c := &cases[i]
				if w := do(s, "PUT", path+c.ID+".ics", c.ICS); w.Code != http.StatusCreated {
					t.Errorf("%s: PUT: %d %s", c.ID, w.Code, w.Body)
					continue
				}
				if c.ID != recurDiffer {
					c.checkExpand(t, s, path)
					c.checkFreeBusy(t, s, path)
				}
				if w := do(s, "DELETE", path+c.ID+".ics", ""); w.Code != http.StatusNoContent {
					t.Errorf("%s: DELETE: %d", c.ID, w.Code)
				}
			}
		})
	}
}

func (c *recurCase) checkExpand(t *testing.T, s http.Handler, path string) {
	kind := "VEVENT"
	if strings.Contains(c.ICS, "BEGIN:VTODO") {
		kind = "VTODO"
	}
	w := do(s, "REPORT", path, fmt.Sprintf(`<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
<D:prop><C:calendar-data><C:expand start="%s" end="%s"/></C:calendar-data></D:prop>
<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="%s"><C:time-range start="%[1]s" end="%[2]s"/></C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>`, c.Start, c.End, kind))
	var answer struct {
		Data []string `xml:"response>propstat>prop>calendar-data"`
	}
	if err := xml.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != http.StatusMultiStatus {
		t.Errorf("%s: REPORT: %d, %v", c.ID, w.Code, err)
		return
	}
	if found := len(answer.Data) > 0; found != (len(c.Instances) > 0) {
		t.Errorf("%s: found is %v, with %d instances in its window", c.ID, found, len(c.Instances))
		return
	}
	if len(answer.Data) == 0 {
		return
	}
	cal, err := ical.Parse([]byte(answer.Data[0]))
	if err != nil {
		t.Errorf("%s: %v", c.ID, err)
		return
	}
	var got []recurInstance
	for _, comp := range cal.Root.Children {
		in, err := instanceOf(comp)
		if err != nil {
			t.Errorf("%s: %v in %s", c.ID, err, answer.Data[0])
			return
		}
		got = append(got, in)
	}
	if have, want := c.lines(got), c.lines(c.Instances); have != want {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", c.ID, have, want)
	}
}

// instanceOf reads an expanded component as a client does.
func instanceOf(comp *ical.Component) (in recurInstance, err error) {
	var start, end ical.Time
	for _, p := range comp.Props {
		switch p.Name {
		case "DTSTART":
			if start, err = ical.ParseTime(p); err != nil {
				return in, err
			}
		case "DTEND", "DUE":
			if end, err = ical.ParseTime(p); err != nil {
				return in, err
			}
		case "RECURRENCE-ID":
			in.RecurrenceID = &p.Value
		case "RRULE", "RDATE", "EXDATE":
			return in, fmt.Errorf("%s is still there", p.Name)
		}
		if p.HasParam("TZID") {
			return in, fmt.Errorf("%s has a TZID", p.Name)
		}
	}
	if start.IsZero() { // a VTODO that is due, and does not say when it begins
		start = end
	}
	if end.IsZero() {
		end = start
		if p := comp.Prop("DURATION"); p != nil {
			d, err := ical.ParseDuration(p.Value)
			if err != nil {
				return in, err
			}
			end.Wall = end.Wall.Add(time.Duration(d.NominalDays())*24*time.Hour + d.Exact())
		} else if start.Date && comp.Name == "VEVENT" {
			end.Wall = end.Wall.AddDate(0, 0, 1)
		}
	}
	in.Start, in.End = start.String(), end.String()
	return in, nil
}

// checkFreeBusy holds the answer against the instances: every moment of theirs within the window is busy, and no other.
func (c *recurCase) checkFreeBusy(t *testing.T, s http.Handler, path string) {
	if c.Compare != "" || !strings.Contains(c.ICS, "BEGIN:VEVENT") || strings.Contains(c.ICS, "STATUS:") || strings.Contains(c.ICS, "TRANSP:") {
		return
	}
	w := do(s, "REPORT", path, fmt.Sprintf(`<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="%s" end="%s"/></C:free-busy-query>`, c.Start, c.End))
	cal, err := ical.Parse(w.Body.Bytes())
	if err != nil || w.Code != http.StatusOK {
		t.Errorf("%s: free-busy: %d, %v", c.ID, w.Code, err)
		return
	}
	at := func(s string) time.Time {
		for _, layout := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
			if t, err := time.Parse(layout, s); err == nil {
				return t
			}
		}
		t.Fatalf("%s: %q is no time", c.ID, s)
		return time.Time{}
	}
	type span struct{ from, to time.Time }
	var got, want []span
	for _, p := range cal.Root.Children[0].All("FREEBUSY") {
		periods, err := ical.ParsePeriods(p)
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			return
		}
		for _, one := range periods {
			got = append(got, span{one.Start.Wall, one.Start.Wall.Add(one.Duration.Exact())})
		}
	}
	from, to := at(c.Start), at(c.End)
	for _, in := range c.Instances {
		start, end := at(in.Start), at(in.End)
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		if start.Before(end) {
			want = append(want, span{start, end})
		}
	}
	slices.SortFunc(want, func(a, b span) int { return a.from.Compare(b.from) })
	joined := want[:0]
	for _, s := range want {
		if n := len(joined); n > 0 && !s.from.After(joined[n-1].to) {
			if s.to.After(joined[n-1].to) {
				joined[n-1].to = s.to
			}
			continue
		}
		joined = append(joined, s)
	}
	if !slices.Equal(got, joined) {
		t.Errorf("%s: free-busy:\ngot  %v\nwant %v", c.ID, got, joined)
	}
}

// quiet is a service that logs nothing: thousands of requests say too much.
func quiet(t *testing.T) *dav.Server {
	t.Helper()
	s, err := dav.New(storetest.Open(t), dav.Options{SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
