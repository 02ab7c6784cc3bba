package caldav

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// freeBusyQuery is RFC 4791 §7.10. A calendar that is asked answers even if it is transparent; a home leaves its
// transparent ones out.
func freeBusyQuery(rq *webdav.Request, on gathering) (webdav.Response, error) {
	from, to, err := freeBusyRange(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	depth, err := rq.Depth()
	if err != nil {
		return webdav.Response{}, err
	}
	_, home := on.(*Home)
	if home && depth != webdav.Depth0 {
		depth = webdav.DepthInfinity // "nothing busy" would be a wrong answer to Depth 1, which reaches no object
	}
	calendars, err := on.calendars(rq, depth, privilege.ReadFreeBusy)
	if err != nil {
		return webdav.Response{}, err
	}
	q := busyQuery{rq: rq, from: from, to: to, budget: spendingOf(rq)}
	for _, c := range calendars {
		if home && c.Row.Transparent {
			continue
		}
		if err := q.add(c); err != nil {
			return webdav.Response{}, err
		}
	}
	q.busy = append(q.busy, q.hours.Busy()...) // RFC 7953 §4: events and VFREEBUSY lie over it
	body, err := q.answer(recur.Merge(q.busy))
	if err != nil {
		return webdav.Response{}, err
	}
	media := mediaType
	if formOf(rq).jcal {
		cal, err := ical.Parse(body)
		if err != nil {
			return webdav.Response{}, webdav.ErrMatchesWithinLimits.With("too many periods for jCal") // our own text is well formed
		}
		media, body = mediaJCal, ical.JCal(cal.Root)
	}
	return webdav.Response{Status: http.StatusOK, Header: http.Header{"Content-Type": {media}, "Vary": {"Accept"}, "Cache-Control": {"private, no-cache"}},
		Stream: func(w *webdav.Writer) error { return w.Octets(body) }}, nil
}

// freeBusyRange reads the one time-range. Both ends are needed: an endless series is busy for ever.
func freeBusyRange(rq *webdav.Request) (from, to time.Time, err error) {
	el := webdav.Find(rq.Body, calDAV("time-range"))
	if el == nil {
		return from, to, webdav.BadRequest("a free-busy-query needs a time-range")
	}
	if from, to, err = filter.ParseTimeRange(el); err != nil {
		return from, to, webdav.BadRequest("free-busy-query: %v", err)
	}
	if el.SelectAttr("start") == nil || el.SelectAttr("end") == nil {
		return from, to, webdav.BadRequest("the time-range of a free-busy-query needs both start and end")
	}
	return from, to, nil
}

// busyQuery gathers busy times.
type busyQuery struct {
	rq       *webdav.Request
	from, to time.Time
	budget   *spending
	busy     []recur.Busy
	merged   int          // how many there were when they were merged last
	hours    recur.Layers // what VAVAILABILITYs say
}

// add looks at the events of the range, at every VFREEBUSY, whose periods need not lie between its dates, and at every
// VAVAILABILITY (RFC 7953 §7.2.3).
func (q *busyQuery) add(c *Calendar) error {
	if !q.rq.May(c, privilege.ReadFreeBusy) {
		return nil
	}
	defer q.budget.work()()
	sets := recur.NewDecoder(zone.NewResolver(nil, c.Zone()), &q.budget.Budget)
	var later []int64
	for _, part := range []struct {
		kind     ical.Kind
		from, to int64
	}{{ical.VEvent, q.from.Unix(), q.to.Unix()}, {ical.VFreeBusy | ical.VAvailability, store.MinTime, store.MaxTime}} {
		for o, err := range q.rq.Tx.Outlines(c.Data.ID, store.Search{Kinds: uint32(part.kind), From: part.from, To: part.to, Series: store.EverySeries}) {
			if err != nil {
				return err
			}
			q.budget.rows++
			if !c.RightsTo(q.rq, o.ID).Has(privilege.ReadFreeBusy) {
				continue
			}
			set, err := (*recur.Set)(nil), recur.ErrSeries
			if c.View() != privilege.NoPrivate { // else the text tells what is seen
				set, err = q.budget.decoded(o, sets)
			}
			if err == nil {
				err = q.set(set)
			}
			switch {
			case errors.Is(err, recur.ErrSeries):
				if o.Lies != store.Unknown || part.kind == ical.VEvent { // those come in both rounds
					later = append(later, o.ID)
				}
			case errors.Is(err, recur.ErrBudget):
				return overBudgetAt(q.rq, c, o.ID)
			case err != nil:
				return err
			}
		}
	}
	for ids := range slices.Chunk(later, page) {
		for row, err := range q.rq.Tx.ObjectsByID(c.Data.ID, store.Body, ids) {
			if err != nil {
				return err
			}
			o, err := c.object(q.rq, row)
			if err != nil {
				return err
			}
			if o == nil {
				continue
			}
			if err := q.object(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// minMerged is how many periods are always held.
const minMerged = 4096

func (q *busyQuery) set(set *recur.Set) error {
	for b, err := range set.Busy(q.from, q.to) {
		if err != nil {
			return err
		}
		q.busy = append(q.busy, b)
		if len(q.busy) > 2*q.merged+minMerged { // what lies over each other is not held until the end
			q.busy = recur.Merge(q.busy)
			q.merged = len(q.busy)
		}
	}
	return nil
}

func (q *busyQuery) object(o *Object) error {
	q.budget.texts++
	p, err := o.Parse(q.rq)
	if err != nil {
		unreadable(q.rq, o, err)
		return nil
	}
	if ical.Kind(o.Row.Kind) == ical.VAvailability {
		return q.availability(o, p)
	}
	set, err := recur.Compile(p.cal, p.zones, &q.budget.Budget)
	if err == nil {
		err = q.set(set)
	}
	return failed(q.rq, o, err)
}

func (q *busyQuery) availability(o *Object, p *parsed) error {
	a, err := recur.Availability(p.cal, p.zones, &q.budget.Budget)
	if err != nil {
		return failed(q.rq, o, err)
	}
	return failed(q.rq, o, a.Add(&q.hours, q.from, q.to))
}

// productID is the PRODID of calendar text that is ours.
const productID = "-//caldav-fcgi//caldav-fcgi//EN"

// answer writes the VFREEBUSY. Periods are cut to the range that was asked for.
func (q *busyQuery) answer(busy []recur.Busy) ([]byte, error) {
	var out bytes.Buffer
	w := ical.NewWriter(&out)
	stamp := func(name string, t time.Time) { w.Property(ical.Time{Wall: t.UTC(), UTC: true}.Property(name)) }
	w.Begin("VCALENDAR")
	w.Property(ical.NewProp("VERSION", "2.0"))
	w.Property(ical.NewProp("PRODID", productID))
	w.Begin("VFREEBUSY")
	w.Property(ical.NewProp("UID", q.uid()))
	stamp("DTSTAMP", q.rq.Tx.Now)
	stamp("DTSTART", q.from)
	stamp("DTEND", q.to)
	for _, b := range busy {
		start, end := b.Start, b.End
		if start.Before(q.from) {
			start = q.from
		}
		if end.After(q.to) {
			end = q.to
		}
		if !start.Before(end) {
			continue
		}
		var params []ical.Param
		if b.Type != "" && b.Type != "BUSY" { // the default
			params = append(params, ical.Param{Name: "FBTYPE", Values: []string{b.Type}})
		}
		w.Property(ical.NewProp("FREEBUSY", ical.Time{Wall: start.UTC(), UTC: true}.String()+"/"+exactLength(end.Sub(start)).String(), params...))
	}
	w.End("VFREEBUSY")
	w.End("VCALENDAR")
	if err := w.Err(); err != nil {
		return nil, fmt.Errorf("write the free-busy answer: %w", err)
	}
	return out.Bytes(), nil
}

// uid is one for each question: RFC 5545 §3.6.4 demands one, and RFC 4791 forgets it.
func (q *busyQuery) uid() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d %d", q.rq.Target, q.from.Unix(), q.to.Unix(), q.rq.Tx.Now.Unix()))
	return hex.EncodeToString(sum[:16])
}

// exactLength is a length in hours and less, which no change of the clocks touches.
func exactLength(d time.Duration) ical.Duration {
	s := int(d / time.Second)
	return ical.Duration{Hours: s / 3600, Minutes: s / 60 % 60, Seconds: s % 60}
}
