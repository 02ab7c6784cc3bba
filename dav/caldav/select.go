package caldav

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// search holds the objects of calendars against a filter: by their rows, then by their stored series, and by their text
// where neither tells.
type search struct {
	rq     *webdav.Request
	filter *filter.Filter
	rows   filter.Selection
	zone   *time.Location // of the request; nil: that of the calendar
	budget *spending
}

// newSearch reads CALDAV:filter and CALDAV:timezone of a calendar-query.
func newSearch(rq *webdav.Request) (*search, error) {
	f, err := filter.Parse(webdav.Find(rq.Body, calDAV("filter")))
	if err != nil {
		return nil, filterRefused(err)
	}
	loc, err := requestZone(rq)
	if err != nil {
		return nil, err
	}
	return &search{rq: rq, filter: f, rows: f.Select(), zone: loc, budget: spendingOf(rq)}, nil
}

// filterRefused turns a fault of a filter into its precondition.
func filterRefused(err error) error {
	return home.Refusals{Collation: ErrSupportedCollation, Supported: ErrSupportedFilter, Valid: ErrValidFilter}.Refuse(err)
}

// hit is an object that matches, or one that may.
type hit struct {
	id   int64
	sure bool
}

// page is how many objects are read in one statement.
const page = 500

// find decides all that needs no text, before anything is answered: so RFC 4791 §7.8 number-of-matches-within-limits can
// be the answer.
func (s *search) find(c *Calendar) ([]hit, error) {
	if s.rows.None {
		return nil, nil
	}
	defer s.budget.work()()
	sets := recur.NewDecoder(zone.NewResolver(nil, s.zoneOf(c)), &s.budget.Budget)
	var hits []hit
	for o, err := range s.rq.Tx.Outlines(c.Data.ID, s.outline()) {
		if err != nil {
			return nil, err
		}
		s.budget.rows++
		if c.Uneven() && !c.RightsTo(s.rq, o.ID).Has(privilege.Read) {
			continue
		}
		a, err := filter.Maybe, error(nil)
		if !c.Personal() { // else what the row says is not all seen
			a, err = s.decide(o, sets)
		}
		if errors.Is(err, recur.ErrBudget) {
			return nil, overBudgetAt(s.rq, c, o.ID)
		}
		if err != nil {
			return nil, err
		}
		if a != filter.No {
			hits = append(hits, hit{o.ID, a == filter.Yes})
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return cmp.Compare(a.id, b.id) }) // as the bodies lie
	if c.home.opt.BruteForce {
		return hits, s.compare(c, hits)
	}
	return hits, nil
}

func (s *search) zoneOf(c *Calendar) *time.Location {
	if s.zone != nil {
		return s.zone
	}
	return c.Zone()
}

// outline is what the store can search by. The ends need no widening: the columns are (index.go).
func (s *search) outline() store.Search {
	q := store.Search{Kinds: uint32(s.rows.Kinds), From: store.MinTime, To: store.MaxTime, Series: store.EverySeries}
	if !s.rows.From.IsZero() {
		q.From = s.rows.From.Unix()
	}
	if !s.rows.To.IsZero() {
		q.To = s.rows.To.Unix()
	}
	q.ByUID = s.rows.HasUID()
	q.UID, q.FoldUID = s.rows.PartOfUID()
	switch {
	case s.rows.HasUID():
	case s.rows.Exact:
		q.Series = store.NoSeries
	case s.rows.Within:
		q.Series = store.SeriesAcross
	}
	return q
}

// decide goes by the row where that tells, and by the series.
func (s *search) decide(o *store.Outline, sets *recur.Decoder) (filter.Answer, error) {
	switch {
	case o.Lies == store.Unknown, s.rows.HasUID() && o.UID == "": // the store gives it only where it searches by it
		return filter.Maybe, nil
	case !s.rows.HasUID() && (s.rows.Exact || s.rows.Within && o.Lies == store.Within):
		return filter.Yes, nil
	}
	set, err := s.budget.decoded(o, sets)
	if errors.Is(err, recur.ErrSeries) {
		return filter.Maybe, nil
	}
	if err != nil {
		return filter.Maybe, err
	}
	return s.filter.Decide(set, o.UID)
}

// decoded is the stored series of an object, valid until the next; recur.ErrSeries when only the text tells.
func (s *spending) decoded(o *store.Outline, sets *recur.Decoder) (*recur.Set, error) {
	if o.Lies == store.Unknown || o.Series == nil {
		return nil, recur.ErrSeries
	}
	s.series++
	return sets.Decode(o.Series)
}

// read yields the objects that find has found and that match by their text where it was not sure.
func (s *search) read(c *Calendar, hits []hit, want store.Want) iter.Seq2[*Object, error] {
	return func(yield func(*Object, error) bool) {
		for len(hits) > 0 {
			// Pages of one sort: where nothing has to be read, nothing is.
			n := 1
			for n < min(page, len(hits)) && hits[n].sure == hits[0].sure {
				n++
			}
			sure, ids := hits[0].sure, make([]int64, n)
			for i, h := range hits[:n] {
				ids[i] = h.id
			}
			hits = hits[n:]
			more := want
			if !sure {
				more |= store.Body
			}
			for row, err := range s.rq.Tx.ObjectsByID(c.Data.ID, more, ids) {
				if err != nil {
					yield(nil, err)
					return
				}
				o, err := c.object(s.rq, row)
				if err != nil {
					yield(nil, err)
					return
				}
				if o != nil && !s.offer(o, sure, yield) {
					return
				}
			}
		}
	}
}

// offer yields o when it matches; false ends the search.
func (s *search) offer(o *Object, sure bool, yield func(*Object, error) bool) bool {
	match := sure
	if !sure {
		var err error
		if match, err = s.byText(o); err != nil {
			yield(nil, err)
			return false
		}
	}
	return !match || yield(o, nil)
}

// compare holds hits against the text of every object.
func (s *search) compare(c *Calendar, hits []hit) error {
	found := map[int64]hit{}
	for _, h := range hits {
		found[h.id] = h
	}
	for row, err := range s.rq.Tx.Objects(c.Data.ID, store.Body) {
		if err != nil {
			return err
		}
		o, err := c.object(s.rq, row)
		if err != nil {
			return err
		}
		if o == nil {
			continue
		}
		match, err := s.byText(o)
		if err != nil {
			return err
		}
		if h, listed := found[o.Row.ID]; match && !listed || !match && h.sure {
			return fmt.Errorf("search: the index says %v of %q, its text %v:\n%s", listed, o.Row.Name, match, o.Row.Body)
		}
	}
	return nil
}

// byText decides by the object's body. A stored object that cannot be read matches nothing: it must not keep the
// others from being found.
func (s *search) byText(o *Object) (bool, error) {
	defer s.budget.work()()
	s.budget.texts++
	p, err := o.Parse(s.rq)
	if err != nil {
		unreadable(s.rq, o, err)
		return false, nil
	}
	seen := &filter.Object{Cal: p.cal, Zones: p.zonesIn(s.zone)}
	if s.filter.Timed() && expandable(p.cal) {
		if seen.Set, err = recur.Compile(p.cal, seen.Zones, &s.budget.Budget); err != nil {
			return false, failed(s.rq, o, err)
		}
	}
	match, err := s.filter.Match(seen)
	if err != nil {
		return false, failed(s.rq, o, err)
	}
	return match, nil
}

// zonesIn is how times of the object are read when floating ones are in loc; nil: in the calendar's zone.
func (p *parsed) zonesIn(loc *time.Location) *zone.Resolver {
	if loc == nil {
		return p.zones
	}
	return zone.NewResolver(p.cal, loc)
}

// expandable says whether the object has instances that recur expands.
func expandable(cal *ical.Calendar) bool {
	for _, c := range cal.Root.Children {
		switch c.Name {
		case "VEVENT", "VTODO", "VJOURNAL":
			return true
		}
	}
	return false
}

// reported is what calendar-query and calendar-multiget run on (RFC 4791 §7): calendars, the home (§7.2), objects.
type reported interface {
	webdav.Resource
	calendars(rq *webdav.Request, depth webdav.Depth, need privilege.Set) ([]*Calendar, error)
}

// gathering is a reported that is a collection: what free-busy-query runs on (§7.10).
type gathering interface {
	webdav.Collection
	reported
}

// calendars is the calendar itself. Clients that send no Depth mean 1, though RFC 4791 §7.8 has 0 for them.
func (c *Calendar) calendars(_ *webdav.Request, depth webdav.Depth, _ privilege.Set) ([]*Calendar, error) {
	if depth == webdav.Depth0 {
		return nil, nil
	}
	return []*Calendar{c}, nil
}

// calendars are all those of the home, whose objects are two steps away: RFC 4791 §7.2 has Depth decide.
func (h *Home) calendars(rq *webdav.Request, depth webdav.Depth, need privilege.Set) ([]*Calendar, error) {
	if depth != webdav.DepthInfinity {
		return nil, nil
	}
	var all []*Calendar
	for c, err := range h.each(rq, nil) {
		if err != nil {
			return nil, err
		}
		if rq.May(c, need) {
			all = append(all, c)
		}
	}
	return all, nil
}

// calendars are none: a report on an object is about it alone.
func (o *Object) calendars(*webdav.Request, webdav.Depth, privilege.Set) ([]*Calendar, error) {
	return nil, nil
}

// reports are those of RFC 4791 §7.
func reports(opt Options) []webdav.Report {
	return []webdav.Report{
		webdav.ReportOn(calDAV("calendar-query"), budgeted(opt, calendarQuery)),
		webdav.ReportOn(calDAV("calendar-multiget"), budgeted(opt, calendarMultiget)),
		webdav.ReportOn(calDAV("free-busy-query"), budgeted(opt, freeBusyQuery)).Needing(privilege.ReadFreeBusy).Hiding(), // §7.10
	}
}
