package fcgi

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"
)

// Server speaks FastCGI. The zero value of a limit means its default; change nothing once Serve has been called.
type Server struct {
	Handler http.Handler

	MaxParams     int           // bytes of parameters in a request; 64 kB
	MaxConns      int           // connections at a time, others wait in the socket's queue; 1024
	ParamsTimeout time.Duration // from a request's first record to its last parameter; 10 s
	IdleTimeout   time.Duration // between requests; 75 s
	BodyTimeout   time.Duration // for each piece of the body; 60 s
	WriteTimeout  time.Duration // for each piece of the answer; 60 s
	AllowUIDs     []uint32      // who may connect, by SO_PEERCRED; nil: anybody who can. A TCP peer has no uid

	ErrorLog *slog.Logger // slog.Default() when nil

	mu        sync.Mutex
	listeners map[net.Listener]struct{}
	conns     map[*conn]struct{}
	slots     chan struct{}
	closing   chan struct{} // closed by Shutdown
	hard      context.Context
	cut       context.CancelFunc // ends hard, and with it every request's context
	wg        sync.WaitGroup
}

// limits of the body that is read and thrown away when a handler answers without reading it: what web servers let through,
// as fast as one that has it already can send it.
const (
	drainBytes = 32 << 20
	drainTime  = 2 * time.Second
)

// freshGrace is how long Shutdown leaves a new connection to send its request: mod_fcgid makes one for each.
const freshGrace = 500 * time.Millisecond

// Serve answers FastCGI requests on l with h until l fails, as net/http/fcgi.Serve does; a nil l is descriptor 0.
func Serve(l net.Listener, h http.Handler) error {
	if l == nil {
		var err error
		if l, err = net.FileListener(os.Stdin); err != nil {
			return fmt.Errorf("standard input is not a listening socket: %w", err)
		}
		defer l.Close()
	}
	return (&Server{Handler: h}).Serve(l)
}

// Serve answers the requests that come in on l; it may be called for several listeners. It closes l when it returns, with
// http.ErrServerClosed after Shutdown.
func (s *Server) Serve(l net.Listener) error {
	defer l.Close()
	if !s.start(l) {
		return http.ErrServerClosed
	}
	defer s.forget(l)
	accept := acceptor{l: l, closing: s.closing, log: s.log()}
	for {
		select {
		case s.slots <- struct{}{}:
		case <-s.closing:
			return http.ErrServerClosed
		}
		c, err := accept.next()
		if err != nil {
			<-s.slots
			return err
		}
		s.serveConn(c)
	}
}

func (s *Server) serveConn(c net.Conn) {
	k := newConn(s, c)
	s.mu.Lock()
	closing := s.isClosing()
	if !closing {
		s.conns[k] = struct{}{}
		s.wg.Add(1)
	}
	s.mu.Unlock()
	if closing {
		c.Close()
		<-s.slots
		return
	}
	go func() {
		defer s.wg.Done()
		defer func() { <-s.slots }()
		k.serve()
		s.mu.Lock()
		delete(s.conns, k)
		s.mu.Unlock()
		c.Close()
	}()
}

// start makes what is shared, once; false after Shutdown.
func (s *Server) start(l net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prepare()
	if s.isClosing() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) prepare() {
	if s.closing != nil {
		return
	}
	s.closing = make(chan struct{})
	s.listeners = make(map[net.Listener]struct{})
	s.conns = make(map[*conn]struct{})
	s.MaxParams = cmp.Or(s.MaxParams, 64<<10)
	s.MaxConns = cmp.Or(s.MaxConns, 1024)
	s.ParamsTimeout = cmp.Or(s.ParamsTimeout, 10*time.Second)
	s.IdleTimeout = cmp.Or(s.IdleTimeout, 75*time.Second)
	s.BodyTimeout = cmp.Or(s.BodyTimeout, time.Minute)
	s.WriteTimeout = cmp.Or(s.WriteTimeout, time.Minute)
	s.slots = make(chan struct{}, s.MaxConns)
	s.hard, s.cut = context.WithCancel(context.Background())
}

func (s *Server) forget(l net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
}

func (s *Server) isClosing() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

func (s *Server) log() *slog.Logger { return orDefault(s.ErrorLog) }

func orDefault(log *slog.Logger) *slog.Logger {
	if log == nil {
		return slog.Default()
	}
	return log
}

// Shutdown closes the listeners and the idle connections and waits for running requests. When ctx ends first it cancels
// their contexts, closes their connections and returns ctx's error.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.prepare()
	if !s.isClosing() {
		close(s.closing)
	}
	for l := range s.listeners {
		l.Close()
	}
	for k := range s.conns {
		k.hurry()
	}
	s.mu.Unlock()

	ended := make(chan struct{})
	go func() {
		s.wg.Wait()
		close(ended)
	}()
	defer s.cut()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	s.cut()
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.conns {
		k.c.Close()
	}
	return ctx.Err()
}

// acceptor retries what passes: no descriptors left, a client that has gone again.
type acceptor struct {
	l       net.Listener
	closing <-chan struct{}
	log     *slog.Logger
	delay   time.Duration
}

func (a *acceptor) next() (net.Conn, error) {
	for {
		c, err := a.l.Accept()
		if err == nil {
			a.delay = 0
			return c, nil
		}
		select {
		case <-a.closing:
			return nil, http.ErrServerClosed
		default:
		}
		if !passing(err) {
			return nil, fmt.Errorf("accept on %s: %w", a.l.Addr(), err)
		}
		if a.delay == 0 {
			a.log.Warn("accept: will try again", "error", err)
		}
		a.delay = min(max(2*a.delay, 5*time.Millisecond), time.Second)
		t := time.NewTimer(a.delay)
		select {
		case <-t.C:
		case <-a.closing:
			t.Stop()
			return nil, http.ErrServerClosed
		}
	}
}

func passing(err error) bool {
	for _, e := range [...]error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.ECONNABORTED,
		syscall.EINTR, syscall.EAGAIN, syscall.EPROTO} {
		if errors.Is(err, e) {
			return true
		}
	}
	var ne net.Error
	return errors.As(err, &ne) && ne.Timeout()
}
