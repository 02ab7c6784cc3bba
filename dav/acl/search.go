package acl

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// The limits of one search. The directory is read once, whatever is searched for.
const (
	maxMatches = 500
	maxTerms   = 32
)

// term is what one property, or any of them, must hold.
type term struct {
	props []webdav.Name
	text  string // prepared
	kind  string // contains, starts-with, ends-with, equals: an attribute of clients from Apple
}

// collation: RFC 3744 §9.4 leaves it to the server and asks for caseless parts of a text.
const collation = filter.UnicodeCasemap

func newTerm(match *etree.Element, props ...webdav.Name) term {
	return term{props: props, text: collation.Prepare(webdav.TextOf(match)), kind: match.SelectAttrValue("match-type", "contains")}
}

func (t term) matches(texts map[webdav.Name][]string) bool {
	return slices.ContainsFunc(t.props, func(n webdav.Name) bool {
		return slices.ContainsFunc(texts[n], t.in)
	})
}

func (t term) in(s string) bool {
	s = collation.Prepare(s)
	switch t.kind {
	case "starts-with":
		return strings.HasPrefix(s, t.text)
	case "ends-with":
		return strings.HasSuffix(s, t.text)
	case "equals":
		return s == t.text
	}
	return strings.Contains(s, t.text)
}

// search is a question to the directory.
type search struct {
	kinds []store.PrincipalKind
	terms []term
	any   bool // one term is enough
	limit int  // how many the client wants; 0: it did not say
}

// where reads of which kinds the principals are that a search is about (RFC 3744 §9.4).
func where(rq *webdav.Request) ([]store.PrincipalKind, error) {
	res := rq.Resource
	if webdav.Find(rq.Body, webdav.DAV("apply-to-principal-collection-set")) != nil {
		at := webdav.P("principals")
		root, err := rq.Find(at, 0)
		if err != nil {
			return nil, err
		}
		if !rq.May(root, privilege.Read) { // what everybody may read may be asked by nobody
			return nil, webdav.NeedPrivileges(at, privilege.Read)
		}
		res = root
	}
	return principal.Below(res), nil
}

// limit reads how many answers a client wants, as its maker writes it: DAV:limit or CS:limit.
func limit(el *etree.Element) (int, error) {
	for _, space := range []string{webdav.NSDAV, webdav.NSCalendarServer} {
		l := webdav.Find(el, webdav.Name{Space: space, Local: "limit"})
		if l == nil {
			continue
		}
		for _, c := range l.ChildElements() {
			if c.Tag != "nresults" {
				continue
			}
			n, err := strconv.Atoi(webdav.TextOf(c))
			if err != nil || n < 1 {
				return 0, webdav.BadRequest("nresults %q is no number above 0", webdav.TextOf(c))
			}
			return n, nil
		}
	}
	return 0, nil
}

// onlyDepth0: RFC 3744 §9.2-9.5 define these reports for Depth 0 alone; RFC 3253 §3.6 makes that the default.
func onlyDepth0(rq *webdav.Request) error {
	d, err := rq.Depth()
	if err == nil && d != webdav.Depth0 && d != webdav.DepthAbsent {
		err = webdav.BadRequest("%s takes Depth 0", rq.Body.Tag)
	}
	return err
}

// answer runs the search. Who has been switched off is not found.
func (s search) answer(rq *webdav.Request) (webdav.Response, error) {
	sel, err := properties3744(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	found, more, err := s.run(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	if more && s.limit == 0 { // RFC 3744 §9.4
		return webdav.Response{}, webdav.ErrMatchesWithinLimits.With("more than %d principals match", maxMatches)
	}
	return webdav.Response{Header: rq.Preferred(), Stream: func(w *webdav.Writer) error {
		w.Multistatus()
		for _, l := range found {
			p, err := principal.Open(rq, l)
			if err != nil {
				return err
			}
			if err := sel(w, p.Path(), p); err != nil {
				return err
			}
			if err := w.Flush(); err != nil {
				return err
			}
		}
		if more { // as RFC 6578 §3.6 says it of another report
			w.StatusResponse(rq.Target, http.StatusInsufficientStorage, webdav.ErrMatchesWithinLimits)
		}
		w.Close()
		return nil
	}}, nil
}

func (s search) run(rq *webdav.Request) (found []store.Listed, more bool, err error) {
	if len(s.kinds) == 0 {
		return nil, false, nil
	}
	sight, err := rq.Sight()
	if err != nil {
		return nil, false, err
	}
	most := maxMatches
	if s.limit > 0 {
		most = min(most, s.limit)
	}
	for l, err := range rq.Tx.Directory(sight, s.kinds...) {
		if err != nil {
			return nil, false, err
		}
		if l.Disabled || !s.matches(principal.Texts(l)) {
			continue
		}
		if len(found) == most {
			return found, true, nil
		}
		found = append(found, l)
	}
	return found, false, nil
}

func (s search) matches(texts map[webdav.Name][]string) bool {
	if s.any {
		return slices.ContainsFunc(s.terms, func(t term) bool { return t.matches(texts) })
	}
	return !slices.ContainsFunc(s.terms, func(t term) bool { return !t.matches(texts) })
}

// properties3744 writes the response of one principal: with the properties asked for, or, where there is no DAV:prop, that
// it is there.
func properties3744(rq *webdav.Request) (func(*webdav.Writer, webdav.Path, webdav.Resource) error, error) {
	if webdav.Find(rq.Body, webdav.DAV("prop")) == nil {
		return func(w *webdav.Writer, p webdav.Path, _ webdav.Resource) error {
			w.StatusResponse(p, http.StatusOK, nil)
			return nil
		}, nil
	}
	sel, err := rq.Select(rq.Body)
	if err != nil {
		return nil, err
	}
	return sel.Response, nil
}
