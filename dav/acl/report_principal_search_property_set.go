package acl

import (
	"net/http"

	"caldav-fcgi/dav/webdav"
)

// searchable are the properties that a search looks into, those that people think of first.
var searchable = []struct {
	name webdav.Name
	text string
}{
	{webdav.DAV("displayname"), "name"},
	{webdav.Name{Space: webdav.NSCalendarServer, Local: "email-address-set"}, "mail address"},
	{webdav.Name{Space: webdav.NSCalDAV, Local: "calendar-user-address-set"}, "calendar address"},
	{webdav.Name{Space: webdav.NSCalDAV, Local: "calendar-user-type"}, "kind: INDIVIDUAL, GROUP, ROOM or RESOURCE"},
	{webdav.DAV("alternate-URI-set"), "other address"},
}

// searchPropertySet is RFC 3744 §9.5.
func searchPropertySet(rq *webdav.Request, _ webdav.Collection) (webdav.Response, error) {
	if err := onlyDepth0(rq); err != nil {
		return webdav.Response{}, err
	}
	return webdav.Response{Status: http.StatusOK, Stream: func(w *webdav.Writer) error {
		w.Document(webdav.DAV("principal-search-property-set"))
		for _, s := range searchable {
			w.Open(webdav.DAV("principal-search-property"))
			w.Open(webdav.DAV("prop"))
			w.Empty(s.name)
			w.Close()
			w.Open(webdav.DAV("description"), "xml:lang", "en")
			w.Text(s.text)
			w.Close()
			w.Close()
		}
		w.Close()
		return nil
	}}, nil
}
