package tzdist

import (
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

// RFC 7808 §5.5: each form of a pattern, its escapes, underscores and case.
func TestParsePattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, id string
		want        bool
	}{
		{"US/Eastern", "US/Eastern", true},
		{"us/eastern", "US/Eastern", true},
		{"US", "US/Eastern", false},
		{"*new york*", "America/New_York", true},
		{"*New_York", "America/New_York", true},
		{"*York*", "America/New_York", true},
		{"america/new*", "America/New_York", true},
		{"*new", "America/New_York", false},
		{"*", "Etc/UTC", true},
		{`\*Test\\Time\*Zone\*`, `*Test\Time*Zone*`, true},
	} {
		match, why := parsePattern(c.pattern)
		if match == nil {
			t.Errorf("%q: %s", c.pattern, why)
		} else if match(c.id) != c.want {
			t.Errorf("%q and %q: want %v", c.pattern, c.id, c.want)
		}
	}
	for _, bad := range []string{"", "a*b", `a\b`, `a\`, "*a*b*"} {
		if match, _ := parsePattern(bad); match != nil {
			t.Errorf("%q: taken", bad)
		}
	}
}

// Every zone of the list can be had, whole and cut, is a VTIMEZONE, and each other name leads to one that is listed.
func TestList_EveryZoneCanBeRead(t *testing.T) {
	t.Parallel()
	if n := len(zone.Names()); n < 550 {
		t.Errorf("%d names", n)
	}
	l := list()
	names := map[string]bool{}
	aliases := 0
	for _, z := range l.Zones {
		names[z.TZID] = true
		aliases += len(z.Aliases)
	}
	if len(names)+aliases != len(zone.Names()) {
		t.Errorf("%d zones and %d other names of %d names", len(names), aliases, len(zone.Names()))
	}
	start, end := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, n := range zone.Names() {
		if n.AliasOf != "" && !names[n.AliasOf] {
			t.Errorf("%s is said to be %s, which is not listed", n.ID, n.AliasOf)
		}
		text, ok := calendar(n.ID, start, end)
		if !ok {
			t.Fatalf("%s: none", n.ID)
		}
		cal, err := ical.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", n.ID, err)
		}
		changes, _ := zone.Changes(n.ID, start, end)
		onsets := 0
		for _, o := range cal.Root.Children[0].Children {
			onsets += 1
			for _, r := range o.All("RDATE") {
				dates, err := ical.ParseTimes(r)
				if err != nil {
					t.Errorf("%s: %v", n.ID, err)
				}
				onsets += len(dates)
			}
		}
		if onsets != len(changes) {
			t.Errorf("%s: %d onsets, %d changes", n.ID, onsets, len(changes))
		}
	}
}
