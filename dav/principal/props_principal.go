package principal

import "caldav-fcgi/dav/webdav"

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
				if u, ok := r.(*User); ok {
					w.Href(Path(u.Row.Name))
					return nil
				}
				if rq.Who.Principal == nil {
					return webdav.ErrNoValue
				}
				w.Href(Path(rq.Who.Principal.Name))
				return nil
			}}),
		webdav.On(webdav.Prop[webdav.Resource]{Name: webdav.DAV("principal-collection-set"), // RFC 3744 §5.8
			Get: func(_ *webdav.Request, _ webdav.Resource, w *webdav.Writer) error {
				w.Href(webdav.P("principals", "users"))
				return nil
			}}),
		webdav.On(webdav.Prop[*User]{Name: webdav.DAV("alternate-URI-set"), Get: addresses}), // RFC 3744 §4.1
		webdav.On(webdav.Prop[*User]{Name: webdav.DAV("group-membership"), // RFC 3744 §4.4
			Get: func(*webdav.Request, *User, *webdav.Writer) error { return nil }}),
		webdav.On(webdav.Prop[*User]{Name: webdav.Name{Space: webdav.NSCalDAV, Local: "calendar-user-address-set"}, // RFC 6638 §2.4.1
			Get: func(rq *webdav.Request, u *User, w *webdav.Writer) error {
				if err := addresses(rq, u, w); err != nil {
					return err
				}
				w.Href(Path(u.Row.Name))
				return nil
			}}),
		webdav.On(webdav.Prop[*User]{Name: webdav.Name{Space: webdav.NSCalDAV, Local: "calendar-user-type"}, // RFC 6638 §2.4.2
			Get: func(_ *webdav.Request, _ *User, w *webdav.Writer) error { w.Text("INDIVIDUAL"); return nil }}),
		webdav.On(webdav.Prop[*User]{Name: webdav.Name{Space: webdav.NSCalendarServer, Local: "email-address-set"},
			Get: func(rq *webdav.Request, u *User, w *webdav.Writer) error {
				list, err := rq.Tx.Addresses(u.Row.ID)
				for _, a := range list {
					if mail, ok := mailOf(a); ok {
						w.Open(webdav.Name{Space: webdav.NSCalendarServer, Local: "email-address"})
						w.Text(mail)
						w.Close()
					}
				}
				return err
			}}),
	}
}

func addresses(rq *webdav.Request, u *User, w *webdav.Writer) error {
	list, err := rq.Tx.Addresses(u.Row.ID)
	for _, a := range list {
		w.Address(a)
	}
	return err
}
