package fcgi

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"caldav-fcgi/dav/webdav"
)

// Guard keeps a request within bounds, whichever way it came. The zero value of a limit means its default.
type Guard struct {
	MaxURL    int           // bytes of the request target, 414 above; 8 kB
	MaxHeader int           // bytes of the header, 431 above; 48 kB
	MaxBody   int64         // bytes of the body, 413 above: what the transport takes, not what a calendar does; 64 MB
	Timeout   time.Duration // for the work on a request, after which its context ends; 30 s: mod_fcgid gives up after 40
	BodyTime  time.Duration // for the reading of its body, which the client's line decides; 10 min
	Log       *slog.Logger  // slog.Default() when nil
}

// Handler bounds what next gets.
func (g *Guard) Handler(next http.Handler) http.Handler {
	lim := *g
	lim.MaxURL = cmp.Or(lim.MaxURL, 8<<10)
	lim.MaxHeader = cmp.Or(lim.MaxHeader, 48<<10)
	lim.MaxBody = cmp.Or(lim.MaxBody, 64<<20)
	lim.Timeout = cmp.Or(lim.Timeout, 30*time.Second)
	lim.BodyTime = cmp.Or(lim.BodyTime, 10*time.Minute)
	lim.Log = orDefault(lim.Log)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := lim.check(r); code != 0 {
			writeError(w, code, "")
			return
		}
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		clock := newClock(lim.Timeout, lim.BodyTime, func() { cancel(context.DeadlineExceeded) })
		defer clock.stop()
		r = r.WithContext(ctx)
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &timedBody{ReadCloser: http.MaxBytesReader(w, r.Body, lim.MaxBody), clock: clock}
		}
		if _, ok := w.(resetter); !ok {
			w = &tracked{ResponseWriter: w}
		}
		defer lim.recover(w, r)
		next.ServeHTTP(w, r)
	})
}

func (g *Guard) check(r *http.Request) int {
	if len(r.RequestURI) > g.MaxURL {
		return http.StatusRequestURITooLong
	}
	size := 0
	for name, values := range r.Header {
		for _, v := range values {
			size += len(name) + len(v) + 4
		}
	}
	switch {
	case size > g.MaxHeader:
		return http.StatusRequestHeaderFieldsTooLarge
	case r.ContentLength > g.MaxBody:
		return http.StatusRequestEntityTooLarge
	}
	return 0
}

// recover turns a panic into a 500 where no answer has left, and cuts it off elsewhere.
func (g *Guard) recover(w http.ResponseWriter, r *http.Request) {
	v := recover()
	if v == nil {
		return
	}
	if err, ok := v.(error); !ok || !errors.Is(err, http.ErrAbortHandler) {
		logPanic(g.Log.With("id", webdav.LoginFrom(r.Context()).ID), r, v)
		if w.(resetter).reset() {
			writeError(w, http.StatusInternalServerError, "")
			return
		}
	}
	panic(http.ErrAbortHandler)
}

// tracked remembers whether an answer has begun, for net/http's writer, which does not tell.
type tracked struct {
	http.ResponseWriter
	wrote bool
}

func (t *tracked) WriteHeader(code int) {
	t.wrote = t.wrote || code >= 200
	t.ResponseWriter.WriteHeader(code)
}

func (t *tracked) Write(p []byte) (int, error) {
	t.wrote = true
	return t.ResponseWriter.Write(p)
}

// reset implements resetter.
func (t *tracked) reset() bool {
	if t.wrote {
		return false
	}
	clear(t.Header())
	return true
}

// Flush is here for those who ask for an http.Flusher instead of an http.ResponseController.
func (t *tracked) Flush() { _ = http.NewResponseController(t.ResponseWriter).Flush() }

// Unwrap is for http.ResponseController.
func (t *tracked) Unwrap() http.ResponseWriter { return t.ResponseWriter }

// clock runs down while a request is worked on, and another one while its body is read.
type clock struct {
	mu      sync.Mutex
	timer   *time.Timer
	started time.Time
	work    time.Duration
	body    time.Duration
	stopped bool
	expired bool
}

func newClock(work, body time.Duration, cancel func()) *clock {
	c := &clock{started: time.Now(), work: work, body: body}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timer = time.AfterFunc(work, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.expired = true
		cancel()
	})
	return c
}

// reading charges what has passed since the last call to the one allowance and lets the other run; false when the time is
// up.
func (c *clock) reading(body bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped || c.expired || !c.timer.Stop() {
		return false
	}
	now := time.Now()
	passed := now.Sub(c.started)
	c.started = now
	left := &c.work
	if body {
		c.work -= passed
		left = &c.body
	} else {
		c.body -= passed
	}
	c.timer.Reset(max(*left, time.Nanosecond))
	return true
}

func (c *clock) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	c.timer.Stop()
}

// timedBody tells the clock who is waited for.
type timedBody struct {
	io.ReadCloser
	clock *clock
}

func (b *timedBody) Read(p []byte) (int, error) {
	if !b.clock.reading(true) {
		return 0, context.DeadlineExceeded
	}
	defer b.clock.reading(false)
	return b.ReadCloser.Read(p)
}
