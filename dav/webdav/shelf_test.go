package webdav_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// A shelf is a tree of folders and files that belongs to ann and that everybody writes in: what the engine does between
// several users shows here without the modules above it.

const shelfRoot = "shelf"

func shelfModule() webdav.Module {
	return webdav.Module{Name: "shelf",
		Roots: map[string]func(*webdav.Request) (webdav.Collection, error){shelfRoot: func(rq *webdav.Request) (webdav.Collection, error) {
			ann, err := rq.Tx.Principal(store.User, "ann")
			if err != nil {
				return nil, err
			}
			row, err := rq.Tx.Root(ann.ID, store.KindFiles)
			if err != nil {
				return nil, err
			}
			return &folder{row: row}, nil
		}},
		Provision: func(rq *webdav.Request, p *store.Principal) error {
			if p.Name != "ann" {
				return nil
			}
			if _, err := rq.Tx.Root(p.ID, store.KindFiles); !errors.Is(err, store.ErrNotFound) {
				return err
			}
			return rq.Tx.CreateCollection(&store.Collection{Owner: p.ID, Kind: store.KindFiles, Name: shelfRoot})
		}}
}

// shelfRights: ann has all, zoe reads, others write but remove no foreign locks; nobody but ann sees "secret".
func shelfRights(rq *webdav.Request, name string) privilege.Set {
	switch who := rq.Who.Principal; {
	case who == nil:
		return 0
	case who.Name == "ann":
		return privilege.All
	case name == "secret":
		return 0
	case who.Name == "zoe":
		return privilege.Read
	}
	return privilege.All &^ privilege.Unlock
}

type folder struct{ row *store.Collection }

func (f *folder) Name() string                                  { return f.row.Name }
func (f *folder) Types() []webdav.Name                          { return []webdav.Name{webdav.DAV("collection")} }
func (f *folder) Rights(rq *webdav.Request) privilege.Set       { return shelfRights(rq, f.row.Name) }
func (f *folder) DeadKey() (collection, object int64)           { return f.row.ID, 0 }
func (f *folder) NewName(*webdav.Request) string                { return "new" }
func (f *folder) Token(rq *webdav.Request) (store.Token, error) { return rq.Tx.Token(f.row) }
func (f *folder) Changes(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	return rq.Tx.Changes(f.row, since, limit)
}

func (f *folder) Child(rq *webdav.Request, name string, want store.Want) (webdav.Resource, error) {
	row, err := rq.Tx.Collection(f.row.ID, name)
	if err == nil {
		return &folder{row: row}, nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	o, err := rq.Tx.Object(f.row.ID, name, want)
	if err != nil {
		return nil, err
	}
	return &file{row: *o}, nil
}

func (f *folder) Members(rq *webdav.Request, names []string, want store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for row, err := range rq.Tx.Collections(f.row.ID) {
			if !yield(&folder{row: row}, err) {
				return
			}
		}
		for o, err := range rq.Tx.Objects(f.row.ID, want) {
			if !yield(&file{row: *o}, err) {
				return
			}
		}
	}
}

func (f *folder) Prepare(rq *webdav.Request, name string) (any, error) {
	body, _, err := rq.ReadBody(1 << 20)
	return body, err
}

func (f *folder) put(rq *webdav.Request, name string, body []byte) (webdav.Stored, error) {
	o, err := rq.Tx.Object(f.row.ID, name, 0)
	if errors.Is(err, store.ErrNotFound) {
		o, err = &store.Object{Name: name}, nil
	}
	if err != nil {
		return webdav.Stored{}, err
	}
	st := webdav.Stored{Created: o.ID == 0, AsSent: true}
	err = rq.Tx.PutObject(f.row, o, body, store.Index{})
	st.ETag = o.Tag("")
	return st, err
}

func (f *folder) Put(rq *webdav.Request, name string) (webdav.Stored, error) {
	return f.put(rq, name, rq.Upload.([]byte))
}

func (f *folder) MakeEmpty(rq *webdav.Request, name string) error {
	_, err := f.put(rq, name, []byte{})
	return err
}

func (f *folder) Make(rq *webdav.Request, name string, types []webdav.Name) (webdav.Resource, error) {
	row := &store.Collection{Parent: f.row.ID, Owner: f.row.Owner, Kind: store.KindFiles, Name: name}
	return &folder{row: row}, rq.Tx.CreateCollection(row)
}

func (f *folder) Remove(rq *webdav.Request, name string) error {
	res, err := f.Child(rq, name, 0)
	switch r := res.(type) {
	case *folder:
		return rq.Tx.DeleteCollection(r.row)
	case *file:
		return rq.Tx.DeleteObject(f.row, &r.row)
	}
	return err
}

func (f *folder) clear(rq *webdav.Request, name string) (created bool, err error) {
	err = f.Remove(rq, name)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	return false, err
}

func (f *folder) Copy(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	created, err := f.clear(rq, name)
	if err != nil {
		return webdav.Stored{}, err
	}
	switch r := from.(type) {
	case *folder:
		row := &store.Collection{Parent: f.row.ID, Owner: f.row.Owner, Kind: store.KindFiles, Name: name}
		err = rq.Tx.CreateCollection(row)
		var all []*store.Object
		for o, e := range rq.Tx.Objects(r.row.ID, 0) {
			err = errors.Join(err, e)
			if e == nil {
				row := *o // the next step reuses it
				all = append(all, &row)
			}
		}
		for _, o := range all {
			_, e := (&folder{row: row}).put(rq, o.Name, []byte("copied"))
			err = errors.Join(err, e)
		}
	case *file:
		_, err = f.put(rq, name, []byte("copied"))
	}
	return webdav.Stored{Created: created}, err
}

func (f *folder) Move(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	created, err := f.clear(rq, name)
	if err != nil {
		return webdav.Stored{}, err
	}
	switch r := from.(type) {
	case *folder:
		err = rq.Tx.MoveCollection(r.row, f.row, name)
	case *file:
		var c *store.Collection
		if c, err = rq.Tx.CollectionByID(r.row.Collection); err == nil {
			err = rq.Tx.MoveObject(c, &r.row, f.row, name)
		}
	}
	return webdav.Stored{Created: created}, err
}

type file struct{ row store.Object }

func (f *file) Name() string                            { return f.row.Name }
func (f *file) Types() []webdav.Name                    { return nil }
func (f *file) Rights(rq *webdav.Request) privilege.Set { return shelfRights(rq, f.row.Name) }
func (f *file) DeadKey() (collection, object int64)     { return f.row.Collection, f.row.ID }
func (f *file) ETag() string                            { return f.row.Tag("") }
func (f *file) ContentType() string                     { return "text/plain" }
func (f *file) Size() int64                             { return f.row.Size }
func (f *file) Created() time.Time                      { return time.Unix(f.row.Created, 0) }
func (f *file) Modified() time.Time                     { return time.Unix(f.row.Modified, 0) }
func (f *file) Represent(*webdav.Request) (webdav.Rep, error) {
	return webdav.Rep{Type: "text/plain", Body: f.row.Body, ETag: f.ETag(), Filename: f.row.Name}, nil
}

// shelf is a server over a database, asked by several users.
type shelf struct {
	*testing.T
	handler http.Handler
	log     *strings.Builder
}

func newShelf(t *testing.T, db *store.DB) *shelf {
	t.Helper()
	log := &strings.Builder{}
	s, err := webdav.New(db, webdav.Options{SpoolDir: t.TempDir(), Log: slog.New(slog.NewTextHandler(log, nil))}, shelfModule())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddAccount(context.Background(), webdav.Login{User: "ann"}); err != nil {
		t.Fatal(err)
	}
	return &shelf{t, s, log}
}

// do asks as a user; headers come as "Name: value", a last one without a colon is the body.
func (s *shelf) do(who, method, path string, more ...string) *httptest.ResponseRecorder {
	s.Helper()
	var body io.Reader
	h := http.Header{}
	for _, m := range more {
		name, value, ok := strings.Cut(m, ": ")
		if ok && !strings.HasPrefix(m, "<") {
			h.Add(name, value)
		} else {
			body = strings.NewReader(m)
		}
	}
	r := httptest.NewRequest(method, "http://dav.example.org/"+shelfRoot+"/"+path, body)
	r.Header = h
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, r.WithContext(webdav.WithLogin(r.Context(), webdav.Login{User: who})))
	return w
}

// want is do with the status it must have, and what the body must contain.
func (s *shelf) want(status int, contains, who, method, path string, more ...string) *httptest.ResponseRecorder {
	s.Helper()
	w := s.do(who, method, path, more...)
	if w.Code != status || !strings.Contains(w.Body.String(), contains) {
		s.Errorf("%s %s %s %q: %d, want %d with %q; got %v\n%s", who, method, path, more, w.Code, status, contains, w.Header(), w.Body)
	}
	return w
}
