package recur

import (
	"errors"
	"iter"
	"strings"
	"time"

	"caldav-fcgi/dav/ical"
)

// Busy is a stretch of busy time (RFC 4791 §7.10). Type is a FBTYPE: BUSY, BUSY-TENTATIVE, BUSY-UNAVAILABLE.
type Busy struct {
	Start, End time.Time
	Type       string
}

// freeBusy is a period of a FREEBUSY property, in instants.
type freeBusy struct {
	start, end int64
	kind       string // "" is FREE
}

const (
	busy            = "BUSY"
	busyTentative   = "BUSY-TENTATIVE"
	busyUnavailable = "BUSY-UNAVAILABLE"
)

// busyKinds are stored by their place: append only.
var busyKinds = []string{"", busy, busyTentative, busyUnavailable}

// maxPeriods is for the FREEBUSY properties of one VFREEBUSY.
const maxPeriods = 100_000

var errTooManyPeriods = errors.New("more than 100000 periods")

// Busy yields the busy time of events and VFREEBUSYs in [from, to): neither clipped nor joined nor in order. Other kinds
// have none.
func (s *Set) Busy(from, to time.Time) iter.Seq2[Busy, error] {
	return func(yield func(Busy, error) bool) {
		w := newWindow(from, to)
		over := false
		give := func(start, end int64, kind string) error {
			if kind == "" || end <= start || w.lo >= end || w.hi <= start {
				return nil
			}
			if err := s.budget.instance(); err != nil {
				return err
			}
			if !yield(Busy{wallTime(start), wallTime(end), kind}, nil) {
				over = true
				return errStop
			}
			return nil
		}
		var err error
		switch s.kind {
		case ical.VFreeBusy:
			err = s.givePeriods(give)
		case ical.VEvent:
			kinds := make([]string, len(s.entries))
			any := false
			for i := range s.entries {
				kinds[i], _, _ = s.Fact(i, FactBusy)
				any = any || kinds[i] != ""
			}
			if any {
				err = s.walk(w, func(f *found) error { return give(f.start, f.end, kinds[f.part.comp]) })
			}
		}
		if err != nil && err != errStop && !over {
			yield(Busy{}, err)
		}
	}
}

func (s *Set) givePeriods(give func(start, end int64, kind string) error) error {
	for i := range s.loose {
		for _, b := range s.loose[i].busy {
			if err := s.budget.spend(1); err != nil {
				return err
			}
			if err := give(b.start, b.end, b.kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// busyType is the table of RFC 4791 §7.10; "" is FREE. An x-name of STATUS is BUSY.
func busyType(c *ical.Component) string {
	if p := c.Prop("TRANSP"); p != nil && strings.EqualFold(strings.TrimSpace(p.Value), "TRANSPARENT") {
		return ""
	}
	if p := c.Prop("STATUS"); p != nil {
		switch strings.ToUpper(strings.TrimSpace(p.Value)) {
		case "CANCELLED":
			return ""
		case "TENTATIVE":
			return busyTentative
		}
	}
	return busy
}

// placeBusy places a VFREEBUSY: its own range and its periods.
func (s *Set) placeBusy(p *part, e *entry) {
	// Only both together are a range (RFC 4791 §9.9).
	if p.hasStart = e.has&(hasStart|hasEnd) == hasStart|hasEnd; p.hasStart {
		p.hasEnd = true
		p.form, p.ends = s.form(e.start), s.form(e.end)
		p.start = e.start.Wall.Unix()
		p.unix = s.instant(e.start)
		p.end = max(p.unix, s.instant(e.end))
	}
	for i := range e.busy {
		one := s.periodPart(e.busy[i].Period)
		p.busy = append(p.busy, freeBusy{one.unix, one.end, busyKinds[e.busy[i].kind]})
	}
}
