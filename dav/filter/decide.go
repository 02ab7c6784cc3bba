package filter

import (
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/recur"
)

// Answer is what Decide says.
type Answer uint8

// In this order the smallest of several conditions is what all of them together are.
const (
	No    Answer = iota
	Maybe        // only the text tells
	Yes
)

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// Decide is Match for an object of which only a decoded Set and, when the filter has it, the UID are known.
func (f *Filter) Decide(set *recur.Set, uid string) (Answer, error) {
	if f.root.absent {
		return No, nil
	}
	all := Yes
	if len(f.root.props) > 0 {
		all = Maybe
	}
	for _, c := range f.root.comps {
		one := Maybe
		switch kind := ical.KindOf(c.name); {
		case kind == ical.VTimezone || kind == ical.Other:
		case kind != set.Kind():
			one = answer(c.absent)
		case c.absent:
			one = No
		default:
			var err error
			if one, err = c.decide(set, uid); err != nil {
				return Maybe, err
			}
		}
		if all = min(all, one); all == No {
			return No, nil
		}
	}
	return all, nil
}

// decide says whether any component of the object meets the filter; f is of their kind.
func (f *compFilter) decide(set *recur.Set, uid string) (Answer, error) {
	any, alone := No, true
	for i := range set.Components() {
		one := Yes
		for _, p := range f.props {
			if p.name != "UID" || p.span != nil || p.absent || len(p.params) > 0 {
				alone = false
			}
			one = min(one, p.decide(set, i, uid))
		}
		for _, k := range f.comps {
			alone = false
			a, err := k.inside(set, i)
			if err != nil {
				return Maybe, err
			}
			one = min(one, a)
		}
		any = max(any, one)
	}
	if any == No || f.span == nil {
		return any, nil
	}
	overlaps, err := set.Overlaps(f.span.from, f.span.to)
	switch {
	case err != nil || !overlaps:
		return No, err
	case alone || set.Components() == 1:
		return any, nil
	}
	return Maybe, nil // whose instance it is matters
}

// inside says whether component i has the component that f is about.
func (f *compFilter) inside(set *recur.Set, i int) (Answer, error) {
	switch n := set.Alarms(i); {
	case f.name != "VALARM":
		return Maybe, nil
	case n == 0:
		return answer(f.absent && f.span == nil), nil
	case f.absent && f.span == nil:
		return No, nil
	case len(f.props)+len(f.comps) > 0 || f.absent:
		return Maybe, nil
	case f.span == nil:
		return Yes, nil
	}
	rings, err := set.AlarmsOverlap(f.span.from, f.span.to, nil)
	switch {
	case err != nil || !rings:
		return No, err
	case set.Components() == 1:
		return Yes, nil
	}
	return Maybe, nil
}

var facts = map[string]recur.Fact{"CLASS": recur.FactClass, "STATUS": recur.FactStatus, "TRANSP": recur.FactTransp}

// decide says whether component i has such a property.
func (f *propFilter) decide(set *recur.Set, i int, uid string) Answer {
	if f.span != nil {
		return Maybe
	}
	fact, isFact := facts[f.name]
	switch {
	case f.name == "UID":
		if f.absent || len(f.params) > 0 {
			return Maybe
		}
		return answer(f.text == nil || f.text.holds(uid))
	case f.name == "COMPLETED" && set.Kind() == ical.VTodo:
		if done := set.Completed(i); !done || f.absent {
			return answer(done != f.absent)
		}
		if f.text == nil && len(f.params) == 0 {
			return Yes
		}
	case isFact:
		value, there, known := set.Fact(i, fact)
		switch {
		case !there || f.absent:
			return answer(there != f.absent)
		case len(f.params) > 0:
		case f.text == nil:
			return Yes
		case known:
			return answer(f.text.holds(value))
		}
	}
	return Maybe
}
