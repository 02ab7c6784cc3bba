package acl

import (
	"errors"

	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// maxMet is how many resources a principal-match looks at.
const maxMet = 20_000

// principalMatch is RFC 3744 §9.3: what is the caller, or a group that he is in; or whose property names one of these.
func principalMatch(rq *webdav.Request, res webdav.Collection) (webdav.Response, error) {
	if err := onlyDepth0(rq); err != nil {
		return webdav.Response{}, err
	}
	self, by := webdav.Find(rq.Body, webdav.DAV("self")), webdav.Find(rq.Body, webdav.DAV("principal-property"))
	if (self == nil) == (by == nil) || by != nil && len(by.ChildElements()) != 1 {
		return webdav.Response{}, webdav.BadRequest("principal-match needs either self, or principal-property with one property")
	}
	write, err := properties3744(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	if self != nil {
		mine, err := principal.Mine(rq, rq.Target)
		if err != nil {
			return webdav.Response{}, err
		}
		return webdav.Response{Header: rq.Preferred(), Stream: func(w *webdav.Writer) error {
			w.Multistatus()
			for _, p := range mine {
				if err := write(w, p.Path(), p); err != nil {
					return err
				}
			}
			w.Close()
			return nil
		}}, nil
	}
	mine, err := principal.Mine(rq, webdav.P())
	if err != nil {
		return webdav.Response{}, err
	}
	m := &matching{rq: rq, by: webdav.NameOf(by.ChildElements()[0]), write: write, mine: map[string]bool{}}
	for _, p := range mine {
		m.mine[p.Path().String()] = true
	}
	return webdav.Response{Header: rq.Preferred(), Stream: func(w *webdav.Writer) error {
		w.Multistatus()
		if err := m.within(w, rq.Target, res); err != nil {
			return err
		}
		w.Close()
		return nil
	}}, nil
}

// matching is a walk through a collection.
type matching struct {
	rq    *webdav.Request
	by    webdav.Name
	write func(*webdav.Writer, webdav.Path, webdav.Resource) error
	mine  map[string]bool // the paths of the caller and his groups
	met   int
}

func (m *matching) within(w *webdav.Writer, at webdav.Path, c webdav.Collection) error {
	if len(at.Segments) >= webdav.MaxSegments {
		return nil
	}
	for res, err := range c.Members(m.rq, nil, store.Want(0)) {
		if err != nil {
			return err
		}
		if !m.rq.May(res, privilege.Read) {
			continue
		}
		if m.met++; m.met > maxMet {
			return webdav.ErrMatchesWithinLimits.With("principal-match looks at %d resources at most", maxMet)
		}
		below, isCollection := res.(webdav.Collection)
		path := at.Child(res.Name(), isCollection)
		ok, err := m.matches(path, res)
		if err != nil {
			return err
		}
		if ok {
			if err := m.write(w, path, res); err != nil {
				return err
			}
		}
		if isCollection {
			if err := m.within(w, path, below); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *matching) matches(path webdav.Path, res webdav.Resource) (bool, error) {
	value, err := m.rq.Value(path, res, m.by)
	if errors.Is(err, webdav.ErrNoValue) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, href := range value.ChildElements() {
		if webdav.NameOf(href) != webdav.DAV("href") {
			continue
		}
		if p, err := m.rq.ParseHref(webdav.TextOf(href)); err == nil {
			p.Slash = true
			if m.mine[p.String()] {
				return true, nil
			}
		}
	}
	return false, nil
}
