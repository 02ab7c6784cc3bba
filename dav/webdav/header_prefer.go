package webdav

import (
	"net/http"
	"strings"
)

// Prefer is what RFC 7240 and RFC 8144 let a client ask for.
type Prefer struct {
	Minimal, Representation, NoRoot bool
}

// ParsePrefer reads Prefer and Microsoft's older Brief: t, which means return=minimal. What it does not know it
// leaves out (RFC 7240 §2); of two preferences the first holds.
func ParsePrefer(h http.Header) Prefer {
	var p Prefer
	for _, line := range h.Values("Prefer") {
		for _, item := range strings.Split(line, ",") {
			item, _, _ = strings.Cut(item, ";")
			key, value, _ := strings.Cut(item, "=")
			value = strings.Trim(strings.TrimSpace(value), `"`)
			switch strings.ToLower(strings.TrimSpace(key)) {
			case "return":
				if p.Minimal || p.Representation {
					continue
				}
				p.Minimal = strings.EqualFold(value, "minimal")
				p.Representation = strings.EqualFold(value, "representation")
			case "return-minimal":
				p.Minimal = !p.Representation
			case "return-representation":
				p.Representation = !p.Minimal
			case "depth-noroot":
				p.NoRoot = true
			}
		}
	}
	if strings.EqualFold(strings.TrimSpace(h.Get("Brief")), "t") && !p.Representation {
		p.Minimal = true
	}
	return p
}

// Prefer reads the request's preferences.
func (rq *Request) Prefer() Prefer { return ParsePrefer(rq.Header) }

// Preferred returns the headers of an answer that honoured return=minimal where it was asked for, and these further
// preferences: RFC 7240 §3.
func (rq *Request) Preferred(further ...string) http.Header {
	var names []string
	if rq.Prefer().Minimal {
		names = append(names, "return=minimal")
	}
	names = append(names, further...)
	h := http.Header{"Vary": {"Prefer, Brief"}}
	if len(names) > 0 {
		h.Set("Preference-Applied", strings.Join(names, ", "))
	}
	return h
}
