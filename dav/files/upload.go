package files

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// upload is a body that has come: in memory when it is small, else in the store already.
type upload struct {
	media   string
	body    []byte
	content *store.Content // nil: body has it
}

// inline is how much is kept beside the object: what fills no second row.
const inline = store.ChunkSize

// Prepare reads the body. A large one goes to the store while it comes; what nobody takes in the end, a job removes. A
// request that is prepared again has its body already.
func (f *Folder) Prepare(rq *webdav.Request, name string) (any, error) {
	if up, ok := rq.Upload.(*upload); ok {
		return up, nil
	}
	limit := f.tree.opt.MaxFile
	if rq.Length() > limit {
		return nil, tooLarge(limit)
	}
	up := &upload{media: cleanMedia(rq.Header.Get("Content-Type"))}
	body := &bounded{r: rq.Stream(), left: limit}
	head, err := io.ReadAll(io.LimitReader(body, inline+1))
	if err == nil && len(head) > inline {
		if err = f.room(rq, body, int64(len(head))); err == nil {
			up.content, err = f.tree.db.WriteContent(rq.Context(), io.MultiReader(bytes.NewReader(head), body))
		}
	} else {
		up.body = head
	}
	switch {
	case errors.Is(err, errTooLarge) && body.quota:
		return nil, fmt.Errorf("put a file: %w", store.ErrQuota)
	case errors.Is(err, errTooLarge):
		return nil, tooLarge(limit)
	case body.err != nil:
		return nil, webdav.UnreadBody(body.err)
	case err != nil:
		return nil, err
	}
	return up, nil
}

// room bounds a large body by what the owner may still hold, so that it is not stored only to be refused. The quota is
// judged again, for good, when the file is put.
func (f *Folder) room(rq *webdav.Request, body *bounded, read int64) error {
	return f.tree.db.View(rq.Context(), func(tx *store.Tx) error {
		p, err := tx.PrincipalByID(f.Data.Owner)
		if err != nil {
			return err
		}
		limit, limited := tx.Limit(p)
		if !limited {
			return nil
		}
		left := max(0, limit-p.Bytes) - read // who holds too much already may still replace by less
		if old, ok := rq.Resource.(*File); ok {
			left += old.Size()
		}
		if left < max(0, rq.Length()-read) {
			return store.ErrQuota
		}
		if left < body.left {
			body.left, body.quota = left, true
		}
		return nil
	})
}

// Put stores what Prepare has read.
func (f *Folder) Put(rq *webdav.Request, name string) (webdav.Stored, error) {
	up := rq.Upload.(*upload)
	res, err := f.Child(rq, name, 0)
	created := errors.Is(err, store.ErrNotFound)
	if err != nil && !created {
		return webdav.Stored{}, err
	}
	row := &store.Object{Name: name}
	if !created {
		old, ok := res.(*File)
		if !ok {
			return webdav.Stored{}, webdav.Forbidden("%q is a folder", name)
		}
		row = &old.Row
	}
	row.Media = up.media
	if up.content != nil {
		err = rq.Tx.PutContent(f.Data, row, up.content)
	} else {
		err = rq.Tx.PutObject(f.Data, row, up.body, store.Index{})
	}
	return webdav.Stored{Created: created, AsSent: true, ETag: row.Tag("")}, err
}

// tooLarge is not of RFC 4331: no quota has been reached.
func tooLarge(max int64) error {
	return &webdav.Error{Status: http.StatusRequestEntityTooLarge, Text: fmt.Sprintf("a file may have %d octets at most", max)}
}

var errTooLarge = errors.New("larger than a file may be")

// bounded reads at most so much, and remembers what went wrong with the client's side of it.
type bounded struct {
	r     io.Reader
	left  int64
	quota bool // it is a quota that leaves no more
	err   error
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}
