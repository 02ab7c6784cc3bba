package webdav

import (
	"net/http"

	"caldav-fcgi/dav/privilege"
)

// copyMethod is RFC 4918 §9.8.
func copyMethod() Method {
	return Method{Name: "COPY", Body: NoBody, Write: true,
		Needs: func(rq *Request) ([]Need, error) { return rq.transferNeeds(Need{Path: rq.Target, What: readNeeded}) },
		Run: func(rq *Request) (Response, error) {
			return rq.transfer(func(c Container, name string) (Stored, error) { return c.Copy(rq, rq.Resource, name) })
		}}
}

// moveMethod is RFC 4918 §9.9.
func moveMethod() Method {
	return Method{Name: "MOVE", Body: NoBody, Write: true,
		Needs: func(rq *Request) ([]Need, error) {
			// To move what one may not read into one's own collection would be to read it.
			return rq.transferNeeds(Need{Path: rq.Target, What: readNeeded}, Need{Path: rq.Target.Parent(), What: privilege.Unbind, Member: rq.Target.Last()})
		},
		Run: func(rq *Request) (Response, error) {
			if _, ok := rq.Parent.(Container); !ok {
				return Response{}, Forbidden("%s belongs to the account and stays", rq.Target)
			}
			return rq.transfer(func(c Container, name string) (Stored, error) { return c.Move(rq, rq.Resource, name) })
		}}
}

// transferNeeds is RFC 3744 appendix B for COPY and MOVE. What is replaced is removed with all that is in it.
func (rq *Request) transferNeeds(source ...Need) ([]Need, error) {
	dst, err := rq.destination()
	if err != nil {
		return nil, err
	}
	at, err := rq.look(dst)
	if err != nil {
		return nil, err
	}
	_, collection := at.res.(Collection)
	into := Need{Path: dst.Parent(), What: privilege.Bind, Member: dst.Last()}
	switch {
	case at.res == nil:
		return append(source, into), nil
	case rq.Method == "COPY" && !isLink(at.res):
		into.What = 0
		over := Need{Path: dst, What: privilege.WriteContent | privilege.WriteProperties, Below: collection}
		if collection {
			over.What |= privilege.Bind | privilege.Unbind
		}
		return append(source, over, into), nil
	}
	return append(append(source, into, Need{Path: dst.Parent(), What: privilege.Unbind}), emptied(dst, at.res)...), nil
}

func (rq *Request) transfer(do func(Container, string) (Stored, error)) (Response, error) {
	dst, err := rq.destination()
	if err != nil {
		return Response{}, err
	}
	replace, err := overwrite(rq.Header)
	if err != nil {
		return Response{}, err
	}
	if _, ok := rq.Resource.(Collection); ok {
		d, err := rq.Depth()
		switch {
		case err != nil:
			return Response{}, err
		case d == Depth1, d == Depth0 && rq.Method == "MOVE": // §9.8.3, §9.9.3
			return Response{}, BadRequest("%s of a collection with Depth %s is not possible", rq.Method, rq.Header.Get("Depth"))
		}
	}
	switch {
	case dst.Within(rq.Target):
		return Response{}, Forbidden("%s of %s onto or into itself", rq.Method, rq.Target)
	case rq.Target.Within(dst): // to replace it would be to delete the source first
		return Response{}, Forbidden("%s of %s onto a collection that it is in", rq.Method, rq.Target)
	}
	at, err := rq.find(dst, 0)
	switch {
	case err != nil:
		return Response{}, err
	case at.res != nil && !replace:
		return Response{}, &Error{Status: http.StatusPreconditionFailed, Text: "something stands at the destination, and Overwrite is F"}
	case at.parent == nil:
		return Response{}, &Error{Status: http.StatusConflict, Text: "the collection " + dst.Parent().String() + " does not exist"}
	}
	c, ok := at.parent.(Container)
	if !ok {
		return Response{}, Forbidden("%s takes no members", dst.Parent())
	}
	if _, err := do(c, dst.Last()); err != nil {
		return Response{}, err
	}
	if at.res != nil {
		return rq.orRepresentation(Response{Status: http.StatusNoContent, Header: rq.Preferred()}, dst)
	}
	r, err := rq.orRepresentation(Response{Status: http.StatusCreated, Header: rq.Preferred()}, dst)
	if err == nil {
		r.Header.Set("Location", rq.Base+dst.String())
	}
	return r, err
}
