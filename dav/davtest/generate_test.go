package davtest

import (
	"strings"
	"testing"
	"time"
)

func TestGenerate_IsTheSameForASeedAndASize(t *testing.T) {
	t.Parallel()
	var few []Generated
	for o := range Generate(200, 42) {
		few = append(few, o)
	}
	i := 0
	for o := range Generate(400, 42) {
		if i < len(few) && (o.Body != few[i].Body || o.Name != few[i].Name) {
			t.Fatalf("object %d differs", i)
		}
		i++
	}
	for o := range Generate(1, 43) {
		if o.Body == few[0].Body {
			t.Error("another seed makes the same object")
		}
	}
	for _, o := range few {
		for line := range strings.SplitSeq(o.Body, "\r\n") {
			if len(line) > 75 {
				t.Fatalf("%s: a line of %d octets: %s", o.Name, len(line), line)
			}
		}
	}
}

// TestExpect_KnowsEachKindOfRule by instances counted on a calendar.
func TestExpect_KnowsEachKindOfRule(t *testing.T) {
	t.Parallel()
	berlin := generatedZones[0]
	at := func(day, hour int) time.Time { return time.Date(2025, 6, day, hour, 0, 0, 0, berlin.place) } // June 1 is a Sunday
	mondays := [7]bool{time.Monday: true, time.Wednesday: true}
	for _, c := range []struct {
		name string
		ev   occasion
		want int
		busy time.Duration
	}{
		{"once", occasion{start: at(2, 9), length: time.Hour}, 1, time.Hour},
		{"ends as the month begins", occasion{start: time.Date(2025, 5, 31, 23, 0, 0, 0, time.UTC), length: time.Hour, zone: inUTC}, 0, 0},
		{"all day", occasion{start: time.Date(2025, 5, 31, 0, 0, 0, 0, time.UTC), days: 2, zone: inUTC}, 1, 0},
		{"daily, the third left out", occasion{start: at(1, 9), length: time.Hour, rule: &rule{freq: "DAILY", every: 1, count: 5}, without: []time.Time{at(3, 9)}}, 4, 4 * time.Hour},
		{"Monday and Wednesday of every second week", occasion{start: at(2, 9), length: time.Hour, rule: &rule{freq: "WEEKLY", every: 2, days: mondays}}, 5, 5 * time.Hour},
		{"the same until the 16th", occasion{start: at(2, 9), length: time.Hour, rule: &rule{freq: "WEEKLY", every: 2, days: mondays, until: at(16, 9)}}, 3, 3 * time.Hour},
		{"first Monday", occasion{start: at(2, 9), length: time.Hour, rule: &rule{freq: "MONTHLY", every: 1, nth: true}}, 1, time.Hour},
		{"moved over one hour of another", occasion{start: at(2, 9), length: 2 * time.Hour, rule: &rule{freq: "DAILY", every: 1, count: 3}, moved: true, from: at(3, 9), to: at(3, 10)}, 3, 6 * time.Hour},
	} {
		if c.ev.zone.place == nil {
			c.ev.zone = berlin
		}
		e := Expect([]Generated{{Name: "a.ics", event: &c.ev}}, time.Date(2025, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2025, 7, 1, 0, 0, 0, 0, time.UTC))
		if e.Instances != c.want || e.Busy != c.busy {
			t.Errorf("%s: %d instances and %v, want %d and %v", c.name, e.Instances, e.Busy, c.want, c.busy)
		}
	}
}
