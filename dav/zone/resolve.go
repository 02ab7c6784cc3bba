package zone

import (
	"crypto/sha256"
	"strings"
	"sync"
	"time"

	"caldav-fcgi/dav/ical"
)

// Resolver knows the zones of one calendar object, and what floating times of it mean.
type Resolver struct {
	fallback *time.Location
	defined  map[string]*ical.Component // VTIMEZONE by TZID
	raw      []byte

	mu    sync.Mutex
	built int                       // VTIMEZONEs compiled so far
	got   map[string]*time.Location // nil: there is no such zone
}

// maxBuilt is how many VTIMEZONEs of unknown names one object may use. Each may take some milliseconds.
const maxBuilt = 50

// NewResolver reads the VTIMEZONEs of an object, which may be nil. Floating times and dates are read in fallback, nil
// is UTC.
func NewResolver(c *ical.Calendar, fallback *time.Location) *Resolver {
	if fallback == nil {
		fallback = time.UTC
	}
	r := &Resolver{fallback: fallback}
	if c == nil || c.Root == nil {
		return r
	}
	r.raw = c.Raw
	for _, z := range c.Root.Children {
		if z.Name != "VTIMEZONE" {
			continue
		}
		if p := z.Prop("TZID"); p != nil {
			if r.defined == nil {
				r.defined = make(map[string]*ical.Component)
			}
			if id := unquote(p.Value); r.defined[id] == nil {
				r.defined[id] = z
			}
		}
	}
	return r
}

// Fallback is the zone of floating times and dates, never nil.
func (r *Resolver) Fallback() *time.Location { return r.fallback }

// Location finds the zone that a TZID means in this object. When there is none, the fallback and false.
func (r *Resolver) Location(tzid string) (*time.Location, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	loc, ok := r.got[tzid]
	if !ok {
		loc = r.find(tzid)
		if r.got == nil {
			r.got = make(map[string]*time.Location)
		}
		r.got[tzid] = loc
	}
	if loc == nil {
		return r.fallback, false
	}
	return loc, true
}

func (r *Resolver) find(tzid string) *time.Location {
	if loc, _, ok := Known(tzid); ok {
		return loc
	}
	z := r.defined[unquote(tzid)]
	if z == nil {
		return nil
	}
	if loc, _, ok := known(z, ""); ok {
		return loc
	}
	if r.built++; r.built > maxBuilt {
		return nil
	}
	loc, err := compile(z, r.raw)
	if err != nil {
		return nil
	}
	return loc
}

// Time is the instant that a value means.
func (r *Resolver) Time(t ical.Time) time.Time {
	if t.UTC {
		return t.Wall.UTC()
	}
	return Instant(t.Wall, r.Of(t))
}

// Of is the zone of a value: the fallback for floating times, dates, and zones that cannot be found.
func (r *Resolver) Of(t ical.Time) *time.Location {
	switch {
	case t.UTC:
		return time.UTC
	case t.Date, t.TZID == "":
		return r.fallback
	}
	loc, _ := r.Location(t.TZID)
	return loc
}

// Known finds a zone by its name alone: the IANA name, one with a vendor's prefix
// ("/freeassociation.sourceforge.net/Europe/Paris") or counter ("Europe/Paris 1"), or a Windows name. It also returns
// the IANA name.
func Known(tzid string) (*time.Location, string, bool) {
	id := unquote(tzid)
	if loc, name, ok := byName(id); ok {
		return loc, name, true
	}
	// Outlook and Evolution number a second definition of a zone: "Europe/Paris 1", "W. Europe Standard Time 2".
	if i := strings.LastIndexByte(id, ' '); i > 0 && len(id)-i <= 4 && strings.Trim(id[i+1:], "0123456789") == "" {
		return byName(id[:i])
	}
	return nil, "", false
}

func byName(id string) (*time.Location, string, bool) {
	if loc, ok := iana(id); ok {
		return loc, id, true
	}
	if name, ok := windows[strings.ToLower(id)]; ok {
		if loc, ok := iana(name); ok {
			return loc, name, true
		}
	}
	// Exchange: "tzone://Microsoft/Utc". Others: "/mozilla.org/20050126_1/America/Argentina/Salta". Names have up to three
	// parts, and none of one part is taken from behind a prefix but these two.
	if !strings.HasPrefix(id, "/") && !strings.Contains(id, "://") || len(id) > 4*maxName {
		return nil, "", false
	}
	for rest := id; ; {
		i := strings.IndexByte(rest, '/')
		if i < 0 {
			if strings.EqualFold(rest, "UTC") || strings.EqualFold(rest, "GMT") {
				return time.UTC, "Etc/UTC", true
			}
			return nil, "", false
		}
		rest = rest[i+1:]
		if n := strings.Count(rest, "/"); n == 1 || n == 2 {
			if loc, ok := iana(rest); ok {
				return loc, rest, true
			}
		}
	}
}

// known looks at the names in a VTIMEZONE only: its X-LIC-LOCATION, and its TZID when that is what is asked.
func known(z *ical.Component, tzid string) (*time.Location, string, bool) {
	if loc, name, ok := Known(tzid); ok {
		return loc, name, true
	}
	if p := z.Prop("X-LIC-LOCATION"); p != nil {
		return Known(p.Value)
	}
	return nil, "", false
}

// unquote takes off blanks, quotes (some clients write them into the value) and TEXT escapes, which a name may carry in
// the VTIMEZONE ("\,") and not in the parameter.
func unquote(id string) string {
	id = strings.TrimSpace(id)
	if len(id) >= 2 && id[0] == '"' && id[len(id)-1] == '"' {
		id = strings.TrimSpace(id[1 : len(id)-1])
	}
	if strings.IndexByte(id, '\\') >= 0 {
		id = strings.NewReplacer(`\,`, `,`, `\;`, `;`, `\\`, `\`).Replace(id)
	}
	return id
}

// compile makes a zone of a VTIMEZONE, or finds what was made of the same octets before.
func compile(z *ical.Component, raw []byte) (*time.Location, error) {
	if z.Start < 0 || z.End <= z.Start || z.End > len(raw) {
		return build(z)
	}
	var err error
	loc, _ := compiled.get(sha256.Sum256(raw[z.Start:z.End]), func() (loc *time.Location) {
		loc, err = build(z)
		return loc
	})
	if loc == nil && err == nil { // known as bad: say why again
		return build(z)
	}
	return loc, err
}
