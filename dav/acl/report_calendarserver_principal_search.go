package acl

import (
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// searchContexts are the kinds that the attribute context of a calendarserver-principal-search asks for; any other one,
// such as "attendee", asks for all.
var searchContexts = map[string][]store.PrincipalKind{
	"user": {store.User}, "group": {store.Group}, "location": {store.Room}, "resource": {store.Resource},
}

// tokenSearch is the CS:calendarserver-principal-search of macOS and iOS: whoever has each of the words in his name or in
// an address.
func tokenSearch(rq *webdav.Request, _ webdav.Collection) (webdav.Response, error) {
	if err := onlyDepth0(rq); err != nil {
		return webdav.Response{}, err
	}
	var s search
	for _, el := range rq.Body.ChildElements() {
		if webdav.NameOf(el) == (webdav.Name{Space: webdav.NSCalendarServer, Local: "search-token"}) && webdav.TextOf(el) != "" {
			s.terms = append(s.terms, newTerm(el, webdav.DAV("displayname"), webdav.DAV("alternate-URI-set"), webdav.Name{Space: webdav.NSCalendarServer, Local: "email-address-set"}))
		}
	}
	if n := len(s.terms); n == 0 || n > maxTerms {
		return webdav.Response{}, webdav.BadRequest("calendarserver-principal-search has %d words, not 1 to %d", n, maxTerms)
	}
	var err error
	if s.limit, err = limit(rq.Body); err != nil {
		return webdav.Response{}, err
	}
	if s.kinds, err = where(rq); err != nil {
		return webdav.Response{}, err
	}
	if kinds, ok := searchContexts[rq.Body.SelectAttrValue("context", "")]; ok {
		s.kinds = only(s.kinds, kinds...)
	}
	return s.answer(rq)
}
