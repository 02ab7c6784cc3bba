package carddav

import (
	"iter"
	"net/http"
	"strings"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Book is an address book collection: RFC 6352 §5.2. It holds cards and no collections.
type Book struct {
	*home.Node
	shelf *shelf
}

// Types are those RFC 6352 §5.2 wants.
func (b *Book) Types() []webdav.Name {
	return b.Sharing(webdav.DAV("collection"), cardDAV("addressbook"))
}

func (b *Book) card(row *store.Object) *Card {
	return &Card{Object: home.Object{Row: *row, In: b.Node}}
}

// Child finds a card.
func (b *Book) Child(rq *webdav.Request, name string, want store.Want) (webdav.Resource, error) {
	row, err := rq.Tx.Object(b.Data.ID, name, want)
	if err != nil {
		return nil, err
	}
	return b.card(row), nil
}

// Members yields cards.
func (b *Book) Members(rq *webdav.Request, names []string, want store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for c, err := range b.cards(rq.Tx.Objects(b.Data.ID, want, names...)) {
			if !yield(c, err) {
				return
			}
		}
	}
}

// cards makes resources of rows.
func (b *Book) cards(rows iter.Seq2[*store.Object, error]) iter.Seq2[*Card, error] {
	return func(yield func(*Card, error) bool) {
		for row, err := range rows {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(b.card(row), nil) {
				return
			}
		}
	}
}

// ChangesBelow is Changes: there is nothing below the cards.
func (b *Book) ChangesBelow(rq *webdav.Request, since store.Token, limit int) ([]store.Change, store.Token, bool, error) {
	return b.Changes(rq, since, limit)
}

// RefusesTokens is with 403, as RFC 6578 §3.2 has it; Thunderbird's address book recovers from 400 only, and would never
// sync again.
func (b *Book) RefusesTokens(rq *webdav.Request) int {
	if strings.Contains(rq.Header.Get("User-Agent"), "Thunderbird") {
		return http.StatusBadRequest
	}
	return http.StatusForbidden
}

// Make refuses: RFC 6352 §5.2 would allow plain collections, which no client makes, and forbids books in a book.
func (b *Book) Make(*webdav.Request, string, []webdav.Name) (webdav.Resource, error) {
	return nil, ErrLocation.With("an address book holds no collections")
}

// Remove deletes a card.
func (b *Book) Remove(rq *webdav.Request, name string) error {
	row, err := rq.Tx.Object(b.Data.ID, name, 0)
	if err == nil {
		err = rq.Tx.DeleteObject(b.Data, row)
	}
	return b.shelf.changed(rq, err, b.Node)
}

// Copy makes a new card of another.
func (b *Book) Copy(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	src, err := b.incoming(from)
	if err != nil {
		return webdav.Stored{}, err
	}
	stored, err := b.CopyObject(rq, b.shelf.rules, &src.Object, name)
	return stored, b.shelf.changed(rq, err, b.Node)
}

// Move gives a card another name, another address book, or both.
func (b *Book) Move(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	src, err := b.incoming(from)
	if err != nil {
		return webdav.Stored{}, err
	}
	stored, err := b.MoveObject(rq, b.shelf.rules, &src.Object, name)
	return stored, b.shelf.changed(rq, err, b.Node, src.In)
}

func (b *Book) incoming(from webdav.Resource) (*Card, error) {
	src, ok := from.(*Card)
	if ok {
		return src, nil
	}
	if _, ok := from.(webdav.Collection); ok {
		return nil, ErrLocation.With("an address book holds no collections")
	}
	return nil, ErrSupportedAddressData.With("%q is no card", from.Name())
}

// NewName invents a name.
func (b *Book) NewName(*webdav.Request) string { return home.NewName(".vcf") }

var (
	_ webdav.Copier       = (*Home)(nil)
	_ webdav.TokenRefuser = (*Book)(nil)
	_ webdav.DeepSyncer   = (*Home)(nil)
	_ webdav.Saver        = (*Home)(nil)
	_ webdav.DeadKeeper   = (*Home)(nil)
	_ webdav.Container    = (*Book)(nil)
	_ webdav.DeepSyncer   = (*Book)(nil)
	_ webdav.Displayed    = (*Book)(nil)
	_ webdav.Saver        = (*Book)(nil)
	_ webdav.Varied       = (*Card)(nil)
	_ webdav.DeadKeeper   = (*Card)(nil)
)
