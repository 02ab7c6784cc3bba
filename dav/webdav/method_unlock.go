package webdav

import (
	"net/http"
	"strings"

	"caldav-fcgi/dav/privilege"
)

// unlockMethod is RFC 4918 §9.11.
func unlockMethod() Method {
	return Method{Name: "UNLOCK", Body: NoBody, Write: true, Unmapped: true, Locks: true,
		On:    lockable,
		Needs: func(rq *Request) ([]Need, error) { return []Need{{Path: rq.Target, What: readNeeded}}, nil },
		Run: func(rq *Request) (Response, error) {
			token, err := lockToken(rq.Header)
			if err != nil {
				return Response{}, err
			}
			s, set, err := rq.around(false)
			if err != nil {
				return Response{}, err
			}
			for _, l := range set.reaching(s) {
				if l.Token != token {
					continue
				}
				if err := rq.mayUnlock(l); err != nil {
					return Response{}, err
				}
				return Response{Status: http.StatusNoContent}, rq.Tx.RemoveLock(token)
			}
			return Response{}, ErrLockTokenMatches.With("there is no such lock on %s", rq.Target)
		}}
}

// mayUnlock: whoever took the lock, and whoever has DAV:unlock on its root (RFC 3744 §3.5).
func (rq *Request) mayUnlock(l held) error {
	if rq.Who.Is(l.Principal) {
		return nil
	}
	have, err := rq.RightsAt(l.root)
	if err == nil && !have.Has(privilege.Unlock) {
		err = needPrivileges(Need{Path: l.root, What: privilege.Unlock})
	}
	return err
}

// lockToken reads the Lock-Token header (RFC 4918 §10.5).
func lockToken(h http.Header) (string, error) {
	s := strings.TrimSpace(h.Get("Lock-Token"))
	if len(s) < 3 || s[0] != '<' || s[len(s)-1] != '>' {
		return "", BadRequest("UNLOCK needs a Lock-Token header: the token in <>")
	}
	return s[1 : len(s)-1], nil
}
