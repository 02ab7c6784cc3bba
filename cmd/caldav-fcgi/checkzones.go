package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// zonesYears is how far check -zones looks ahead.
const zonesYears = 2

// checkZones lists what will happen at another time than its client reckoned with.
func checkZones(ctx context.Context, c *call) error {
	return c.with(mustHave, func(s *service) error {
		accounts, objects, moved := 0, 0, 0
		list, err := s.everyCalendar(ctx, &accounts)
		if err != nil {
			return err
		}
		now := time.Now()
		for _, col := range list {
			err := s.eachObject(ctx, col.ID, func(o *store.Object) error {
				objects++
				first, others, err := movedTimes(o.Body, now, now.AddDate(zonesYears, 0, 0))
				if err != nil {
					fmt.Fprintf(c.Stderr, "%s%s: passed over: %v\n", col.path, o.Name, err)
				}
				if first == nil {
					return nil
				}
				moved++
				more := ""
				if others > 0 {
					more = fmt.Sprintf(", and %s", plural(int64(others), "later instance"))
				}
				fmt.Fprintf(c.Stdout, "%s%s: %s %s was %s, is %s%s\n", col.path, o.Name, first.local.Wall.Format("2006-01-02 15:04"), first.local.TZID,
					first.before.Format("2006-01-02 15:04Z"), first.after.Format("2006-01-02 15:04Z"), more)
				return nil
			})
			if err != nil {
				return err
			}
		}
		fmt.Fprintf(c.Stdout, "time zones %s: %d of %s moved within %d years\n", zone.Data(), moved, plural(int64(objects), "object"), zonesYears)
		return nil
	})
}

// movedTime is a local time that means another instant than it did.
type movedTime struct {
	local         ical.Time
	before, after time.Time
}

// movedTimes holds the local times of an object in a window, as the VTIMEZONEs stored with it define its zones, against
// what our time zones say. It returns the first that differs, and how many do besides.
func movedTimes(body []byte, from, to time.Time) (first *movedTime, others int, err error) {
	cal, err := ical.Parse(body)
	if err != nil {
		return nil, 0, fmt.Errorf("read it: %w", err)
	}
	stored := zone.Defined(cal)
	if len(stored) == 0 {
		return nil, 0, nil
	}
	set, err := recur.Compile(cal, zone.NewResolver(cal, nil), &recur.Budget{Steps: maxSteps})
	if err != nil {
		return nil, 0, fmt.Errorf("expand it: %w", err)
	}
	for in, err := range set.Window(from, to) {
		if err != nil {
			return first, others, fmt.Errorf("expand it: %w", err)
		}
		loc := stored[strings.Trim(in.WallStart.TZID, `" `)]
		if loc == nil {
			continue
		}
		before := zone.Instant(in.WallStart.Wall, loc)
		switch {
		case before.Equal(in.Start):
		case first == nil:
			first = &movedTime{in.WallStart, before, in.Start}
		case in.Start.Before(first.after): // overrides come before the series they belong to
			first = &movedTime{in.WallStart, before, in.Start}
			others++
		default:
			others++
		}
	}
	return first, others, nil
}
