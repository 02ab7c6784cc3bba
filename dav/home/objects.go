package home

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"mime"
	"slices"
	"strings"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Rules are what calendars and address books have in common with names of their own: the preconditions of RFC 4791
// §5.3.2.1 and RFC 6352 §6.3.2.1.
type Rules struct {
	Holds        string // "a calendar", "an address book": for people
	Media        []string
	Supported    *webdav.Condition // …-data, for another media type
	TooLarge     *webdav.Condition
	Limit        int64
	UIDConflict  *webdav.Condition
	Location     *webdav.Condition
	Reindex      func(*store.Object) (store.Index, error) // of a copy, read with Body and Series
	CollectionOf func(webdav.Resource) *Node              // nil when it is none of this kind
	Remove       func(*webdav.Request, *Node) error       // a collection; nil: nothing else goes with it
}

// CheckMedia finds which of the media types a Content-Type names: "" when it names none, as some clients do, or says that
// it is just octets.
func (r *Rules) CheckMedia(contentType string) (string, error) {
	if strings.TrimSpace(contentType) == "" {
		return "", nil
	}
	media, params, err := mime.ParseMediaType(contentType)
	if err != nil && !errors.Is(err, mime.ErrInvalidMediaParameter) || media != "application/octet-stream" && !slices.Contains(r.Media, media) {
		return "", r.Supported.With("%s takes %s, not %.80q", r.Holds, strings.Join(r.Media, ", "), contentType)
	}
	switch strings.ToLower(params["charset"]) {
	case "", "utf-8", "utf8", "us-ascii":
		return media, nil
	}
	return "", r.Supported.With("%s takes UTF-8, not charset %.40q", r.Holds, params["charset"])
}

// ReadBody reads a body within the limit.
func (r *Rules) ReadBody(rq *webdav.Request) ([]byte, error) {
	body, tooLarge, err := rq.ReadBody(r.Limit)
	if err == nil && tooLarge {
		err = r.tooLarge()
	}
	return body, err
}

// Fits is the limit again, for what a body was made into.
func (r *Rules) Fits(size int64) error {
	if size > r.Limit {
		return r.tooLarge()
	}
	return nil
}

func (r *Rules) tooLarge() error {
	return r.TooLarge.With("%s takes objects of %d octets at most", r.Holds, r.Limit)
}

// Store puts a body under a name: RFC 4791 §5.3.2.1, RFC 6352 §6.3.2.1, no-uid-conflict.
func (n *Node) Store(rq *webdav.Request, r *Rules, name string, body []byte, ix store.Index) (created bool, row *store.Object, err error) {
	row, err = n.Standing(rq, name, 0)
	if err != nil {
		return false, nil, err
	}
	created = row == nil
	if created {
		row = &store.Object{Name: name}
	} else if row.UID != ix.UID {
		return false, nil, n.UIDConflict(rq, r, ix.UID, row, 0)
	}
	return created, row, n.Taken(rq, r, rq.Tx.PutObject(n.Data, row, body, ix))
}

// Taken turns the store's refusal of a UID that is in use into the condition.
func (n *Node) Taken(rq *webdav.Request, r *Rules, err error) error {
	var taken *store.UIDTaken
	if !errors.As(err, &taken) {
		return err
	}
	row, err := n.Standing(rq, taken.Name, 0)
	if err != nil {
		return err
	}
	return n.conflict(rq, r, row)
}

// conflict names the object that has the UID; to who does not see it, the collection.
func (n *Node) conflict(rq *webdav.Request, r *Rules, with *store.Object) error {
	if with == nil || !n.shows(rq, with) {
		return r.UIDConflict.At(n.path)
	}
	return r.UIDConflict.At(n.path.Child(with.Name, false))
}

// Standing is the object with that name, nil when the name is free.
func (n *Node) Standing(rq *webdav.Request, name string, want store.Want) (*store.Object, error) {
	row, err := rq.Tx.Object(n.Data.ID, name, want)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return row, err
}

// UIDConflict is no-uid-conflict for an object with that UID that comes to stand in the place of another (nil: on a free
// name): the UID may be in use under no other name, but by the object that is moved, and what it replaces must have the
// same.
func (n *Node) UIDConflict(rq *webdav.Request, r *Rules, uid string, replaced *store.Object, moved int64) error {
	for o, err := range rq.Tx.ObjectsByUID(n.Data.ID, uid, 0) {
		if err != nil {
			return err
		}
		if o.ID != moved && (replaced == nil || o.ID != replaced.ID) {
			return n.conflict(rq, r, o)
		}
	}
	if replaced != nil && replaced.UID != uid {
		return n.conflict(rq, r, replaced)
	}
	return nil
}

// NewName invents a name.
func NewName(extension string) string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:]) + extension
}
