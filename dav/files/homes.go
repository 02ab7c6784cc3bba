package files

import (
	"errors"
	"iter"
	"slices"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// root is the first path segment of the tree.
const root = "files"

// Homes is /files/: its children are named for users.
type Homes struct{ tree *tree }

// Name is its path segment.
func (Homes) Name() string { return root }

// Types says that it is a collection.
func (Homes) Types() []webdav.Name { return []webdav.Name{webdav.DAV("collection")} }

// Rights: every user may look at it; Members shows the caller's own folder only.
func (Homes) Rights(rq *webdav.Request) privilege.Set { return webdav.LookRights(rq) }

// AbsentRights are none, as those on somebody else's folder: who has an account here is not told.
func (Homes) AbsentRights(*webdav.Request, string) privilege.Set { return 0 }

// Child finds the caller's own folder. Another's is not looked for: neither the answer nor the time it takes tells
// whether there is one.
func (h Homes) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	own := rq.Who.Principal
	if own == nil || own.Name != name {
		return nil, store.ErrNotFound
	}
	return h.of(rq, own)
}

func (h Homes) of(rq *webdav.Request, owner *store.Principal) (*Folder, error) {
	row, err := rq.Tx.Root(owner.ID, store.KindFiles)
	if err != nil {
		return nil, err
	}
	return &Folder{row: row, owner: owner, tree: h.tree}, nil
}

// Members yields the caller's own folder.
func (h Homes) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		own := rq.Who.Principal
		if own == nil || names != nil && !slices.Contains(names, own.Name) {
			return
		}
		top, err := h.of(rq, own)
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			yield(nil, err)
		default:
			yield(top, nil)
		}
	}
}
