package acl

import (
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
)

// Owned is a resource that belongs to a principal.
type Owned interface {
	webdav.Resource
	OwnerName() string
}

func properties() []webdav.Property {
	return []webdav.Property{
		webdav.On(webdav.Prop[Owned]{Name: webdav.DAV("owner"), // RFC 3744 §5.1
			Get: func(_ *webdav.Request, r Owned, w *webdav.Writer) error {
				w.Href(principal.Path(r.OwnerName()))
				return nil
			}}),
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("supported-privilege-set"), // §5.3
			Get: func(_ *webdav.Request, _ webdav.Resource, w *webdav.Writer) error {
				supported(w, privilege.Tree())
				return nil
			}}),
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("current-user-privilege-set"), // §5.4
			Get: func(rq *webdav.Request, r webdav.Resource, w *webdav.Writer) error {
				for _, p := range r.Rights(rq).Names() {
					one(w, p)
				}
				return nil
			}}),
		webdav.On(webdav.Prop[Owned]{Name: webdav.DAV("acl"), // §5.5: the owner's own, which nobody can take away
			Get: func(rq *webdav.Request, r Owned, w *webdav.Writer) error {
				if !rq.May(r, privilege.ReadACL) {
					return webdav.ErrNoValue
				}
				w.Raw("<d:ace><d:principal>")
				w.Href(principal.Path(r.OwnerName()))
				w.Raw("</d:principal><d:grant>")
				one(w, privilege.Tree())
				w.Raw("</d:grant><d:protected/></d:ace>")
				return nil
			}}),
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("acl-restrictions"), // §5.6
			Get: func(_ *webdav.Request, _ webdav.Resource, w *webdav.Writer) error {
				w.Raw("<d:grant-only/><d:no-invert/>")
				return nil
			}}),
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("inherited-acl-set"), // §5.7
			Get: func(*webdav.Request, webdav.Resource, *webdav.Writer) error { return nil }}),
	}
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
