package files

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"iter"
	"slices"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Folder is a collection of files and folders.
type Folder struct {
	*home.Node
	tree  *tree
	depth int // folders above it, up to the account's own
}

// Types says that it is a collection.
func (f *Folder) Types() []webdav.Name { return []webdav.Name{webdav.DAV("collection")} }

func (f *Folder) below(n *home.Node) *Folder {
	return &Folder{Node: n, tree: f.tree, depth: f.depth + 1}
}

func (f *Folder) file(row *store.Object) *File {
	return &File{home.Object{Row: *row, In: f.Node}, f}
}

// Child finds a folder or a file: a name is taken by one of them only.
func (f *Folder) Child(rq *webdav.Request, name string, want store.Want) (webdav.Resource, error) {
	n, err := f.Collection(rq, name, store.KindFiles)
	if err == nil {
		return f.below(n), nil
	}
	if !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	o, err := rq.Tx.Object(f.Data.ID, name, want)
	if err != nil {
		return nil, err
	}
	return f.file(o), nil
}

// Members yields the folders, then the files.
func (f *Folder) Members(rq *webdav.Request, names []string, want store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for n, err := range f.Collections(rq, names, store.KindFiles) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(f.below(n), nil) {
				return
			}
		}
		for row, err := range rq.Tx.Objects(f.Data.ID, want, names...) {
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
	return f.below(f.New(name, store.KindFiles)), nil
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
		return rq.Tx.DeleteCollection(r.Row)
	case *File:
		return rq.Tx.DeleteObject(f.Data, &r.Row)
	}
	return nil
}

var (
	_ webdav.Copier     = (*Folder)(nil)
	_ webdav.DeepSyncer = (*Folder)(nil)
	_ webdav.Displayed  = (*Folder)(nil)
	_ webdav.Saver      = (*Folder)(nil)
	_ webdav.Dated      = (*Folder)(nil)
	_ webdav.DeadKeeper = (*Folder)(nil)
	_ webdav.Charged    = (*Folder)(nil)
	_ webdav.Object     = (*File)(nil)
	_ webdav.Dated      = (*File)(nil)
	_ webdav.DeadKeeper = (*File)(nil)
)
