package files

import (
	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// root is the first path segment of the tree.
const root = "files"

// homes is /files/: each of its children is a folder that is an account's own.
func (t *tree) homes() *home.Tree {
	return &home.Tree{Segment: root, Kind: store.KindFiles, Open: func(n *home.Node) webdav.Resource { return &Folder{Node: n, tree: t} }}
}
