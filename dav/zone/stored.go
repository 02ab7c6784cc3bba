package zone

import (
	"crypto/sha256"
	"slices"
	"time"

	"caldav-fcgi/dav/ical"
)

// Definition is the text of the VTIMEZONE by which a TZID of this object is read, empty when its name alone tells or
// nothing does: what has to be kept beside the TZID so that Stored finds the same zone. ok is false when it cannot be kept.
func (r *Resolver) Definition(tzid string) (text []byte, ok bool) {
	if _, _, known := Known(tzid); known {
		return nil, true
	}
	z := r.defined[unquote(tzid)]
	if z == nil {
		return nil, true
	}
	if z.Start < 0 || z.End <= z.Start || z.End > len(r.raw) {
		return nil, false
	}
	return r.raw[z.Start:z.End], true
}

// Stored is Location for a TZID and the VTIMEZONE that Definition gave, whose hash is sum. false: they do not belong
// together.
func (r *Resolver) Stored(tzid string, sum [sha256.Size]byte, text []byte) (loc *time.Location, ok bool) {
	if loc, _, ok := Known(tzid); ok {
		return loc, true
	}
	if loc, ok = stored.peek(sum); ok {
		return r.orFallback(loc), true
	}
	if sha256.Sum256(text) != sum {
		return r.fallback, false
	}
	loc, _ = stored.get(sum, func() *time.Location {
		cal, err := ical.Parse(slices.Concat([]byte("BEGIN:VCALENDAR\r\n"), text, []byte("\r\nEND:VCALENDAR\r\n")))
		if err != nil || len(cal.Root.Children) != 1 {
			return nil
		}
		z := cal.Root.Children[0]
		if loc, _, ok := known(z, ""); ok {
			return loc
		}
		loc, _ := build(z)
		return loc
	})
	return r.orFallback(loc), true
}

func (r *Resolver) orFallback(loc *time.Location) *time.Location {
	if loc == nil {
		return r.fallback
	}
	return loc
}
