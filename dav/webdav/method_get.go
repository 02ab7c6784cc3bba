package webdav

import (
	"mime"
	"net/http"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

const readNeeded = privilege.Read

// getMethod is GET, and HEAD, of a resource with a body.
func getMethod() Method {
	return Method{Name: http.MethodGet, Body: StreamBody, Want: store.Body,
		On:    func(r Resource) bool { _, ok := r.(Object); return ok },
		Needs: func(rq *Request) ([]Need, error) { return []Need{{rq.Target, readNeeded}}, nil },
		Run: func(rq *Request) (Response, error) {
			rep, err := rq.Resource.(Object).Represent(rq)
			if err != nil {
				return Response{}, err
			}
			return rep.response(http.StatusOK), nil
		}}
}

// response answers with a stored body: as a download under a policy that lets nothing in it run, since it is
// somebody else's text and may be opened in a browser.
func (rep Rep) response(status int) Response {
	h := http.Header{
		"Content-Type":            {rep.Type},
		"Etag":                    {rep.ETag},
		"Content-Disposition":     {mime.FormatMediaType("attachment", map[string]string{"filename": rep.Filename})},
		"Content-Security-Policy": {"default-src 'none'; sandbox"},
		"Cache-Control":           {"private, no-cache"},
	}
	if h["Content-Disposition"][0] == "" {
		h.Set("Content-Disposition", "attachment")
	}
	if !rep.Modified.IsZero() {
		h.Set("Last-Modified", rep.Modified.UTC().Format(http.TimeFormat))
	}
	return Response{Status: status, Header: h, Stream: func(w *Writer) error { return w.Octets(rep.Body) }}
}
