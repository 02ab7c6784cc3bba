package webdav

import (
	"errors"
	"net/http"
	"strings"

	"caldav-fcgi/dav/privilege"
)

// mkcolMethod is RFC 4918 §9.3 with the body of RFC 5689.
func mkcolMethod() Method {
	return Method{Name: "MKCOL", Body: StreamBody, Write: true, Unmapped: true,
		On: func(Resource) bool { return false }, // §9.3: on a mapped URL it is 405
		Needs: func(rq *Request) ([]Need, error) {
			return []Need{{Path: rq.Target.Parent(), What: privilege.Bind, Member: rq.Target.Last()}}, nil
		},
		Prepare: func(rq *Request) error {
			if !rq.hasBody {
				return nil
			}
			if ct := strings.ToLower(rq.Header.Get("Content-Type")); ct != "" && !strings.Contains(ct, "xml") {
				return &Error{Status: http.StatusUnsupportedMediaType, Text: "the body of a MKCOL is XML (RFC 5689), not " + ct}
			}
			if rq.Body != nil {
				return nil
			}
			body, tooLarge, err := rq.ReadBody(maxXML)
			if tooLarge {
				return &Error{Status: http.StatusRequestEntityTooLarge, Text: "an XML body may have 1 MB at most"}
			}
			if err == nil {
				rq.Body, err = ParseXML(body)
			}
			if err == nil && rq.Body != nil && NameOf(rq.Body) != DAV("mkcol") {
				return &Error{Status: http.StatusUnsupportedMediaType, Text: "the body of a MKCOL is a DAV:mkcol"}
			}
			return err
		},
		Run: func(rq *Request) (Response, error) {
			types := []Name{DAV("collection")}
			if rq.Body != nil {
				if t := requestedTypes(rq); t != nil {
					types = t
				}
			}
			p, err := rq.Make(types, rq.Body)
			if errors.Is(err, ErrValidResourceType) && rq.Body != nil {
				p, err = refusedType(rq, err), nil
			}
			if err != nil {
				return Response{}, err
			}
			if p.failed { // RFC 5689 §3.5
				return Response{}, &Failed{Response{Status: http.StatusForbidden, Header: http.Header{"Cache-Control": {"no-cache"}}, Stream: func(w *Writer) error {
					w.Document(DAV("mkcol-response"))
					p.propstats(w)
					w.Close()
					return nil
				}}}
			}
			h := rq.Preferred()
			h.Set("Cache-Control", "no-cache")
			return Response{Status: http.StatusCreated, Header: h}, nil
		}}
}

// refusedType is the Patch of a MKCOL whose resource type was refused: the other properties depend on it.
func refusedType(rq *Request, err error) *Patch {
	p := &Patch{failed: true}
	for _, ch := range changes(rq.Body) {
		n := NameOf(ch.el)
		p.names = append(p.names, n)
		if n == DAV("resourcetype") {
			p.errs = append(p.errs, err)
		} else {
			p.errs = append(p.errs, errDependent)
		}
	}
	return p
}

// requestedTypes reads DAV:resourcetype out of an extended MKCOL; nil when it names none.
func requestedTypes(rq *Request) []Name {
	for _, ch := range changes(rq.Body) {
		if NameOf(ch.el) == DAV("resourcetype") && !ch.remove {
			var types []Name
			for _, t := range ch.el.ChildElements() {
				types = append(types, NameOf(t))
			}
			return types
		}
	}
	return nil
}
