package ical

// Selection says which parts of a component to return (RFC 4791 §9.6, comp inside calendar-data). A nil *Selection
// is everything.
type Selection struct {
	AllProps, AllComps bool
	Props              map[string]bool       // upper-case name → novalue; not read when AllProps is set
	Comps              map[string]*Selection // by upper-case name; not read when AllComps is set
}

// Write writes what s selects of c, the component's own BEGIN and END always. What is not asked for is left out even where
// RFC 5545 requires it: RFC 4791 §9.6 allows that, and the client asked for it so.
func Write(w *Writer, c *Component, s *Selection) {
	if s == nil || s.AllProps && s.AllComps {
		w.Component(c)
		return
	}
	w.Begin(c.Name)
	for _, p := range c.Props {
		novalue, asked := s.Props[p.Name]
		switch {
		case s.AllProps, asked && !novalue:
			w.Property(p)
		case asked:
			w.NoValue(p)
		}
	}
	for _, k := range c.Children {
		if sub, asked := s.Comps[k.Name]; s.AllComps {
			w.Component(k)
		} else if asked {
			Write(w, k, sub)
		}
	}
	w.End(c.Name)
}

// Minimal selects what tells when something is and that it is the same thing as before, and nothing of what it is about.
func Minimal() *Selection {
	when := &Selection{Props: map[string]bool{}}
	for _, name := range []string{"UID", "DTSTAMP", "DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "RDATE", "EXDATE",
		"RECURRENCE-ID", "SEQUENCE", "TRANSP", "STATUS", "CLASS"} {
		when.Props[name] = false
	}
	return &Selection{
		Props: map[string]bool{"VERSION": false, "PRODID": false, "CALSCALE": false},
		Comps: map[string]*Selection{"VTIMEZONE": nil, "VEVENT": when, "VTODO": when, "VJOURNAL": when},
	}
}
