package caldav

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/store"
)

// GrowthDay is where the windows begin that calendars of Growing are asked for.
var GrowthDay = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

// Grown is an event of Usual or Growing.
type Grown struct {
	Name, Body string
	Endless    bool
}

// Usual yields n events: 92 of 100 happen once, equally close for every n, over as many years as there are thousands; 4
// recur so and so often, and 4 without an end, since up to 20 years ago.
func Usual(n int) iter.Seq[Grown] {
	return func(yield func(Grown) bool) {
		days := n * 365 / 1000
		for i := range n {
			r := rand.New(rand.NewPCG(uint64(n), uint64(i)))
			start, rule := GrowthDay.AddDate(0, 0, r.IntN(days)-days/2), ""
			if i%25 < 2 {
				start, rule = someDay(r), someRule(r, i)
			}
			if !yield(eventAt(r, i, start, rule)) {
				return
			}
		}
	}
}

// Growing is as Usual, but that the first thousand are the same for every n, and lie within half a year of GrowthDay. What
// comes on top of them never falls into the month from GrowthDay on: with every n a window in it has the same matches.
func Growing(n int) iter.Seq[Grown] {
	return func(yield func(Grown) bool) {
		for i := range n {
			r := rand.New(rand.NewPCG(1, uint64(i)))
			thousand := i / 1000
			start, rule := GrowthDay.AddDate(0, 0, r.IntN(365)-182), ""
			if thousand > 0 {
				if start = GrowthDay.AddDate(0, 0, 368+(thousand-1)*182+r.IntN(182)); r.IntN(2) == 0 {
					start = GrowthDay.AddDate(0, 0, -(thousand*182 + 1 + r.IntN(182)))
				}
			}
			if i%25 < 2 {
				rule = someRule(r, i)
				if strings.HasPrefix(rule, "FREQ=YEARLY") || thousand == 0 {
					for start = someDay(r); thousand > 0 && start.Month() == GrowthDay.Month(); {
						start = someDay(r)
					}
				} else {
					start, rule = someDay(r), rule+";BYMONTH=1,2,3,9,10,11"
					for start.Month() == GrowthDay.Month() { // DTSTART is an instance, too
						start = someDay(r)
					}
				}
			}
			if !yield(eventAt(r, i, start, rule)) {
				return
			}
		}
	}
}

func someDay(r *rand.Rand) time.Time { return GrowthDay.AddDate(0, 0, -1-r.IntN(20*365)) }

// someRule is one without an end for every other of those events that recur.
func someRule(r *rand.Rand, i int) string {
	rule := []string{"FREQ=YEARLY", "FREQ=YEARLY", "FREQ=WEEKLY", "FREQ=MONTHLY"}[r.IntN(4)]
	if i%25 == 1 {
		rule += ";COUNT=" + fmt.Sprint(2+r.IntN(20))
	}
	return rule
}

func eventAt(r *rand.Rand, i int, day time.Time, rule string) Grown {
	start := day.Add(time.Duration(7*4+r.IntN(40)) * 15 * time.Minute)
	lines := []string{"DTSTART;TZID=Europe/Berlin:" + start.Format("20060102T150405"), "DURATION:PT1H"}
	if rule != "" {
		lines = append(lines, "RRULE:"+rule)
	}
	lines = append(lines, fmt.Sprintf("SUMMARY:Meeting about item %d", i), "LOCATION:Room 12", "DESCRIPTION:"+strings.Repeat("About this and that. ", 20))
	return Grown{fmt.Sprintf("%d.ics", i), object("VEVENT", fmt.Sprintf("%d@example.org", i), lines...), i%25 == 0}
}

// Fill puts events into ann's calendar of that name without the way through requests. It returns how many recur without
// an end, and how many series go on all through the month from GrowthDay.
func Fill(db *store.DB, calendar string, all iter.Seq[Grown]) (endless, going int, err error) {
	from, to := GrowthDay.Unix(), GrowthDay.AddDate(0, 0, 30).Unix()
	put := func(tx *store.Tx, c *store.Collection, e Grown) error {
		cal, err := ical.Parse([]byte(e.Body))
		if err != nil {
			return err
		}
		info, err := ical.Options{KnownZone: func(string) bool { return true }}.Validate(cal)
		if err != nil {
			return err
		}
		ix, err := index(cal, info)
		if err != nil {
			return err
		}
		if e.Endless {
			endless++
		}
		if ix.First <= from && ix.Last >= to {
			going++
		}
		return tx.PutObject(c, &store.Object{Name: e.Name}, []byte(e.Body), ix)
	}
	var some []Grown
	write := func() error {
		return db.Update(context.Background(), func(tx *store.Tx) error {
			c, err := calendarOf(tx, calendar)
			if err != nil {
				return err
			}
			for _, e := range some {
				if err := put(tx, c, e); err != nil {
					return err
				}
			}
			some = some[:0]
			return nil
		})
	}
	for e := range all {
		if some = append(some, e); len(some) == 5000 {
			if err := write(); err != nil {
				return 0, 0, err
			}
		}
	}
	err = write()
	return endless, going, err
}

func calendarOf(tx *store.Tx, name string) (*store.Collection, error) {
	p, err := tx.Principal(store.User, "ann")
	if err != nil {
		return nil, err
	}
	home, err := tx.Root(p.ID, store.KindCalendarHome)
	if err != nil {
		return nil, err
	}
	return tx.Collection(home.ID, name)
}

// What a query looks at follows its answer, not the calendar: ten times the objects cost it nothing but to look, in
// what is stored of them, at the series that still go on.
func TestReports_WorkFollowsTheAnswer(t *testing.T) {
	t.Parallel()
	type cost struct{ rows, series, texts int }
	type calendar struct {
		*server
		going int
		last  *spending
	}
	open := func(n int) *calendar {
		c := &calendar{}
		c.server = newServer(t, Options{seen: func(s *spending) { c.last = s }})
		c.props(work, "0", "<d:resourcetype/>") // makes the account
		var err error
		if _, c.going, err = Fill(c.db, "calendar", Growing(n)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	small, large := open(1_000), open(10_000)
	more := large.going - small.going
	if more < 360 || more > 500 { // 4 of 100 have no end
		t.Fatalf("%d more series that go on", more)
	}
	at := func(days int) (string, string) {
		return GrowthDay.Format("20060102T150405Z"), GrowthDay.AddDate(0, 0, days).Format("20060102T150405Z")
	}
	for _, days := range []int{1, 7, 30} {
		start, end := at(days)
		for name, body := range map[string]string{
			"tags":   query(events(between("time-range", start, end))),
			"data":   queryFor("<c:calendar-data/>", events(between("time-range", start, end))),
			"expand": queryFor("<c:calendar-data>"+between("expand", start, end)+"</c:calendar-data>", events(between("time-range", start, end))),
			"status": query(events(between("time-range", start, end) + `<c:prop-filter name="STATUS"><c:is-not-defined/></c:prop-filter>`)),
			"alarms": query(events(`<c:comp-filter name="VALARM">` + between("time-range", start, end) + `</c:comp-filter>`)),
			"busy":   freeBusy(start, end),
		} {
			ask := func(c *calendar) (string, cost) {
				a := c.report(work, body, "Depth: 1")
				if a.status/100 != 2 {
					t.Fatalf("%s of %d days: %d %.300s", name, days, a.status, a.body)
				}
				found := a.names()
				if name == "busy" {
					found = busyLines(a.body)
				}
				return found, cost{c.last.rows, c.last.series, c.last.texts}
			}
			few, from := ask(small)
			many, to := ask(large)
			t.Logf("%s of %d days: %d matches; %+v, %+v", name, days, strings.Count(few, "ics"), from, to)
			if few != many || few == "" && name != "alarms" {
				t.Errorf("%s of %d days: other matches\n%s\n%s", name, days, few, many)
			}
			if name == "alarms" {
				continue // when they ring is in no bounds
			}
			if to.rows-from.rows != more || to.series-from.series != more || to.texts != from.texts {
				t.Errorf("%s of %d days: looked at %+v of 1,000 objects and %+v of 10,000 with %d more series that go on", name, days, from, to, more)
			}
		}
	}
}
