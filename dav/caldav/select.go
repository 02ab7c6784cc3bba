package caldav

import (
	"errors"
	"iter"
	"log/slog"
	"time"

	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/store"
)

// search holds the objects of calendars against a filter: by their rows as far as those go, by their text where they
// do not.
type search struct {
	rq     *webdav.Request
	filter *filter.Filter
	rows   filter.Selection
	zone   *time.Location // of the request; nil: that of the calendar
	budget recur.Budget
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
	return &search{rq: rq, filter: f, rows: f.Select(), zone: loc}, nil
}

// filterRefused turns a fault of a filter into its precondition.
func filterRefused(err error) error {
	var e *filter.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Condition == filter.SupportedCollation:
		return ErrSupportedCollation.With("%s", e.Text)
	case e.Condition == filter.SupportedFilter && e.Element != nil:
		return ErrSupportedFilter.Holding(func(w *webdav.Writer) {
			w.Empty(calDAV(e.Element.Tag), "name", e.Element.SelectAttrValue("name", ""))
		})
	}
	return ErrValidFilter.With("%s", e.Text)
}

// page is how many objects are read by name in one statement.
const page = 500

// in yields the objects of c that match. What a row decides is not read; what it does not decide is read in a second
// round, unless the answer shows the bodies anyway.
func (s *search) in(c *Calendar, want store.Want) iter.Seq2[*Object, error] {
	return func(yield func(*Object, error) bool) {
		if s.rows.None {
			return
		}
		from, to := s.bounds()
		first := want
		if s.rows.HasUID() { // few of many
			first &^= store.Body
		}
		var later []string
		for row, err := range s.rq.Tx.Candidates(c.row.ID, uint32(s.rows.Kinds), from, to, first) {
			if err != nil {
				yield(nil, err)
				return
			}
			o := &Object{row: *row, calendar: c}
			match, sure := s.byRow(&o.row)
			switch {
			case sure && !match:
				continue
			case !sure && first&store.Body == 0, first != want:
				later = append(later, o.row.Name)
				continue
			}
			if !s.offer(o, sure, yield) {
				return
			}
		}
		for len(later) > 0 {
			n := min(page, len(later))
			for row, err := range s.rq.Tx.Objects(c.row.ID, want|store.Body, later[:n]...) {
				if err != nil {
					yield(nil, err)
					return
				}
				o := &Object{row: *row, calendar: c}
				_, sure := s.byRow(&o.row)
				if !s.offer(o, sure, yield) {
					return
				}
			}
			later = later[n:]
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

// bounds are the ends of the time-range as the store counts. They need no widening: the columns are (index.go).
func (s *search) bounds() (from, to int64) {
	from, to = store.MinTime, store.MaxTime
	if !s.rows.From.IsZero() {
		from = s.rows.From.Unix()
	}
	if !s.rows.To.IsZero() {
		to = s.rows.To.Unix()
	}
	return from, to
}

// byRow decides by columns where they can.
func (s *search) byRow(row *store.Object) (match, sure bool) {
	if row.Index.Version != IndexVersion {
		return false, false
	}
	if s.rows.Kinds != 0 && ical.Kind(row.Kind)&s.rows.Kinds == 0 || !s.rows.UID(row.UID) {
		return false, true
	}
	if s.rows.Exact {
		return true, true
	}
	// All instances lie between first and last, so one does when these lie within the range. An object of no instance
	// has MaxTime for both.
	from, to := s.bounds()
	if s.rows.Within && (s.rows.From.IsZero() || row.First >= from && row.First < store.MaxTime) && (s.rows.To.IsZero() || row.Last <= to) {
		return true, true
	}
	return false, false
}

// byText decides by the object's body. A stored object that cannot be read matches nothing: it must not keep the
// others from being found.
func (s *search) byText(o *Object) (bool, error) {
	p, err := o.Parse(s.rq)
	if err != nil {
		unreadable(s.rq, o, err)
		return false, nil
	}
	seen := &filter.Object{Cal: p.cal, Zones: p.zonesIn(s.zone)}
	if s.filter.Timed() && expandable(p.cal) {
		if seen.Set, err = recur.Compile(p.cal, seen.Zones, &s.budget); err != nil {
			return false, s.failed(o, err)
		}
	}
	match, err := s.filter.Match(seen)
	if err != nil {
		return false, s.failed(o, err)
	}
	return match, nil
}

func (s *search) failed(o *Object, err error) error {
	if errors.Is(err, recur.ErrBudget) {
		return overBudget(o)
	}
	unreadable(s.rq, o, err)
	return nil
}

// overBudget: RFC 4791 §7.8. The object is named, since one alone can do it.
func overBudget(o *Object) error {
	return webdav.ErrMatchesWithinLimits.With("the recurrences asked for are too many; they ran out at %q", o.row.Name)
}

// unreadable logs a stored object that a report has to leave out.
func unreadable(rq *webdav.Request, o *Object, err error) {
	rq.Log.Warn("stored object left out of a report", slog.Int64("collection", o.row.Collection), slog.String("object", o.row.Name), slog.String("error", err.Error()))
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
	calendars(rq *webdav.Request, depth webdav.Depth) ([]*Calendar, error)
}

// gathering is a reported that is a collection: what free-busy-query runs on (§7.10).
type gathering interface {
	webdav.Collection
	reported
}

// calendars is the calendar itself. Clients that send no Depth mean 1, though RFC 4791 §7.8 has 0 for them.
func (c *Calendar) calendars(_ *webdav.Request, depth webdav.Depth) ([]*Calendar, error) {
	if depth == webdav.Depth0 {
		return nil, nil
	}
	return []*Calendar{c}, nil
}

// calendars are all those of the home, whose objects are two steps away: RFC 4791 §7.2 has Depth decide.
func (h *Home) calendars(rq *webdav.Request, depth webdav.Depth) ([]*Calendar, error) {
	if depth != webdav.DepthInfinity {
		return nil, nil
	}
	var all []*Calendar
	for row, err := range rq.Tx.Collections(h.row.ID) {
		if err != nil {
			return nil, err
		}
		if row.Kind == store.KindCalendar {
			kept := *row
			all = append(all, &Calendar{row: &kept, home: h})
		}
	}
	return all, nil
}

// calendars are none: a report on an object is about it alone.
func (o *Object) calendars(*webdav.Request, webdav.Depth) ([]*Calendar, error) { return nil, nil }

// path is where the object lies.
func (o *Object) path() webdav.Path { return o.calendar.path().Child(o.row.Name, false) }

// reports are those of RFC 4791 §7.
func reports() []webdav.Report {
	return []webdav.Report{
		webdav.ReportOn(calDAV("calendar-query"), calendarQuery),
		webdav.ReportOn(calDAV("calendar-multiget"), calendarMultiget),
		webdav.ReportOn(calDAV("free-busy-query"), freeBusyQuery),
	}
}
