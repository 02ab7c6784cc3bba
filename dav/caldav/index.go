package caldav

import (
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// IndexVersion is raised whenever index computes something else: rows of other versions are always looked into.
const IndexVersion = 3

// The bits of an object's Flags. They are stored: they never change.
const (
	flagRecurring uint32 = 1 << iota
	flagAlarm
	flagAllDay
	flagFloating
	flagPrivate
	flagConfidential
)

// widen is how far an object's bounds are moved apart: no zone is further than 18 h from UTC, where floating times are
// read here, and 8 h are left for what a later tzdata may change. So bounds outlive the calendar's zone.
const widen = 26 * time.Hour

// indexSteps is what the rules of one object may cost when it is stored, under a second; whatever a person writes costs
// a thousandth. A report has several times that for all its objects.
const indexSteps = 10_000_000

// index makes the columns that a query is decided by, and so finds what is wrong with a rule.
func index(cal *ical.Calendar, info ical.Info) (store.Index, error) {
	ix := store.Index{Version: IndexVersion, Kind: uint32(info.Kind), UID: info.UID, First: store.MinTime, Last: store.MaxTime}
	set, err := recur.Compile(cal, zone.NewResolver(cal, nil), &recur.Budget{Steps: indexSteps})
	if err != nil {
		return ix, condition(err)
	}
	if c := set.Doubled(); c != nil { // RFC 4791 §4.1; one doubled as written, Validate has found
		id := c.Prop("RECURRENCE-ID")
		return ix, ErrValidCalendarObject.With("line %d: RECURRENCE-ID: %.40q overrides an instance that another component overrides already", id.Line, id.Value)
	}
	switch info.Kind {
	case ical.VEvent, ical.VTodo, ical.VJournal, ical.VFreeBusy: // of others nothing is known about when they are
		ix.First, ix.Last = bounds(set)
		ix.Series = set.Encode()
	}
	for _, f := range []struct {
		bit uint32
		set bool
	}{
		{flagRecurring, info.Recurring}, {flagAlarm, info.HasAlarm}, {flagAllDay, info.AllDay}, {flagFloating, info.Floating},
		{flagPrivate, info.Class != "" && info.Class != "PUBLIC" && info.Class != "CONFIDENTIAL"},
		{flagConfidential, info.Class == "CONFIDENTIAL"},
		{store.Hidden, info.Class != "" && info.Class != "PUBLIC" && seen(cal.Root, privilege.NoPrivate) == nil},
	} {
		if f.set {
			ix.Flags |= f.bit
		}
	}
	return ix, nil
}

// bounds are the widened ends of all instances. What has none lies after everything.
func bounds(set *recur.Set) (first, last int64) {
	from, to, ok := set.Bounds()
	if !ok {
		return store.MaxTime, store.MaxTime
	}
	first, last = store.MinTime, store.MaxTime
	if from.After(recur.MinTime) {
		first = from.Add(-widen).Unix()
	}
	if to.Before(recur.MaxTime) {
		last = to.Add(widen).Unix()
	}
	return first, last
}
