package fcgi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// body reads a request's STDIN records straight from the connection: the handler's pace is the web server's. When the
// stream has ended, a goroutine watches the connection so that the request's context ends with it.
type body struct {
	k      *conn
	cancel func()
	want   int64 // CONTENT_LENGTH; -1: unknown

	aborted atomic.Bool // ABORT came

	mu       sync.Mutex // against a handler's goroutine that outlives it
	left     int        // of the current record
	pad      int
	got      int64
	eof      bool  // the empty STDIN came
	gone     bool  // nobody is left to answer; while watching is set, this and lost are that goroutine's
	lost     bool  // no record can be read any more
	err      error // for the reader
	closed   bool
	done     bool // the handler has returned
	deadline time.Time
	watching chan struct{}
}

// attach decides what the handler sees. Where no header announces a body, the first record tells whether there is one.
func (b *body) attach(r *http.Request) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.want = max(r.ContentLength, -1)
	if r.ContentLength == lengthUnknown || r.ContentLength == 0 {
		b.nextRecord()
		if b.eof { // from here on gone and lost are the watching goroutine's
			r.ContentLength = 0
			return nil
		}
		if b.gone || b.lost {
			return b.err
		}
		r.ContentLength = b.want
	}
	r.Body = b
	return nil
}

// Read implements io.Reader. A stream that is shorter than CONTENT_LENGTH, or cut off, ends with io.ErrUnexpectedEOF;
// a longer one with an error as soon as it shows.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	if len(p) == 0 {
		return 0, nil
	}
	for b.left == 0 && b.err == nil && !b.eof {
		b.nextRecord()
	}
	switch {
	case b.err != nil:
		return 0, b.err
	case b.left == 0:
		return 0, io.EOF
	}
	b.wait()
	n, err := b.k.br.Read(p[:min(len(p), b.left)])
	b.left -= n
	b.got += int64(n)
	if err != nil {
		b.broken(err)
		return n, b.err
	}
	return n, nil
}

// Close implements io.Closer. What is left is read by finish.
func (b *body) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	return nil
}

func (b *body) setDeadline(t time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.deadline = t
}

// wait gives the web server BodyTimeout for the next piece.
func (b *body) wait() {
	until := time.Now().Add(b.k.s.BodyTimeout)
	if !b.deadline.IsZero() && b.deadline.Before(until) {
		until = b.deadline
	}
	_ = b.k.c.SetReadDeadline(until)
}

// nextRecord goes on to the next piece of data, the end of the stream or an error.
func (b *body) nextRecord() {
	k := b.k
	for b.left == 0 && !b.eof && !b.gone && !b.lost && !b.aborted.Load() {
		b.wait()
		if _, err := k.br.Discard(b.pad); err != nil {
			b.broken(err)
			return
		}
		b.pad = 0
		h, err := readHeader(k.br)
		if err != nil {
			b.broken(err)
			return
		}
		b.record(h)
	}
}

func (b *body) record(h recordHeader) {
	var err error
	switch {
	case h.id != b.k.id:
		err = b.k.foreign(h)
	case h.typ == typeStdin && h.content > 0:
		b.left, b.pad = h.content, h.padding
		if b.want >= 0 && b.got+int64(h.content) > b.want {
			b.err = errBodyOver
		}
	case h.typ == typeStdin:
		if err = b.k.discard(h); err == nil {
			b.end()
		}
	case h.typ == typeAbort:
		if err = b.k.discard(h); err == nil {
			b.abort()
		}
	case h.typ == typeBegin:
		err = fmt.Errorf("%w: BEGIN record in the body", errProtocol)
	default:
		err = b.k.discard(h)
	}
	if err != nil {
		b.broken(err)
	}
}

func (b *body) end() {
	b.eof = true
	if b.want >= 0 && b.got < b.want && b.err == nil {
		b.err = io.ErrUnexpectedEOF
	}
	if !b.done {
		b.watch()
	}
}

func (b *body) abort() {
	b.err = errAborted
	b.aborted.Store(true)
	b.cancel()
}

// broken ends the reading. After a time-out the request can still be answered, else there is nobody to answer.
func (b *body) broken(err error) {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	b.err = fmt.Errorf("read the request body: %w", err)
	b.left, b.lost = 0, true
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		b.gone = true
		b.cancel()
	}
}

// watch starts reading ahead. No web server half-closes: the end of the connection means that nobody waits for the
// answer, and nginx closes it as soon as its client leaves.
func (b *body) watch() {
	_ = b.k.c.SetReadDeadline(time.Time{})
	watching := make(chan struct{})
	b.watching = watching
	go func() {
		defer close(watching)
		for b.watchRecord() {
		}
	}()
}

// watchRecord looks at the next record; only this goroutine reads from the connection until stopWatch. False when
// there is nothing more to watch for.
func (b *body) watchRecord() bool {
	k := b.k
	head, err := k.br.Peek(headerLen)
	if err != nil {
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			b.gone = true
			b.cancel()
		}
		return false
	}
	if head[1] == typeBegin && head[2] == byte(k.id>>8) && head[3] == byte(k.id) {
		return false // the next request, already: it waits
	}
	h, err := readHeader(k.br)
	switch {
	case err != nil:
	case h.id != k.id:
		err = k.foreign(h)
	default:
		if err = k.discard(h); err == nil && h.typ == typeAbort {
			b.aborted.Store(true)
			b.cancel()
			return false
		}
	}
	b.lost = b.lost || err != nil
	return err == nil
}

// stopWatch ends the watching, and the reading of a handler's goroutine that is still there.
func (b *body) stopWatch() {
	_ = b.k.c.SetReadDeadline(time.Unix(1, 0))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.done = true, true
	if b.watching != nil {
		<-b.watching
		b.watching = nil
	}
}

// finish reads what the handler left of the stream, within limits, and says whether the connection can go on.
func (b *body) finish() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.done = true, true
	b.deadline = time.Now().Add(drainTime)
	for drained := 0; !b.gone && !b.lost; {
		if b.eof || b.aborted.Load() {
			return true
		}
		b.nextRecord()
		if b.left == 0 {
			continue
		}
		if drained += b.left; drained > drainBytes {
			return false
		}
		b.wait()
		if _, err := b.k.br.Discard(b.left); err != nil {
			return false
		}
		b.left = 0
	}
	return false
}

// isGone says whether the peer has hung up; asked after stopWatch.
func (b *body) isGone() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.gone
}
