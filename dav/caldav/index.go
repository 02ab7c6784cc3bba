package caldav

import (
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/store"
)

// IndexVersion is raised whenever index computes something else: rows of other versions are always looked into.
const IndexVersion = 1

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

// index makes the columns that a query is decided by.
func index(cal *ical.Calendar, info ical.Info) (store.Index, error) {
	return columns(info, time.Time{}, time.Time{}, true), nil
}

// columns has the exact bounds first and last, zero when they are open; without ok the object is at no time at all.
func columns(info ical.Info, first, last time.Time, ok bool) store.Index {
	ix := store.Index{Version: IndexVersion, Kind: uint32(info.Kind), UID: info.UID, First: store.MinTime, Last: store.MaxTime}
	if !ok {
		ix.First, ix.Last = store.MaxTime, store.MaxTime
	} else {
		if !first.IsZero() && first.Unix() > yearOne {
			ix.First = first.Add(-widen).Unix()
		}
		if !last.IsZero() && last.Unix() < yearEnd {
			ix.Last = last.Add(widen).Unix()
		}
	}
	for _, f := range []struct {
		bit uint32
		set bool
	}{
		{flagRecurring, info.Recurring}, {flagAlarm, info.HasAlarm}, {flagAllDay, info.AllDay}, {flagFloating, info.Floating},
		{flagPrivate, info.Class != "" && info.Class != "PUBLIC" && info.Class != "CONFIDENTIAL"},
		{flagConfidential, info.Class == "CONFIDENTIAL"},
	} {
		if f.set {
			ix.Flags |= f.bit
		}
	}
	return ix
}

// Times outside the years 1 to 9999 are open ends.
var (
	yearOne = time.Date(1, 1, 3, 0, 0, 0, 0, time.UTC).Unix()
	yearEnd = time.Date(9999, 12, 29, 0, 0, 0, 0, time.UTC).Unix()
)
