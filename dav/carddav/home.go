package carddav

import (
	"cmp"
	"iter"
	"slices"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// root is the first path segment of the tree.
const root = "addressbooks"

// Home is a user's address-book home: RFC 6352 §7.1.1. It holds address books and nothing else.
type Home struct {
	home.Home
	shelf *shelf
}

// Child finds an address book.
func (h *Home) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	return h.book(rq, name)
}

func (h *Home) book(rq *webdav.Request, name string) (*Book, error) {
	n, err := h.Collection(rq, name, store.KindAddressBook)
	if err != nil {
		return nil, err
	}
	return &Book{n, h.shelf}, nil
}

// Members yields the address books, the default one first: clients save into the first they see.
func (h *Home) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		books, err := h.listed(rq, names)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, b := range books {
			if !yield(b, nil) {
				return
			}
		}
	}
}

// listed are the books with these names, the default one first, then the oldest.
func (h *Home) listed(rq *webdav.Request, names []string) ([]*Book, error) {
	var books []*Book
	for n, err := range h.Collections(rq, names, store.KindAddressBook) {
		if err != nil {
			return nil, err
		}
		books = append(books, &Book{n, h.shelf})
	}
	first := func(b *Book) int {
		if b.Row.ID == h.Row.Chosen {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(books, func(a, b *Book) int { return cmp.Compare(first(a), first(b)) })
	return books, nil
}

// Make begins an address book: MKCOL with the types of one (RFC 6352 §6.3.1).
func (h *Home) Make(_ *webdav.Request, name string, types []webdav.Name) (webdav.Resource, error) {
	others := slices.DeleteFunc(slices.Clone(types), func(t webdav.Name) bool { return t == webdav.DAV("collection") })
	switch {
	case len(others) == 0:
		return nil, ErrLocation.With("%s", h.Refusal)
	case len(others) != 1 || len(types) != 2 || others[0] != cardDAV("addressbook"):
		return nil, webdav.ErrValidResourceType.With("an address-book home takes DAV:collection with CARDDAV:addressbook only")
	}
	return &Book{h.New(name, store.KindAddressBook), h.shelf}, nil
}

// Remove deletes an address book with all that is in it; of one that somebody else shares, the share.
func (h *Home) Remove(rq *webdav.Request, name string) error {
	b, err := h.book(rq, name)
	if err != nil {
		return err
	}
	if h.shelf.opt.Removing != nil {
		if err := h.shelf.opt.Removing(rq, b.Node); err != nil {
			return err
		}
	}
	return h.shelf.changed(rq, rq.Tx.DeleteCollection(b.Row), h.Node)
}

// PlanCopy judges whether an address book can be copied here.
func (h *Home) PlanCopy(rq *webdav.Request, from webdav.Resource, name string) (*store.CopyPlan, error) {
	return h.PlanCollection(rq, h.shelf.rules, from, name)
}

// Copy makes a new address book like another.
func (h *Home) Copy(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	stored, err := h.CopyCollection(rq, h.shelf.rules, from, name, store.KindAddressBook)
	return stored, h.shelf.changed(rq, err, h.Node)
}

// Move renames an address book.
func (h *Home) Move(rq *webdav.Request, from webdav.Resource, name string) (webdav.Stored, error) {
	stored, err := h.MoveCollection(rq, h.shelf.rules, from, name, store.KindAddressBook)
	return stored, h.shelf.changed(rq, err, h.Node)
}
