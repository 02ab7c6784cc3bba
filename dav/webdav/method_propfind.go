package webdav

import "net/http"

// propfindMethod is RFC 4918 §9.1.
func propfindMethod() Method {
	return Method{Name: "PROPFIND", Body: XMLBody,
		Needs: func(rq *Request) ([]Need, error) { return []Need{{Path: rq.Target, What: readNeeded}}, nil },
		Run:   propfind,
	}
}

func propfind(rq *Request) (Response, error) {
	if rq.Body != nil && NameOf(rq.Body) != DAV("propfind") {
		return Response{}, BadRequest("the body of a PROPFIND is a DAV:propfind, not %v", NameOf(rq.Body))
	}
	depth, err := rq.Depth()
	if err != nil {
		return Response{}, err
	}
	coll, isCollection := rq.Resource.(Collection)
	if isCollection && (depth == DepthInfinity || depth == DepthAbsent) { // §9.1: no Depth means infinity
		return Response{}, ErrFiniteDepth.With("PROPFIND of a collection takes Depth 0 or 1")
	}
	sel, err := rq.Select(rq.Body)
	if err != nil {
		return Response{}, err
	}
	prefer := rq.Prefer()
	var used []string
	noRoot := prefer.NoRoot && depth == Depth1 && isCollection
	if noRoot {
		used = append(used, "depth-noroot")
	}
	return Response{Status: http.StatusMultiStatus, Header: rq.Preferred(used...), Stream: func(w *Writer) error {
		w.Multistatus()
		if !noRoot {
			if err := sel.Response(w, rq.Target, rq.Resource); err != nil {
				return err
			}
		}
		if isCollection && depth == Depth1 {
			path := rq.Target.Child("", false)
			for m, err := range coll.Members(rq, nil, sel.listed()) {
				if err != nil {
					return err
				}
				if !rq.May(m, readNeeded) {
					continue
				}
				path.rename(m.Name())
				if err := sel.Response(w, path, m); err != nil {
					return err
				}
				if err := w.Flush(); err != nil {
					return err
				}
			}
		}
		w.Close()
		return nil
	}}, nil
}
