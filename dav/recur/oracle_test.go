package recur

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
)

// oracleCase is a line of testdata/recur/cases.jsonl.gz; the README there names the fields.
type oracleCase struct {
	ID          string `json:"id"`
	Class       string `json:"cls"`
	ICS         string `json:"ics"`
	WindowStart string `json:"window_start"`
	WindowEnd   string `json:"window_end"`
	Compare     string `json:"compare"`
	Instances   []oracleInstance
	Alts        map[string][]oracleInstance
}

type oracleInstance struct {
	Start        string  `json:"start"`
	End          string  `json:"end"`
	RecurrenceID *string `json:"recurrence_id"`
}

// differ are the cases where we give another answer, with the reason.
var differ = map[string]string{
	// FREQ=HOURLY;INTERVAL=7 of 2004 without an end, asked for three days of 2031: 2031-09-01T04:00 is 235,165 hours, or 33,595
	// times seven, after 2004-11-02T15:00, so RFC 5545 has instances there. The case has none: the programs it is taken from
	// stop after so many steps.
	"b01295": "an endless rule given up on by the others",
}

func oracleCases(t testing.TB) []oracleCase {
	t.Helper()
	f, err := os.Open("../../testdata/recur/cases.jsonl.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var cases []oracleCase
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c oracleCase
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

func (c *oracleCase) window(t testing.TB) (from, to time.Time) {
	from, err := time.Parse("20060102T150405Z", c.WindowStart)
	if err != nil {
		t.Fatal(err)
	}
	if to, err = time.Parse("20060102T150405Z", c.WindowEnd); err != nil {
		t.Fatal(err)
	}
	return from, to
}

// lines brings instances into an order and form that can be compared.
func (c *oracleCase) lines(list []oracleInstance) string {
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

func oracleForm(in Instance, instant time.Time, wall ical.Time) string {
	switch {
	case in.AllDay:
		return wall.Wall.Format("20060102")
	case in.Floating:
		return wall.Wall.Format("20060102T150405")
	}
	return instant.Format("20060102T150405Z")
}

func compileText(t testing.TB, text string) *Set {
	t.Helper()
	cal, err := ical.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	s, err := Compile(cal, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOracle(t *testing.T) {
	t.Parallel()
	exact, total := map[string]int{}, map[string]int{}
	wrong := 0
	cases := oracleCases(t)
	for _, c := range cases {
		total[c.Class]++
		set := compileText(t, c.ICS)
		from, to := c.window(t)
		var got []oracleInstance
		first, last, ok := set.Bounds()
		for in, err := range set.Window(from, to) {
			if err != nil {
				t.Errorf("%s: %v", c.ID, err)
				break
			}
			one := oracleInstance{Start: oracleForm(in, in.Start, in.WallStart), End: oracleForm(in, in.End, in.WallEnd)}
			if in.Recurring {
				id := in.RecurrenceInstant.Format("20060102T150405Z")
				if rid := in.RecurrenceID; rid.Date {
					id = rid.Wall.Format("20060102")
				} else if rid.Floating() {
					id = rid.Wall.Format("20060102T150405")
				}
				one.RecurrenceID = &id
			}
			got = append(got, one)
			if !ok || in.Start.Before(first) || in.End.After(last) {
				t.Errorf("%s: %s to %s is outside of the bounds %s to %s", c.ID, in.Start, in.End, first, last)
			}
		}
		if any, err := set.Overlaps(from, to); err != nil || any != (len(got) > 0) {
			t.Errorf("%s: Overlaps is %v, %v, with %d instances", c.ID, any, err, len(got))
		}
		c.checkBusy(t, set, from, to)
		want := c.lines(c.Instances)
		if c.lines(got) == want {
			exact[c.Class]++
			if differ[c.ID] != "" {
				t.Errorf("%s agrees now: take it out of the list", c.ID)
			}
			continue
		}
		if differ[c.ID] != "" {
			continue
		}
		wrong++
		if wrong <= 20 {
			t.Errorf("%s:\ngot\n%s\nwant\n%s\n%s", c.ID, c.lines(got), want, c.ICS)
		}
	}
	if wrong+len(differ) > len(cases)/200 {
		t.Errorf("%d and %d known of %d cases differ, more than 0.5 %%", wrong, len(differ), len(cases))
	}
	for class, n := range total {
		t.Logf("%-8s %d of %d", class, exact[class], n)
	}
}

// checkBusy compares busy time with the instances of events that say nothing of their status.
func (c *oracleCase) checkBusy(t *testing.T, set *Set, from, to time.Time) {
	if set.Kind() != ical.VEvent || c.Compare != "" || differ[c.ID] != "" || strings.Contains(c.ICS, "STATUS:") || strings.Contains(c.ICS, "TRANSP:") {
		return
	}
	instant := func(s string) string {
		for _, layout := range []string{"20060102T150405Z", "20060102T150405", "20060102"} {
			if at, err := time.Parse(layout, s); err == nil {
				return at.Format("20060102T150405")
			}
		}
		return s
	}
	var got, want []string
	for b, err := range set.Busy(from, to) {
		if err != nil {
			t.Errorf("%s: busy: %v", c.ID, err)
			return
		}
		got = append(got, b.Start.Format("20060102T150405/")+b.End.Format("20060102T150405"))
	}
	for _, in := range c.Instances {
		if start, end := instant(in.Start), instant(in.End); start != end {
			want = append(want, start+"/"+end)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: busy:\ngot  %s\nwant %s", c.ID, got, want)
	}
}
