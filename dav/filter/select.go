package filter

import (
	"time"

	"caldav-fcgi/dav/ical"
)

// Selection is what of a filter can be decided by an object's row, without its text. It never rules out an object
// that matches.
type Selection struct {
	None     bool      // nothing can match
	Kinds    ical.Kind // the object's own kind is one of these; 0 for any
	From, To time.Time // it has an instance here; zero is an open end
	Exact    bool      // Kinds and UID decide alone
	Within   bool      // and so they do for an object all of whose instances lie between From and To
	uids     []*textMatch
}

// PartOfUID is a text that the UID has in it, "" when nothing is asked of the UID that could be searched for. fold: it is in
// upper case and the UID's ASCII letters are to be read so.
func (s *Selection) PartOfUID() (part string, fold bool) {
	for _, t := range s.uids {
		if !t.negate && t.part != "" && t.collation != UnicodeCasemap {
			return t.part, t.collation == ASCIICasemap
		}
	}
	return "", false
}

// HasUID says whether the filter asks for the UID.
func (s *Selection) HasUID() bool { return len(s.uids) > 0 }

// UID says whether an object with this UID may match.
func (s *Selection) UID(uid string) bool {
	for _, t := range s.uids {
		if !t.holds(uid) {
			return false
		}
	}
	return true
}

const everyKind = ical.VEvent | ical.VTodo | ical.VJournal | ical.VFreeBusy | ical.VAvailability | ical.VPoll | ical.Other

// Select takes from the filter what rows can decide. An object holds components of one kind, and VTIMEZONEs.
func (f *Filter) Select() Selection {
	s := Selection{Exact: true}
	if f.root.absent {
		return Selection{None: true}
	}
	if len(f.root.props) > 0 {
		s.Exact = false
	}
	kinds := everyKind
	spans, rest := 0, false
	for _, c := range f.root.comps {
		kind := ical.KindOf(c.name)
		switch {
		case kind == ical.VTimezone || kind == ical.Other && c.absent:
			s.Exact = false
			continue
		case c.absent:
			kinds &^= kind
			continue
		}
		kinds &= kind
		if kind == ical.Other {
			s.Exact = false
		}
		only := len(c.comps) == 0
		for _, p := range c.props {
			// All components of an object have one UID, and each has exactly one.
			if p.name == "UID" && p.span == nil && !p.absent && len(p.params) == 0 {
				if p.text != nil {
					s.uids = append(s.uids, p.text)
				}
				continue
			}
			only = false
		}
		if c.span == nil {
			s.Exact = s.Exact && only
			continue
		}
		spans++
		rest = rest || !only
		s.narrow(kind, c.span)
	}
	s.Within = s.Exact && spans == 1 && !rest && kinds&^(ical.VEvent|ical.VTodo|ical.VJournal) == 0
	s.Exact = s.Exact && spans == 0
	if kinds == 0 {
		return Selection{None: true}
	}
	if kinds != everyKind {
		s.Kinds = kinds
	}
	return s
}

// narrow takes over a time-range. That of a VAVAILABILITY says nothing about instances.
func (s *Selection) narrow(kind ical.Kind, t *span) {
	if kind&(ical.VEvent|ical.VTodo|ical.VJournal|ical.VFreeBusy) == 0 {
		return
	}
	if t.from.After(s.From) {
		s.From = t.from
	}
	if !t.to.IsZero() && (s.To.IsZero() || t.to.Before(s.To)) {
		s.To = t.to
	}
}
