package filter

import "caldav-fcgi/dav/ical"

// propFilter is CALDAV:prop-filter (RFC 4791 §9.7.2).
type propFilter struct {
	name   string // upper case
	absent bool
	span   *span
	text   *textMatch
	params []*paramFilter
}

// holds says whether one property of c meets all conditions.
func (f *propFilter) holds(o *Object, c *ical.Component) (bool, error) {
	found := false
	for _, p := range c.Props {
		if p.Name != f.name {
			continue
		}
		if f.absent {
			return false, nil
		}
		found = true
		if !f.describes(p) {
			continue
		}
		if f.span == nil {
			return true, nil
		}
		if ok, err := f.span.property(o, c, p); ok || err != nil {
			return ok, err
		}
	}
	if found || f.absent {
		return f.absent, nil
	}
	if f.span != nil && len(f.params) == 0 {
		return f.span.effectiveEnd(o, c, f.name)
	}
	return false, nil
}

// describes checks text and parameters.
func (f *propFilter) describes(p *ical.Property) bool {
	for _, param := range f.params {
		if !param.holds(p) {
			return false
		}
	}
	return f.text == nil || f.text.holds(p.Text())
}
