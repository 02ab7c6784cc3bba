package files

import (
	"fmt"
	"io"
	"mime"
	"strings"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
)

// File is a resource with octets of any kind. One that Members yields is valid until the next step.
type File struct {
	home.Object
	folder *Folder
}

// ContentType is what came with it.
func (f *File) ContentType() string { return f.Row.Media }

// Represent gives the octets as the client sent them.
func (f *File) Represent(rq *webdav.Request) (webdav.Rep, error) {
	rep := webdav.Rep{Type: f.Row.Media, Body: f.Row.Body, ETag: f.ETag(), Modified: f.Modified(), Filename: f.Row.Name}
	switch {
	case f.Row.Content != 0:
		id, tx := f.Row.Content, rq.Tx
		rep.Size = f.Row.Size
		rep.Read = func(w io.Writer, from, length int64) error { return tx.ReadContent(id, w, from, length) }
	case f.Row.Body == nil:
		return rep, fmt.Errorf("represent %q: it was read without its body", f.Row.Name)
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
