package webdav

import (
	"net/http"

	"caldav-fcgi/dav/privilege"
)

// proppatchMethod is RFC 4918 §9.2.
func proppatchMethod() Method {
	return Method{Name: "PROPPATCH", Body: XMLBody, Write: true,
		Needs: func(rq *Request) ([]Need, error) {
			return []Need{{Path: rq.Target, What: privilege.WriteProperties}}, nil
		},
		Run: func(rq *Request) (Response, error) {
			if rq.Body == nil || NameOf(rq.Body) != DAV("propertyupdate") {
				return Response{}, BadRequest("the body of a PROPPATCH is a DAV:propertyupdate")
			}
			list := changes(rq.Body)
			if len(list) == 0 {
				return Response{}, BadRequest("the DAV:propertyupdate names no property")
			}
			p, err := rq.patch(rq.Resource, list)
			if err != nil {
				return Response{}, err
			}
			if p.failed {
				return Response{}, &Failed{p.multistatus(rq.Target)}
			}
			if rq.Prefer().Minimal { // RFC 8144 §2.1
				return Response{Status: http.StatusOK, Header: rq.Preferred()}, nil
			}
			return p.multistatus(rq.Target), nil
		}}
}
