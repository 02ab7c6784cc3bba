package filter

import (
	"slices"

	"caldav-fcgi/dav/ical"
)

// paramFilter is CALDAV:param-filter (RFC 4791 §9.7.3). A default that RFC 5545 gives to a missing parameter is not
// taken for it: the parameter has to stand there.
type paramFilter struct {
	name   string // upper case
	absent bool
	text   *textMatch
}

func (f *paramFilter) holds(p *ical.Property) bool {
	if !p.HasParam(f.name) {
		return f.absent
	}
	if f.absent || f.text == nil {
		return !f.absent
	}
	for _, param := range p.Params {
		if param.Name == f.name && slices.ContainsFunc(param.Values, f.text.holds) {
			return true
		}
	}
	return false
}
