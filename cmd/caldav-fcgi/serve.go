package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"

	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/zone"
	"caldav-fcgi/fcgi"
)

const serveHelp = `Started by a web server it needs no flags: on a listening socket as descriptor 0 (mod_fcgid, lighttpd, spawn-fcgi) or on sockets of systemd it speaks FastCGI, with the variables of CGI it answers one request. As a service of its own it listens where -fcgi and -http say, as often as they are given:
  caldav-fcgi serve -db /var/lib/caldav-fcgi/caldav.db -fcgi unix:/run/caldav-fcgi/sock
  caldav-fcgi serve -http 127.0.0.1:8080 -htpasswd users.htpasswd
Over FastCGI a user is who the web server says (REMOTE_USER with AUTH_TYPE). Over -http it is one whose password -htpasswd has, or whom the proxy names in -user-header; else nobody, and nobody sees only where to log in. With -tokens=on a device that has a password of its own (caldav-fcgi token new) comes in over -http, and over FastCGI where the web server sets CALDAV_LOGIN=token.
SIGTERM and SIGINT let running requests end, at most 30 seconds (2 on descriptor 0); a second one ends the process at once.`

// serveSettings are those that have a meaning for a server.
var serveSettings = settingNames()

// server is what FastCGI and HTTP servers have in common.
type server interface {
	Serve(net.Listener) error
	Shutdown(context.Context) error
}

// endpoint is a listener with who serves it.
type endpoint struct {
	net.Listener
	server server
	name   string
}

func serve(ctx context.Context, c *call) (err error) {
	log := c.newLog(c.Stderr)
	mode := fcgi.Detect(c.Getenv)
	fastCGI, plain := c.FCGI, c.HTTP
	if mode == fcgi.ModeStdin || mode == fcgi.ModeCGI {
		// Such processes come in numbers: the addresses in a configuration file are for a service.
		fastCGI, plain = nil, nil
	}
	if mode == fcgi.ModeCommand && len(fastCGI)+len(plain) == 0 {
		return usagef("serve: nowhere to serve; want -fcgi unix:PATH or -http HOST:PORT (to try it out: %s demo)", program)
	}
	if err := c.checkPlain(plain, log); err != nil {
		return err
	}
	front, err := c.newFront(log)
	if err != nil {
		return err
	}
	svc, err := c.open(mayMake, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, svc.db.Close()) }()
	if c.Tokens {
		front.takeDevices(&principal.Devices{DB: svc.db})
	}
	if mode == fcgi.ModeCGI {
		return fcgi.CGI{Environ: c.Environ(), Stdin: c.Stdin, Stdout: c.Stdout, ErrorLog: log}.Serve(ctx, front.handler(svc.dav))
	}
	if c.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	ends, err := c.listen(mode, fastCGI, plain, front, newRest(svc.dav, func() { svc.db.Rest(); debug.FreeOSMemory() }), log)
	if err != nil {
		return err
	}
	names := make([]string, len(ends))
	for i, e := range ends {
		names[i] = e.name
	}
	working, stop := context.WithCancel(ctx)
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		if n, err := reindexAll(working, svc.db); n > 0 || err != nil && working.Err() == nil {
			log.Info("indexed anew", "objects", n, "error", err)
		}
		svc.dav.Jobs().Run(working)
	}()
	defer func() { stop(); <-worked }()
	log.Info("serving", "version", thisBuild().version, "started", mode.String(), "database", c.DB, "time zones", zone.Data().String(), "listen", strings.Join(names, " "))
	serving, end := context.WithCancel(ctx)
	defer end()
	var lost error
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		select {
		case lost = <-svc.lost: // the web server or service manager starts a process of the right version
			end()
		case <-serving.Done():
		}
	}()
	err = serveAll(serving, ends, mode, log)
	end()
	<-watched
	return errors.Join(err, lost)
}

// checkPlain refuses settings of plain HTTP that cannot be meant.
func (c *call) checkPlain(plain []string, log *slog.Logger) error {
	if len(plain) == 0 {
		return nil
	}
	tcp := false
	for _, at := range plain {
		if strings.HasPrefix(at, "unix:") {
			continue
		}
		tcp = true
		host, _, err := net.SplitHostPort(at)
		if err != nil {
			return usagef("-http %s: %v", at, err)
		}
		if ip := net.ParseIP(host); c.Htpasswd != "" && host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			log.Warn("passwords will cross the network unencrypted: let a web server with TLS stand in front", "http", at)
		}
	}
	if c.UserHeader != "" && tcp && len(c.TrustedProxy) == 0 {
		return usagef("-user-header %s on a TCP port: whoever can connect could be any user; want -trusted-proxy with the address of the proxy, or -http unix:PATH", c.UserHeader)
	}
	if c.Htpasswd == "" && c.UserHeader == "" && !c.Tokens {
		log.Warn("nobody can log in over plain HTTP: there is none of -htpasswd, -user-header and -tokens")
	}
	return nil
}

// front is what stands between the servers and the service.
type front struct {
	identity *fcgi.Identity
	basic    *fcgi.Basic // nil without passwords
	guard    *fcgi.Guard
}

func (c *call) newFront(log *slog.Logger) (*front, error) {
	f := &front{guard: &fcgi.Guard{Log: log}}
	f.identity = &fcgi.Identity{Base: c.Base, StripRealm: c.StripRealm, LowerUser: c.LowerUser, Realm: c.Realm,
		UserHeader: c.UserHeader, GroupsParam: c.GroupsParam, Log: log}
	for _, a := range c.TrustedProxy {
		p, err := readPrefix(a)
		if err != nil {
			return nil, usagef("-trusted-proxy: %v", err)
		}
		f.identity.TrustedProxies = append(f.identity.TrustedProxies, p)
	}
	if c.Htgroup != "" {
		var err error
		if f.identity.Htgroup, err = fcgi.NewHtgroup(c.Htgroup, log); err != nil {
			return nil, hint(err, "it has lines such as: staff: ann bob")
		}
	}
	if c.Htpasswd != "" {
		var err error
		if f.basic, err = fcgi.NewBasic(c.Htpasswd, c.Realm, log); err != nil {
			return nil, hint(err, "htpasswd -B -c %s ann makes one with a first user", quoteArg(c.Htpasswd))
		}
	}
	// A body may be a little larger than what it holds: the transport lets it come, so that the answer names the limit.
	f.guard.MaxBody = max(64<<20, 2*c.MaxResource)
	if c.Files {
		f.guard.MaxBody = max(f.guard.MaxBody, c.MaxFile+c.MaxFile/8)
	}
	return f, nil
}

// takeDevices lets passwords of devices in.
func (f *front) takeDevices(d fcgi.Devices) {
	f.identity.Devices = d
	if f.basic != nil {
		f.basic.Devices = true
	}
}

// handler is for FastCGI and CGI.
func (f *front) handler(service http.Handler) http.Handler {
	return f.identity.Handler(f.guard.Handler(service))
}

// plain is for HTTP.
func (f *front) plain(service http.Handler) http.Handler {
	h := f.handler(service)
	if f.basic != nil {
		h = f.basic.Handler(h)
	}
	return h
}

// listen opens everything, or nothing.
func (c *call) listen(mode fcgi.Mode, fastCGI, plain []string, f *front, service http.Handler, log *slog.Logger) (ends []endpoint, err error) {
	defer func() {
		if err != nil {
			for _, e := range ends {
				e.Close()
			}
		}
	}()
	socketMode, err := readMode(c.SocketMode)
	if err != nil {
		return nil, usagef("-socket-mode: %v", err)
	}
	opt := fcgi.ListenOptions{Mode: socketMode, Group: c.SocketGroup, AllowTCP: c.AllowTCP, Log: log}
	speak, err := c.fastCGI(f.handler(service), log)
	if err != nil {
		return nil, err
	}
	inherited, err := fcgi.Inherited(mode, c.Getenv)
	if err != nil {
		return nil, err
	}
	for _, l := range inherited {
		ends = append(ends, endpoint{l, speak, "fcgi on the " + mode.String()})
	}
	for _, at := range fastCGI {
		l, err := fcgi.Listen(at, opt)
		if err != nil {
			return ends, fmt.Errorf("-fcgi: %w", err)
		}
		ends = append(ends, endpoint{l, speak, "fcgi on " + at})
	}
	web := fcgi.NewPlain(f.plain(service), log)
	for _, at := range plain {
		l, err := listenHTTP(at, opt)
		if err != nil {
			return ends, fmt.Errorf("-http: %w", err)
		}
		ends = append(ends, endpoint{l, web, httpName(l)})
	}
	return ends, nil
}

func (c *call) fastCGI(h http.Handler, log *slog.Logger) (server, error) {
	if c.FCGILayer == "std" {
		if len(c.AllowUID) > 0 {
			return nil, usagef("-allow-uid: Go's net/http/fcgi cannot check who connects; want -fcgi-layer own")
		}
		return &fcgi.StdServer{Handler: h, ErrorLog: log}, nil
	}
	s := &fcgi.Server{Handler: h, ErrorLog: log}
	for _, u := range c.AllowUID {
		n, err := strconv.ParseUint(u, 10, 32)
		if err != nil {
			return nil, usagef("-allow-uid: %v", err)
		}
		s.AllowUIDs = append(s.AllowUIDs, uint32(n))
	}
	return s, nil
}

func listenHTTP(at string, opt fcgi.ListenOptions) (net.Listener, error) {
	if strings.HasPrefix(at, "unix:") {
		return fcgi.Listen(at, opt)
	}
	l, err := net.Listen("tcp", at)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", at, err)
	}
	return l, nil
}

// httpName is a URL where there is one.
func httpName(l net.Listener) string {
	if a, ok := l.Addr().(*net.TCPAddr); ok {
		return "http://" + a.String() + "/"
	}
	return "http on unix:" + l.Addr().String()
}

// serveAll serves until ctx ends or a listener fails, and lets running requests end.
func serveAll(ctx context.Context, ends []endpoint, mode fcgi.Mode, log *slog.Logger) error {
	failed := make(chan error, len(ends))
	servers := map[server]bool{}
	for _, e := range ends {
		servers[e.server] = true
		go func() { failed <- e.server.Serve(e.Listener) }()
	}
	var errs []error
	left := len(ends)
	select {
	case <-ctx.Done():
		log.Info("ending: letting running requests finish", "at most", mode.Drain())
	case err := <-failed:
		errs = append(errs, err)
		left--
	}
	drain, cancel := context.WithTimeout(context.Background(), mode.Drain())
	defer cancel()
	ended := make(chan error, len(servers))
	for s := range servers {
		go func() { ended <- s.Shutdown(drain) }()
	}
	for range servers {
		if err := <-ended; err != nil {
			log.Warn("requests were cut off", "error", err)
		}
	}
	for range left {
		errs = append(errs, <-failed)
	}
	for i, err := range errs {
		if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil && errors.Is(err, net.ErrClosed) {
			errs[i] = nil
		}
	}
	return errors.Join(errs...)
}
