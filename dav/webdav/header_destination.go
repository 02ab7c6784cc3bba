package webdav

import (
	"net/http"
	"strings"
)

// destination reads the Destination header of COPY and MOVE (RFC 4918 §10.3).
func (rq *Request) destination() (Path, error) {
	d := rq.Header.Get("Destination")
	if d == "" {
		return Path{}, BadRequest("%s needs a Destination header", rq.Method)
	}
	return rq.ParseHref(d)
}

// overwrite reads the Overwrite header (RFC 4918 §10.6): T unless the client says F.
func overwrite(h http.Header) (bool, error) {
	switch strings.ToUpper(strings.TrimSpace(h.Get("Overwrite"))) {
	case "", "T":
		return true, nil
	case "F":
		return false, nil
	}
	return false, BadRequest("Overwrite: %q is neither T nor F", h.Get("Overwrite"))
}
