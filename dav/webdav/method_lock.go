package webdav

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// Every member of a locked collection shows the lock: a listing has to stay readable.
const (
	maxLockOwner   = 4 << 10 // octets of DAV:owner
	maxSharedLocks = 50      // on one URL
)

// lockMethod is RFC 4918 §9.10. What rights it needs is RFC 3744 appendix B.
func lockMethod() Method {
	return Method{Name: "LOCK", Body: XMLBody, Write: true, Unmapped: true, Locks: true,
		On: lockable,
		Needs: func(rq *Request) ([]Need, error) {
			if rq.Resource == nil && rq.Parent != nil {
				return []Need{{Path: rq.Target.Parent(), What: privilege.Bind, Member: rq.Target.Last()}}, nil
			}
			depth, err := rq.Depth()
			deep := err != nil || depth != Depth0 // RFC 4918 §9.10.3: a deep lock is one of all members
			return []Need{{Path: rq.Target, What: privilege.WriteContent, Below: deep && !rq.refreshes()}}, nil
		},
		Run: func(rq *Request) (Response, error) {
			if rq.refreshes() {
				return rq.refreshLock()
			}
			return rq.takeLock()
		}}
}

// refreshes says whether this is a LOCK of a lock that is there: one without a body (RFC 4918 §9.10.2).
func (rq *Request) refreshes() bool { return rq.method.Locks && rq.Method == "LOCK" && rq.Body == nil }

func (rq *Request) refreshLock() (Response, error) {
	if rq.states == nil {
		return Response{}, BadRequest("LOCK takes a body, or an If header with the token of the lock to be refreshed")
	}
	s, set, err := rq.around(false)
	if err != nil {
		return Response{}, err
	}
	list := slices.DeleteFunc(set.reaching(s), func(l held) bool { return !slices.Contains(rq.states.tokens, l.Token) })
	switch {
	case len(list) == 0:
		return Response{}, errLockRefresh.With("there is no such lock on %s", rq.Target)
	case len(list) > 1:
		return Response{}, BadRequest("LOCK without a body refreshes one lock, and the If header has the tokens of %d", len(list))
	case !rq.Who.Is(list[0].Principal):
		return Response{}, Forbidden("the lock is somebody else's")
	}
	l := &list[0]
	l.Expires = rq.Tx.Now.Add(timeout(rq.Header)).Unix()
	return rq.granted(http.StatusOK, list), rq.Tx.RefreshLock(l.Token, l.Expires)
}

// around finds the target with all locks that reach it and, with tree, those below it.
func (rq *Request) around(tree bool) (*spot, *lockset, error) {
	s, err := rq.spot(rq.Target)
	if err != nil {
		return nil, nil, err
	}
	s.tree = tree
	set, err := rq.locksAround([]*spot{s})
	return s, set, err
}

func (rq *Request) takeLock() (Response, error) {
	l, err := rq.requestedLock()
	if err != nil {
		return Response{}, err
	}
	if err := rq.lockPlace(); err != nil {
		return Response{}, err
	}
	s, set, err := rq.around(l.Deep)
	if err != nil {
		return Response{}, err
	}
	if s.key.Collection == 0 {
		return Response{}, Forbidden("%s cannot be locked", rq.Target)
	}
	if err := rq.compatible(l, s, set); err != nil {
		return Response{}, err
	}
	if len(set.own(s)) >= maxSharedLocks {
		return Response{}, &Error{Status: http.StatusInsufficientStorage, Text: fmt.Sprintf("%d locks stand here, as many as may: remove some, or let them expire", maxSharedLocks)}
	}
	status := http.StatusOK
	if rq.Resource == nil {
		if status, err = http.StatusCreated, rq.lockUnmapped(set); err != nil {
			return Response{}, err
		}
	}
	l.LockKey = s.key
	if err := rq.Tx.CreateLock(&l); errors.Is(err, store.ErrTooManyLocks) {
		return Response{}, &Error{Status: http.StatusInsufficientStorage, Text: "this account holds as many locks as one may: remove some, or let them expire"}
	} else if err != nil {
		return Response{}, err
	}
	resp := rq.granted(status, append([]held{{l, s.path}}, set.reaching(s)...))
	resp.Header.Set("Lock-Token", "<"+l.Token+">")
	return resp, nil
}

// requestedLock reads the body and the headers of a LOCK.
func (rq *Request) requestedLock() (l store.Lock, err error) {
	if NameOf(rq.Body) != DAV("lockinfo") {
		return l, BadRequest("the body of a LOCK is a DAV:lockinfo, not %v", NameOf(rq.Body))
	}
	scope, kind := Find(rq.Body, DAV("lockscope")), Find(rq.Body, DAV("locktype"))
	exclusive, shared := has(scope, "exclusive"), has(scope, "shared")
	switch {
	case exclusive == shared:
		return l, BadRequest("DAV:lockscope holds neither or both of DAV:exclusive and DAV:shared")
	case !has(kind, "write"):
		return l, BadRequest("DAV:locktype holds no DAV:write: there are no other locks")
	}
	depth, err := rq.Depth()
	if err != nil {
		return l, err
	}
	if depth == Depth1 {
		return l, BadRequest("LOCK takes Depth 0 or infinity") // §9.10.3
	}
	if owner := Find(rq.Body, DAV("owner")); owner != nil {
		if l.Owner = Markup(owner); len(l.Owner) > maxLockOwner {
			return l, &Error{Status: http.StatusRequestEntityTooLarge, Text: fmt.Sprintf("DAV:owner is longer than %d octets", maxLockOwner)}
		}
	}
	l.Token, l.Deep, l.Shared = newLockToken(), depth != Depth0, shared // §9.10.3: no Depth means infinity
	l.Principal, l.Expires = rq.Who.Principal.ID, rq.Tx.Now.Add(timeout(rq.Header)).Unix()
	return l, nil
}

func has(el *etree.Element, local string) bool { return Find(el, DAV(local)) != nil }

// newLockToken is a random UUID (RFC 4918 §6.5, RFC 9562 §5.4).
func newLockToken() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// lockPlace judges where a name that is not taken may be locked.
func (rq *Request) lockPlace() error {
	if rq.Resource != nil {
		return nil
	}
	if rq.Parent == nil {
		return &Error{Status: http.StatusConflict, Text: "the collection " + rq.Target.Parent().String() + " does not exist"} // §9.10.6
	}
	if _, ok := rq.Parent.(Container); !ok {
		return Forbidden("%s takes no members", rq.Target.Parent())
	}
	return nil
}

// compatible is the table of RFC 4918 §9.10.5: exclusive locks stand alone, and reach as far as Depth says.
func (rq *Request) compatible(l store.Lock, s *spot, set *lockset) error {
	conflict := func(list []held) *held {
		for i := range list {
			if !l.Shared || !list[i].Shared {
				return &list[i]
			}
		}
		return nil
	}
	if with := conflict(set.reaching(s)); with != nil {
		return ErrNoConflictingLock.At(rq.visible(with.root))
	}
	with := conflict(set.under(s))
	if with == nil {
		return nil
	}
	root := rq.visible(with.root)
	if root.Same(rq.Target) {
		return ErrNoConflictingLock.At(root)
	}
	return &Failed{Response{Status: http.StatusMultiStatus, Header: notCached(), Stream: func(w *Writer) error { // §9.10.3
		w.Multistatus()
		w.StatusResponse(root, http.StatusLocked, ErrNoConflictingLock.At(root))
		w.StatusResponse(s.path, http.StatusFailedDependency, nil)
		w.Close()
		return nil
	}}}
}

// EmptyMaker is a container whose members may be empty: LOCK of a name that is not taken makes one (RFC 4918 §7.3). In
// other containers such a lock stands alone, as the lock-null resource of appendix D: it keeps the name for whoever
// took it, is in no listing, and is gone when it ends.
type EmptyMaker interface {
	MakeEmpty(rq *Request, name string) error
}

// lockUnmapped makes what the lock is to stand on. A new member needs the tokens of the locks on its collection (§7.4).
func (rq *Request) lockUnmapped(set *lockset) error {
	parent, err := rq.spot(rq.Target.Parent())
	if err != nil {
		return err
	}
	if err := rq.passLocks(set, []*spot{parent}); err != nil {
		return err
	}
	if c, ok := rq.Parent.(EmptyMaker); ok {
		return c.MakeEmpty(rq, rq.Target.Last())
	}
	return nil
}

// granted answers with DAV:lockdiscovery (§9.10.1).
func (rq *Request) granted(status int, list []held) Response {
	now := rq.Tx.Now.Unix()
	return Response{Status: status, Header: notCached(), Stream: func(w *Writer) error {
		w.Document(DAV("prop"))
		w.Open(DAV("lockdiscovery"))
		for _, l := range list {
			w.activeLock(l, now)
		}
		w.Close()
		w.Close()
		return nil
	}}
}

func notCached() http.Header { return http.Header{"Cache-Control": {"no-cache"}} }
