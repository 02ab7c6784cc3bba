package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/fcgi"
	"caldav-fcgi/testdata/demo"
)

const demoHelp = `The users are ann and bob, each with the name as password. Nothing is kept: the database lies in a temporary folder, which is removed at the end (Ctrl-C). To try it with a phone, let it listen on an address that the phone can reach; whoever else can reach it can log in, too:
  caldav-fcgi demo -http 192.168.1.20:8080`

const demoAddress = "127.0.0.1:8080"

func demonstrate(ctx context.Context, c *call) (err error) {
	at := demoAddress
	if v := c.options["http"]; v != "" {
		if err := checkHTTP(v); err != nil || strings.HasPrefix(v, "unix:") {
			return usagef("-http %q: want HOST:PORT, such as %s", v, demoAddress)
		}
		at = v
	}
	l, err := net.Listen("tcp", at)
	if errors.Is(err, syscall.EADDRINUSE) {
		return hint(fmt.Errorf("%s is in use by another program", at), "choose another port: %s demo -http 127.0.0.1:8081", program)
	}
	if err != nil {
		return hint(fmt.Errorf("listen on %s: %w", at, err), "choose another address: %s demo -http HOST:PORT", program)
	}
	defer l.Close()

	dir, err := os.MkdirTemp("", "caldav-fcgi-demo-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	// The settings of a real service do not count here, but for what was asked for.
	own := *c
	own.loaded = &loaded{config: newConfig(), from: map[string]string{"db": "demo"}}
	own.DB, own.Htpasswd = filepath.Join(dir, "caldav.db"), filepath.Join(dir, "htpasswd")
	own.Base, own.Log = c.Base, c.Log
	if err := own.with(mayMake, func(s *service) error { return s.fill(ctx) }); err != nil {
		return fmt.Errorf("fill the demo: %w", err)
	}
	log := own.newLog(c.Stderr)
	svc, err := own.open(mustHave, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, svc.db.Close()) }()
	if err := os.WriteFile(own.Htpasswd, demoPasswords(), 0o600); err != nil {
		return err
	}
	front, err := own.newFront(log)
	if err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	worked := make(chan struct{})
	go func() { defer close(worked); svc.dav.Jobs().Run(working) }()
	defer func() { stop(); <-worked }()
	introduce(c.Stdout, reachable(l.Addr()), own.Base)
	web := fcgi.NewPlain(front.plain(svc.dav), log)
	return serveAll(ctx, []endpoint{{l, web, httpName(l)}}, fcgi.ModeStdin, log)
}

// demoPasswords is an htpasswd file in the cheapest form: these passwords are no secret.
func demoPasswords() []byte {
	var b bytes.Buffer
	for _, a := range demo.Accounts() {
		sum := sha1.Sum([]byte(a.Name))
		fmt.Fprintf(&b, "%s:{SHA}%s\n", a.Name, base64.StdEncoding.EncodeToString(sum[:]))
	}
	return b.Bytes()
}

// fill makes the accounts, as clients and caldav-fcgi import would.
func (s *service) fill(ctx context.Context) error {
	for _, a := range demo.Accounts() {
		claims := map[string]string{"name": a.Display, "mail": a.Mail}
		if _, err := s.dav.Engine().AddAccount(ctx, webdav.Login{User: a.Name, Claims: claims}); err != nil {
			return err
		}
		for _, cal := range a.Calendars {
			if cal.Color != "" {
				if err := s.makeCalendar(ctx, a.Name, cal); err != nil {
					return err
				}
			}
			if err := s.takeFile(ctx, a.Name, cal.Name, cal.File); err != nil {
				return err
			}
		}
		if a.Contacts != "" {
			if err := s.takeFile(ctx, a.Name, "", a.Contacts); err != nil {
				return err
			}
		}
	}
	return nil
}

// takeFile imports one file, all of which has to be taken.
func (s *service) takeFile(ctx context.Context, user, to, file string) error {
	raw, err := demo.Files.ReadFile(file)
	if err != nil {
		return err
	}
	im := &importing{service: s, user: user, to: to}
	tasks := im.tasks(raw)
	if err := im.prepare(ctx); err != nil {
		return err
	}
	res, err := im.run(ctx, tasks, func(int) {})
	if err != nil {
		return err
	}
	for _, v := range res.notes {
		return fmt.Errorf("%s line %d: %s: %s", file, v.line, v.what, v.note)
	}
	return nil
}

func (s *service) makeCalendar(ctx context.Context, user string, cal demo.Calendar) error {
	var b bytes.Buffer
	b.WriteString(`<C:mkcalendar xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:A="http://apple.com/ns/ical/"><D:set><D:prop><D:displayname>`)
	if err := xml.EscapeText(&b, []byte(cal.Display)); err != nil {
		return err
	}
	b.WriteString(`</D:displayname><A:calendar-color>` + cal.Color + `</A:calendar-color><C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set></D:prop></D:set></C:mkcalendar>`)
	return s.do(ctx, user, "MKCALENDAR", webdav.P("calendars", user, cal.Name), http.Header{"Content-Type": {"application/xml"}}, b.Bytes())
}

// reachable is an address to type where the program listens on all of them.
func reachable(addr net.Addr) net.Addr {
	a, ok := addr.(*net.TCPAddr)
	if !ok || !a.IP.IsUnspecified() {
		return addr
	}
	ip := net.IPv4(127, 0, 0, 1)
	own, _ := net.InterfaceAddrs() // without them the loopback is as good a guess as any
	for _, o := range own {
		if n, ok := o.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			ip = n.IP
			break
		}
	}
	return &net.TCPAddr{IP: ip, Port: a.Port}
}

// introduce says where it is and how to come in.
func introduce(w io.Writer, addr net.Addr, base string) {
	base = strings.TrimRight(base, "/")
	url := "http://" + addr.String() + base + "/"
	fmt.Fprintf(w, `caldav-fcgi demo: %s

  users        ann (password ann), bob (password bob)
  a browser    %s
  a calendar   %scalendars/ann/work/

  Thunderbird  New Calendar, On the Network; user name ann; location %s
  iOS          Settings, Apps, Calendar, Calendar Accounts, Add Account, Other, Add CalDAV Account;
               server %s, user name ann, password ann
  macOS        Calendar, Add Account, Other CalDAV Account, Manual; server address as for iOS
  DAVx5        +, Login with URL and user name; base URL %s
  Evolution    New, Calendar, type CalDAV; URL %s, Find Calendars
`, url, url, url, url, strings.TrimSuffix(url, "/"), url, url)
	if a, ok := addr.(*net.TCPAddr); ok && a.IP.IsLoopback() {
		fmt.Fprintf(w, "\n  A phone cannot reach %s: start it with an address of this machine, %s demo -http ADDRESS:%d\n", a.IP, program, a.Port)
	}
	fmt.Fprint(w, "\n  Nothing is kept. Ctrl-C ends it.\n\n")
}
