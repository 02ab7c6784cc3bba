package caldav

import (
	"net/http"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
)

// mkcalendarMethod is RFC 4791 §5.3.1. It exists on a name that is taken as well, to say so with the condition that
// the RFC has for it.
func mkcalendarMethod() webdav.Method {
	return webdav.Method{Name: "MKCALENDAR", Body: webdav.XMLBody, Write: true, Unmapped: true, Makes: true,
		Needs: func(rq *webdav.Request) ([]webdav.Need, error) {
			return []webdav.Need{{Path: rq.Target.Parent(), What: privilege.Bind, Member: rq.Target.Last()}}, nil
		},
		Run: mkcalendar}
}

func mkcalendar(rq *webdav.Request) (webdav.Response, error) {
	if rq.Body != nil && webdav.NameOf(rq.Body) != calDAV("mkcalendar") {
		return webdav.Response{}, webdav.BadRequest("the body of a MKCALENDAR is a CALDAV:mkcalendar, not %v", webdav.NameOf(rq.Body))
	}
	if _, ok := rq.Parent.(webdav.Container); !ok && rq.Resource == nil && rq.Parent != nil {
		return webdav.Response{}, ErrLocation.With("%s takes no calendars", rq.Target.Parent())
	}
	p, err := rq.Make([]webdav.Name{webdav.DAV("collection"), calDAV("calendar")}, rq.Body)
	if err != nil {
		return webdav.Response{}, err
	}
	if p.Failed() { // §5.3.1.1
		return webdav.Response{}, p.Multistatus(rq.Target)
	}
	h := rq.Preferred() // RFC 8144 §2.3
	h.Set("Cache-Control", "no-cache")
	return webdav.Response{Status: http.StatusCreated, Header: h}, nil
}
