package webdav

import (
	"net/http"
	"strings"

	"caldav-fcgi/dav/privilege"
)

// putMethod is RFC 4918 §9.7, RFC 4791 §5.3.2.
func putMethod() Method {
	return Method{Name: http.MethodPut, Body: StreamBody, Write: true, Unmapped: true,
		On: func(r Resource) bool {
			_, entity := r.(Entity)
			_, container := r.(Container) // refused by its own words; Evolution takes a calendar whose Allow lacks PUT as read-only
			return entity || container
		},
		Needs: func(rq *Request) ([]Need, error) {
			if rq.Resource == nil && rq.Parent != nil {
				return []Need{{Path: rq.Target.Parent(), What: privilege.Bind, Member: rq.Target.Last()}}, nil
			}
			return []Need{{Path: rq.Target, What: privilege.WriteContent}}, nil
		},
		Prepare: func(rq *Request) (err error) {
			c, err := rq.container()
			if err != nil {
				return err
			}
			if rq.Target.Slash && rq.Resource == nil {
				return Forbidden("PUT makes no collection: %s ends in a slash", rq.Target)
			}
			if rq.Header.Get("Content-Range") != "" { // RFC 9110 §14.5
				return BadRequest("PUT of a part (Content-Range) is not possible")
			}
			if ce := rq.Header.Get("Content-Encoding"); ce != "" && !strings.EqualFold(ce, "identity") {
				return &Error{Status: http.StatusUnsupportedMediaType, Text: "Content-Encoding " + ce + " is not taken"}
			}
			rq.Upload, err = c.Prepare(rq, rq.Target.Last())
			return err
		},
		Run: func(rq *Request) (Response, error) {
			c, err := rq.container()
			if err != nil {
				return Response{}, err
			}
			st, err := c.Put(rq, rq.Target.Last())
			if err != nil {
				return Response{}, err
			}
			return rq.stored(st)
		}}
}

// container is where a PUT goes: the parent, if it takes members.
func (rq *Request) container() (Container, error) {
	if _, ok := rq.Resource.(Collection); ok {
		return nil, Forbidden("%s is a collection: PUT stores a single object, under a name of its own in it", rq.Target)
	}
	if rq.Parent == nil {
		return nil, &Error{Status: http.StatusConflict, Text: "the collection " + rq.Target.Parent().String() + " does not exist"} // RFC 4918 §9.7.1
	}
	c, ok := rq.Parent.(Container)
	if !ok {
		return nil, Forbidden("%s takes no objects", rq.Target.Parent())
	}
	return c, nil
}

// stored answers a PUT or POST. The ETag stands only where the stored octets are those sent (RFC 4791 §5.3.4).
func (rq *Request) stored(st Stored) (Response, error) {
	status := http.StatusNoContent
	if st.Created {
		status = http.StatusCreated
	}
	h := rq.Preferred()
	if st.AsSent {
		h.Set("Etag", st.ETag)
	}
	return rq.orRepresentation(Response{Status: status, Header: h}, rq.Target)
}
