package webdav

import (
	"net/http"
	"strings"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// authorize is the one place where rights are judged: every need against the rights at its path. Which need fails
// first may depend on what is there: who may not read is told of the request's own address alone, whether it is taken
// or not.
func (rq *Request) authorize(needs []Need) error {
	for _, n := range needs {
		have, err := rq.RightsAt(n.Path)
		if err != nil {
			return err
		}
		if !have.Has(n.What) {
			n.What &^= have
			return rq.refusing(n)
		}
		if !n.Below {
			continue
		}
		if err := rq.authorizeBelow(n); err != nil {
			return err
		}
	}
	return nil
}

// Exceptions is a collection in which a member, at any depth, may give the caller other rights than the collection does.
type Exceptions interface {
	// Except finds a member on which the caller lacks one of these privileges; nil when there is none.
	Except(rq *Request, what privilege.Set) (*Exception, error)
}

// Exception is such a member.
type Exception struct {
	Path Path
	Have privilege.Set
}

func (rq *Request) authorizeBelow(n Need) error {
	at, err := rq.look(n.Path)
	if err != nil {
		return err
	}
	c, ok := at.res.(Exceptions)
	if !ok {
		return nil
	}
	x, err := c.Except(rq, n.What)
	if err != nil || x == nil {
		return err
	}
	n.What &^= x.Have
	if x.Have.Has(readNeeded) { // else who asks is told of the collection: he does not know of the member
		n.Path = x.Path
	}
	return rq.refusing(n)
}

// refusing is the refusal for want of n.
func (rq *Request) refusing(n Need) error {
	if rq.Who.Principal == nil {
		return rq.unauthenticated()
	}
	if n.Unseen {
		return store.ErrNotFound
	}
	own, err := rq.RightsAt(rq.Target)
	if err != nil {
		return err
	}
	if !own.Has(readNeeded) {
		n = Need{Path: rq.Target, What: readNeeded}
	}
	return NeedPrivileges(n.Path, n.What)
}

// guard is the one place where the conditions of a request and the locks on what it would change are judged.
func (rq *Request) guard(needs []Need) (err error) {
	if rq.states, err = parseIf(strings.Join(rq.Header.Values("If"), " ")); err != nil {
		return err
	}
	tagged, err := rq.tagged()
	if err != nil {
		return err
	}
	var spots []*spot
	rq.members, rq.listing = nil, nil
	if rq.method.Write && !rq.method.Locks && rq.Tx.State().Locked {
		if spots, rq.members, err = rq.claimed(needs); err != nil {
			return err
		}
	}
	if rq.locks, err = rq.locksAround(append(spots, tagged...)); err != nil {
		return err
	}
	if err := rq.stateHolds(tagged); err != nil {
		return err
	}
	if err := rq.conditional(); err != nil {
		return err
	}
	return rq.passLocks(rq.locks, spots)
}

// unauthenticated is the 401 of the whole service: one realm in each, since clients store passwords by realm.
func (rq *Request) unauthenticated() error {
	realm := rq.Login.Realm
	if realm == "" {
		realm = rq.server.opt.Realm
	}
	if realm == "" {
		realm = "calendar"
	}
	text := strings.Join(append([]string{"a login is needed"}, rq.Login.Notes...), "\n")
	return &Error{Status: http.StatusUnauthorized, Text: text, Header: http.Header{"Www-Authenticate": {`Basic realm="` + realm + `", charset="UTF-8"`}}}
}

// NeedPrivileges names the resource and the privilege that were missing (RFC 3744 §7.1.1).
func NeedPrivileges(path Path, what privilege.Set) error {
	p := privilege.Narrowest(what)
	return ErrNeedPrivileges.Holding(func(w *Writer) {
		w.Open(DAV("resource"))
		w.Href(path)
		w.Open(DAV("privilege"))
		w.Empty(Name{p.Space, p.Local})
		w.Close()
		w.Close()
	})
}
