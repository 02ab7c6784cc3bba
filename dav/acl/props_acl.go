package acl

import (
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
)

// properties are those of RFC 3744 §5, on every resource. DAV:allprop has none of them.
func properties() []webdav.Property {
	none := func(*webdav.Request, webdav.Resource, *webdav.Writer) error { return nil }
	return []webdav.Property{
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("owner"), Get: owner}), // RFC 3744 §5.1
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("group"), Get: none}),  // RFC 3744 §5.2: empty, since there is no such thing here
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("supported-privilege-set"), // RFC 3744 §5.3
			Get: func(_ *webdav.Request, _ webdav.Resource, w *webdav.Writer) error {
				supported(w, privilege.Tree())
				return nil
			}}),
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("current-user-privilege-set"), // RFC 3744 §5.4
			Get: func(rq *webdav.Request, r webdav.Resource, w *webdav.Writer) error {
				if !rq.May(r, privilege.ReadCurrentUser) {
					return webdav.NeedPrivileges(w.Self, privilege.ReadCurrentUser)
				}
				for _, p := range r.Rights(rq).Names() {
					one(w, p)
				}
				return nil
			}}),
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("acl"), Get: list}), // RFC 3744 §5.5
		// RFC 3744 §5.6: entries may grant and deny, to any principal or to all but it, in any order; the first that applies decides.
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("acl-restrictions"), Get: none}),
		// RFC 3744 §5.7: lists that would have to grant as well. There are none: what a resource inherits stands in its own
		// DAV:acl, marked as inherited (RFC 3744 §5.5.4).
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("inherited-acl-set"), Get: none}),
	}
}

// owner is empty for what belongs to nobody.
func owner(_ *webdav.Request, r webdav.Resource, w *webdav.Writer) error {
	if o, ok := r.(interface{ OwnerName() string }); ok {
		w.Href(principal.Path(o.OwnerName()))
	} else if u, ok := r.(*principal.User); ok {
		w.Href(u.Path())
	}
	return nil
}

// list is the whole access control list, those entries included that cannot be changed.
func list(rq *webdav.Request, r webdav.Resource, w *webdav.Writer) error {
	if !rq.May(r, privilege.ReadACL) {
		return webdav.NeedPrivileges(w.Self, privilege.ReadACL)
	}
	all := fixed(r)
	if c, ok := r.(Controlled); ok {
		var err error
		if all, err = entries(rq, c); err != nil {
			return err
		}
	}
	for _, e := range all {
		e.write(w)
	}
	return nil
}

// fixed is the list of what is the same for all: whoever has logged in may look, and a person changes himself.
func fixed(r webdav.Resource) []entry {
	all := []entry{{ACE: privilege.ACE{Subject: privilege.ToAuthenticated, Allow: privilege.Read | privilege.ReadCurrentUser}, protected: true}}
	if _, ok := r.(*principal.User); ok {
		all = append(all, entry{ACE: privilege.ACE{Subject: privilege.ToSelf, Allow: privilege.WriteProperties | privilege.ReadACL}, protected: true})
	}
	return all
}

func one(w *webdav.Writer, p privilege.Privilege) {
	w.Raw("<d:privilege>")
	w.Empty(webdav.Name{Space: p.Space, Local: p.Local})
	w.Raw("</d:privilege>")
}

func supported(w *webdav.Writer, p privilege.Privilege) {
	w.Raw("<d:supported-privilege>")
	one(w, p)
	w.Raw(`<d:description xml:lang="en">`)
	w.Text(p.Text)
	w.Raw("</d:description>")
	for _, c := range p.Children {
		supported(w, c)
	}
	w.Raw("</d:supported-privilege>")
}
