package carddav

import (
	"net/http"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// addressbookMultiget is RFC 6352 §8.7.
func addressbookMultiget(rq *webdav.Request, on searchable) (webdav.Response, error) {
	d, sel, err := selectWithData(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	m := &home.Multiget{Select: sel,
		In: func(p webdav.Path) (webdav.Collection, error) { return within(rq, on, p) },
		Refuse: func(res webdav.Resource) (int, error) {
			if c, ok := res.(vessel); ok {
				return http.StatusUnsupportedMediaType, d.fails(c)
			}
			return http.StatusOK, nil
		}}
	return m.Answer(rq)
}

// within finds the collection of cards at a path, as far as a report on that resource reaches.
func within(rq *webdav.Request, on searchable, p webdav.Path) (webdav.Collection, error) {
	switch on := on.(type) {
	case *Card:
		return &Book{Node: on.In}, nil // the href was compared
	case *Entry:
		return Directory{}, nil
	case *Home:
		if len(p.Segments) == len(on.Path().Segments)+1 && p.Within(on.Path()) {
			return on.book(rq, p.Last())
		}
	case webdav.Collection:
		if p.Same(rq.Target) {
			return on, nil
		}
	}
	return nil, store.ErrNotFound
}
