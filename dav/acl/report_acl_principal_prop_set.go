package acl

import (
	"errors"
	"net/http"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// principalPropSet is RFC 3744 §9.2: the principals in the DAV:acl of the resource, each once.
func principalPropSet(rq *webdav.Request, res webdav.Resource) (webdav.Response, error) {
	if err := onlyDepth0(rq); err != nil {
		return webdav.Response{}, err
	}
	write, err := properties3744(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	paths, err := inACL(rq, res)
	if err != nil {
		return webdav.Response{}, err
	}
	if len(paths) > maxMatches {
		return webdav.Response{}, webdav.ErrMatchesWithinLimits.With("more than %d principals stand in the access control list", maxMatches)
	}
	return webdav.Response{Header: rq.Preferred(), Stream: func(w *webdav.Writer) error {
		w.Multistatus()
		for _, path := range paths {
			p, err := principal.At(rq, path)
			if errors.Is(err, store.ErrNotFound) { // one that the caller does not see
				w.StatusResponse(path, http.StatusNotFound, nil)
				continue
			}
			if err == nil {
				err = write(w, p.Path(), p)
			}
			if err != nil {
				return err
			}
		}
		w.Close()
		return nil
	}}, nil
}

// inACL lists the principals of the entries in their order.
func inACL(rq *webdav.Request, res webdav.Resource) (paths []webdav.Path, err error) {
	value, err := rq.Value(rq.Target, res, webdav.DAV("acl"))
	if errors.Is(err, webdav.ErrNoValue) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	add := func(el *etree.Element) {
		for _, href := range el.ChildElements() {
			if webdav.NameOf(href) != webdav.DAV("href") {
				continue
			}
			p, err := rq.ParseHref(webdav.TextOf(href))
			if err != nil {
				continue
			}
			p.Slash = true
			if !seen[p.String()] {
				seen[p.String()] = true
				paths = append(paths, p)
			}
		}
	}
	for _, ace := range value.ChildElements() {
		who := webdav.Find(ace, webdav.DAV("principal"))
		if not := webdav.Find(ace, webdav.DAV("invert")); not != nil {
			who = webdav.Find(not, webdav.DAV("principal"))
		}
		if who == nil {
			continue
		}
		add(who)
		named := webdav.Find(who, webdav.DAV("property"))
		if named == nil || len(named.ChildElements()) == 0 {
			continue
		}
		value, err := rq.Value(rq.Target, res, webdav.NameOf(named.ChildElements()[0]))
		if errors.Is(err, webdav.ErrNoValue) {
			continue
		}
		if err != nil {
			return nil, err
		}
		add(value)
	}
	return paths, nil
}
