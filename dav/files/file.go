package files

import (
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// File is a resource with octets of any kind. One that Members yields is valid until the next step.
type File struct {
	row    store.Object
	folder *Folder
}

// Name is its path segment.
func (f *File) Name() string { return f.row.Name }

// Types is empty: it is no collection.
func (f *File) Types() []webdav.Name { return nil }

// OwnerName is the DAV:owner.
func (f *File) OwnerName() string { return f.folder.OwnerName() }

// Rights are the folder's.
func (f *File) Rights(rq *webdav.Request) privilege.Set { return f.folder.Rights(rq) }

// ETag follows the stored octets.
func (f *File) ETag() string { return f.row.Tag("") }

// ContentType is what came with it.
func (f *File) ContentType() string { return f.row.Media }

// Size is that of the stored octets.
func (f *File) Size() int64 { return f.row.Size }

// Created is when it was first stored.
func (f *File) Created() time.Time { return time.Unix(f.row.Created, 0) }

// Modified is when it was last stored.
func (f *File) Modified() time.Time { return time.Unix(f.row.Modified, 0) }

// DeadKey is its row.
func (f *File) DeadKey() (collection, object int64) { return f.row.Collection, f.row.ID }

// Represent gives the octets as the client sent them.
func (f *File) Represent(rq *webdav.Request) (webdav.Rep, error) {
	rep := webdav.Rep{Type: f.row.Media, Body: f.row.Body, ETag: f.ETag(), Modified: f.Modified(), Filename: f.row.Name}
	switch {
	case f.row.Content != 0:
		id, tx := f.row.Content, rq.Tx
		rep.Size = f.row.Size
		rep.Read = func(w io.Writer, from, length int64) error { return tx.ReadContent(id, w, from, length) }
	case f.row.Body == nil:
		return rep, fmt.Errorf("represent %q: it was read without its body", f.row.Name)
	}
	return rep, nil
}

const (
	octetStream = "application/octet-stream"
	maxMedia    = 255
)

// cleanMedia is the media type that a file is kept with: what the client said, if it is one and can stand in a header.
func cleanMedia(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || len(s) > maxMedia || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) {
		return octetStream
	}
	media, _, err := mime.ParseMediaType(s)
	if kind, sub, ok := strings.Cut(media, "/"); err != nil || !ok || kind == "" || sub == "" {
		return octetStream
	}
	return s
}
