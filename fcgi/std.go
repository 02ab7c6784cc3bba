package fcgi

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	stdfcgi "net/http/fcgi"
	"net/url"
	"sync"
	"time"
)

// StdServer serves FastCGI through net/http/fcgi, for comparison and as a way back (-fcgi-layer=std). Panics, the form
// of an answer and short bodies are handled as Server does. What stays as that package has it: a request is not
// cancelled when the web server leaves, repeated parameters are not joined, and parameters are bounded only by the
// web server; SCRIPT_NAME, PATH_INFO and REQUEST_URI do not come through, so the base path must be set.
type StdServer struct {
	Handler     http.Handler
	IdleTimeout time.Duration // for each read of a connection; 75 s
	WriteLimit  time.Duration // for each write; 60 s
	ErrorLog    *slog.Logger  // slog.Default() when nil

	mu        sync.Mutex
	closing   chan struct{}
	listeners map[net.Listener]struct{}
	running   sync.WaitGroup
}

// stdLinger is how long Shutdown waits after the last handler: the package writes the end of an answer after it, and
// does not say when.
const stdLinger = 200 * time.Millisecond

// Serve is as Server.Serve.
func (s *StdServer) Serve(l net.Listener) error {
	defer l.Close()
	s.mu.Lock()
	s.prepare()
	closing := s.closing
	s.listeners[l] = struct{}{}
	s.mu.Unlock()
	select {
	case <-closing:
		return http.ErrServerClosed
	default:
	}
	err := stdfcgi.Serve(&stdListener{Listener: l, s: s, accept: acceptor{l: l, closing: closing, log: orDefault(s.ErrorLog)}}, http.HandlerFunc(s.serve))
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	return err
}

func (s *StdServer) prepare() {
	if s.closing == nil {
		s.closing = make(chan struct{})
		s.listeners = make(map[net.Listener]struct{})
	}
	if s.IdleTimeout == 0 {
		s.IdleTimeout = 75 * time.Second
	}
	if s.WriteLimit == 0 {
		s.WriteLimit = time.Minute
	}
}

// Shutdown is as Server.Shutdown, but cannot cancel what is running.
func (s *StdServer) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.prepare()
	select {
	case <-s.closing:
	default:
		close(s.closing)
	}
	for l := range s.listeners {
		l.Close()
	}
	s.mu.Unlock()
	ended := make(chan struct{})
	go func() {
		s.running.Wait()
		time.Sleep(stdLinger)
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin counts a request in, unless Shutdown has been called.
func (s *StdServer) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closing:
		return false
	default:
		s.running.Add(1)
		return true
	}
}

func (s *StdServer) serve(rw http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		writeError(rw, http.StatusServiceUnavailable, "")
		return
	}
	defer s.running.Done()
	log := orDefault(s.ErrorLog)
	env := maps.Clone(stdfcgi.ProcessEnv(r))
	if env == nil {
		env = map[string]string{}
	}
	secret := takeSecret(env, r.Header)
	r = r.WithContext(withSecret(context.WithValue(r.Context(), envKey{}, env), secret))
	// The package makes an absolute URL; ours, and net/http's, is the request target.
	r.URL = &url.URL{Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
	r.RequestURI = r.URL.RequestURI()
	stdBody(r)
	w := newResponse(&stdSink{w: rw}, r.Method, nil)
	err := run(s.Handler, w, r, log)
	if err == nil {
		err = w.finish()
	}
	if err != nil {
		log.Warn("answer cut off", "error", err) // a panic here would end the process
	}
}

// stdBody repairs ContentLength, which the package leaves 0 where CONTENT_LENGTH is absent, and the reading of a
// body that ends early.
func stdBody(r *http.Request) {
	switch {
	case r.ContentLength > 0:
		r.Body = readCloser{&exactBody{r: r.Body, left: r.ContentLength}, r.Body}
	case r.Body == nil:
		r.Body, r.ContentLength = http.NoBody, 0
	default:
		br := bufio.NewReader(r.Body)
		if _, err := br.Peek(1); err != nil {
			r.Body, r.ContentLength = http.NoBody, 0
			break
		}
		r.Body, r.ContentLength = readCloser{br, r.Body}, -1
	}
	r.Header.Del("Transfer-Encoding")
}

type readCloser struct {
	io.Reader
	io.Closer
}

// stdSink passes an answer on to net/http/fcgi.
type stdSink struct{ w http.ResponseWriter }

func (o *stdSink) send(code int, header http.Header, p []byte, last bool) error {
	if code != 0 {
		maps.Copy(o.w.Header(), header)
		if header["Content-Type"] == nil && len(p) > 0 {
			o.w.Header().Set("Content-Type", "application/octet-stream") // else it says text/html (CVE-2020-24553)
		}
		o.w.WriteHeader(code)
	}
	if len(p) > 0 {
		if _, err := o.w.Write(p); err != nil {
			return err
		}
	}
	if !last {
		if f, ok := o.w.(http.Flusher); ok {
			f.Flush()
		}
	}
	return nil
}

func (o *stdSink) setReadDeadline(time.Time) error  { return http.ErrNotSupported }
func (o *stdSink) setWriteDeadline(time.Time) error { return http.ErrNotSupported }

// stdListener gives connections time-outs, and survives what Server does.
type stdListener struct {
	net.Listener
	s      *StdServer
	accept acceptor
}

func (l *stdListener) Accept() (net.Conn, error) {
	c, err := l.accept.next()
	if err != nil {
		return nil, err
	}
	return &stdConn{Conn: c, read: l.s.IdleTimeout, write: l.s.WriteLimit}, nil
}

type stdConn struct {
	net.Conn
	read, write time.Duration
}

func (c *stdConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.read)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func (c *stdConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.write)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
