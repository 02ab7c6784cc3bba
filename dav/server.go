package dav

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"caldav-fcgi/dav/acl"
	"caldav-fcgi/dav/birthday"
	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/carddav"
	"caldav-fcgi/dav/feed"
	"caldav-fcgi/dav/files"
	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/job"
	"caldav-fcgi/dav/page"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/share"
	"caldav-fcgi/dav/tzdist"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Options are the settings of the service.
type Options struct {
	Host                                string        // the site's public host name; "" takes the Host header's
	Realm                               string        // of a 401; the front's own goes before
	SpoolDir                            string        // where long answers wait for their client; "" for the system's temporary folder
	Admins                              []string      // who may do everything: names of users, and of groups behind an "@"
	People                              webdav.People // whom users see of each other; everybody when ""
	AcceptShares                        bool          // users have what is shared with them without being asked
	NoProvision                         bool          // refuse users without an account
	MaxResource                         int64         // octets of one calendar object; 0 for 10 MB
	MaxSteps, MaxInstances, MaxExpanded int64         // of one report; see caldav.Options
	MaxTime                             time.Duration
	ObjectShare                         int64
	NoBirthdays                         bool  // accounts have no calendar of the birthdays in their address books
	Directory                           bool  // the site's people are an address book for everybody
	Files                               bool  // every account has a tree of plain files
	MaxFile                             int64 // octets of one of them; 0 for 100 MB
	Log                                 *slog.Logger
	Version                             string      // shown on the page
	GiveUp                              func(error) // told when this process can't go on with its database
}

// Server is the whole service as one http.Handler.
type Server struct {
	engine *webdav.Server
	jobs   *job.Runner
	zones  *tzdist.Service
	cross  *http.CrossOriginProtection
	log    *slog.Logger
}

// New joins the modules over a database. This is their one list.
func New(db *store.DB, opt Options) (*Server, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	jobs := job.New(db, opt.Log, map[string]job.Part{"purge": job.Purge, "content": job.PurgeContent, birthday.Job: birthday.Keep})
	modules := []webdav.Module{
		principal.Module(),
		acl.Module(),
		caldav.Module(caldav.Options{MaxResource: opt.MaxResource, MaxSteps: opt.MaxSteps, MaxTime: opt.MaxTime, MaxInstances: opt.MaxInstances, MaxExpanded: opt.MaxExpanded, ObjectShare: opt.ObjectShare,
			Places: map[store.Kind]func(*home.Node) webdav.Resource{share.Kind: share.Place}, Removing: share.Removing}),
		carddav.Module(carddav.Options{MaxResource: opt.MaxResource, Directory: opt.Directory, Changed: cardsChanged(opt, jobs), Removing: share.Removing}),
		share.Module(share.Options{Accept: opt.AcceptShares}),
		feed.Module(),
		page.Module(page.Options{Version: opt.Version}),
	}
	if opt.Files {
		modules = append(modules, files.Module(db, files.Options{MaxFile: opt.MaxFile}))
	}
	engine, err := webdav.New(db, webdav.Options{Host: opt.Host, SpoolDir: opt.SpoolDir, Admins: opt.Admins, People: opt.People, NoProvision: opt.NoProvision, Realm: opt.Realm, Log: opt.Log, GiveUp: opt.GiveUp},
		modules...)
	if err != nil {
		return nil, fmt.Errorf("join the modules: %w", err)
	}
	return &Server{engine: engine, jobs: jobs, zones: tzdist.New(opt.Log), cross: http.NewCrossOriginProtection(), log: opt.Log}, nil
}

// cardsChanged is what follows from a change of somebody's cards: birthdays, seen to as soon as it is on disk.
func cardsChanged(opt Options, jobs *job.Runner) func(*store.Tx, int64) error {
	if opt.NoBirthdays {
		return nil
	}
	return func(tx *store.Tx, owner int64) error {
		tx.AfterCommit(jobs.Wake)
		return birthday.Changed(tx, owner)
	}
}

// Engine is the DAV engine: what acts without HTTP goes through its Do.
func (s *Server) Engine() *webdav.Server { return s.engine }

// Jobs does what requests leave for later: a process that serves runs it beside.
func (s *Server) Jobs() *job.Runner { return s.jobs }

// ServeHTTP answers a request whose context carries the Caller.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	Secure(w.Header())
	caller := webdav.LoginFrom(r.Context())
	escaped := r.URL.EscapedPath()
	if service, ok := wellKnown(escaped, caller.Base); ok {
		redirect(w, service)
		return
	}
	rest, ok := webdav.CutBase(escaped, caller.Base)
	if !ok {
		if caller.Base != "" && escaped == "/" {
			// A client that was given the host alone asks the root, where the web server passes it on to us.
			rest = "/"
		} else {
			http.Error(w, "there is nothing at this address", http.StatusNotFound)
			return
		}
	}
	if err := s.cross.Check(r); err != nil {
		http.Error(w, "a request that changes something came from a page of another site", http.StatusForbidden)
		return
	}
	path, err := url.PathUnescape(rest)
	if err != nil {
		http.Error(w, "the path has a bad escape", http.StatusBadRequest)
		return
	}
	inner := *r
	u := *r.URL
	u.Path, u.RawPath = path, rest
	inner.URL = &u
	if tzdist.Within(rest) {
		s.zones.ServeHTTP(w, &inner)
		return
	}
	s.engine.ServeHTTP(w, &inner)
}

// Secure sets what every answer carries: stored text may be anybody's, and nothing in it may run in a browser.
func Secure(h http.Header) {
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "same-origin")
}
