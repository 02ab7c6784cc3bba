package webdav

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// Request is one DAV request inside its transaction.
type Request struct {
	Method   string
	Header   http.Header
	Host     string // the Host header
	Base     string // the base path; hrefs are written below it
	Query    url.Values
	Target   Path
	Parent   Resource       // of Target; nil when that is missing too
	Resource Resource       // nil for a name that is not taken
	Body     *etree.Element // an XML body; nil when there was none
	Upload   any            // what Prepare made of a stream body
	Own      any            // what the module that answers keeps for the whole of the request
	Who      Subject
	Login    Login
	Tx       *store.Tx
	Log      *slog.Logger

	ctx     context.Context
	server  *Server
	method  *Method
	stream  io.Reader
	length  int64
	body    []byte // of a stream, once it was read
	hasBody bool
	at      place // where Target leads
	ways    []way // found while the request is judged: Target's first
	judging bool

	states  *ifHeader    // nil: the request has no If header
	locks   *lockset     // around what the request would change
	members []*spot      // what comes or goes by it
	listing *lockListing // what DAV:lockdiscovery has read

	subject    subject
	once       map[any]any // what Once has made in this transaction
	statements int         // of SQL, in all its transactions
}

// Subject is who is asking, with everything rights are decided by.
type Subject struct {
	Principal *store.Principal // nil when anonymous
}

// Is says whether the caller is the principal with this id.
func (s Subject) Is(id int64) bool { return s.Principal != nil && s.Principal.ID == id }

// Context is cancelled when the client goes away.
func (rq *Request) Context() context.Context { return rq.ctx }

// Server is the service the request came to: its tables and settings.
func (rq *Request) Server() *Server { return rq.server }

// Stream is a body that Prepare reads as it comes; a part of it that was read is gone.
func (rq *Request) Stream() io.Reader {
	if rq.stream == nil {
		return http.NoBody
	}
	return rq.stream
}

// Length is that of the stream as the client announced it; -1 when it did not.
func (rq *Request) Length() int64 { return rq.length }

// ReadBody reads a stream body of at most max octets. What it returns stays the same when Prepare runs again.
func (rq *Request) ReadBody(max int64) (body []byte, tooLarge bool, err error) {
	if rq.body != nil {
		return rq.body, false, nil
	}
	if rq.length > max {
		return nil, true, nil
	}
	var buf bytes.Buffer
	if rq.length > 0 {
		buf.Grow(int(rq.length) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(rq.stream, max+1))
	if err != nil {
		return nil, false, UnreadBody(err)
	}
	if n > max {
		return nil, true, nil
	}
	rq.body = buf.Bytes()
	if rq.body == nil {
		rq.body = []byte{}
	}
	return rq.body, false, nil
}

// UnreadBody is what to answer when a body could not be read to its end.
func UnreadBody(err error) error {
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return &Error{Status: http.StatusRequestEntityTooLarge, Text: fmt.Sprintf("the body is larger than %d octets", big.Limit)}
	case errors.Is(err, context.DeadlineExceeded):
		return &Error{Status: http.StatusRequestTimeout, Text: "the body took too long"}
	}
	return BadRequest("the body ended early: %v", err)
}

// place is where a path leads.
type place struct {
	parent, res Resource
	deepest     Resource   // the last resource found on the way
	missing     string     // the segment below deepest that is not taken
	chain       []Resource // all found on the way, the root first
}

// Find returns the resource at p, store.ErrNotFound when there is none.
func (rq *Request) Find(p Path, want store.Want) (Resource, error) {
	at, err := rq.find(p, want)
	if err == nil && at.res == nil {
		err = store.ErrNotFound
	}
	return at.res, err
}

func (rq *Request) find(p Path, want store.Want) (place, error) {
	root, err := rq.server.roots[""](rq)
	if err != nil {
		return place{}, err
	}
	at := place{res: root, deepest: root, chain: append(make([]Resource, 0, len(p.Segments)+1), root)}
	for i, seg := range p.Segments {
		c, ok := at.res.(Collection)
		if !ok {
			return place{deepest: at.deepest, missing: seg, chain: at.chain}, nil
		}
		w := want
		if i < len(p.Segments)-1 {
			w = 0
		}
		child, err := c.Child(rq, seg, w)
		if errors.Is(err, store.ErrNotFound) {
			out := place{deepest: at.deepest, missing: seg, chain: at.chain}
			if i == len(p.Segments)-1 {
				out.parent = c
			}
			return out, nil
		}
		if err != nil {
			return place{}, fmt.Errorf("find %s: %w", p, err)
		}
		at = place{parent: c, res: child, deepest: child, chain: append(at.chain, child)}
	}
	return at, nil
}

func (rq *Request) lookup() error {
	at, err := rq.find(rq.Target, rq.method.Want)
	if err != nil {
		return err
	}
	rq.Parent, rq.Resource, rq.at = at.parent, at.res, at
	rq.ways = append(rq.ways[:0], way{rq.Target, at})
	return nil
}

// way is a path that has been gone.
type way struct {
	path Path
	at   place
}

// look is find for what is judged before the method runs, and nothing has changed yet: no way is gone twice.
func (rq *Request) look(p Path) (place, error) {
	n := len(p.Segments)
	for _, w := range rq.ways {
		if w.path.Same(p) {
			return w.at, nil
		}
		if w.path.Within(p) && n < len(w.at.chain) {
			at := place{res: w.at.chain[n], deepest: w.at.chain[n], chain: w.at.chain[:n+1]}
			if n > 0 {
				at.parent = w.at.chain[n-1]
			}
			return at, nil
		}
	}
	at, err := rq.find(p, 0)
	if err == nil && rq.judging {
		rq.ways = append(rq.ways, way{p, at})
	}
	return at, err
}

// RightsAt says what the caller may do with the resource at p, or would have to be allowed for a name not taken.
func (rq *Request) RightsAt(p Path) (privilege.Set, error) {
	at, err := rq.look(p)
	if err != nil {
		return 0, err
	}
	return rq.rights(at), nil
}

func (rq *Request) rights(at place) privilege.Set {
	if at.res == nil {
		if a, ok := at.deepest.(AbsentRights); ok {
			return a.AbsentRights(rq, at.missing)
		}
	}
	return at.deepest.Rights(rq)
}

// May says whether the caller has these privileges on a resource.
func (rq *Request) May(res Resource, what privilege.Set) bool { return res.Rights(rq).Has(what) }
