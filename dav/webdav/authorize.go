package webdav

import (
	"net/http"

	"caldav-fcgi/dav/privilege"
)

// authorize is the one place where rights are judged: every need against the rights at its path.
func (rq *Request) authorize(needs []Need) error {
	for _, n := range needs {
		have, err := rq.RightsAt(n.Path)
		if err != nil {
			return err
		}
		if !have.Has(n.What) {
			return needPrivileges(n)
		}
	}
	return nil
}

func (rq *Request) unauthenticated() error {
	realm := rq.Login.Realm
	if realm == "" {
		realm = rq.server.opt.Realm
	}
	return Unauthenticated(realm)
}

// Unauthenticated is the 401 of the whole service: one realm in each, since clients store passwords by realm.
func Unauthenticated(realm string) error {
	if realm == "" {
		realm = "calendar"
	}
	return &Error{Status: http.StatusUnauthorized, Text: "a login is needed", Header: http.Header{"Www-Authenticate": {`Basic realm="` + realm + `", charset="UTF-8"`}}}
}

// needPrivileges names the resource and the privilege that were missing (RFC 3744 §7.1.1).
func needPrivileges(n Need) error {
	p := privilege.Narrowest(n.What)
	return ErrNeedPrivileges.Holding(func(w *Writer) {
		w.Open(DAV("resource"))
		w.Href(n.Path)
		w.Open(DAV("privilege"))
		w.Empty(Name{p.Space, p.Local})
		w.Close()
		w.Close()
	})
}
