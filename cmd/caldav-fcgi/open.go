package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// service is the whole program over a database, without a front.
type service struct {
	db   *store.DB
	dav  *dav.Server
	lost chan error // tells once when the database can't be used any more
}

// Whether a command may make the database.
type making bool

const (
	mayMake  making = true
	mustHave making = false
)

// open opens the database of the settings. Commands that only make sense on an existing one must have it: a wrong -db
// shall not leave an empty database behind.
func (c *call) open(m making, log *slog.Logger) (*service, error) {
	if m == mustHave {
		if _, err := os.Stat(c.DB); errors.Is(err, fs.ErrNotExist) {
			return nil, hint(fmt.Errorf("there is no database %s", c.DB), "choose it with -db FILE; %s user add makes one", program)
		}
	} else if c.from["db"] == "" {
		// The folder of the default is ours to make, however much of it is missing.
		if err := os.MkdirAll(filepath.Dir(c.DB), 0o700); err != nil {
			return nil, hint(fmt.Errorf("make the folder of the database: %w", err), "choose another place with -db FILE")
		}
		if err := denyWeb(filepath.Dir(c.DB)); err != nil {
			return nil, err
		}
	}
	quota, err := readQuota(c.Quota)
	if err != nil {
		return nil, usagef("-quota: %v", err)
	}
	db, err := store.Open(c.DB, store.Options{AllowNetworkFS: c.AllowNetworkFS, IndexVersion: caldav.IndexVersion, Quota: quota, Log: log})
	if err != nil {
		switch {
		case errors.Is(err, fs.ErrPermission):
			err = hint(err, "run it as the user who serves, or give the file and its folder to that user")
		case errors.Is(err, store.ErrIncompatible):
			err = hint(err, "install the newer %s", program)
		}
		return nil, err
	}
	spool := c.SpoolDir
	if spool == "" {
		spool = filepath.Dir(c.DB)
	}
	lost := make(chan error, 1)
	giveUp := func(err error) {
		select {
		case lost <- err:
		default:
		}
	}
	s, err := dav.New(db, dav.Options{GiveUp: giveUp, Host: c.Host, Realm: c.Realm, Admins: c.Admin, People: webdav.People(c.People), AcceptShares: c.Invitations == "accept", SpoolDir: spool, NoProvision: !c.Provision, MaxResource: c.MaxResource, MaxSteps: c.MaxSteps, MaxTime: c.MaxTime, MaxInstances: c.MaxInstances, MaxExpanded: c.MaxExpanded, ObjectShare: c.ObjectShare, NoBirthdays: !c.Birthdays, Directory: c.Directory, Files: c.Files, MaxFile: c.MaxFile, Log: log, Version: shortVersion()})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &service{db: db, dav: s, lost: lost}, nil
}

// denyWeb keeps Apache from showing a folder that may lie in the space of a site: where the program stands in a folder
// of the site's, the one beside it is in the site, too.
func denyWeb(dir string) error {
	if filepath.Base(dir) != privateDir {
		return nil
	}
	f, err := os.OpenFile(filepath.Join(dir, ".htaccess"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = f.WriteString("Require all denied\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		return fmt.Errorf("forbid the web server to show the database: %w", err)
	}
	return nil
}

// with opens the service for one function.
func (c *call) with(m making, fn func(*service) error) (err error) {
	s, err := c.open(m, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.db.Close()) }()
	return fn(s)
}

// account finds a user.
func (s *service) account(tx *store.Tx, name string) (*store.Principal, error) {
	p, err := tx.Principal(store.User, name)
	if errors.Is(err, store.ErrNotFound) {
		return nil, hint(fmt.Errorf("no user %q", name), "%s user list shows them, %s user add %s makes one", program, program, quoteArg(name))
	}
	return p, err
}

// calendars of a user's own, the oldest first: the default calendar leads.
func calendars(tx *store.Tx, p *store.Principal) ([]*store.Collection, error) {
	return ownCollections(tx, p, store.KindCalendar)
}

// books are the address books of a user's own, the oldest first.
func books(tx *store.Tx, p *store.Principal) ([]*store.Collection, error) {
	return ownCollections(tx, p, store.KindAddressBook)
}

func ownCollections(tx *store.Tx, p *store.Principal, kind store.Kind) (list []*store.Collection, err error) {
	home, err := tx.Root(p.ID, kind.In())
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for c, err := range tx.Collections(home.ID) {
		if err != nil {
			return nil, err
		}
		if c.Kind == kind && c.Target == 0 {
			list = append(list, c)
		}
	}
	return list, nil
}

// do carries out one request of a user, as if it had come from a client. An error is what the client would have read.
func (s *service) do(ctx context.Context, user, method string, path webdav.Path, header http.Header, body []byte) error {
	var a answer
	call := webdav.Call{Method: method, Path: path, Header: header, Body: bytes.NewReader(body), Length: int64(len(body))}
	_, err := s.dav.Engine().Do(ctx, webdav.Login{User: user, Realm: "calendar"}, call, &a)
	if err == nil && (a.status < 200 || a.status > 299 || a.status == http.StatusMultiStatus) {
		err = fmt.Errorf("answered with status %d: %s", a.status, strings.TrimSpace(a.body.String()))
	}
	return err
}

// answer keeps an answer in memory.
type answer struct {
	status int
	body   bytes.Buffer
}

func (a *answer) Start(status int, _ http.Header)   { a.status = status }
func (a *answer) Started() bool                     { return a.status != 0 }
func (a *answer) Restart() bool                     { a.status = 0; a.body.Reset(); return true }
func (a *answer) Write(p []byte) (n int, err error) { return a.body.Write(p) }

var _ webdav.Answer = (*answer)(nil)

// quoteArg writes a word so that a shell reads it as one.
func quoteArg(s string) string {
	if s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_") == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// plural is "1 object", "2 objects".
func plural(n int64, word string) string {
	if n != 1 {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// newLog is the log in the form of the settings.
func (c *call) newLog(w io.Writer) *slog.Logger {
	if c.Log == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}
