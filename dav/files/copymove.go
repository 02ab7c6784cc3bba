package files

import (
	"errors"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// place takes away what stands under a name that something is copied or moved to.
func (f *Folder) place(rq *webdav.Request, name string) (created bool, err error) {
	standing, err := f.Child(rq, name, 0)
	if errors.Is(err, store.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return false, f.remove(rq, standing) // RFC 4918 §9.8.4: nothing of it is left
}

// fits keeps a tree within what a path can name: deeper down nobody would reach it.
func (f *Folder) fits(height int64) error {
	if int64(f.depth)+height+1 > maxDepth {
		return webdav.Forbidden("folders may lie %d deep at most", maxDepth)
	}
	return nil
}

// maxDepth leaves room in a path for /files/{user}/ and for a file's name.
const maxDepth = webdav.MaxSegments - 3

// Copy makes a new file or, RFC 4918 §9.8.3, a new folder: alone with Depth 0, else with all that is in it.
func (f *Folder) Copy(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	switch src := from.(type) {
	case *Folder:
		return f.copyFolder(rq, src, name)
	case *File:
		created, err := f.place(rq, name)
		if err != nil {
			return webdav.Stored{}, err
		}
		row, err := f.duplicate(rq, src.Row.Collection, src.Row.Name, name)
		if err == nil {
			err = rq.Tx.CopyDead(src.Row.Collection, src.Row.ID, f.Data.ID, row.ID)
		}
		return webdav.Stored{Created: created}, err
	case webdav.Object:
		return f.copyForeign(rq, src, name)
	}
	return webdav.Stored{}, webdav.Forbidden("%q is no collection of files", from.Name())
}

// copyForeign keeps what a GET of a resource of another kind would show, such as an event, as a file.
func (f *Folder) copyForeign(rq *webdav.Request, from webdav.Object, name string) (webdav.Stored, error) {
	full, err := rq.Find(rq.Target, store.Body)
	if err != nil {
		return webdav.Stored{}, err
	}
	src, ok := full.(webdav.Object)
	if !ok {
		return webdav.Stored{}, webdav.Forbidden("%q has no body", from.Name())
	}
	rep, err := src.Represent(rq)
	if err != nil {
		return webdav.Stored{}, err
	}
	if rep.Read != nil {
		return webdav.Stored{}, webdav.Forbidden("%q is too large to be copied here", from.Name())
	}
	created, err := f.place(rq, name)
	if err != nil {
		return webdav.Stored{}, err
	}
	row := &store.Object{Name: name, Media: cleanMedia(rep.Type)}
	if err := rq.Tx.PutObject(f.Data, row, rep.Body, store.Index{}); err != nil {
		return webdav.Stored{}, err
	}
	if k, ok := src.(webdav.DeadKeeper); ok {
		collection, object := k.DeadKey()
		err = rq.Tx.CopyDead(collection, object, f.Data.ID, row.ID)
	}
	return webdav.Stored{Created: created}, err
}

// duplicate makes a file with the octets of another; those of a large one are shared.
func (f *Folder) duplicate(rq *webdav.Request, collection int64, from, name string) (*store.Object, error) {
	src, err := rq.Tx.Object(collection, from, store.Body)
	if err != nil {
		return nil, err
	}
	row := &store.Object{Name: name, Media: src.Media}
	if src.Content == 0 {
		return row, rq.Tx.PutObject(f.Data, row, src.Body, store.Index{})
	}
	content, err := rq.Tx.ContentOf(src)
	if err != nil {
		return nil, err
	}
	return row, rq.Tx.PutContent(f.Data, row, content)
}

// PlanCopy judges whether a folder can be copied here with all that is in it.
func (f *Folder) PlanCopy(rq *webdav.Request, from webdav.Resource, name string) (*store.CopyPlan, error) {
	src, ok := from.(*Folder)
	if !ok {
		return nil, nil
	}
	e, err := rq.Tx.Extent(src.Data)
	if err != nil {
		return nil, err
	}
	if n := e.Collections + e.Objects; n > f.tree.opt.MaxCopy {
		return nil, webdav.Forbidden("a COPY takes %d files and folders at most, and these are %d: copy them in parts", f.tree.opt.MaxCopy, n)
	}
	if err := f.fits(e.Height); err != nil {
		return nil, err
	}
	return f.Node.PlanCopy(rq, src.Node, name), nil
}

func (f *Folder) copyFolder(rq *webdav.Request, src *Folder, name string) (webdav.Stored, error) {
	depth, err := rq.Depth()
	if err != nil {
		return webdav.Stored{}, err
	}
	var e store.Extent
	if depth != webdav.Depth0 {
		e, err = rq.Tx.Extent(src.Data)
	}
	if err == nil {
		err = f.fits(e.Height)
	}
	if err != nil {
		return webdav.Stored{}, err
	}
	created, err := f.place(rq, name)
	if err != nil {
		return webdav.Stored{}, err
	}
	made := f.Like(src.Node, name)
	if depth == webdav.Depth0 {
		err = made.SaveLike(rq, src.Node)
	} else {
		err = made.FinishCopy(rq, src.Node)
	}
	return webdav.Stored{Created: created}, err
}

// Move gives a file or a folder another name, another folder, or both; rows stay, and with them all that hangs on them.
func (f *Folder) Move(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	switch src := from.(type) {
	case *Folder:
		if src.depth == 0 {
			return webdav.Stored{}, webdav.Forbidden("%q belongs to the account and stays", from.Name())
		}
		e, err := rq.Tx.Extent(src.Row)
		if err == nil {
			err = f.fits(e.Height)
		}
		if err != nil {
			return webdav.Stored{}, err
		}
		created, err := f.place(rq, name)
		if err != nil {
			return webdav.Stored{}, err
		}
		return webdav.Stored{Created: created}, rq.Tx.MoveCollection(src.Row, f.Data, name)
	case *File:
		created, err := f.place(rq, name)
		if err != nil {
			return webdav.Stored{}, err
		}
		return webdav.Stored{Created: created}, rq.Tx.MoveObject(src.folder.Data, &src.Row, f.Data, name)
	}
	return webdav.Stored{}, webdav.Forbidden("%q stays among its kind: copy it instead", from.Name())
}
