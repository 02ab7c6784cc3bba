package files

import (
	"errors"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Options are the settings of the tree.
type Options struct {
	MaxFile int64 // octets of one file; 0 for 100 MB
	MaxCopy int64 // files and folders that one COPY takes; 0 for 10,000
}

// Module is the table of this package. Large files are written to db ahead of the request's own transaction.
func Module(db *store.DB, opt Options) webdav.Module {
	if opt.MaxFile <= 0 {
		opt.MaxFile = 100 << 20
	}
	if opt.MaxCopy <= 0 {
		opt.MaxCopy = 10_000
	}
	t := &tree{db: db, opt: opt}
	return webdav.Module{
		Name: "files",
		Roots: map[string]func(*webdav.Request) (webdav.Collection, error){
			root: func(*webdav.Request) (webdav.Collection, error) { return t.homes(), nil },
		},
		Provision: provision,
	}
}

// tree is what all its resources share.
type tree struct {
	db  *store.DB
	opt Options
}

// provision gives an account its topmost folder, once.
func provision(rq *webdav.Request, p *store.Principal) error {
	_, err := rq.Tx.Root(p.ID, store.KindFiles)
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return rq.Tx.CreateCollection(&store.Collection{Owner: p.ID, Kind: store.KindFiles, Name: p.Name})
}
