package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"net/http"
	"strings"

	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

type page struct {
	opt    Options
	tmpl   *template.Template
	policy string
}

func newPage(opt Options) *page {
	sum := sha256.Sum256([]byte(pageCSS))
	return &page{opt: opt,
		tmpl:   template.Must(template.New("page").Parse(pageHTML)),
		policy: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'",
	}
}

// view is what the template shows.
type view struct {
	User, Name, Mail string
	Here             string // the resource's own name
	Server           string // what to type into a client: scheme, host and base path
	Principal        string // for clients that want the principal's address
	Collections      []collection
	Notes            []string
	Version          string
	CSS              template.CSS
}

type collection struct {
	Name, Address, Kind string
	Objects             int64
	Subscribe           string
}

func (p *page) run(rq *webdav.Request) (webdav.Response, error) {
	v, err := p.view(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	var buf bytes.Buffer
	if err := p.tmpl.Execute(&buf, v); err != nil {
		return webdav.Response{}, fmt.Errorf("write the page: %w", err)
	}
	return webdav.Response{Status: http.StatusOK, Header: http.Header{
		"Content-Type":            {"text/html; charset=utf-8"},
		"Content-Security-Policy": {p.policy},
		"Cache-Control":           {"no-store"},
		"Vary":                    {"Accept"},
	}, Stream: func(w *webdav.Writer) error { return w.Octets(buf.Bytes()) }}, nil
}

func (p *page) view(rq *webdav.Request) (*view, error) {
	who := rq.Who.Principal
	scheme := rq.Login.Scheme
	v := &view{User: who.Name, Name: who.Display, Version: p.opt.Version, CSS: template.CSS(pageCSS), Notes: rq.Login.Notes, Here: rq.Target.String()}
	if scheme != "https" {
		if scheme == "" {
			scheme = "https"
		}
		v.Notes = append(v.Notes, "This page came without TLS as far as the web server says: passwords and calendars can be read on the way. iOS and macOS refuse it unless told otherwise.")
	}
	origin := scheme + "://" + rq.Host
	v.Server = origin + rq.Base + "/"
	v.Principal = origin + rq.Base + webdav.P("principals", "users", who.Name).String()
	list, err := rq.Tx.Addresses(who.ID)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		v.Mail = strings.TrimPrefix(list[0], "mailto:")
	} else {
		v.Notes = append(v.Notes, "Your account has no mail address: invitations cannot name you. The administrator sets it with “caldav-fcgi user add "+who.Name+" -mail ADDRESS”, or the login passes it on.")
	}
	path := webdav.P("calendars", who.Name)
	home, err := rq.Find(path, 0)
	if err != nil {
		return nil, fmt.Errorf("find the calendars of %s: %w", who.Name, err)
	}
	for m, err := range home.(webdav.Collection).Members(rq, nil, 0) {
		if err != nil {
			return nil, err
		}
		c, ok := m.(*caldav.Calendar)
		if !ok {
			continue
		}
		address := origin + rq.Base + path.Child(c.Name(), true).String()
		name := c.DisplayName()
		if name == "" {
			name = c.Name()
		}
		shown := collection{Name: name, Address: address, Kind: kind(c.Components()), Objects: c.Count(), Subscribe: address + "?export"}
		if c.Mounted() { // how many there are of what is not all shown is not told
			shown.Objects = -1
		}
		v.Collections = append(v.Collections, shown)
	}
	return v, nil
}

// kind says in words what a calendar takes.
func kind(k ical.Kind) string {
	switch k {
	case ical.VEvent:
		return "events"
	case ical.VTodo:
		return "tasks"
	case ical.VJournal:
		return "journal entries"
	case ical.VEvent | ical.VTodo:
		return "events and tasks"
	}
	return "events, tasks and other entries"
}
