package acl

import (
	"errors"
	"net/http"
	"slices"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// How many entries may stand on one resource besides those of its shares, and on a collection with all objects in it: they are
// read with every request of whoever is not their owner.
const (
	maxEntries    = 100
	maxCollection = 5000
)

// aclMethod is RFC 3744 §8.1.
func aclMethod() webdav.Method {
	return webdav.Method{Name: "ACL", Body: webdav.XMLBody, Write: true,
		On: func(r webdav.Resource) bool { _, ok := r.(Controlled); return ok },
		Needs: func(rq *webdav.Request) ([]webdav.Need, error) {
			return []webdav.Need{{Path: rq.Target, What: privilege.WriteACL}}, nil
		},
		Run: func(rq *webdav.Request) (webdav.Response, error) {
			res := rq.Resource.(Controlled)
			list, err := submitted(rq)
			if err != nil {
				return webdav.Response{}, err
			}
			if list, err = agree(rq, res, list); err != nil {
				return webdav.Response{}, err
			}
			seat := res.ACL()
			if !rq.May(res, privilege.ReadACL) {
				if list, err = behindUnseen(rq, res, list); err != nil {
					return webdav.Response{}, err
				}
			}
			if len(list) > maxEntries {
				return webdav.Response{}, ErrLimitedNumberOfACEs.With("%d entries; %d at most may stand on one resource", len(list), maxEntries)
			}
			if n, err := beside(rq, seat); err != nil {
				return webdav.Response{}, err
			} else if n+len(list) > maxCollection {
				return webdav.Response{}, ErrLimitedNumberOfACEs.With("%d entries at most may stand on a collection and all that is in it", maxCollection)
			}
			aces := make([]privilege.ACE, len(list))
			for i, e := range list {
				aces[i] = e.ACE
			}
			if same, err := stands(rq, seat, aces); err != nil {
				return webdav.Response{}, err
			} else if !same { // what changes nothing is no change to a sync either
				if err := rq.Tx.SetACEs(seat.Collection, seat.Object, aces); err != nil {
					return webdav.Response{}, err
				}
			}
			return webdav.Response{Status: http.StatusOK, Header: http.Header{"Cache-Control": {"no-cache"}, "Content-Length": {"0"}}}, nil
		}}
}

// beside counts the entries on the collection and on what else is in it.
func beside(rq *webdav.Request, seat home.Seat) (n int, err error) {
	byObject, err := onCollection(rq, seat.Collection)
	for object, list := range byObject {
		if object != seat.Object {
			n += len(list)
		}
	}
	return n, err
}

// stands says whether these are the entries that can be changed, in their order.
func stands(rq *webdav.Request, seat home.Seat, aces []privilege.ACE) (bool, error) {
	there, err := standing(rq, seat.Collection, seat.Object, nil)
	if err != nil {
		return false, err
	}
	var own []privilege.ACE
	for _, e := range there {
		if !e.protected {
			own = append(own, e.ACE)
		}
	}
	return slices.Equal(own, aces), nil
}

// submitted reads the body.
func submitted(rq *webdav.Request) ([]entry, error) {
	if rq.Body == nil || webdav.NameOf(rq.Body) != webdav.DAV("acl") {
		return nil, webdav.BadRequest("the body of an ACL is a DAV:acl")
	}
	var list []entry
	for _, el := range rq.Body.ChildElements() {
		if webdav.NameOf(el) != webdav.DAV("ace") {
			continue
		}
		if len(list) == 2*maxEntries { // before anybody is looked up for them
			return nil, ErrLimitedNumberOfACEs.With("%d entries at most may stand on one resource", maxEntries)
		}
		e, err := readACE(rq, el)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// readACE reads a DAV:ace (RFC 3744 §5.5): of each pair exactly one.
func readACE(rq *webdav.Request, el *etree.Element) (e entry, err error) {
	var who, verdict *etree.Element
	for _, c := range el.ChildElements() {
		switch webdav.NameOf(c) {
		case webdav.DAV("principal"), webdav.DAV("invert"):
			if who != nil {
				return e, webdav.BadRequest("an ace names two principals")
			}
			who = c
		case webdav.DAV("grant"), webdav.DAV("deny"):
			if verdict != nil {
				return e, webdav.BadRequest("an ace grants or denies, once")
			}
			verdict = c
		case webdav.DAV("protected"):
			e.protected = true
		case webdav.DAV("inherited"):
			from, err := rq.ParseHref(webdav.TextOf(webdav.Find(c, webdav.DAV("href"))))
			if err != nil {
				return e, ErrInheritedACEConflict.With("an entry says it is inherited, and not from where")
			}
			e.from = &from
		}
	}
	if who == nil || verdict == nil {
		return e, webdav.BadRequest("an ace has a principal, and a grant or a deny")
	}
	if webdav.NameOf(who) == webdav.DAV("invert") {
		e.Invert = true
		if who = webdav.Find(who, webdav.DAV("principal")); who == nil {
			return e, webdav.BadRequest("DAV:invert holds no principal")
		}
	}
	what, err := privileges(verdict)
	if err != nil {
		return e, err
	}
	if webdav.NameOf(verdict) == webdav.DAV("deny") {
		e.Deny = what
	} else {
		e.Allow = what
	}
	return e, e.subject(rq, who)
}

// privileges reads the content of a grant or deny.
func privileges(el *etree.Element) (what privilege.Set, err error) {
	for _, p := range el.ChildElements() {
		if webdav.NameOf(p) != webdav.DAV("privilege") {
			return 0, webdav.BadRequest("DAV:%s holds DAV:privilege elements, not %v", el.Tag, webdav.NameOf(p))
		}
		for _, name := range p.ChildElements() {
			n := webdav.NameOf(name)
			set, ok := privilege.Named(n.Space, n.Local)
			if !ok {
				return 0, ErrNotSupported.With("there is no privilege %v here", n)
			}
			what |= set
		}
	}
	if what == 0 {
		return 0, webdav.BadRequest("DAV:%s names no privilege", el.Tag)
	}
	return what, nil
}

// subject reads DAV:principal (RFC 3744 §5.5.1).
func (e *entry) subject(rq *webdav.Request, el *etree.Element) error {
	list := el.ChildElements()
	if len(list) != 1 {
		return webdav.BadRequest("DAV:principal holds one element, not %d", len(list))
	}
	switch n := webdav.NameOf(list[0]); n {
	case webdav.DAV("href"):
		return e.named(rq, webdav.TextOf(list[0]))
	case webdav.DAV("all"):
		e.Subject = privilege.ToAll
	case webdav.DAV("authenticated"):
		e.Subject = privilege.ToAuthenticated
	case webdav.DAV("unauthenticated"):
		e.Subject = privilege.ToUnauthenticated
		if e.Allow&^(privilege.Read|privilege.ReadCurrentUser|privilege.ReadACL) != 0 && !e.Invert {
			return ErrAllowedPrincipal.With("who has not logged in can only read")
		}
	case webdav.DAV("property"):
		if webdav.Find(list[0], webdav.DAV("owner")) == nil || len(list[0].ChildElements()) != 1 {
			return ErrAllowedPrincipal.With("of the properties only DAV:owner names a principal here")
		}
		e.Subject = privilege.ToOwner
	case webdav.DAV("self"):
		return ErrAllowedPrincipal.With("DAV:self is for principals, and this is none")
	default:
		return webdav.BadRequest("DAV:principal holds %v", n)
	}
	return nil
}

// named finds the principal that an href names.
func (e *entry) named(rq *webdav.Request, href string) error {
	unknown := ErrRecognizedPrincipal.With("%.200q is no principal here", href)
	path, err := rq.ParseHref(href)
	if err != nil {
		return unknown
	}
	p, err := principal.At(rq, path)
	if errors.Is(err, store.ErrNotFound) {
		return unknown
	}
	if err != nil {
		return err
	}
	row, err := p.Row(rq)
	if err != nil {
		return err
	}
	e.Subject, e.Who, e.who = privilege.ToPrincipal, row.ID, p.Path()
	return nil
}

// agree holds what was submitted against itself and against what the ACL method cannot change. Some clients send back
// all that they have read: an entry marked as protected or inherited has to be one that there is, and changes nothing.
func agree(rq *webdav.Request, res Controlled, list []entry) ([]entry, error) {
	there, err := entries(rq, res)
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, e := range list {
		if e.protected || e.from != nil {
			if !e.among(there) {
				if e.from != nil {
					return nil, ErrInheritedACEConflict.With("an entry for %s is none that is inherited", e.whom())
				}
				return nil, ErrProtectedACEConflict.With("an entry for %s is none that is protected", e.whom())
			}
			continue
		}
		for _, other := range there {
			if other.protected && (other.first || other.from == nil) && other.against(e, res.ACL().Owner.ID) {
				return nil, ErrProtectedACEConflict.With("what %s has been given here by right, nobody can deny", e.whom())
			}
		}
		for _, other := range out {
			if other.same(e) && other.Invert == e.Invert && (e.Deny != 0 && other.Allow.Has(e.Deny) || e.Allow != 0 && other.Deny.Has(e.Allow)) {
				return nil, ErrACEConflict.With("one entry for %s says the opposite of another, and could never count", e.whom())
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// same says whether two entries name the same principal.
func (e entry) same(o entry) bool {
	return e.Subject == o.Subject && (e.Subject != privilege.ToPrincipal || e.who.Same(o.who))
}

func (e entry) among(list []entry) bool {
	for _, o := range list {
		if e.same(o) && e.Invert == o.Invert && e.Allow == o.Allow && e.Deny == o.Deny && e.protected == o.protected && (e.from == nil) == (o.from == nil) && (e.from == nil || e.from.Same(*o.from)) {
			return true
		}
	}
	return false
}

// against says whether a new entry would take away what this one, which is protected, gives to the same principal.
func (e entry) against(n entry, owner int64) bool {
	same := e.same(n) || n.Subject == privilege.ToOwner && e.Who == owner
	return same && !e.Invert && !n.Invert && e.Allow&n.Deny != 0
}

// whom is for people who read the answer.
func (e entry) whom() string {
	switch e.Subject {
	case privilege.ToAll:
		return "DAV:all"
	case privilege.ToAuthenticated:
		return "DAV:authenticated"
	case privilege.ToUnauthenticated:
		return "DAV:unauthenticated"
	case privilege.ToOwner:
		return "the owner"
	}
	return e.who.String()
}

// behindUnseen is for a caller who may not read the list (RFC 3744 §8.1): of what he does not see he changes nothing, and
// what he adds comes after it.
func behindUnseen(rq *webdav.Request, res Controlled, list []entry) ([]entry, error) {
	seat := res.ACL()
	there, err := standing(rq, seat.Collection, seat.Object, nil)
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, e := range there {
		if !e.protected {
			out = append(out, e)
		}
	}
	return append(out, list...), nil
}
