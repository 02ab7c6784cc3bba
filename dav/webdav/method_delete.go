package webdav

import (
	"net/http"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// deleteMethod is RFC 4918 §9.6.
func deleteMethod() Method {
	return Method{Name: http.MethodDelete, Body: NoBody, Write: true,
		Needs: func(rq *Request) ([]Need, error) {
			if len(rq.Target.Segments) == 0 {
				return []Need{{Path: rq.Target, What: privilege.Unbind}}, nil
			}
			return []Need{{rq.Target.Parent(), privilege.Unbind, rq.Target.Last()}}, nil
		},
		Run: func(rq *Request) (Response, error) {
			if _, ok := rq.Resource.(Collection); ok {
				if d, err := rq.Depth(); err != nil || d == Depth0 || d == Depth1 { // RFC 4918 §9.6.1
					return Response{}, BadRequest("DELETE of a collection takes all that is in it: Depth has to be infinity")
				}
			}
			c, ok := rq.Parent.(Container)
			if !ok {
				return Response{}, Forbidden("%s belongs to the account and stays", rq.Target)
			}
			if rq.Resource == nil {
				return Response{}, store.ErrNotFound
			}
			if err := c.Remove(rq, rq.Target.Last()); err != nil {
				return Response{}, err
			}
			return Response{Status: http.StatusNoContent}, nil
		}}
}
