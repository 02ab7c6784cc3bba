package webdav

import (
	"errors"
	"net/http"
	"strings"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// unlockMethod is RFC 4918 §9.11.
func unlockMethod() Method {
	return Method{Name: "UNLOCK", Body: NoBody, Write: true, Unmapped: true, Locks: true,
		On: lockable,
		Needs: func(rq *Request) ([]Need, error) {
			if mine, err := rq.tookLock(); err != nil || mine {
				return nil, err
			}
			return []Need{{Path: rq.Target, What: readNeeded}}, nil
		},
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
			if have := rq.rights(rq.at); !have.Has(readNeeded) { // he took it, and does not see any longer where
				return Response{Status: http.StatusNoContent}, rq.Tx.RemoveLock(token)
			}
			return Response{}, ErrLockTokenMatches.With("there is no such lock on %s", rq.Target)
		}}
}

// tookLock says whether the caller took the lock that he would remove: he may whatever else he may not (RFC 3744 §3.5). In
// what is his own he sees it, and it has to be where he says.
func (rq *Request) tookLock() (bool, error) {
	token, err := lockToken(rq.Header)
	if err != nil || !rq.Tx.State().Locked {
		return false, nil // said when the caller may know that there is something
	}
	l, err := rq.Tx.LockOf(token)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil || !rq.Who.Is(l.Principal) {
		return false, err
	}
	c, err := rq.Tx.CollectionByID(l.Collection)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && !rq.Who.Is(c.Owner), err
}

// mayUnlock: whoever took the lock, and whoever has DAV:unlock on its root (RFC 3744 §3.5).
func (rq *Request) mayUnlock(l held) error {
	if rq.Who.Is(l.Principal) {
		return nil
	}
	have, err := rq.RightsAt(l.root)
	if err == nil && !have.Has(privilege.Unlock) {
		err = NeedPrivileges(rq.visible(l.root), privilege.Unlock)
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
