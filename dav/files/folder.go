package files

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"time"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Folder is a collection of files and folders.
type Folder struct {
	row   *store.Collection
	owner *store.Principal
	tree  *tree
	depth int // folders above it, up to the account's own
}

// Name is its path segment.
func (f *Folder) Name() string { return f.row.Name }

// Types says that it is a collection.
func (f *Folder) Types() []webdav.Name { return []webdav.Name{webdav.DAV("collection")} }

// OwnerName is the DAV:owner.
func (f *Folder) OwnerName() string { return f.owner.Name }

// Rights decides for the whole tree: everything for the owner, nothing for others.
func (f *Folder) Rights(rq *webdav.Request) privilege.Set {
	if rq.Who.Is(f.row.Owner) {
		return privilege.All
	}
	return 0
}

// ChargedTo is whose quota its files count against.
func (f *Folder) ChargedTo() int64 { return f.row.Owner }

// Created is when the folder was made.
func (f *Folder) Created() time.Time { return time.Unix(f.row.Created, 0) }

// Modified is when its own properties were last changed.
func (f *Folder) Modified() time.Time { return time.Unix(f.row.Modified, 0) }

// DeadKey is its own row.
func (f *Folder) DeadKey() (collection, object int64) { return f.row.ID, 0 }

// DisplayName is what people call it; "" when nobody has said.
func (f *Folder) DisplayName() string {
	if f.row.Display == nil {
		return ""
	}
	return *f.row.Display
}

// SetDisplayName sets it, or with "" removes it.
func (f *Folder) SetDisplayName(s string) {
	f.row.Display = nil
	if s != "" {
		f.row.Display = &s
	}
}

// Save writes the row: a new folder is made, an older one's properties are changed.
func (f *Folder) Save(rq *webdav.Request) error {
	if f.row.ID == 0 {
		return rq.Tx.CreateCollection(f.row)
	}
	return rq.Tx.SaveCollection(f.row)
}

func (f *Folder) below(row *store.Collection) *Folder {
	return &Folder{row: row, owner: f.owner, tree: f.tree, depth: f.depth + 1}
}

func (f *Folder) file(row *store.Object) *File { return &File{row: *row, folder: f} }

// Child finds a folder or a file: a name is taken by one of them only.
func (f *Folder) Child(rq *webdav.Request, name string, want store.Want) (webdav.Resource, error) {
	row, err := rq.Tx.Collection(f.row.ID, name)
	if err == nil {
		return f.below(row), nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	o, err := rq.Tx.Object(f.row.ID, name, want)
	if err != nil {
		return nil, err
	}
	return f.file(o), nil
}

// Members yields the folders, then the files.
func (f *Folder) Members(rq *webdav.Request, names []string, want store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		var asked map[string]bool
		if names != nil {
			asked = make(map[string]bool, len(names))
			for _, n := range names {
				asked[n] = true
			}
		}
		for row, err := range rq.Tx.Collections(f.row.ID) {
			if err != nil {
				yield(nil, err)
				return
			}
			if names != nil && !asked[row.Name] {
				continue
			}
			if !yield(f.below(row), nil) {
				return
			}
		}
		for row, err := range rq.Tx.Objects(f.row.ID, want, names...) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(f.file(row), nil) {
				return
			}
		}
	}
}

// Token is RFC 6578's: it moves with every change in the folder, and below it at any depth.
func (f *Folder) Token(rq *webdav.Request) (store.Token, error) { return rq.Tx.Token(f.row) }

// Changes lists the members that differ from a token's state, a folder also when something below it does.
func (f *Folder) Changes(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	return rq.Tx.Changes(f.row, since, limit)
}

// ChangesBelow lists what differs at any depth.
func (f *Folder) ChangesBelow(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	return rq.Tx.ChangesBelow(f.row, since, limit)
}

// NewName invents a name for a file that comes by POST.
func (f *Folder) NewName(*webdav.Request) string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Make begins a folder: MKCOL.
func (f *Folder) Make(rq *webdav.Request, name string, types []webdav.Name) (webdav.Resource, error) {
	if !slices.Equal(types, []webdav.Name{webdav.DAV("collection")}) {
		return nil, webdav.ErrValidResourceType.With("among files there are plain collections only")
	}
	return f.below(&store.Collection{Parent: f.row.ID, Owner: f.row.Owner, Kind: store.KindFiles, Name: name}), nil
}

// Remove deletes a file, or a folder with all that is in it: hidden at once, and emptied by a job.
func (f *Folder) Remove(rq *webdav.Request, name string) error {
	res, err := f.Child(rq, name, 0)
	if err != nil {
		return err
	}
	return f.remove(rq, res)
}

func (f *Folder) remove(rq *webdav.Request, res webdav.Resource) error {
	switch r := res.(type) {
	case *Folder:
		return rq.Tx.DeleteCollection(r.row)
	case *File:
		return rq.Tx.DeleteObject(f.row, &r.row)
	}
	return nil
}

var (
	_ webdav.AbsentRights = Homes{}
	_ webdav.Container    = (*Folder)(nil)
	_ webdav.DeepSyncer   = (*Folder)(nil)
	_ webdav.Displayed    = (*Folder)(nil)
	_ webdav.Saver        = (*Folder)(nil)
	_ webdav.Dated        = (*Folder)(nil)
	_ webdav.DeadKeeper   = (*Folder)(nil)
	_ webdav.Charged      = (*Folder)(nil)
	_ webdav.Object       = (*File)(nil)
	_ webdav.Dated        = (*File)(nil)
	_ webdav.DeadKeeper   = (*File)(nil)
)
