package webdav

import (
	"errors"
	"net/http"
	"unicode"

	"github.com/beevik/etree"

	"caldav-fcgi/store"
)

// The limits of one DAV:expand-property: a chain of properties could name the same resources again and again.
const (
	maxExpanded      = 2000    // resources
	maxExpandedBytes = 8 << 20 // of the answer
)

// expansion is what one DAV:expand-property may still do.
type expansion struct{ left int }

// expandProperty is RFC 3253 §3.8, on every resource.
func expandProperty(rq *Request, res Resource) (Response, error) {
	depth, err := rq.Depth()
	if err != nil {
		return Response{}, err
	}
	coll, isCollection := res.(Collection)
	if isCollection && depth == DepthInfinity {
		return Response{}, ErrFiniteDepth.With("expand-property of a collection takes Depth 0 or 1")
	}
	x := &expansion{left: maxExpanded}
	sel, err := rq.expanding(rq.Body, x)
	if err != nil {
		return Response{}, err
	}
	if sel.want != 0 {
		if res, err = rq.Find(rq.Target, sel.want); err != nil {
			return Response{}, err
		}
	}
	var used []string
	noRoot := rq.Prefer().NoRoot && isCollection && depth == Depth1
	if noRoot {
		used = append(used, "depth-noroot")
	}
	w := newWriter(rq.Base, nil) // kept back, so that an answer too large can still be refused
	w.Multistatus()
	if !noRoot {
		if err := sel.expanded(w, rq.Target, res); err != nil {
			return Response{}, err
		}
	}
	if isCollection && depth == Depth1 {
		for m, err := range coll.Members(rq, nil, sel.want) {
			if err != nil {
				return Response{}, err
			}
			if !rq.May(m, readNeeded) {
				continue
			}
			if err := sel.expanded(w, rq.Target.Child(m.Name(), false), m); err != nil {
				return Response{}, err
			}
		}
	}
	w.Close()
	return Response{Header: rq.Preferred(used...), Stream: func(out *Writer) error { return out.Octets(w.buf) }}, nil
}

// expanding makes a Selection of the DAV:property elements in el, with those in them as selections of their own.
func (rq *Request) expanding(el *etree.Element, x *expansion) (*Selection, error) {
	var asked []*etree.Element
	nested := map[Name]*Selection{}
	for _, p := range el.ChildElements() {
		if NameOf(p) != DAV("property") {
			continue
		}
		n := Name{p.SelectAttrValue("namespace", NSDAV), p.SelectAttrValue("name", "")}
		if err := n.writable(); err != nil {
			return nil, err
		}
		name := etree.NewElement(n.Local)
		name.CreateAttr("xmlns", n.Space)
		asked = append(asked, name)
		if len(p.ChildElements()) > 0 && nested[n] == nil {
			inner, err := rq.expanding(p, x)
			if err != nil {
				return nil, err
			}
			nested[n] = inner
		}
	}
	s := rq.selection()
	s.nested, s.expansion = nested, x
	return s, s.ask(el, asked)
}

// writable says whether a name that came in an attribute can be that of an element.
func (n Name) writable() error {
	bad := n.Local == "" || len(n.Local)+len(n.Space) > maxXMLName || !xmlText(n.Space)
	for i, r := range n.Local {
		first := r == '_' || unicode.IsLetter(r)
		bad = bad || !first && (i == 0 || r != '-' && r != '.' && !unicode.IsDigit(r))
	}
	if bad {
		return BadRequest("expand-property: %.40q is no name of a property", n.Local)
	}
	return nil
}

// value writes what a property holds. Where more is asked for than its value, each DAV:href in it becomes the
// DAV:response of the resource that it names.
func (s *Selection) value(st step, path Path, res Resource, w *Writer) error {
	nested := s.nested[st.name]
	if nested == nil {
		return st.get(s.rq, res, w)
	}
	var failed error
	w.linked = func(p Path) {
		if failed != nil {
			return
		}
		follow := w.linked
		w.linked = nil
		failed = nested.follow(w, p)
		w.linked, w.Self = follow, path
	}
	err := st.get(s.rq, res, w)
	w.linked = nil
	if failed != nil {
		return failed
	}
	return err
}

// follow writes the response of the resource at p. One that the caller may not see looks like one that is not there.
func (s *Selection) follow(w *Writer, p Path) error {
	res, err := s.rq.Find(p, s.want)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.rq.May(res, readNeeded) {
		w.StatusResponse(p, http.StatusNotFound, nil)
		return s.expansion.spend(w)
	}
	if err != nil {
		return err
	}
	return s.expanded(w, p, res)
}

func (s *Selection) expanded(w *Writer, p Path, res Resource) error {
	if err := s.Response(w, p, res); err != nil {
		return err
	}
	return s.expansion.spend(w)
}

func (x *expansion) spend(w *Writer) error {
	if x.left--; x.left < 0 || w.Mark() > maxExpandedBytes {
		return ErrMatchesWithinLimits.With("expand-property would show more than %d resources or %d MB", maxExpanded, maxExpandedBytes>>20)
	}
	return nil
}
