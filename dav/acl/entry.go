package acl

import (
	"slices"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Controlled is a resource whose access control list clients change.
type Controlled interface {
	webdav.Resource
	ACL() home.Seat
}

// entry is one DAV:ace as it is shown: RFC 3744 §5.5, §5.5.2, §5.5.3.
type entry struct {
	privilege.ACE
	who       webdav.Path // of ToPrincipal
	protected bool
	first     bool         // it is judged before all others: nothing takes it away
	from      *webdav.Path // nil: it stands on the resource itself
}

// entries are all that decide about a resource, in the order in which they are judged (webdav.Request.Judge): its owner, whom
// nothing can be taken from; who stands in for him; its own; those of its shares; then those that it inherits.
func entries(rq *webdav.Request, res Controlled) ([]entry, error) {
	seat := res.ACL()
	all := []entry{{ACE: privilege.ACE{Subject: privilege.ToPrincipal, Who: seat.Owner.ID, Allow: privilege.All}, protected: true, first: true}}
	own, err := standing(rq, seat.Collection, seat.Object, nil)
	if err != nil {
		return nil, err
	}
	for _, up := range seat.Above {
		from := up.Path
		list, err := standing(rq, up.Collection, 0, &from)
		if err != nil {
			return nil, err
		}
		own = append(own, list...)
	}
	ids := []int64{seat.Owner.ID}
	for _, e := range own {
		if e.Subject == privilege.ToPrincipal {
			ids = append(ids, e.Who)
		}
	}
	paths, err := pathsOf(rq, ids)
	if err != nil {
		return nil, err
	}
	var top *webdav.Path
	if n := len(seat.Above); n > 0 {
		top = &seat.Above[n-1].Path
	}
	for _, d := range principal.Delegations() {
		all = append(all, entry{ACE: privilege.ACE{Subject: privilege.ToPrincipal, Allow: d.Rights}, who: paths[seat.Owner.ID].Child(d.Name, true), protected: true, first: true, from: top})
	}
	all[0].who = paths[seat.Owner.ID]
	for _, e := range own {
		if e.Subject == privilege.ToPrincipal {
			var ok bool
			if e.who, ok = paths[e.Who]; !ok {
				continue
			}
		}
		all = append(all, e)
	}
	return all, nil
}

// acesOf is the key under which a request keeps the entries of a collection and its objects.
type acesOf int64

// onCollection are the entries on a collection, under 0, and on the objects in it.
func onCollection(rq *webdav.Request, collection int64) (map[int64][]store.ACE, error) {
	return webdav.Once(rq, acesOf(collection), func() (map[int64][]store.ACE, error) {
		list, err := rq.Tx.ACEs(collection)
		m := map[int64][]store.ACE{}
		for _, a := range list {
			m[a.Object] = append(m[a.Object], a)
		}
		return m, err
	})
}

// standing are the entries on one collection or object. What a share has brought is changed by way of the share.
func standing(rq *webdav.Request, collection, object int64, from *webdav.Path) ([]entry, error) {
	byObject, err := onCollection(rq, collection)
	if err != nil {
		return nil, err
	}
	var out []entry
	for _, a := range byObject[object] {
		out = append(out, entry{ACE: a.ACE, protected: a.Share != 0, from: from})
	}
	return out, nil
}

// knownPaths is the key under which a request keeps where principals are.
type knownPaths struct{}

func pathsOf(rq *webdav.Request, ids []int64) (map[int64]webdav.Path, error) {
	known, err := webdav.Once(rq, knownPaths{}, func() (map[int64]webdav.Path, error) { return map[int64]webdav.Path{}, nil })
	if err != nil {
		return nil, err
	}
	missing := slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { _, ok := known[id]; return ok })
	if len(missing) == 0 {
		return known, nil
	}
	found, err := principal.Paths(rq, missing)
	for id, p := range found {
		known[id] = p
	}
	return known, err
}

// write writes a DAV:ace.
func (e entry) write(w *webdav.Writer) {
	w.Raw("<d:ace>")
	if e.Invert {
		w.Raw("<d:invert>")
	}
	w.Raw("<d:principal>")
	switch e.Subject {
	case privilege.ToPrincipal:
		w.Href(e.who)
	case privilege.ToAll:
		w.Raw("<d:all/>")
	case privilege.ToAuthenticated:
		w.Raw("<d:authenticated/>")
	case privilege.ToUnauthenticated:
		w.Raw("<d:unauthenticated/>")
	case privilege.ToSelf:
		w.Raw("<d:self/>")
	case privilege.ToOwner:
		w.Raw("<d:property><d:owner/></d:property>")
	}
	w.Raw("</d:principal>")
	if e.Invert {
		w.Raw("</d:invert>")
	}
	verdict, what := "grant", e.Allow
	if e.Deny != 0 {
		verdict, what = "deny", e.Deny
	}
	w.Raw("<d:" + verdict + ">")
	cover(what, privilege.Tree(), w)
	w.Raw("</d:" + verdict + ">")
	if e.protected {
		w.Raw("<d:protected/>")
	}
	if e.from != nil {
		w.Raw("<d:inherited>")
		w.Href(*e.from)
		w.Raw("</d:inherited>")
	}
	w.Raw("</d:ace>")
}

// cover writes the fewest privileges that together are what.
func cover(what privilege.Set, p privilege.Privilege, w *webdav.Writer) {
	if what.Has(p.What) {
		one(w, p)
		return
	}
	for _, c := range p.Children {
		cover(what, c, w)
	}
}
