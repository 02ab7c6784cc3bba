package carddav

import (
	"errors"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// provision gives an account its home with one book. It does so once: a user who has deleted the book does not get it back.
func provision(rq *webdav.Request, p *store.Principal) error {
	if _, err := rq.Tx.Root(p.ID, store.KindAddressHome); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	home := &store.Collection{Owner: p.ID, Kind: store.KindAddressHome, Name: p.Name}
	if err := rq.Tx.CreateCollection(home); err != nil {
		return err
	}
	display := "Contacts"
	return rq.Tx.CreateCollection(&store.Collection{Parent: home.ID, Owner: p.ID, Kind: store.KindAddressBook, Name: "addressbook", Display: &display})
}
