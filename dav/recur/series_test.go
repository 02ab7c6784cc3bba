package recur

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

// recode is a set as it comes back from the store.
func recode(t testing.TB, s *Set, fallback *time.Location) *Set {
	return recodeBy(t, s, NewDecoder(zone.NewResolver(nil, fallback), nil))
}

func recodeBy(t testing.TB, s *Set, by *Decoder) *Set {
	t.Helper()
	blob := s.Encode()
	if blob == nil {
		t.Fatal("not encoded")
	}
	d, err := by.Decode(blob)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// told is everything that a set answers for a window.
func told(t testing.TB, s *Set, from, to time.Time) string {
	t.Helper()
	var out strings.Builder
	n := 0
	for in, err := range s.Window(from, to) {
		if err != nil {
			t.Fatal(err)
		}
		in.Comp = nil
		fmt.Fprintln(&out, in)
		if n++; n > 60 {
			break
		}
	}
	overlaps, err := s.Overlaps(from, to)
	rings, err2 := s.AlarmsOverlap(from, to, nil)
	if err = errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	n = 0
	for b, err := range s.Busy(from, to) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&out, b)
		if n++; n > 60 {
			break
		}
	}
	first, last, ok := s.Bounds()
	fmt.Fprintln(&out, overlaps, rings, first, last, ok, s.Recurring(), s.Kind(), s.Components())
	return out.String()
}

// A stored set answers as the text does, in any window and with any zone for floating times.
func TestDecode_AnswersLikeTheText(t *testing.T) {
	t.Parallel()
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	zones := []*time.Location{nil, tokyo}
	plenty := func() *Budget { return &Budget{Steps: 1 << 60, Instances: 1 << 60} }
	// In memory that others have left.
	decoders := map[*time.Location]*Decoder{nil: NewDecoder(nil, plenty()), tokyo: NewDecoder(zone.NewResolver(nil, tokyo), plenty())}
	size, sets := 0, 0
	check := func(name, text string, fallbacks []*time.Location, windows ...time.Time) {
		t.Helper()
		cal, err := ical.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for _, fallback := range fallbacks {
			set, err := Compile(cal, zone.NewResolver(cal, fallback), nil)
			if err != nil {
				t.Fatal(name, err)
			}
			// Stored in one zone, read in another.
			stored, err := Compile(cal, zone.NewResolver(cal, nil), nil)
			if err != nil {
				t.Fatal(name, err)
			}
			size, sets = size+len(stored.Encode()), sets+1
			again := recodeBy(t, stored, decoders[fallback])
			for i := 0; i+1 < len(windows); i += 2 {
				want, got := told(t, set, windows[i], windows[i+1]), told(t, again, windows[i], windows[i+1])
				if got != want {
					t.Fatalf("%s in %v from %v to %v:\ngot  %s\nwant %s\n%s", name, fallback, windows[i], windows[i+1], got, want, text)
				}
			}
		}
	}
	random := rand.New(rand.NewPCG(4, 7))
	at := func() time.Time { return time.Unix(random.Int64N(3e9), 0).UTC() }
	for i, c := range oracleCases(t) {
		if testing.Short() && i%10 > 0 {
			continue
		}
		from, to := c.window(t)
		w := at()
		check(c.ID, c.ICS, zones[:1+max(0, i%5-3)], from, to, w, w.Add(time.Duration(random.Int64N(int64(90*24*time.Hour)))), from.Add(-time.Hour), time.Time{})
	}
	for i := range 400 {
		start := time.Unix(random.Int64N(2e9), 0).UTC()
		form := []string{":20060102T150405Z", ";TZID=Europe/Paris:20060102T150405", ":20060102T150405", ";VALUE=DATE:20060102"}[i%4]
		text := "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:x\r\nDTSTART" + start.Format(form) + "\r\nRRULE:" + randomRule(random) + "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
		w := start.Add(time.Duration(random.Int64N(int64(4000 * 24 * time.Hour))))
		check(fmt.Sprint(i), text, zones, w, w.Add(time.Duration(random.Int64N(int64(40*24*time.Hour)))), start, start.Add(24*time.Hour))
	}
	t.Logf("%d octets each", size/sets)
}

func TestDecode_KeepsTheZonesOfTheObject(t *testing.T) {
	t.Parallel()
	text := "BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Own\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0330\nTZOFFSETTO:+0330\nEND:STANDARD\nEND:VTIMEZONE\n" +
		"BEGIN:VEVENT\nUID:x\nDTSTART;TZID=Own:20260101T033000\nDURATION:PT1H\nEXDATE;TZID=None:20260103T000000\nRRULE:FREQ=DAILY\nEND:VEVENT\nEND:VCALENDAR\n"
	set := compileText(t, text)
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	want := told(t, set, from, from.AddDate(0, 0, 5))
	for range 2 { // the second time from memory
		if got := told(t, recode(t, set, nil), from, from.AddDate(0, 0, 5)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	blob := set.Encode()
	at := strings.Index(string(blob), "TZOFFSETTO:+0330")
	blob[at+12] = '4'
	if _, err := Decode(blob, nil, nil); err != nil {
		t.Errorf("known by its hash: %v", err)
	}
	blob[strings.Index(string(blob), "BEGIN:VTIMEZONE")-1]++
	if _, err := Decode(blob, nil, nil); !errors.Is(err, ErrSeries) {
		t.Errorf("a text that is not that of its hash: %v", err)
	}
}

func TestFact(t *testing.T) {
	t.Parallel()
	s := compileText(t, "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:x\nCLASS:PRIVATE\nSTATUS:x-own\nSTATUS:FINAL\nCOMPLETED:20260101T000000Z\nBEGIN:VALARM\nEND:VALARM\nEND:VTODO\nEND:VCALENDAR\n")
	for _, s := range []*Set{s, recode(t, s, nil)} {
		for _, want := range []struct {
			fact         Fact
			value        string
			there, known bool
		}{{FactClass, "PRIVATE", true, true}, {FactStatus, "", true, false}, {FactTransp, "", false, true}} {
			if v, there, known := s.Fact(0, want.fact); v != want.value || there != want.there || known != want.known {
				t.Errorf("%d: %q, %v, %v; want %+v", want.fact, v, there, known, want)
			}
		}
		if !s.Completed(0) || s.Alarms(0) != 1 || s.Components() != 1 {
			t.Errorf("%v, %d, %d", s.Completed(0), s.Alarms(0), s.Components())
		}
	}
}

// A damaged blob is an error, never a panic, and what it says is bounded like everything.
func FuzzDecode(f *testing.F) {
	for i, c := range oracleCases(f) {
		if i%40 == 0 {
			f.Add(compileText(f, c.ICS).Encode())
		}
	}
	f.Add(compileText(f, "BEGIN:VCALENDAR\nBEGIN:VFREEBUSY\nUID:x\nFREEBUSY:20260101T000000Z/PT1H\nEND:VFREEBUSY\nEND:VCALENDAR\n").Encode())
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, blob []byte) {
		b := &Budget{Steps: 100_000, Instances: 100}
		s, err := Decode(blob, nil, b)
		if err != nil {
			return
		}
		for range s.Window(from, from.AddDate(0, 1, 0)) {
		}
		for range s.Busy(from, from.AddDate(0, 1, 0)) {
		}
		s.AlarmsOverlap(from, from.AddDate(0, 1, 0), nil)
		s.Bounds()
		for i := range s.Components() {
			s.Fact(i, FactClass)
		}
		if again := s.Encode(); again != nil {
			if _, err := Decode(again, nil, nil); err != nil && !errors.Is(err, ErrBudget) {
				t.Errorf("decoded once, not twice: %v", err)
			}
		}
	})
}

func TestDecode_CutShort(t *testing.T) {
	t.Parallel()
	for i, c := range oracleCases(t) {
		if i%50 > 0 {
			continue
		}
		blob := compileText(t, c.ICS).Encode()
		for n := range blob {
			if _, err := Decode(slices.Clone(blob[:n]), nil, nil); !errors.Is(err, ErrSeries) {
				t.Fatalf("%s cut after %d of %d: %v", c.ID, n, len(blob), err)
			}
		}
	}
}

// What a query pays for a series: to decode it, and to look into a window.
func BenchmarkDecode(b *testing.B) {
	from := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct{ name, lines string }{
		{"weekly", "RRULE:FREQ=WEEKLY;BYDAY=MO,WE"},
		{"daily", "RRULE:FREQ=DAILY"},
		{"yearly", "RRULE:FREQ=YEARLY"},
		{"monthly", "RRULE:FREQ=MONTHLY;BYDAY=2FR"},
		{"single", "LOCATION:x"},
	} {
		cal, err := ical.Parse([]byte("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:x\nDTSTART;TZID=Europe/Paris:20070315T100000\nDTEND;TZID=Europe/Paris:20070315T110000\n" + c.lines + "\nEND:VEVENT\nEND:VCALENDAR\n"))
		if err != nil {
			b.Fatal(err)
		}
		set, err := Compile(cal, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		blob := set.Encode()
		for _, days := range []int{1, 30} {
			b.Run(fmt.Sprintf("%s/%d days", c.name, days), func(b *testing.B) {
				b.ReportAllocs()
				d := NewDecoder(nil, &Budget{Steps: 1 << 60, Instances: 1 << 60})
				for b.Loop() {
					s, err := d.Decode(blob)
					if err != nil {
						b.Fatal(err)
					}
					if _, err := s.Overlaps(from, from.AddDate(0, 0, days)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
