package webdav

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"

	"github.com/beevik/etree"
)

// The limits of dead properties.
const (
	maxDeadProperties = 200
	maxDeadProperty   = 128 << 10 // octets
	maxDeadTotal      = 2 << 20   // of one resource
)

// maxProperties is how many names one request may ask for or change: each is looked at for every resource in the answer,
// or while all other writers wait.
const maxProperties = 1000

var errDependent = errors.New("not done, since another property failed")

// change is one instruction of a PROPPATCH, MKCOL or MKCALENDAR.
type change struct {
	el     *etree.Element
	remove bool
}

// changes reads the DAV:set and DAV:remove elements of el in document order (RFC 4918 §9.2).
func changes(el *etree.Element) []change {
	var out []change
	for _, c := range el.ChildElements() {
		n := NameOf(c)
		if n != DAV("set") && n != DAV("remove") {
			continue
		}
		for _, prop := range c.ChildElements() {
			if NameOf(prop) != DAV("prop") {
				continue
			}
			for _, p := range prop.ChildElements() {
				out = append(out, change{p, n == DAV("remove")})
			}
		}
	}
	return out
}

// Patch is what became of a list of property changes.
type Patch struct {
	names  []Name
	errs   []error // nil: done
	failed bool
}

// patch applies changes to res in order and saves it. When one fails, the others are marked as dependent and the
// caller has to roll back.
func (rq *Request) patch(res Resource, list []change) (*Patch, error) {
	if err := tooMany(list); err != nil {
		return nil, err
	}
	p := &Patch{}
	for _, ch := range list {
		n := NameOf(ch.el)
		err := rq.apply(res, n, ch)
		if err != nil {
			if o := outcomeOf(err); o.own {
				return nil, fmt.Errorf("set %v: %w", n, err)
			}
			p.failed = true
		}
		p.names = append(p.names, n)
		p.errs = append(p.errs, err)
	}
	if p.failed {
		for i, err := range p.errs {
			if err == nil {
				p.errs[i] = errDependent
			}
		}
		return p, nil
	}
	if s, ok := res.(Saver); ok {
		return p, s.Save(rq)
	}
	return p, nil
}

func tooMany(list []change) error {
	if len(list) > maxProperties {
		return &Error{Status: http.StatusInsufficientStorage, Text: fmt.Sprintf("one request sets or removes %d properties at most", maxProperties)}
	}
	return nil
}

func (rq *Request) apply(res Resource, n Name, ch change) error {
	coll, object, keeps := deadKey(res)
	live := rq.server.property(n, reflect.TypeOf(res))
	if live == nil && rq.server.computed(n) {
		return ErrProtectedProperty.With("%v is made by the server, and not on this resource", n)
	}
	if live != nil {
		if live.set == nil {
			return ErrProtectedProperty.With("%v is made by the server", n)
		}
		el := ch.el
		if ch.remove {
			el = nil
		}
		if err := live.set(rq, res, el); err != nil {
			return err
		}
		if keeps && coll != 0 {
			return rq.keepBeside(res, live, coll, object, ch)
		}
		return nil
	}
	if !keeps || coll == 0 { // or not for who sees it in part
		return Forbidden("this resource keeps no properties")
	}
	if ch.remove {
		return rq.Tx.RemoveDead(coll, object, n.Space, n.Local)
	}
	return rq.setDead(coll, object, n, Markup(ch.el))
}

// keepBeside keeps what has no place in a live value and shows it in its stead: attributes and language, and that the
// value is there though it is empty.
func (rq *Request) keepBeside(res Resource, live *Property, coll, object int64, ch change) error {
	n := NameOf(ch.el)
	if !ch.remove && (decorated(ch.el) || live.get != nil && errors.Is(live.get(rq, res, newWriter(rq.Base, nil)), ErrNoValue)) {
		return rq.setDead(coll, object, n, Markup(ch.el))
	}
	return rq.Tx.RemoveDead(coll, object, n.Space, n.Local)
}

// computed says whether a name belongs to a property that the server makes wherever it exists: it is not to be kept
// as a dead property elsewhere.
func (s *Server) computed(n Name) bool {
	list := s.props[n]
	for _, p := range list {
		if p.set != nil {
			return false
		}
	}
	return len(list) > 0
}

func deadKey(res Resource) (coll, object int64, ok bool) {
	k, ok := res.(DeadKeeper)
	if ok {
		coll, object = k.DeadKey()
	}
	return coll, object, ok
}

func (rq *Request) setDead(coll, object int64, n Name, markup string) error {
	if len(markup) > maxDeadProperty {
		return &Error{Status: http.StatusInsufficientStorage, Text: fmt.Sprintf("property %v is larger than %d octets", n, maxDeadProperty)}
	}
	count, octets, err := rq.Tx.DeadBeside(coll, object, n.Space, n.Local)
	switch {
	case err != nil:
		return err
	case count >= maxDeadProperties:
		return &Error{Status: http.StatusInsufficientStorage, Text: fmt.Sprintf("a resource keeps %d properties at most", maxDeadProperties)}
	case octets+int64(len(markup)) > maxDeadTotal:
		return &Error{Status: http.StatusInsufficientStorage, Text: fmt.Sprintf("a resource keeps properties of %d octets together at most", maxDeadTotal)}
	}
	return rq.Tx.SetDead(coll, object, n.Space, n.Local, markup)
}

// propstats writes what became of each property, those of one status together.
func (p *Patch) propstats(w *Writer) {
	written := make([]bool, len(p.names))
	for i := range p.names {
		if written[i] {
			continue
		}
		o := patchOutcome(p.errs[i])
		w.Raw("<d:propstat><d:prop>")
		for j := i; j < len(p.names); j++ {
			if same := patchOutcome(p.errs[j]); !written[j] && same.status == o.status && same.cond == o.cond {
				w.Empty(p.names[j])
				written[j] = true
			}
		}
		w.Raw("</d:prop>")
		w.Status(o.status)
		if o.cond != nil {
			o.write(w, false)
		}
		if p.errs[i] != nil && o.status != http.StatusFailedDependency {
			w.Raw("<d:responsedescription>")
			if o.detail != nil && o.detail.text != "" {
				w.Text(o.detail.text)
			} else {
				w.Text(o.text)
			}
			w.Raw("</d:responsedescription>")
		}
		w.Raw("</d:propstat>")
	}
}

func patchOutcome(err error) outcome {
	switch {
	case err == nil:
		return outcome{status: http.StatusOK}
	case errors.Is(err, errDependent):
		return outcome{status: http.StatusFailedDependency}
	}
	return outcomeOf(err)
}

// multistatus answers with the propstats of one resource.
func (p *Patch) multistatus(path Path) Response {
	return Response{Status: http.StatusMultiStatus, Stream: func(w *Writer) error {
		w.Multistatus()
		w.Raw("<d:response>")
		w.Href(path)
		p.propstats(w)
		w.Raw("</d:response>\n")
		w.Close()
		return nil
	}}
}

// Make makes a collection at the target and sets its properties, all or nothing: MKCOL and MKCALENDAR.
func (rq *Request) Make(types []Name, el *etree.Element) (*Patch, error) {
	if rq.Resource != nil {
		return nil, ErrMustBeNull.With("%s exists", rq.Target)
	}
	if rq.Parent == nil {
		return nil, &Error{Status: http.StatusConflict, Text: "the collection " + rq.Target.Parent().String() + " does not exist"}
	}
	c, ok := rq.Parent.(Container)
	if !ok {
		return nil, Forbidden("%s takes no collections", rq.Target.Parent())
	}
	res, err := c.Make(rq, rq.Target.Last(), types)
	if err != nil {
		return nil, err
	}
	var list []change
	typed := false
	if el != nil {
		for _, ch := range changes(el) {
			if NameOf(ch.el) == DAV("resourcetype") {
				typed = true
			} else {
				list = append(list, ch)
			}
		}
	}
	p, err := rq.makeThenPatch(res, list)
	if err == nil && typed {
		p.names = append(p.names, DAV("resourcetype"))
		p.errs = append(p.errs, map[bool]error{true: errDependent}[p.failed])
	}
	return p, err
}

// makeThenPatch sets properties on a collection that has no row yet. A dead property is kept beside the row: the live
// ones go first, into the row that Save then makes, and the dead ones follow.
func (rq *Request) makeThenPatch(res Resource, list []change) (*Patch, error) {
	if err := tooMany(list); err != nil {
		return nil, err
	}
	var live, dead []change
	for _, ch := range list {
		if rq.server.property(NameOf(ch.el), reflect.TypeOf(res)) != nil {
			live = append(live, ch)
		} else {
			dead = append(dead, ch)
		}
	}
	p, err := rq.patch(res, live)
	if err != nil {
		return nil, err
	}
	if !p.failed {
		for _, ch := range live { // now that there is a row to keep something beside
			if coll, object, ok := deadKey(res); ok {
				if err := rq.keepBeside(res, rq.server.property(NameOf(ch.el), reflect.TypeOf(res)), coll, object, ch); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, ch := range dead {
		var err error
		if p.failed {
			err = errDependent
		} else if err = rq.apply(res, NameOf(ch.el), ch); err != nil {
			p.failed = true
		}
		p.names = append(p.names, NameOf(ch.el))
		p.errs = append(p.errs, err)
	}
	if p.failed {
		for i, err := range p.errs {
			if err == nil {
				p.errs[i] = errDependent
			}
		}
	}
	return p, nil
}

// Failed says whether a property could not be set, so that nothing may stay.
func (p *Patch) Failed() bool { return p.failed }

// Multistatus is the 207 of a MKCALENDAR that failed: RFC 4791 §5.3.1.1.
func (p *Patch) Multistatus(path Path) error { return &Failed{p.multistatus(path)} }
