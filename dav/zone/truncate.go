package zone

import (
	"time"

	"caldav-fcgi/dav/ical"
)

// The years that zones are expanded in: none has changes before, and rules are the same every year after.
var (
	First = time.Date(1800, 1, 1, 0, 0, 0, 0, time.UTC)
	Last  = time.Date(lastYear+1, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Change is a moment from which other offsets hold (RFC 7808 §6.3), in seconds east of UTC.
type Change struct {
	At       time.Time
	From, To int
	Daylight bool
	Name     string // as people abbreviate it
}

// Changes lists those of a known zone in [start, end), which lie between First and Last; the one that holds at start
// comes first.
func Changes(tzid string, start, end time.Time) ([]Change, bool) {
	loc, ok := iana(tzid)
	if !ok {
		return nil, false
	}
	var list []Change
	for _, o := range starting(loc, start, end) {
		list = append(list, Change{time.Unix(o.unix, 0).UTC(), o.from, o.to, o.dst, o.name})
	}
	return list, true
}

// starting is changes, with the offset before start in the first.
func starting(loc *time.Location, start, end time.Time) []onset {
	list := changes(loc, start.UTC(), end.UTC())
	_, list[0].from = start.Add(-time.Second).In(loc).Zone()
	return list
}

// Standalone writes the VTIMEZONE of a name of the database, cut to [start, end) (RFC 7808 §3.9); a zero time does not cut.
// aliasOf, if not "", is told as the zone's other name (RFC 7808 §7.2).
func Standalone(tzid, aliasOf string, start, end time.Time) ([]byte, bool) {
	loc, ok := iana(tzid)
	if !ok {
		return nil, false
	}
	var props []*ical.Property
	if aliasOf != "" {
		props = append(props, ical.NewText("TZID-ALIAS-OF", aliasOf))
	}
	if !end.IsZero() {
		props = append(props, ical.Time{Wall: end.UTC(), UTC: true}.Property("TZUNTIL")) // RFC 7808 §7.1
	}
	onsets := history(loc)
	if !start.IsZero() || !end.IsZero() {
		until := end
		if until.IsZero() || until.After(Last) {
			until = Last
		}
		if start.IsZero() {
			onsets = changes(loc, time.Unix(onsets[0].unix, 0), until)
		} else {
			onsets = starting(loc, start, until)
		}
	}
	return writeZone(tzid, props, onsets)
}
