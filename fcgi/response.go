package fcgi

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"caldav-fcgi/dav"
)

// sink is where an answer goes: FastCGI records, the standard output of a CGI program, or net/http/fcgi.
type sink interface {
	// send gets the code and header with the first piece of the body, and code 0 with the others. It does not keep
	// body.
	send(code int, header http.Header, body []byte, last bool) error
	setReadDeadline(time.Time) error
	setWriteDeadline(time.Time) error
}

// spill is how much of a body is gathered before it is sent.
const spill = 64 << 10

// response is an http.ResponseWriter over a sink. A body below spill leaves in one piece with its Content-Length;
// until then nothing is sent, and a panic can still become a 500.
type response struct {
	out  sink
	head bool // the request was HEAD

	mu      sync.Mutex // against a handler's goroutine that outlives it
	header  http.Header
	code    int // 0 before WriteHeader
	sent    bool
	done    bool
	buf     []byte
	length  int64 // what the handler declared as Content-Length; -1: nothing
	written int64
	err     error
}

func newResponse(out sink, method string, buf []byte) *response {
	return &response{out: out, head: method == http.MethodHead, header: http.Header{}, length: -1, buf: buf[:0]}
}

func (w *response) Header() http.Header { return w.header }

func (w *response) WriteHeader(code int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(code)
}

// writeHeader drops a 1xx: as a CGI Status it would be taken for the final one. The web server answers
// "Expect: 100-continue" itself.
func (w *response) writeHeader(code int) {
	if w.code != 0 || w.done || code >= 100 && code < 200 {
		return
	}
	if code < 200 || code > 999 {
		code = http.StatusInternalServerError
	}
	w.code = code
	if s := w.header.Get("Content-Length"); s != "" {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && n >= 0 {
			w.length = n
		} else {
			w.header.Del("Content-Length")
		}
	}
}

// bodyless says whether the answer may have a body at all: RFC 9110 §9.3.2, §15.3.5, §15.4.5.
func (w *response) bodyless() bool {
	return w.head || w.code == http.StatusNoContent || w.code == http.StatusNotModified
}

func (w *response) Write(p []byte) (int, error) { return write(w, p) }

// WriteString saves the copy that io.WriteString would make.
func (w *response) WriteString(s string) (int, error) { return write(w, s) }

func write[T []byte | string](w *response, p T) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(http.StatusOK)
	switch {
	case w.done:
		return 0, errAfterDone
	case w.err != nil:
		return 0, w.err
	case w.code == http.StatusNoContent || w.code == http.StatusNotModified:
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(len(p)) > w.length:
		return 0, http.ErrContentLength
	}
	w.written += int64(len(p))
	if w.head {
		return len(p), nil
	}
	n := 0
	for len(p) > 0 {
		c := min(spill-len(w.buf), len(p))
		w.buf = append(w.buf, p[:c]...)
		p = p[c:]
		n += c
		if len(w.buf) == spill {
			if err := w.send(false); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// Flush sends what there is.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController calls.
func (w *response) FlushError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done {
		return errAfterDone
	}
	w.writeHeader(http.StatusOK)
	return w.send(false)
}

// SetReadDeadline bounds the reading of the body, for http.ResponseController.
func (w *response) SetReadDeadline(t time.Time) error { return w.out.setReadDeadline(t) }

// SetWriteDeadline bounds the sending of the answer, for http.ResponseController.
func (w *response) SetWriteDeadline(t time.Time) error { return w.out.setWriteDeadline(t) }

func (w *response) send(last bool) error {
	if w.err != nil {
		return w.err
	}
	code := 0
	if !w.sent {
		w.sent = true
		code = w.code
		w.cleanHeader()
	}
	w.err = w.out.send(code, w.header, w.buf, last)
	w.buf = w.buf[:0]
	return w.err
}

// cleanHeader removes what belongs to one hop (RFC 9110 §7.6.1, the web server's business) or would be read as CGI's own.
func (w *response) cleanHeader() {
	for _, name := range [...]string{"Connection", "Keep-Alive", "Transfer-Encoding", "Trailer", "Upgrade", "Status"} {
		w.header.Del(name)
	}
	if w.code == http.StatusNoContent {
		w.header.Del("Content-Type")
		w.header.Del("Content-Length")
	}
}

// finish ends the answer. Nothing can be written afterwards.
func (w *response) finish() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.writeHeader(http.StatusOK)
	defer func() { w.done = true }()
	if w.length >= 0 && w.written != w.length && !w.bodyless() {
		return fmt.Errorf("answer of %d bytes where Content-Length says %d", w.written, w.length)
	}
	// A HEAD handler that wrote nothing has not said how long GET's body is.
	if !w.sent && w.length < 0 && w.code != http.StatusNoContent && w.code != http.StatusNotModified && (!w.head || w.written > 0) {
		w.header.Set("Content-Length", strconv.FormatInt(w.written, 10))
	}
	return w.send(true)
}

// reset takes back what has been written so far; false when something has been sent.
func (w *response) reset() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent || w.done {
		return false
	}
	clear(w.header)
	w.code, w.length, w.written, w.buf = 0, -1, 0, w.buf[:0]
	return true
}

// resetter is implemented by a response writer whose answer can be taken back.
type resetter interface{ reset() bool }

// run calls the handler. A panic is logged and becomes a 500, or, when part of the answer is out or the handler meant
// it (http.ErrAbortHandler), the error says that the answer has to be cut off.
func run(h http.Handler, w *response, r *http.Request, log *slog.Logger) (err error) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if e, ok := v.(error); ok && errors.Is(e, http.ErrAbortHandler) {
			err = http.ErrAbortHandler
			return
		}
		logPanic(log, r, v)
		if !w.reset() {
			err = fmt.Errorf("panic in the middle of an answer: %v", v)
			return
		}
		writeError(w, http.StatusInternalServerError, "")
	}()
	h.ServeHTTP(w, r)
	return nil
}

func logPanic(log *slog.Logger, r *http.Request, v any) {
	log.Error("panic", "method", r.Method, "path", r.URL.Path, "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
}

// writeError answers with a line of plain text, the status' own without one.
func writeError(w http.ResponseWriter, code int, text string) {
	if text == "" {
		text = http.StatusText(code)
	}
	dav.Secure(w.Header())
	http.Error(w, text, code)
}
