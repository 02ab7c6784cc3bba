package webdav

import (
	"errors"
	"net/http"
	"strings"

	"caldav-fcgi/store"
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
func (rq *Request) Prefer() Prefer {
	p := ParsePrefer(rq.Header)
	if _, further, ok := strings.Cut(rq.Header.Get("Depth"), ","); ok && strings.EqualFold(strings.TrimSpace(further), "noroot") {
		p.NoRoot = true // Microsoft's older "Depth: 1,noroot"
	}
	return p
}

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

// orRepresentation is the answer of a PUT, POST, COPY or MOVE, with what stands at p now where return=representation
// asks for it and it can be shown: RFC 8144 §3.1. A 204 becomes a 200.
func (rq *Request) orRepresentation(r Response, p Path) (Response, error) {
	if !rq.Prefer().Representation {
		return r, nil
	}
	if r.Status == http.StatusNoContent {
		r.Status = http.StatusOK
	}
	shown, ok, err := rq.representation(p, r.Status)
	if err != nil || ok {
		return shown, err
	}
	if r.Status == http.StatusOK {
		r.Status = http.StatusNoContent
	}
	return r, nil
}

// representation shows the object at p. It is sent after the transaction, so that one too large for memory is not shown.
func (rq *Request) representation(p Path, status int) (r Response, ok bool, err error) {
	res, err := rq.Find(p, store.Body)
	if err != nil {
		return r, false, err
	}
	o, ok := res.(Object)
	if !ok || !rq.May(res, readNeeded) {
		return r, false, nil
	}
	rep, err := o.Represent(rq)
	if err != nil || rep.Read != nil {
		return r, false, err
	}
	r = rep.response(status, span{length: rep.size()})
	r.Header.Add("Vary", "Prefer, Brief")
	r.Header.Set("Preference-Applied", "return=representation")
	r.Header.Set("Content-Location", rq.Base+p.String())
	return r, true, nil
}

// showState gives a PUT whose condition does not hold what stands there instead: RFC 8144 §3.2.
func (rq *Request) showState(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusPreconditionFailed || rq.Method != http.MethodPut || rq.Resource == nil || !rq.Prefer().Representation {
		return err
	}
	r, ok, failed := rq.representation(rq.Target, e.Status)
	switch {
	case failed != nil:
		return failed
	case !ok:
		return err
	}
	return &Failed{r}
}
