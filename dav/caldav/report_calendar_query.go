package caldav

import (
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// calendarQuery is RFC 4791 §7.8.
func calendarQuery(rq *webdav.Request, on reported) (webdav.Response, error) {
	depth, err := rq.Depth()
	if err != nil {
		return webdav.Response{}, err
	}
	s, err := newSearch(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	sel, err := selectWithData(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	calendars, err := on.calendars(rq, depth, privilege.Read)
	if err != nil {
		return webdav.Response{}, err
	}
	var single *Object
	if _, ok := on.(*Object); ok {
		if single, err = s.self(); err != nil {
			return webdav.Response{}, err
		}
	}
	found := make([][]hit, len(calendars))
	for i, c := range calendars {
		if found[i], err = s.find(c); err != nil {
			return webdav.Response{}, err
		}
	}
	return webdav.Response{Header: rq.Preferred(), Stream: func(w *webdav.Writer) error {
		w.Multistatus()
		if single != nil {
			if err := sel.Response(w, single.Path(), single); err != nil {
				return err
			}
		}
		for i, c := range calendars {
			for o, err := range s.read(c, found[i], sel.Want()) {
				if err != nil {
					return err
				}
				if !rq.May(o, privilege.Read) {
					continue
				}
				if err := sel.Response(w, o.Path(), o); err != nil {
					return err
				}
				if err := w.Flush(); err != nil {
					return err
				}
			}
		}
		w.Close()
		return nil
	}}, nil
}

// self is the object that the report is run on, if it matches; the engine has read it without its body.
func (s *search) self() (*Object, error) {
	res, err := s.rq.Find(s.rq.Target, store.Body)
	if err != nil {
		return nil, err
	}
	o, ok := res.(*Object)
	if !ok {
		return nil, store.ErrNotFound
	}
	match, err := s.byText(o)
	if err != nil || !match {
		return nil, err
	}
	return o, nil
}

// selectWithData compiles what properties are asked for, and refuses a bad CALDAV:calendar-data before anything is
// answered, even where nothing matches.
func selectWithData(rq *webdav.Request) (*webdav.Selection, error) {
	if el := webdav.Find(webdav.Find(rq.Body, webdav.DAV("prop")), calDAV("calendar-data")); el != nil {
		if _, err := parseData(rq, el); err != nil {
			return nil, err
		}
	}
	return rq.Select(rq.Body)
}
