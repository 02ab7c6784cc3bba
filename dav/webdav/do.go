package webdav

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"

	"caldav-fcgi/store"
)

// Call is one request as Do takes it, from a client or from a part of this program.
type Call struct {
	Method string
	Host   string
	Path   Path
	Query  url.Values
	Header http.Header
	Body   io.Reader
	Length int64 // of Body; -1 when it is not known
}

// Answer takes status and header once, then the body. Restart takes them back, as long as nothing has left.
type Answer interface {
	Start(status int, h http.Header)
	Started() bool
	Restart() bool
	io.Writer
}

// maxStale is how often a write is prepared again because the collection's configuration changed in between.
const maxStale = 3

var errIdentify = errors.New("the account has to be made or refreshed first")

// Do carries out one request: every way to change anything leads through here, so that rights, preconditions and
// checks are judged in one place. An error has not been answered yet.
func (s *Server) Do(ctx context.Context, who Login, c Call, out Answer) (*Request, error) {
	rq := &Request{Method: c.Method, Header: c.Header, Host: c.Host, Base: who.Base, Query: c.Query, Target: c.Path, Login: who,
		Log: s.opt.Log, ctx: ctx, server: s, stream: c.Body, length: c.Length, hasBody: c.Body != nil && c.Length != 0}
	if rq.Query == nil {
		rq.Query = url.Values{}
	}
	m, err := s.choose(rq)
	if err != nil {
		return rq, err
	}
	rq.method = m
	if err := rq.readBody(); err != nil {
		return rq, err
	}
	defer func() { rq.Tx = nil }()
	if !m.Write {
		return rq, s.identified(rq, func() error {
			return s.db.View(ctx, func(tx *store.Tx) error {
				defer rq.count(tx)
				if err := rq.gate(tx); err != nil {
					return err
				}
				resp, err := rq.method.Run(rq)
				if err != nil {
					return err
				}
				return rq.send(resp, out)
			})
		})
	}
	for try := 0; ; try++ {
		err := s.identified(rq, func() error {
			return s.db.View(ctx, func(tx *store.Tx) error {
				defer rq.count(tx)
				return rq.gate(tx)
			})
		})
		if err != nil {
			return rq, rq.refused(err, out)
		}
		rq.Tx = nil
		judged := rq.method
		if rq.method.Prepare != nil {
			if err := rq.method.Prepare(rq); err != nil {
				return rq, err
			}
		}
		var resp Response
		err = s.db.Update(ctx, func(tx *store.Tx) (err error) {
			defer rq.count(tx)
			if err := rq.gate(tx); err != nil {
				return err
			}
			if rq.method != judged { // another kind of resource stands here now
				return ErrStale
			}
			rq.sign(tx)
			if resp, err = rq.method.Run(rq); err != nil {
				return err
			}
			return rq.settleLocks()
		})
		rq.Tx = nil
		if errors.Is(err, ErrStale) && try < maxStale {
			continue
		}
		if err != nil {
			return rq, rq.refused(err, out)
		}
		return rq, rq.send(resp, out)
	}
}

// refused answers with what a Failed holds; any other error is left to be answered.
func (rq *Request) refused(err error, out Answer) error {
	var failed *Failed
	if errors.As(err, &failed) {
		return rq.send(failed.Response, out)
	}
	return err
}

// sign names who writes, for the change log.
func (rq *Request) sign(tx *store.Tx) { tx.As(rq.Who.Principal.ID, rq.Header.Get("User-Agent")) }

func (rq *Request) count(tx *store.Tx) { rq.statements += tx.Statements() }

// choose finds the method; which of its actions is decided when the resource is known.
func (s *Server) choose(rq *Request) (*Method, error) {
	name := rq.Method
	if name == http.MethodHead {
		name = http.MethodGet
	}
	list := s.methods[name]
	if len(list) == 0 {
		return nil, &Error{Status: http.StatusNotImplemented, Text: "method " + name + " is not known here"}
	}
	return list[len(list)-1], nil
}

// readBody reads an XML body at once and judges whether a body may be there at all.
func (rq *Request) readBody() (err error) {
	switch rq.method.Body {
	case XMLBody:
		if rq.hasBody {
			rq.Body, err = readXML(rq.stream)
		}
	case NoBody:
		if rq.hasBody {
			var one [1]byte
			if n, _ := io.ReadFull(rq.stream, one[:]); n > 0 { // RFC 4918 §8.4
				return &Error{Status: http.StatusUnsupportedMediaType, Text: rq.Method + " takes no body"}
			}
		}
	}
	return err
}

// identified runs fn, and once more when the caller's account had to be made or refreshed first.
func (s *Server) identified(rq *Request, fn func() error) error {
	err := fn()
	if !errors.Is(err, errIdentify) {
		return err
	}
	rq.Tx = nil
	if err := s.provision(rq); err != nil {
		return err
	}
	return fn()
}

// gate is what every request passes before anything is done, in the View and, authoritatively, again in the Update.
func (rq *Request) gate(tx *store.Tx) error {
	rq.Tx, rq.subject, rq.once = tx, subject{}, nil
	if err := rq.identify(); err != nil {
		return err
	}
	if rq.Who.Principal == nil && rq.method.Write { // whatever is granted to everybody: what changes is somebody's doing
		return rq.unauthenticated()
	}
	rq.judging = true
	defer func() { rq.judging, rq.ways = false, rq.ways[:min(1, len(rq.ways))] }()
	if err := rq.lookup(); err != nil {
		return err
	}
	name := rq.Method
	if name == http.MethodHead {
		name = http.MethodGet
	}
	list := rq.server.methods[name]
	chosen := slices.IndexFunc(list, func(m *Method) bool { return m.on(rq.Resource) && (m.Match == nil || m.Match(rq)) })
	if chosen >= 0 {
		rq.method = list[chosen]
	}
	needs, err := rq.needs()
	if err != nil {
		return err
	}
	if err := rq.authorize(needs); err != nil {
		return err
	}
	switch {
	case rq.Resource == nil && !rq.method.Unmapped:
		return store.ErrNotFound
	case chosen < 0:
		return rq.notAllowed()
	}
	if rq.method.Public {
		return nil
	}
	return rq.showState(rq.guard(needs))
}

func (rq *Request) needs() ([]Need, error) {
	if rq.method.Needs == nil {
		return nil, nil
	}
	return rq.method.Needs(rq)
}

func (rq *Request) notAllowed() error {
	return &Error{Status: http.StatusMethodNotAllowed, Text: rq.Method + " is not possible on this resource", Header: http.Header{"Allow": {allow(rq.server.Allow(rq.Resource))}}}
}

// send writes the head, then lets the body be streamed.
func (rq *Request) send(r Response, out Answer) error {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	if r.Stream != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/xml; charset=utf-8")
	}
	rq.nameWithSlash(r)
	out.Start(r.Status, r.Header)
	if r.Stream == nil {
		return nil
	}
	w := newWriter(rq.Base, out)
	if err := r.Stream(w); err != nil {
		return err
	}
	return w.flushAll()
}

// nameWithSlash is RFC 4918 §5.2: a collection named without its slash is told its name. After DELETE and MOVE nothing
// has that name.
func (rq *Request) nameWithSlash(r Response) {
	if _, ok := rq.Resource.(Collection); !ok || rq.Target.Slash || len(rq.Target.Segments) == 0 || rq.Method == http.MethodDelete || rq.Method == "MOVE" {
		return
	}
	if h := r.Header; h["Content-Location"] == nil {
		h.Set("Content-Location", rq.Base+rq.Target.String()+"/")
	}
}
