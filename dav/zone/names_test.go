package zone

import (
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
)

// names.txt is the list of the embedded tzdata, and what it calls another name has the same clocks.
func TestNames_AreThoseOfTheDistribution(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, n := range Names() {
		known[n.ID] = true
	}
	for _, name := range zoneNames(t) {
		if _, ok := iana(name); ok && !known[name] {
			t.Errorf("names.txt lacks %s", name)
		}
	}
	for _, n := range Names() {
		if n.AliasOf == "" {
			continue
		}
		loc, _ := iana(n.ID)
		target, ok := iana(n.AliasOf)
		if !ok {
			t.Errorf("%s is another name of %s, which is none", n.ID, n.AliasOf)
			continue
		}
		for year := 1970; year < 2040; year++ {
			at := time.Date(year, 7, 1, 0, 0, 0, 0, time.UTC).Unix()
			if offset(at, loc) != offset(at, target) {
				t.Errorf("%s and %s differ in %d", n.ID, n.AliasOf, year)
				break
			}
		}
	}
}

// A zone that is cut says the same within its bounds as the whole one (RFC 7808 §3.9).
func TestStandalone_CutZonesHoldWithinTheirBounds(t *testing.T) {
	t.Parallel()
	start, end := time.Date(2007, 5, 6, 7, 8, 9, 0, time.UTC), time.Date(2031, 2, 3, 0, 0, 0, 0, time.UTC)
	for _, name := range []string{"America/New_York", "Europe/London", "Europe/Dublin", "Africa/Casablanca", "Asia/Kolkata", "Asia/Gaza", "Australia/Lord_Howe", "Pacific/Apia", "America/Caracas", "Antarctica/Troll"} {
		own, _ := iana(name)
		for _, c := range []struct{ start, end time.Time }{{start, end}, {start, time.Time{}}, {time.Time{}, end}, {}} {
			text, ok := Standalone(name, "", c.start, c.end)
			if !ok {
				t.Fatalf("%s: none", name)
			}
			cal, err := ical.Parse([]byte("BEGIN:VCALENDAR\r\n" + string(text) + "END:VCALENDAR\r\n"))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			loc := Defined(cal)[name]
			if loc == nil {
				t.Fatalf("%s cannot be compiled:\n%s", name, text)
			}
			for at := start; at.Before(end); at = at.Add(7*time.Hour + 11*time.Minute) {
				if offset(at.Unix(), loc) != offset(at.Unix(), own) {
					t.Errorf("%s, cut at %v and %v: %d at %s, want %d", name, c.start, c.end, offset(at.Unix(), loc), at, offset(at.Unix(), own))
					break
				}
			}
		}
	}
}

func TestChanges_BeginWithWhatHolds(t *testing.T) {
	t.Parallel()
	got, ok := Changes("Europe/Berlin", time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
	if !ok || len(got) != 2 || got[0].From != 3600 || got[0].To != 7200 || !got[0].Daylight || got[1].To != 3600 {
		t.Errorf("%v %v", got, ok)
	}
	if _, ok := Changes("Nowhere", First, Last); ok {
		t.Error("Nowhere is somewhere")
	}
}
