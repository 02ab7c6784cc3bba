package home

import (
	"errors"
	"net/http"
	"slices"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// MaxHrefs is ten times what the greediest client sends.
const MaxHrefs = 5000

// Multiget is a report that names objects by their hrefs: RFC 4791 §7.9, RFC 6352 §8.7. Depth is left aside.
type Multiget struct {
	Select *webdav.Selection
	// In finds the collection at a path; store.ErrNotFound where the report does not reach: nothing outside of the resource
	// that it is run on is looked at.
	In func(webdav.Path) (webdav.Collection, error)
	// Refuse is asked before an object is shown; its error is the object's answer, with a status. Nil: nothing is refused.
	Refuse func(webdav.Resource) (int, error)
}

// Answer writes a response for each href.
func (m *Multiget) Answer(rq *webdav.Request) (webdav.Response, error) {
	var hrefs []*etree.Element
	for _, el := range rq.Body.ChildElements() {
		if webdav.NameOf(el) == webdav.DAV("href") {
			hrefs = append(hrefs, el)
		}
	}
	if len(hrefs) > MaxHrefs {
		return webdav.Response{}, webdav.ErrMatchesWithinLimits.With("%d hrefs in one %s, at most %d are answered", len(hrefs), rq.Body.Tag, MaxHrefs)
	}
	if _, ok := rq.Resource.(webdav.Collection); !ok {
		if len(hrefs) != 1 {
			return webdav.Response{}, webdav.BadRequest("a %s on an object has one href, that of the object, not %d", rq.Body.Tag, len(hrefs))
		}
		if p, err := rq.ParseHref(hrefs[0].Text()); err != nil || !p.Same(rq.Target) {
			return webdav.Response{}, webdav.BadRequest("a %s on an object is about that object, not %q", rq.Body.Tag, hrefs[0].Text())
		}
	}
	return webdav.Response{Header: rq.Preferred(), Stream: func(w *webdav.Writer) error {
		w.Multistatus()
		for _, group := range groupHrefs(rq, hrefs, w) {
			if err := m.group(rq, group, w); err != nil {
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

// group writes a response for each name: the object, or that there is none here.
func (m *Multiget) group(rq *webdav.Request, g *members, w *webdav.Writer) error {
	found := map[string]bool{}
	c, err := m.In(g.of)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if err == nil {
		for res, err := range c.Members(rq, g.names, m.Select.Want()) {
			if err != nil {
				return err
			}
			if !rq.May(res, privilege.Read) {
				continue
			}
			found[res.Name()] = true
			if err := m.one(g.of.Child(res.Name(), false), res, w); err != nil {
				return err
			}
		}
	}
	for _, name := range slices.DeleteFunc(g.names, func(n string) bool { return found[n] }) {
		w.StatusResponse(g.of.Child(name, g.slashed[name]), http.StatusNotFound, nil)
	}
	return w.Flush()
}

func (m *Multiget) one(path webdav.Path, res webdav.Resource, w *webdav.Writer) error {
	if m.Refuse != nil {
		if status, err := m.Refuse(res); err != nil {
			w.StatusResponse(path, status, err)
			return w.Flush()
		}
	}
	if err := m.Select.Response(w, path, res); err != nil {
		return err
	}
	return w.Flush()
}
