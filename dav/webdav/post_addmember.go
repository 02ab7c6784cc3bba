package webdav

import (
	"net/http"
	"strings"

	"caldav-fcgi/dav/privilege"
)

// addMemberMethod is POST on a collection as RFC 5995 has it: the server names the new member. A media type is
// required, and none that a form of a foreign page could send is taken: RFC 5995 leaves both to the server.
func addMemberMethod() Method {
	return Method{Name: http.MethodPost, Body: StreamBody, Write: true,
		On:    func(r Resource) bool { _, ok := r.(Container); return ok },
		Needs: func(rq *Request) ([]Need, error) { return []Need{{Path: rq.Target, What: privilege.Bind}}, nil },
		Prepare: func(rq *Request) (err error) {
			c := rq.Resource.(Container)
			if ct := strings.ToLower(rq.Header.Get("Content-Type")); ct == "" || strings.HasPrefix(ct, "text/plain") || strings.HasPrefix(ct, "multipart/") || strings.HasPrefix(ct, "application/x-www-form-urlencoded") {
				return &Error{Status: http.StatusUnsupportedMediaType, Text: "POST adds a member to this collection: its Content-Type has to say what it is"}
			}
			rq.Upload, err = c.Prepare(rq, "")
			return err
		},
		Run: func(rq *Request) (Response, error) {
			c := rq.Resource.(Container)
			name := c.NewName(rq)
			st, err := c.Put(rq, name)
			if err != nil {
				return Response{}, err
			}
			rq.Target = rq.Target.Child(name, false)
			resp, err := rq.stored(st)
			if err == nil {
				resp.Header.Set("Location", rq.Base+rq.Target.String())
			}
			return resp, err
		}}
}
