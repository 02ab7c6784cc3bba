package caldav

import (
	"errors"
	"net/http"
	"slices"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// maxHrefs is ten times what the greediest client sends.
const maxHrefs = 5000

// calendarMultiget is RFC 4791 §7.9. Depth is left aside.
func calendarMultiget(rq *webdav.Request, on reported) (webdav.Response, error) {
	sel, err := selectWithData(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	var hrefs []*etree.Element
	for _, el := range rq.Body.ChildElements() {
		if webdav.NameOf(el) == webdav.DAV("href") {
			hrefs = append(hrefs, el)
		}
	}
	if len(hrefs) > maxHrefs {
		return webdav.Response{}, webdav.ErrMatchesWithinLimits.With("%d hrefs in one calendar-multiget, at most %d are answered", len(hrefs), maxHrefs)
	}
	if _, ok := on.(*Object); ok {
		if len(hrefs) != 1 {
			return webdav.Response{}, webdav.BadRequest("a calendar-multiget on an object has one href, that of the object, not %d", len(hrefs))
		}
		if p, err := rq.ParseHref(hrefs[0].Text()); err != nil || !p.Same(rq.Target) {
			return webdav.Response{}, webdav.BadRequest("a calendar-multiget on an object is about that object, not %q", hrefs[0].Text())
		}
	}
	return webdav.Response{Header: rq.Preferred(), Stream: func(w *webdav.Writer) error {
		w.Multistatus()
		wanted := groupHrefs(rq, hrefs, w)
		for _, group := range wanted {
			if err := group.answer(rq, on, sel, w); err != nil {
				return err
			}
		}
		w.Close()
		return nil
	}}, nil
}

// members are names asked for in one collection.
type members struct {
	of      webdav.Path
	names   []string
	slashed map[string]bool // which names were asked for with a slash at the end: an answer has the client's own href
}

// groupHrefs sorts the hrefs by the collection they lie in, each once. Those that are no address of ours are
// answered at once: one wrong href fails itself only.
func groupHrefs(rq *webdav.Request, hrefs []*etree.Element, w *webdav.Writer) []*members {
	var groups []*members
	at := map[string]*members{}
	seen := map[string]bool{}
	var g *members
	for _, el := range hrefs {
		path, err := rq.ParseHref(el.Text())
		if err != nil || len(path.Segments) == 0 {
			if seen[el.Text()] {
				continue
			}
			seen[el.Text()] = true
			w.Raw("<d:response>")
			w.Address(webdav.TextOf(el))
			w.Status(http.StatusNotFound)
			w.Raw("</d:response>\n")
			continue
		}
		slash := path.Slash
		path.Slash = false
		if parent := path.Parent(); g == nil || !g.of.Same(parent) { // nearly always all lie in one
			if g = at[parent.String()]; g == nil {
				g = &members{of: parent, slashed: map[string]bool{}}
				groups, at[parent.String()] = append(groups, g), g
			}
		}
		name := path.Last()
		if _, again := g.slashed[name]; again {
			continue
		}
		g.names = append(g.names, name)
		g.slashed[name] = slash
	}
	return groups
}

// answer writes a response for each name: the object, or that there is none here. Nothing outside of the resource
// the report is run on is looked at.
func (m *members) answer(rq *webdav.Request, on reported, sel *webdav.Selection, w *webdav.Writer) error {
	c, err := m.calendar(rq, on)
	if err != nil {
		return err
	}
	found := map[string]bool{}
	if c != nil {
		for res, err := range c.Members(rq, m.names, sel.Want()) {
			if err != nil {
				return err
			}
			if !rq.May(res, privilege.Read) {
				continue
			}
			found[res.Name()] = true
			if err := sel.Response(w, m.of.Child(res.Name(), false), res); err != nil {
				return err
			}
			if err := w.Flush(); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.DeleteFunc(m.names, func(n string) bool { return found[n] }) {
		w.StatusResponse(m.of.Child(name, m.slashed[name]), http.StatusNotFound, nil)
	}
	return w.Flush()
}

// calendar is the one that the names lie in, nil when the report does not reach it.
func (m *members) calendar(rq *webdav.Request, on reported) (*Calendar, error) {
	switch on := on.(type) {
	case *Object:
		return on.calendar, nil // the href was compared
	case *Calendar:
		if m.of.Same(on.Path()) {
			return on, nil
		}
	case *Home:
		if len(m.of.Segments) == len(on.Path().Segments)+1 && m.of.Within(on.Path()) {
			c, err := on.calendar(rq, m.of.Last())
			if errors.Is(err, store.ErrNotFound) || err == nil && !rq.May(c, privilege.Read) {
				return nil, nil
			}
			return c, err
		}
	}
	return nil, nil
}
