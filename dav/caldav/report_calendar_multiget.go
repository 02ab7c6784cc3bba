package caldav

import (
	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// calendarMultiget is RFC 4791 §7.9.
func calendarMultiget(rq *webdav.Request, on reported) (webdav.Response, error) {
	sel, err := selectWithData(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	m := &home.Multiget{Select: sel, In: func(p webdav.Path) (webdav.Collection, error) {
		switch on := on.(type) {
		case *Object:
			return on.calendar, nil // the href was compared
		case *Calendar:
			if p.Same(on.Path()) {
				return on, nil
			}
		case *Home:
			if len(p.Segments) == len(on.Path().Segments)+1 && p.Within(on.Path()) {
				return on.calendar(rq, p.Last())
			}
		}
		return nil, store.ErrNotFound
	}}
	return m.Answer(rq)
}
