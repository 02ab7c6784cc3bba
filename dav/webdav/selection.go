package webdav

import (
	"bytes"
	"errors"
	"net/http"
	"reflect"
	"slices"

	"github.com/beevik/etree"

	"caldav-fcgi/store"
)

// Selection is which properties a PROPFIND or REPORT asks for, compiled once a request for each type of resource
// it meets.
type Selection struct {
	rq      *Request
	mode    selectionMode
	asked   []*etree.Element // prop: the names; allprop: those of include
	minimal bool
	report  bool // properties with arguments exist
	want    store.Want
	brief   bool // nothing is asked for that needs more of an object's row
	steps   map[reflect.Type]*plan
	dead    deadReader

	nested    map[Name]*Selection // of expand-property: what is asked of the resources that a property names
	expansion *expansion
}

type selectionMode int

const (
	selectProp selectionMode = iota
	selectAllProp
	selectPropName
)

// Select compiles the DAV:prop, DAV:allprop or DAV:propname in el, the root of a PROPFIND or of a REPORT that takes
// one. None at all means allprop in a PROPFIND (RFC 4918 §9.1) and no property in a REPORT.
func (rq *Request) Select(el *etree.Element) (*Selection, error) {
	s := rq.selection()
	found := 0
	if el != nil {
		if prop := Find(el, DAV("prop")); prop != nil {
			found++
			s.asked = prop.ChildElements()
		}
		if Find(el, DAV("allprop")) != nil {
			found++
			s.mode = selectAllProp
			if inc := Find(el, DAV("include")); inc != nil {
				s.asked = inc.ChildElements()
			}
		}
		if Find(el, DAV("propname")) != nil {
			found++
			s.mode = selectPropName
		}
	}
	switch {
	case found > 1:
		return nil, BadRequest("%s asks for more than one of prop, allprop and propname", el.Tag)
	case found == 0 && el != nil && !s.report:
		return nil, BadRequest("the body of a PROPFIND has none of prop, allprop and propname")
	case found == 0 && !s.report:
		s.mode = selectAllProp
	}
	return s, s.ask(el, s.asked)
}

func (rq *Request) selection() *Selection {
	return &Selection{rq: rq, minimal: rq.Prefer().Minimal, report: rq.Method == "REPORT", steps: map[reflect.Type]*plan{}}
}

// ask takes the names asked for; a name asked for twice is answered once.
func (s *Selection) ask(el *etree.Element, names []*etree.Element) error {
	seen := map[Name]bool{}
	s.asked = slices.DeleteFunc(names, func(el *etree.Element) bool {
		n := NameOf(el)
		twice := seen[n]
		seen[n] = true
		return twice
	})
	if len(s.asked) > maxProperties {
		return BadRequest("%s asks for more than %d properties", el.Tag, maxProperties)
	}
	s.brief = s.mode == selectProp
	for _, el := range s.asked {
		for _, p := range s.rq.server.props[NameOf(el)] {
			s.want |= p.Want &^ store.Brief // the union: the type of the first member is not known before it is read
			s.brief = s.brief && p.Want&store.Brief != 0
		}
	}
	return nil
}

// Want is what the resources have to be read with.
func (s *Selection) Want() store.Want { return s.want }

// listed is Want where nothing but the properties is read.
func (s *Selection) listed() store.Want {
	if s.brief {
		return s.want | store.Brief
	}
	return s.want
}

// plan is a Selection compiled for one type.
type plan struct {
	steps    []step
	dead     bool          // dead properties have to be looked at: also those that keep a live value's attributes
	allDead  bool          // and all of them shown
	haveLive map[Name]bool // for propname and allprop: those that have a step
	live     map[Name]bool // for the same: what is kept of these in place of a value is no dead property
}

type step struct {
	name     Name
	start    string // without ">"
	end      string
	get      getter // nil: not live here
	settable bool
	optional bool // of allprop: left out where it has no value
}

func (s *Selection) plan(t reflect.Type) (*plan, error) {
	if p := s.steps[t]; p != nil {
		return p, nil
	}
	p := &plan{}
	srv := s.rq.server
	add := func(n Name, prop *Property, get getter) {
		start, end := n.tags()
		p.steps = append(p.steps, step{name: n, start: start, end: end, get: get, settable: prop != nil && prop.set != nil})
	}
	if s.mode != selectProp {
		p.dead, p.allDead = true, true
		p.haveLive, p.live = map[Name]bool{}, map[Name]bool{}
		for _, n := range srv.names {
			prop := srv.property(n, t)
			if prop == nil || prop.get == nil {
				continue
			}
			if p.live[n] = true; s.mode == selectAllProp && !prop.AllProp {
				continue
			}
			p.haveLive[n] = true
			add(n, prop, prop.get)
			p.steps[len(p.steps)-1].optional = !s.asks(n)
		}
	}
	for _, el := range s.asked {
		n := NameOf(el)
		if p.haveLive[n] {
			continue
		}
		prop := srv.property(n, t)
		switch {
		case prop != nil && prop.get != nil:
			add(n, prop, prop.get)
			p.dead = p.dead || prop.set != nil
		case prop != nil && prop.with != nil && s.report:
			get, err := prop.with(s.rq, el)
			if err != nil {
				return nil, err
			}
			add(n, prop, get)
		default:
			add(n, nil, nil)
			p.dead = p.dead || prop == nil
		}
	}
	s.steps[t] = p
	return p, nil
}

// Response writes the <d:response> of one resource.
func (s *Selection) Response(w *Writer, path Path, res Resource) error {
	if _, ok := res.(Collection); ok {
		path.Slash = true
	} else {
		path.Slash = false
	}
	p, err := s.plan(reflect.TypeOf(res))
	if err != nil {
		return err
	}
	var dead map[Name]string
	if p.dead {
		if dead, err = s.dead.of(s.rq.Tx, res); err != nil {
			return err
		}
	}
	w.Self = path
	w.Raw("<d:response>")
	w.Href(path)
	if s.mode == selectPropName {
		s.propNames(w, p, dead, res)
		w.Raw("</d:response>\n")
		return nil
	}
	var missing []int
	var kept []refusal
	begin := w.Mark()
	w.Raw("<d:propstat><d:prop>")
	inside := w.Mark()
	for i, st := range p.steps {
		if text, ok := dead[st.name]; ok && (st.get == nil || st.settable) {
			w.Raw(text)
			continue
		}
		if st.get == nil {
			missing = append(missing, i)
			continue
		}
		at := w.Mark()
		w.Raw(st.start)
		w.Raw(">")
		content := w.Mark()
		err := s.value(st, path, res, w)
		switch {
		case errors.Is(err, ErrNoValue):
			w.Cut(at)
			if !st.optional {
				missing = append(missing, i)
			}
			continue
		case errors.Is(err, ErrNeedPrivileges):
			w.Cut(at)
			if !st.optional {
				kept = append(kept, refusal{i, err})
			}
			continue
		case err != nil:
			return err
		case w.Mark() == content:
			w.Cut(content - 1)
			w.Raw("/>")
			continue
		}
		w.Raw(st.end)
	}
	if p.allDead {
		for n, text := range dead {
			if !p.live[n] && !s.asks(n) {
				w.Raw(text)
			}
		}
	}
	showMissing := len(missing) > 0 && !s.minimal
	if w.Mark() == inside && (showMissing || len(kept) > 0) {
		w.Cut(begin)
	} else {
		w.Raw("</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>")
	}
	if showMissing {
		w.Raw("<d:propstat><d:prop>")
		for _, i := range missing {
			w.Raw(p.steps[i].start)
			w.Raw("/>")
		}
		w.Raw("</d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>")
	}
	p.refused(w, kept)
	w.Raw("</d:response>\n")
	return nil
}

// refusal is a property that the caller may not read.
type refusal struct {
	step int
	err  error
}

// refused writes those for want of the same privilege together: RFC 4918 §9.1.2 with RFC 3744 §7.1.1.
func (p *plan) refused(w *Writer, list []refusal) {
	for len(list) > 0 {
		fault := newWriter(w.base, nil)
		outcomeOf(list[0].err).write(fault, false)
		var others []refusal
		w.Raw("<d:propstat><d:prop>")
		for _, r := range list {
			same := newWriter(w.base, nil)
			if outcomeOf(r.err).write(same, false); !bytes.Equal(same.buf, fault.buf) {
				others = append(others, r)
				continue
			}
			w.Raw(p.steps[r.step].start)
			w.Raw("/>")
		}
		w.Raw("</d:prop>")
		w.Status(http.StatusForbidden)
		w.buf = append(w.buf, fault.buf...)
		w.Raw("</d:propstat>")
		list = others
	}
}

func (s *Selection) asks(n Name) bool {
	for _, el := range s.asked {
		if NameOf(el) == n {
			return true
		}
	}
	return false
}

// propNames writes the names that have a value here.
func (s *Selection) propNames(w *Writer, p *plan, dead map[Name]string, res Resource) {
	w.Raw("<d:propstat><d:prop>")
	for _, st := range p.steps {
		at := w.Mark()
		err := st.get(s.rq, res, w)
		w.Cut(at)
		if _, kept := dead[st.name]; err == nil || kept && st.settable {
			w.Raw(st.start)
			w.Raw("/>")
		}
	}
	for n := range dead {
		if !p.haveLive[n] {
			w.Empty(n)
		}
	}
	w.Raw("</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>")
}

// StatusResponse writes a <d:response> that says only what became of a resource: RFC 4918 §14.24.
func (w *Writer) StatusResponse(path Path, status int, err error) {
	w.Raw("<d:response>")
	w.Href(path)
	w.Status(status)
	if o := outcomeOf(err); err != nil && o.cond != nil {
		o.write(w, false)
		if o.detail != nil && o.detail.text != "" {
			w.Raw("<d:responsedescription>")
			w.Text(o.detail.text)
			w.Raw("</d:responsedescription>")
		}
	}
	w.Raw("</d:response>\n")
}

// Status writes <d:status>: Thunderbird's address book compares the whole text.
func (w *Writer) Status(status int) {
	text := http.StatusText(status)
	if text == "" {
		text = "Status"
	}
	w.Raw("<d:status>HTTP/1.1 ")
	w.Int(int64(status))
	w.Raw(" " + text + "</d:status>")
}

// deadReader reads dead properties: one statement for a resource, and one for all members of a collection from the
// second member on, those that are objects and those that are collections each.
type deadReader struct {
	objects, collections deadMembers
}

// deadMembers are those of one kind in one collection.
type deadMembers struct {
	of      int64
	seen    int
	single  bool // they are too long to be held all at once
	members map[int64]map[Name]string
}

func (d *deadReader) of(tx *store.Tx, res Resource) (map[Name]string, error) {
	k, ok := res.(DeadKeeper)
	if !ok {
		return nil, nil
	}
	coll, object := k.DeadKey()
	if coll == 0 { // it has no row to keep them by
		return nil, nil
	}
	if object != 0 {
		return d.objects.read(tx, coll, object, coll, object, tx.DeadOfMembers)
	}
	if c, ok := res.(interface{ DeadParent() int64 }); ok && c.DeadParent() != 0 {
		return d.collections.read(tx, c.DeadParent(), coll, coll, 0, tx.DeadOfChildren)
	}
	list, err := tx.DeadProperties(coll, 0)
	return byName(list), err
}

// read gives those of one member; the second in a row of the same collection brings all.
func (d *deadMembers) read(tx *store.Tx, in, member, coll, object int64, all func(int64) (map[int64][]store.DeadProperty, error)) (map[Name]string, error) {
	if in != d.of {
		*d = deadMembers{of: in}
	}
	d.seen++
	if d.seen > 1 && !d.single && d.members == nil {
		lists, err := all(in)
		d.single = errors.Is(err, store.ErrTooLong)
		if err != nil && !d.single {
			return nil, err
		}
		if !d.single {
			d.members = make(map[int64]map[Name]string, len(lists))
			for id, list := range lists {
				d.members[id] = byName(list)
			}
		}
	}
	if d.members != nil {
		return d.members[member], nil
	}
	list, err := tx.DeadProperties(coll, object)
	return byName(list), err
}

func byName(list []store.DeadProperty) map[Name]string {
	if len(list) == 0 {
		return nil
	}
	m := make(map[Name]string, len(list))
	for _, p := range list {
		m[Name{p.Space, p.Local}] = p.XML
	}
	return m
}
