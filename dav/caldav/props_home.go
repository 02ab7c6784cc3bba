package caldav

import (
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
)

// homeProperties are those of the home and what leads a client to it.
func homeProperties() []webdav.Property {
	return []webdav.Property{
		webdav.On(webdav.Prop[*principal.User]{Name: calDAV("calendar-home-set"), // RFC 4791 §6.2.1
			Get: func(_ *webdav.Request, u *principal.User, w *webdav.Writer) error {
				w.Href(webdav.P(root, u.Name()))
				return nil
			}}),
		webdav.On(webdav.Prop[*Home]{Name: webdav.DAV("displayname"), AllProp: true, // RFC 4918 §15.2: the owner's, and set there
			Get: func(_ *webdav.Request, h *Home, w *webdav.Writer) error {
				if h.owner.Display == "" {
					w.Text(h.owner.Name)
				} else {
					w.Text(h.owner.Display)
				}
				return nil
			}}),
	}
}
