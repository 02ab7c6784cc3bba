package fcgi

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// phase is what a connection is doing; it changes under Server.mu, so that Shutdown and the connection never set the
// read deadline against each other.
type phase int

const (
	phaseFresh phase = iota // nothing received yet
	phaseIdle               // between requests
	phaseBusy               // from a BEGIN record to the end of its answer
)

// conn serves the requests of one connection, one after the other, in one goroutine. A second one reads ahead while a
// handler runs (body.watch).
type conn struct {
	s     *Server
	c     net.Conn
	br    *bufio.Reader
	phase phase // guarded by s.mu
	id    uint16
	keep  bool
	buf   []byte // body buffer of the answers, used again

	wmu      sync.Mutex // the watching goroutine writes too
	out      []byte
	deadline time.Time // set by the handler for its answer
}

// keepBuffer is the largest buffer a connection keeps between requests.
const keepBuffer = 2 * spill

func newConn(s *Server, c net.Conn) *conn {
	return &conn{s: s, c: c, br: bufio.NewReaderSize(c, 16<<10)}
}

// hurry is called by Shutdown under Server.mu.
func (k *conn) hurry() {
	switch k.phase {
	case phaseIdle:
		_ = k.c.SetReadDeadline(time.Unix(1, 0))
	case phaseFresh:
		_ = k.c.SetReadDeadline(time.Now().Add(freshGrace))
	}
}

// enter moves to a phase and gives it d to read in. It says no when the server is closing and the connection idle.
func (k *conn) enter(p phase, d time.Duration) bool {
	k.s.mu.Lock()
	defer k.s.mu.Unlock()
	if p == phaseIdle && k.s.isClosing() {
		return false
	}
	k.phase = p
	return k.c.SetReadDeadline(time.Now().Add(d)) == nil
}

func (k *conn) serve() {
	if err := k.checkPeer(); err != nil {
		k.s.log().Warn("connection refused", "error", err)
		return
	}
	for p := phaseFresh; k.enter(p, k.s.IdleTimeout); p = phaseIdle {
		h, err := readHeader(k.br)
		if err != nil {
			k.report(err)
			return
		}
		if h.id == 0 || h.typ != typeBegin {
			// Records of a finished request may still arrive, §3.3.
			if err := k.foreign(h); err != nil {
				k.report(err)
				return
			}
			continue
		}
		if !k.enter(phaseBusy, k.s.ParamsTimeout) {
			return
		}
		again, err := k.begin(h)
		if err != nil {
			k.report(err)
		}
		if err != nil || !again {
			return
		}
	}
}

// report logs what a web server should not have sent. That it hangs up, or sends nothing for too long, is everyday.
func (k *conn) report(err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, unix.ECONNRESET) {
		return
	}
	k.s.log().Warn("fastcgi connection closed", "error", err)
}

func (k *conn) checkPeer() error {
	if k.s.AllowUIDs == nil {
		return nil
	}
	uid, err := peerUID(k.c)
	if err != nil {
		return err
	}
	if !slices.Contains(k.s.AllowUIDs, uid) {
		return fmt.Errorf("user id %d may not connect", uid)
	}
	return nil
}

func peerUID(c net.Conn) (uint32, error) {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return 0, fmt.Errorf("a %s peer has no user id, and only some may connect", c.RemoteAddr().Network())
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return 0, fmt.Errorf("peer credentials: %w", err)
	}
	var cred *unix.Ucred
	var credErr error
	if err := raw.Control(func(fd uintptr) { cred, credErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) }); err != nil {
		return 0, fmt.Errorf("peer credentials: %w", err)
	}
	if credErr != nil {
		return 0, fmt.Errorf("peer credentials: %w", credErr)
	}
	return cred.Uid, nil
}

// foreign handles a record that is not of the current request.
func (k *conn) foreign(h recordHeader) error {
	switch {
	case h.id == 0:
		return k.management(h)
	case h.typ == typeBegin:
		// One request at a time: FCGI_MPXS_CONNS=0.
		if err := k.discard(h); err != nil {
			return err
		}
		return k.write(appendEnd(nil, h.id, endCantMultiplex))
	}
	return k.discard(h)
}

func (k *conn) discard(h recordHeader) error {
	_, err := k.br.Discard(h.content + h.padding)
	return err
}

// management answers the two kinds of §4: the values asked for, and that a type is not known.
func (k *conn) management(h recordHeader) error {
	body := make([]byte, h.content)
	if _, err := io.ReadFull(k.br, body); err != nil {
		return err
	}
	if _, err := k.br.Discard(h.padding); err != nil {
		return err
	}
	if h.typ != typeGetValues {
		return k.write(append(appendHeader(nil, typeUnknown, 0, 8, 0), h.typ, 0, 0, 0, 0, 0, 0, 0))
	}
	values := map[string]string{
		"FCGI_MAX_CONNS":  fmt.Sprint(k.s.MaxConns),
		"FCGI_MAX_REQS":   fmt.Sprint(k.s.MaxConns),
		"FCGI_MPXS_CONNS": "0",
	}
	var pairs []byte
	for len(body) > 0 {
		name, _, rest, err := nextPair(body)
		if err != nil {
			return err
		}
		body = rest
		if v, ok := values[name]; ok {
			pairs = appendPair(pairs, name, v)
			delete(values, name)
		}
	}
	return k.write(append(appendHeader(nil, typeGetValuesResult, 0, len(pairs), 0), pairs...))
}

// write sends whole records.
func (k *conn) write(p []byte) error {
	k.wmu.Lock()
	defer k.wmu.Unlock()
	return k.writeLocked(p)
}

func (k *conn) writeLocked(p []byte) error {
	until := time.Now().Add(k.s.WriteTimeout)
	if !k.deadline.IsZero() && k.deadline.Before(until) {
		until = k.deadline
	}
	if err := k.c.SetWriteDeadline(until); err != nil {
		return err
	}
	_, err := k.c.Write(p)
	return err
}

// begin reads a BEGIN record and serves its request; again says whether the connection can take another one.
func (k *conn) begin(h recordHeader) (again bool, err error) {
	if h.content != 8 {
		return false, fmt.Errorf("%w: BEGIN record of %d bytes", errProtocol, h.content)
	}
	b, err := k.br.Peek(8)
	if err != nil {
		return false, err
	}
	role := binary.BigEndian.Uint16(b)
	k.id, k.keep = h.id, b[2]&flagKeepConn != 0
	if err := k.discard(h); err != nil {
		return false, err
	}
	if role != roleResponder {
		return k.keep, k.write(appendEnd(nil, k.id, endUnknownRole))
	}
	raw, err := k.params()
	switch {
	case errors.Is(err, errAborted):
		return k.keep, k.write(appendEnd(nil, k.id, endComplete))
	case errors.Is(err, errTooLarge):
		k.refuse(http.StatusRequestHeaderFieldsTooLarge)
		return false, err
	case err != nil:
		return false, err
	}
	env, err := parseParams(raw)
	if errors.Is(err, errTooLarge) {
		k.refuse(http.StatusRequestHeaderFieldsTooLarge)
	}
	if err != nil {
		return false, err
	}
	again, err = k.request(env)
	return again && k.keep, err
}

// params reads the PARAMS stream to its end.
func (k *conn) params() ([]byte, error) {
	var raw []byte
	for {
		h, err := readHeader(k.br)
		if err != nil {
			return nil, err
		}
		switch {
		case h.id != k.id:
			if err := k.foreign(h); err != nil {
				return nil, err
			}
		case h.typ == typeAbort:
			if err := k.discard(h); err != nil {
				return nil, err
			}
			return nil, errAborted
		case h.typ != typeParams:
			return nil, fmt.Errorf("%w: record of type %d among the parameters", errProtocol, h.typ)
		case h.content == 0:
			return raw, k.discard(h)
		case len(raw)+h.content > k.s.MaxParams:
			return nil, fmt.Errorf("%w: more than %d bytes", errTooLarge, k.s.MaxParams)
		default:
			at := len(raw)
			raw = slices.Grow(raw, h.content)[:at+h.content]
			if _, err := io.ReadFull(k.br, raw[at:]); err != nil {
				return nil, err
			}
			if _, err := k.br.Discard(h.padding); err != nil {
				return nil, err
			}
		}
	}
}

// refuse answers a request that cannot be built.
func (k *conn) refuse(code int) {
	w := newResponse(&recordSink{k: k}, http.MethodGet, nil)
	writeError(w, code, "")
	_ = w.finish()
}

// request runs the handler; again says whether the connection is in step for the next request.
func (k *conn) request(env map[string]string) (again bool, err error) {
	ctx, cancel := context.WithCancel(k.s.hard)
	defer cancel()
	k.deadline = time.Time{}
	sink := &recordSink{k: k}
	bd := &body{k: k, cancel: cancel, want: -1}
	sink.body = bd

	r, err := newRequest(ctx, env)
	if err != nil {
		k.s.log().Warn("request refused", "error", err)
		again = bd.finish()
		k.refuse(http.StatusBadRequest)
		return again, nil
	}
	if err := bd.attach(r); err != nil {
		return false, err
	}
	w := newResponse(sink, r.Method, k.buf)
	err = run(k.s.Handler, w, r, k.s.log())
	bd.stopWatch()
	switch {
	case bd.isGone():
		return false, nil
	case bd.aborted.Load():
		return bd.finish(), k.write(appendEnd(nil, k.id, endComplete))
	case errors.Is(err, http.ErrAbortHandler):
		return false, nil // cut off without END: the web server must not take it for whole
	case err != nil:
		return false, err
	}
	// What the handler left of the body is read before the answer ends: Apache's mod_proxy_fcgi takes END for the end of
	// the exchange, and uses the connection again without sending the rest; mod_fcgid reads nothing before it has sent all.
	again = bd.finish()
	if bd.isGone() {
		return false, nil
	}
	if err := w.finish(); err != nil {
		return false, err
	}
	if k.buf = w.buf; cap(k.buf) > keepBuffer {
		k.buf = nil
	}
	return again, nil
}

// recordSink frames an answer.
type recordSink struct {
	k    *conn
	body *body
}

func (o *recordSink) send(code int, header http.Header, p []byte, last bool) error {
	if o.body != nil && o.body.aborted.Load() {
		return errAborted
	}
	var head []byte
	if code != 0 {
		head = cgiHeader(code, header)
	}
	k := o.k
	k.wmu.Lock()
	defer k.wmu.Unlock()
	k.out = appendStdout(k.out[:0], k.id, head, p)
	if last {
		k.out = appendEnd(k.out, k.id, endComplete)
	}
	err := k.writeLocked(k.out)
	if cap(k.out) > keepBuffer {
		k.out = nil
	}
	return err
}

func (o *recordSink) setReadDeadline(t time.Time) error {
	if o.body != nil {
		o.body.setDeadline(t)
	}
	return nil
}

func (o *recordSink) setWriteDeadline(t time.Time) error {
	o.k.wmu.Lock()
	defer o.k.wmu.Unlock()
	o.k.deadline = t
	return nil
}

// cgiHeader always sends Status: Apache applies its own If-Match logic to an answer without one.
func cgiHeader(code int, header http.Header) []byte {
	text := http.StatusText(code)
	if text == "" {
		text = "Unknown"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "Status: %d %s\r\n", code, text)
	_ = header.Write(&b) // a strings.Builder does not fail
	b.WriteString("\r\n")
	return []byte(b.String())
}
