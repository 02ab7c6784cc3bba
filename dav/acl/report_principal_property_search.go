package acl

import (
	"strings"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// propertySearch is RFC 3744 §9.4. Clients from Apple add attributes: test="anyof", where one condition is enough, and
// type, a CALDAV:calendar-user-type that all found must have.
func propertySearch(rq *webdav.Request, _ webdav.Collection) (webdav.Response, error) {
	if err := onlyDepth0(rq); err != nil {
		return webdav.Response{}, err
	}
	s := search{any: rq.Body.SelectAttrValue("test", "allof") == "anyof"}
	for _, el := range rq.Body.ChildElements() {
		if webdav.NameOf(el) != webdav.DAV("property-search") {
			continue
		}
		prop, match := webdav.Find(el, webdav.DAV("prop")), webdav.Find(el, webdav.DAV("match"))
		if prop == nil || match == nil || len(prop.ChildElements()) == 0 {
			return webdav.Response{}, webdav.BadRequest("a property-search needs a prop with a property, and a match")
		}
		for _, p := range prop.ChildElements() {
			s.terms = append(s.terms, newTerm(match, webdav.NameOf(p)))
		}
	}
	if n := len(s.terms); n == 0 || n > maxTerms {
		return webdav.Response{}, webdav.BadRequest("principal-property-search has %d conditions, not 1 to %d", n, maxTerms)
	}
	var err error
	if s.limit, err = limit(rq.Body); err != nil {
		return webdav.Response{}, err
	}
	if s.kinds, err = where(rq); err != nil {
		return webdav.Response{}, err
	}
	if cuType := rq.Body.SelectAttrValue("type", ""); cuType != "" {
		s.kinds = only(s.kinds, cuTypes[strings.ToUpper(cuType)])
	}
	return s.answer(rq)
}

// cuTypes: RFC 5545 §3.2.3.
var cuTypes = map[string]store.PrincipalKind{"INDIVIDUAL": store.User, "GROUP": store.Group, "ROOM": store.Room, "RESOURCE": store.Resource}

func only(kinds []store.PrincipalKind, wanted ...store.PrincipalKind) (list []store.PrincipalKind) {
	for _, k := range kinds {
		for _, want := range wanted {
			if k == want {
				list = append(list, k)
			}
		}
	}
	return list
}
