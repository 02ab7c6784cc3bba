package files

import (
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// MakeEmpty stores an empty file: LOCK of a name that is not taken (RFC 4918 §7.3).
func (f *Folder) MakeEmpty(rq *webdav.Request, name string) error {
	return rq.Tx.PutObject(f.Data, &store.Object{Name: name, Media: cleanMedia("")}, []byte{}, store.Index{})
}

var _ webdav.EmptyMaker = (*Folder)(nil)
