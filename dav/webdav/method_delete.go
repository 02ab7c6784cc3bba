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
			needs := []Need{{Path: rq.Target.Parent(), What: privilege.Unbind, Member: rq.Target.Last()}}
			return append(needs, emptied(rq.Target, rq.Resource)...), nil
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

// Link is a resource that stands for another one of somebody else's: what is done to it in its own collection, as to
// remove or replace it, is not done to the other.
type Link interface{ Mounted() bool }

func isLink(r Resource) bool {
	l, ok := r.(Link)
	return ok && l.Mounted()
}

// emptied is what the removal of a collection needs beyond unbind in its own: it removes the members too.
func emptied(path Path, r Resource) []Need {
	if _, ok := r.(Container); !ok || isLink(r) {
		return nil
	}
	return []Need{{Path: path, What: privilege.Unbind, Below: true}}
}
