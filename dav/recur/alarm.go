package recur

import (
	"strconv"
	"strings"
	"time"

	"caldav-fcgi/dav/ical"
)

// alarm is when a VALARM goes off: at a time, or so long after the start or end of an instance; and again every gap.
type alarm struct {
	ok         bool // it could be read
	absolute   bool
	at         ical.Time // absolute
	atEnd      bool      // RELATED=END
	wall, real int64     // relative: nominal days and exact seconds, with their sign
	gap        int64
	repeat     int64
}

// maxRepeat keeps sums within int64; no trigger is made one by one.
const maxRepeat = 1 << 20

// AlarmsOverlap reports whether a VALARM that match accepts (nil: any) goes off in [from, to): the start is inclusive, the
// end not (RFC 4791 §9.9). A VALARM that cannot be read does not go off. Only a Set that Compile made takes a match.
func (s *Set) AlarmsOverlap(from, to time.Time, match func(*ical.Component) bool) (bool, error) {
	w := newWindow(from, to)
	alarms := make([][]alarm, len(s.entries))
	relative := false
	before, after := int64(0), int64(0) // how far alarms lie from their instances
	for i := range s.entries {
		var kids []*ical.Component
		if match != nil {
			kids = s.comps[i].Kids("VALARM")
		}
		for k, a := range s.entries[i].alarms {
			if !a.ok || match != nil && !match(kids[k]) {
				continue
			}
			if a.absolute {
				if a.hits(s.instant(a.at), w) {
					return true, nil
				}
				continue
			}
			relative = true
			alarms[i] = append(alarms[i], a)
			before = min(before, a.wall+a.real)
			after = max(after, a.wall+a.real+a.gap*a.repeat)
		}
	}
	if !relative {
		return false, nil
	}
	// A day more: nominal days may be longer or shorter, and tables of §9.9 leave out an end that touches.
	reach := w
	if w.lo > minUnix {
		reach.lo -= after + 2*daySeconds
	}
	if w.hi < maxUnix {
		reach.hi -= before - 2*daySeconds
	}
	hit := false
	err := s.walk(reach, func(f *found) error {
		if f.loose && !f.part.hasStart {
			return nil // relative to nothing
		}
		for _, a := range alarms[f.part.comp] {
			unix := f.start
			if a.atEnd {
				unix = f.end
			}
			if a.wall != 0 {
				unix = f.clock.Instant(f.clock.Wall(unix) + a.wall)
			}
			if hit = a.hits(unix+a.real, w); hit {
				return errStop
			}
		}
		return nil
	})
	return hit, err
}

// hits reports whether one of the triggers, the first of which is at t, lies in the window.
func (a *alarm) hits(t int64, w window) bool {
	if t < w.lo && a.gap > 0 {
		t += min(a.repeat, (w.lo-t+a.gap-1)/a.gap) * a.gap
	}
	return t >= w.lo && t < w.hi
}

func readAlarm(v *ical.Component) (a alarm) {
	p := v.Prop("TRIGGER")
	if p == nil {
		return alarm{}
	}
	if value := strings.TrimSpace(p.Value); strings.ContainsAny(value, "Pp") {
		d, err := ical.ParseDuration(value)
		if err != nil {
			return alarm{}
		}
		a.wall, a.real = int64(d.NominalDays())*daySeconds, int64(d.Exact().Seconds())
		a.atEnd = strings.EqualFold(p.Param("RELATED"), "END")
	} else {
		t, err := ical.ParseTime(ical.NewProp("TRIGGER", value))
		if err != nil {
			return alarm{}
		}
		a.absolute, a.at = true, t
	}
	a.ok = true
	repeat, duration := v.Prop("REPEAT"), v.Prop("DURATION")
	if repeat == nil || duration == nil {
		return a
	}
	n, err := strconv.ParseInt(strings.TrimSpace(repeat.Value), 10, 64)
	d, err2 := ical.ParseDuration(duration.Value)
	if gap := int64(d.NominalDays())*daySeconds + int64(d.Exact().Seconds()); err == nil && err2 == nil && n > 0 && gap > 0 {
		a.repeat, a.gap = min(n, maxRepeat), min(gap, 366*daySeconds)
	}
	return a
}
