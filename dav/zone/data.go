package zone

import (
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // a shared host may have no zoneinfo folder
)

// maxName is far above the longest name of the database (32).
const maxName = 64

// iana loads a zone of the IANA database by its exact name.
func iana(name string) (*time.Location, bool) {
	if !plausible(name) {
		return nil, false
	}
	return names.get(name, func() *time.Location {
		loc, err := time.LoadLocation(name)
		if err != nil {
			return nil
		}
		return loc
	})
}

// plausible keeps back what time.LoadLocation or a zoneinfo folder would take and that is no zone: "", "Local" and
// "localtime" (the server's zone), "posixrules", and "right/…", which counts leap seconds.
func plausible(name string) bool {
	if name == "" || len(name) > maxName || name[0] < 'A' || name[0] > 'Z' {
		return false
	}
	for i := 0; i < len(name); i++ {
		switch b := name[i]; {
		case b >= 'A' && b <= 'Z', b >= 'a' && b <= 'z', b >= '0' && b <= '9', b == '_', b == '-', b == '+':
		case b == '/' && name[i-1] != '/' && i+1 < len(name):
		default:
			return false
		}
	}
	return !strings.EqualFold(name, "Local") && name != "Factory"
}

// names holds zones by their IANA name, compiled those made of a VTIMEZONE by its hash, stored what a VTIMEZONE of that
// hash means, which may be a zone that it names. None depends on anything but its key, so all requests share them.
var (
	names    = cache[string]{max: 2048}
	compiled = cache[[32]byte]{max: 512}
	stored   = cache[[32]byte]{max: 512}
)

// cache remembers zones, and names that are none. When it is full it forgets everything, which is cheap and cannot be
// made to grow.
type cache[K comparable] struct {
	mu  sync.RWMutex
	max int
	loc map[K]*time.Location // nil: looked for and not found
}

// peek says what is remembered of a key; loc is nil when it is known to be no zone.
func (c *cache[K]) peek(key K) (loc *time.Location, known bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	loc, known = c.loc[key]
	return loc, known
}

func (c *cache[K]) get(key K, load func() *time.Location) (*time.Location, bool) {
	c.mu.RLock()
	loc, ok := c.loc[key]
	c.mu.RUnlock()
	if !ok {
		loc = load()
		c.mu.Lock()
		if c.loc == nil || len(c.loc) >= c.max {
			c.loc = make(map[K]*time.Location)
		}
		c.loc[key] = loc
		c.mu.Unlock()
	}
	return loc, loc != nil
}
