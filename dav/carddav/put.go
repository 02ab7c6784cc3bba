package carddav

import (
	"errors"

	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// rules are the preconditions of RFC 6352 §6.3.2.1.
func rules(opt Options) *home.Rules {
	return &home.Rules{
		Holds: "an address book", Media: mediaNames,
		Supported: ErrSupportedAddressData, TooLarge: ErrMaxResourceSize, Limit: opt.MaxResource, UIDConflict: ErrUIDConflict, Location: ErrLocation,
		Reindex: func(o *store.Object) (store.Index, error) { return judge(o.Body) },
		CollectionOf: func(r webdav.Resource) *home.Node {
			if b, ok := r.(*Book); ok {
				return b.Node
			}
			return nil
		},
	}
}

// upload is a body that has passed every check but those that need the store.
type upload struct {
	body      []byte
	converted bool // it came as jCard
	index     store.Index
}

// Prepare makes the checks of RFC 6352 §6.3.2.1 that need no transaction.
func (b *Book) Prepare(rq *webdav.Request, _ string) (any, error) {
	r := b.shelf.rules
	media, err := r.CheckMedia(rq.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	up := &upload{converted: media == mediaJCard}
	if up.body, err = r.ReadBody(rq); err != nil {
		return nil, err
	}
	if up.converted {
		if up.body, err = vcard.FromJCard(up.body); err != nil {
			return nil, condition(err)
		}
		if err := r.Fits(int64(len(up.body))); err != nil {
			return nil, err
		}
	}
	up.index, err = judge(up.body)
	return up, err
}

// The kinds of a row.
const (
	kindCard  = 1
	kindGroup = 2
)

// judge makes the checks on the content, and computes what is indexed.
func judge(body []byte) (store.Index, error) {
	card, err := vcard.Parse(body)
	if err != nil {
		return store.Index{}, condition(err)
	}
	info, err := vcard.Validate(card)
	if err != nil {
		return store.Index{}, condition(err)
	}
	ix := store.Index{Version: IndexVersion, UID: info.UID, Kind: kindCard}
	if info.Group {
		ix.Kind = kindGroup
	}
	for _, k := range filter.CardKeys(card) {
		ix.Keys = append(ix.Keys, store.Key{Prop: uint8(k.Prop), Value: k.Value})
	}
	return ix, nil
}

// condition is the precondition that an error of package vcard stands for.
func condition(err error) error {
	var e *vcard.Error
	if errors.As(err, &e) && e.Condition == vcard.ConditionVersion {
		return ErrSupportedAddressData.With("%v", err)
	}
	return ErrValidAddressData.With("%v", err)
}

// Put stores what Prepare made of the body, octet for octet.
func (b *Book) Put(rq *webdav.Request, name string) (webdav.Stored, error) {
	up := rq.Upload.(*upload)
	created, row, err := b.Store(rq, b.shelf.rules, name, up.body, up.index)
	if err = b.shelf.changed(rq, err, b.Node); err != nil {
		return webdav.Stored{}, err
	}
	return webdav.Stored{Created: created, AsSent: !up.converted, ETag: row.Tag("")}, nil
}
