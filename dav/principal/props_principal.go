package principal

import (
	"strings"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

func cs(local string) webdav.Name {
	return webdav.Name{Space: webdav.NSCalendarServer, Local: local}
}

func calDAV(local string) webdav.Name { return webdav.Name{Space: webdav.NSCalDAV, Local: local} }

// addressed is a principal that has addresses: all but the groups of delegates.
type addressed interface {
	Principal
	addresses(*webdav.Request) ([]string, error)
	cuType() string
}

// properties are those of RFC 3744 §4 and §5.8 and of RFC 5397.
func properties() []webdav.Property {
	return []webdav.Property{
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("current-user-principal"), // RFC 5397 §3
			Get: func(rq *webdav.Request, _ webdav.Resource, w *webdav.Writer) error {
				if rq.Who.Principal == nil {
					w.Empty(webdav.DAV("unauthenticated"))
				} else {
					w.Href(Path(rq.Who.Principal.Name))
				}
				return nil
			}}),
		// RFC 3744 §4.2 has it on principals only. iOS asks for it on whatever path it was given and means the
		// caller's own: there it stands in for current-user-principal.
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("principal-URL"),
			Get: func(rq *webdav.Request, r webdav.Resource, w *webdav.Writer) error {
				if p, ok := r.(Principal); ok {
					w.Href(p.Path())
					return nil
				}
				if rq.Who.Principal == nil {
					return webdav.ErrNoValue
				}
				w.Href(Path(rq.Who.Principal.Name))
				return nil
			}}),
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("principal-collection-set"), // RFC 3744 §5.8: one root, whatever the kind
			Get: func(_ *webdav.Request, _ webdav.Resource, w *webdav.Writer) error {
				w.Href(webdav.P("principals"))
				return nil
			}}),
		webdav.On(webdav.Prop[*Proxy]{Name: webdav.DAV("displayname"), AllProp: true, // RFC 3744 §4: never empty
			Get: func(_ *webdav.Request, p *Proxy, w *webdav.Writer) error { w.Text(p.DisplayName()); return nil }}),
		webdav.On(webdav.Prop[Principal]{Name: webdav.DAV("alternate-URI-set"), // RFC 3744 §4.1
			Get: func(rq *webdav.Request, p Principal, w *webdav.Writer) error {
				if a, ok := p.(addressed); ok {
					return hrefs(rq, a, w)
				}
				return nil
			}}),
		webdav.On(webdav.Prop[addressed]{Name: calDAV("calendar-user-address-set"), // RFC 6638 §2.4.1
			Get: func(rq *webdav.Request, p addressed, w *webdav.Writer) error {
				if err := hrefs(rq, p, w); err != nil {
					return err
				}
				w.Href(p.Path())
				return nil
			}}),
		webdav.On(webdav.Prop[addressed]{Name: calDAV("calendar-user-type"), // RFC 6638 §2.4.2
			Get: func(_ *webdav.Request, p addressed, w *webdav.Writer) error { w.Text(p.cuType()); return nil }}),
		webdav.On(webdav.Prop[addressed]{Name: cs("email-address-set"),
			Get: func(rq *webdav.Request, p addressed, w *webdav.Writer) error {
				list, err := p.addresses(rq)
				for _, a := range list {
					if mail, ok := mailOf(a); ok {
						w.Open(cs("email-address"))
						w.Text(mail)
						w.Close()
					}
				}
				return err
			}}),
	}
}

func hrefs(rq *webdav.Request, p addressed, w *webdav.Writer) error {
	list, err := p.addresses(rq)
	for _, a := range list {
		w.Address(a)
	}
	return err
}

// addresses are read once.
func (e *entity) addresses(rq *webdav.Request) ([]string, error) {
	if !e.listed {
		list, err := rq.Tx.Addresses(e.row.ID)
		if err != nil {
			return nil, err
		}
		e.list(list)
	}
	return e.uris, nil
}

// list gives them in advance.
func (e *entity) list(uris []string) { e.uris, e.listed = uris, true }

func (e *entity) cuType() string { return kindOf(e.row.Kind).cuType }

// mailOf returns the address of a mailto: URI.
func mailOf(uri string) (string, bool) {
	const scheme = "mailto:"
	if len(uri) <= len(scheme) || !strings.EqualFold(uri[:len(scheme)], scheme) {
		return "", false
	}
	return uri[len(scheme):], true
}

// Texts are the pieces of character data in the properties that can be searched (RFC 3744 §9.4.1), by property.
func Texts(l store.Listed) map[webdav.Name][]string {
	e := &entity{row: l.Principal}
	var mails []string
	for _, a := range l.Addresses {
		if mail, ok := mailOf(a); ok {
			mails = append(mails, mail)
		}
	}
	return map[webdav.Name][]string{
		webdav.DAV("displayname"):           {e.DisplayName()},
		cs("email-address-set"):             mails,
		calDAV("calendar-user-address-set"): append([]string{e.Path().String()}, l.Addresses...),
		webdav.DAV("alternate-URI-set"):     l.Addresses,
		calDAV("calendar-user-type"):        {e.cuType()},
	}
}
