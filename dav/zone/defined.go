package zone

import (
	"time"

	"caldav-fcgi/dav/ical"
)

// Defined are the zones of an object as its VTIMEZONEs define them, by TZID, without a look at our own data. What cannot
// be read is left out.
func Defined(c *ical.Calendar) map[string]*time.Location {
	zones := map[string]*time.Location{}
	for _, z := range c.Root.Kids("VTIMEZONE") {
		id := z.Prop("TZID")
		if id == nil || len(zones) == maxBuilt {
			continue
		}
		if loc, err := compile(z, c.Raw); err == nil {
			zones[unquote(id.Value)] = loc
		}
	}
	return zones
}
