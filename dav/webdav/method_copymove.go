package webdav

import (
	"net/http"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// copyMethod is RFC 4918 §9.8.
func copyMethod() Method {
	return Method{Name: "COPY", Body: NoBody, Write: true,
		Needs:   func(rq *Request) ([]Need, error) { return rq.transferNeeds(Need{Path: rq.Target, What: readNeeded}) },
		Prepare: prepareCopy,
		Run: func(rq *Request) (Response, error) {
			return rq.transfer(func(c Container, name string) (Stored, error) { return c.Copy(rq, rq.Resource, name) })
		}}
}

// prepareCopy copies a collection with all that is in it, so that nobody who writes waits for more than one commit of it.
// It stays hidden until Run finishes it; after a refusal a job removes it.
func prepareCopy(rq *Request) error {
	var plan *store.CopyPlan
	err := rq.server.db.View(rq.ctx, func(tx *store.Tx) (err error) {
		rq.Tx = tx
		plan, err = rq.planCopy()
		return err
	})
	rq.Tx = nil
	begun, _ := rq.Upload.(*store.Copy)
	switch {
	case err != nil || plan == nil && begun == nil:
		return err
	case plan != nil && begun != nil && begun.Of(plan.Source):
		err = rq.server.db.GrowCopy(rq.ctx, begun)
	default:
		rq.Upload = nil
		if begun != nil {
			err = rq.server.db.DropCopy(rq.ctx, begun)
		}
		if err == nil && plan != nil {
			plan.Sign = func(tx *store.Tx) {
				rq.Tx = tx
				rq.sign(tx)
			}
			rq.Upload, err = rq.server.db.WriteCopy(rq.ctx, *plan)
		}
	}
	rq.Tx = nil
	return err
}

func (rq *Request) planCopy() (*store.CopyPlan, error) {
	if _, ok := rq.Resource.(Collection); !ok {
		return nil, nil
	}
	if d, err := rq.Depth(); err != nil || d == Depth0 {
		return nil, err
	}
	to, err := rq.transferTo()
	if err != nil {
		return nil, err
	}
	c, ok := to.parent.(Copier)
	if !ok {
		return nil, nil
	}
	return c.PlanCopy(rq, rq.Resource, to.name)
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

// transferNeeds is RFC 3744 appendix B for COPY and MOVE. What is replaced is removed with all that is in it. A moved resource
// keeps its entries, a copy has those of its place only: RFC 3744 §7.3, §7.4.
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

// destination is where something is copied or moved to.
type destination struct {
	path     Path
	parent   Container
	name     string
	replaces bool
}

// transferTo judges the Destination, the Overwrite and the Depth header.
func (rq *Request) transferTo() (to destination, err error) {
	if to.path, err = rq.destination(); err != nil {
		return to, err
	}
	replace, err := overwrite(rq.Header)
	if err != nil {
		return to, err
	}
	if _, ok := rq.Resource.(Collection); ok {
		d, err := rq.Depth()
		switch {
		case err != nil:
			return to, err
		case d == Depth1, d == Depth0 && rq.Method == "MOVE": // §9.8.3, §9.9.3
			return to, BadRequest("%s of a collection with Depth %s is not possible", rq.Method, rq.Header.Get("Depth"))
		}
	}
	switch {
	case to.path.Within(rq.Target):
		return to, Forbidden("%s of %s onto or into itself", rq.Method, rq.Target)
	case rq.Target.Within(to.path): // to replace it would be to delete the source first
		return to, Forbidden("%s of %s onto a collection that it is in", rq.Method, rq.Target)
	}
	at, err := rq.find(to.path, 0)
	switch {
	case err != nil:
		return to, err
	case at.res != nil && !replace:
		return to, &Error{Status: http.StatusPreconditionFailed, Text: "something stands at the destination, and Overwrite is F"}
	case at.parent == nil:
		return to, &Error{Status: http.StatusConflict, Text: "the collection " + to.path.Parent().String() + " does not exist"}
	}
	var ok bool
	if to.parent, ok = at.parent.(Container); !ok {
		return to, Forbidden("%s takes no members", to.path.Parent())
	}
	to.name, to.replaces = to.path.Last(), at.res != nil
	return to, nil
}

func (rq *Request) transfer(do func(Container, string) (Stored, error)) (Response, error) {
	to, err := rq.transferTo()
	if err != nil {
		return Response{}, err
	}
	if _, err := do(to.parent, to.name); err != nil {
		return Response{}, err
	}
	if to.replaces {
		return rq.orRepresentation(Response{Status: http.StatusNoContent, Header: rq.Preferred()}, to.path)
	}
	r, err := rq.orRepresentation(Response{Status: http.StatusCreated, Header: rq.Preferred()}, to.path)
	if err == nil {
		r.Header.Set("Location", rq.Base+to.path.String())
	}
	return r, err
}
