package filter

import (
	"errors"
	"slices"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
	"caldav-fcgi/dav/zone"
)

// Filter is a CALDAV:filter, checked and ready.
type Filter struct {
	root  *compFilter // of VCALENDAR
	timed bool        // there is a time-range in it
}

// Object is a calendar object as Match looks at it. Set is needed for a filter that is Timed only.
type Object struct {
	Cal   *ical.Calendar
	Set   *recur.Set
	Zones *zone.Resolver
}

var errNoSet = errors.New("a filter with a time-range needs the object's instances")

// Timed says whether the filter asks for times.
func (f *Filter) Timed() bool { return f.timed }

// Match says whether the object is one of those looked for.
func (f *Filter) Match(o *Object) (bool, error) {
	if f.root.absent { // every object is a VCALENDAR
		return false, nil
	}
	return f.root.holds(o, o.Cal.Root)
}

// compFilter is CALDAV:comp-filter (RFC 4791 §9.7.1).
type compFilter struct {
	name   string // upper case
	absent bool
	span   *span
	props  []*propFilter
	comps  []*compFilter
}

// in says whether the filter is met within scope.
func (f *compFilter) in(o *Object, scope *ical.Component) (bool, error) {
	if f.name == "VALARM" && f.span != nil {
		return f.alarm(o, scope)
	}
	for _, c := range scope.Children {
		if c.Name != f.name {
			continue
		}
		if f.absent {
			return false, nil
		}
		if ok, err := f.holds(o, c); ok || err != nil {
			return ok, err
		}
	}
	return f.absent, nil
}

// holds checks one component: what costs least first.
func (f *compFilter) holds(o *Object, c *ical.Component) (bool, error) {
	for _, p := range f.props {
		if ok, err := p.holds(o, c); !ok || err != nil {
			return false, err
		}
	}
	for _, k := range f.comps {
		if ok, err := k.in(o, c); !ok || err != nil {
			return false, err
		}
	}
	if f.span == nil {
		return true, nil
	}
	return f.span.component(o, c, len(f.props)+len(f.comps) == 0)
}

// alarm looks for an alarm of scope that rings within the span, at any instance that scope describes.
func (f *compFilter) alarm(o *Object, scope *ical.Component) (bool, error) {
	if o.Set == nil {
		return false, errNoSet
	}
	bare := &compFilter{name: f.name, props: f.props, comps: f.comps}
	var wanted []*ical.Component
	for _, c := range scope.Kids("VALARM") {
		ok, err := bare.holds(o, c)
		if err != nil {
			return false, err
		}
		if ok {
			wanted = append(wanted, c)
		}
	}
	if len(wanted) == 0 {
		return false, nil
	}
	return o.Set.AlarmsOverlap(f.span.from, f.span.to, func(a *ical.Component) bool { return slices.Contains(wanted, a) })
}
