package webdav

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

const readNeeded = privilege.Read

// getMethod is GET, and HEAD, of a resource with a body.
func getMethod() Method {
	return Method{Name: http.MethodGet, Body: StreamBody, Want: store.Body,
		On:    func(r Resource) bool { _, ok := r.(Object); return ok },
		Needs: func(rq *Request) ([]Need, error) { return []Need{{Path: rq.Target, What: readNeeded}}, nil },
		Run: func(rq *Request) (Response, error) {
			rep, err := rq.Resource.(Object).Represent(rq)
			if err != nil {
				return Response{}, err
			}
			return rq.deliver(rep)
		}}
}

// deliver answers with a representation, or with the part of it that was asked for.
func (rq *Request) deliver(rep Rep) (Response, error) {
	part, err := rq.span(rep)
	if err != nil {
		return Response{}, err
	}
	r := rep.response(http.StatusOK, part)
	r.Header.Set("Accept-Ranges", "bytes")
	if part.part {
		r.Status = http.StatusPartialContent
		r.Header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", part.from, part.from+part.length-1, rep.size()))
	}
	if rq.Method == http.MethodHead { // the body is not read to be thrown away
		r.Stream = nil
	}
	return r, nil
}

// size is the length of the whole.
func (rep Rep) size() int64 {
	if rep.Read != nil {
		return rep.Size
	}
	return int64(len(rep.Body))
}

// response answers with a stored body: as a download under a policy that lets nothing in it run, since it is
// somebody else's text and may be opened in a browser.
func (rep Rep) response(status int, part span) Response {
	h := http.Header{
		"Content-Type":            {rep.Type},
		"Content-Length":          {strconv.FormatInt(part.length, 10)},
		"Etag":                    {rep.ETag},
		"Content-Disposition":     {mime.FormatMediaType("attachment", map[string]string{"filename": rep.Filename})},
		"Content-Security-Policy": {"default-src 'none'; sandbox"},
		"Cache-Control":           {"private, no-cache"},
	}
	if h["Content-Disposition"][0] == "" {
		h.Set("Content-Disposition", "attachment")
	}
	if rep.Vary != "" {
		h.Set("Vary", rep.Vary)
	}
	if !rep.Modified.IsZero() {
		h.Set("Last-Modified", rep.Modified.UTC().Format(http.TimeFormat))
	}
	return Response{Status: status, Header: h, Stream: func(w *Writer) error {
		if rep.Read != nil {
			return rep.Read(w, part.from, part.length)
		}
		return w.Octets(rep.Body[part.from : part.from+part.length])
	}}
}
