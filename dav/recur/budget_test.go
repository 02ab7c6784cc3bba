package recur

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

// ticking is a clock that goes on by a millisecond each time it is read.
func ticking() func() time.Duration {
	var at time.Duration
	return func() time.Duration { at += time.Millisecond; return at }
}

// mostBetween is the most steps that can go by between two looks at the clock: a day of seconds, and one look.
const mostBetween = daySeconds + 2*lookEvery

// Whatever an object holds, the clock and whoever waits are looked at every few thousand steps, and the work ends there.
func TestBudget_EndsHostileObjectsInTime(t *testing.T) {
	t.Parallel()
	gone := errors.New("nobody waits")
	for _, c := range hostile {
		t.Run(c.rule[:min(len(c.rule), 60)], func(t *testing.T) {
			t.Parallel()
			cal, err := ical.Parse([]byte(object("VEVENT\nDTSTART:" + c.start + "\nRRULE:" + c.rule)))
			if err != nil {
				t.Fatal(err)
			}
			const looks = 10
			work := func(b *Budget) error {
				s, err := Compile(cal, nil, b)
				for err == nil {
					before := b.Steps
					_, err = s.Overlaps(time.Time{}, time.Time{})
					for _, failed := range s.Window(time.Time{}, time.Time{}) {
						if failed != nil {
							err = failed
						}
					}
					if b.Steps == before {
						return nil // it takes nothing
					}
				}
				return err
			}
			const plenty = 1 << 50
			check := func(what string, b *Budget, want error) {
				err, used := work(b), plenty-b.Steps
				if !errors.Is(err, want) && (err != nil || used > mostBetween) {
					t.Errorf("%s: %v after %d steps", what, err, used)
				}
				if used > (looks+1)*mostBetween {
					t.Errorf("%s: %d steps", what, used)
				}
			}
			check("in time", &Budget{Steps: plenty, Instances: plenty, Time: looks * time.Millisecond, Clock: ticking()}, ErrBudget)
			n := 0
			check("when nobody waits", &Budget{Steps: plenty, Instances: plenty, Stop: func() error {
				if n++; n > looks {
					return gone
				}
				return nil
			}}, gone)
		})
	}
}

// What one object may take is its share; another one has a share again, until the whole is used up.
func TestBudget_OneObjectHasAShare(t *testing.T) {
	t.Parallel()
	blob := compileText(t, object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=MINUTELY")).Encode()
	window := func(days int) (time.Time, time.Time) {
		from := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(0, 0, days)
	}
	for _, c := range []struct {
		name    string
		budget  Budget
		objects int // that can be asked for a day, which takes 1,440 steps and instances
	}{
		{"steps", Budget{Steps: 10_000, Share: 30}, 6},
		{"instances", Budget{Instances: 10_000, Share: 30}, 6},
		{"time", Budget{Time: 100 * time.Millisecond, Clock: ticking(), Share: 30}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			sets := NewDecoder(zone.NewResolver(nil, nil), &c.budget)
			ask := func(days int) error {
				s, err := sets.Decode(blob)
				if err != nil {
					return err
				}
				for _, err := range s.Window(window(days)) {
					if err != nil {
						return err
					}
				}
				return nil
			}
			if err := ask(400); !errors.Is(err, ErrBudget) {
				t.Fatalf("a year: %v", err)
			}
			n := 0
			for ; n <= c.objects; n++ {
				if err := ask(1); errors.Is(err, ErrBudget) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if n == 0 || n > c.objects {
				t.Errorf("%d more objects", n)
			}
		})
	}
}

// A clock is not read for what takes few steps.
func TestBudget_ReadsTheClockSeldom(t *testing.T) {
	t.Parallel()
	blob := compileText(t, object("VEVENT\nDTSTART:20240101T090000Z\nRRULE:FREQ=WEEKLY")).Encode()
	reads := 0
	b := &Budget{Time: time.Second, Share: 50, Clock: func() time.Duration { reads++; return 0 }}
	sets := NewDecoder(nil, b)
	for i := range 1000 {
		s, err := sets.Decode(blob)
		if err != nil {
			t.Fatal(err)
		}
		from := time.Date(2025, 1, 1+i, 0, 0, 0, 0, time.UTC)
		if _, err := s.Overlaps(from, from.AddDate(0, 0, 7)); err != nil {
			t.Fatal(err)
		}
	}
	if used := defaultSteps - b.Steps; int64(reads) > used/lookEvery+1 {
		t.Error(fmt.Sprint(reads, " times in ", used, " steps"))
	}
}
