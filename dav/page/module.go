package page

import (
	"net/http"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
)

// Options are the settings of the page.
type Options struct {
	Version string // of the program
}

// Module is the table of this package.
func Module(opt Options) webdav.Module {
	p := newPage(opt)
	return webdav.Module{Name: "page", Methods: []webdav.Method{{
		Name: http.MethodGet, Body: webdav.StreamBody,
		On:    func(r webdav.Resource) bool { _, ok := r.(webdav.Collection); return ok },
		Match: func(rq *webdav.Request) bool { return rq.Who.Principal != nil }, // it is about the account of who asks
		Needs: func(rq *webdav.Request) ([]webdav.Need, error) {
			return []webdav.Need{{Path: rq.Target, What: privilege.Read}}, nil
		},
		Run: p.run,
	}}}
}
