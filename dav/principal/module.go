package principal

import (
	"errors"

	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Module is the table of this package.
func Module() webdav.Module {
	return webdav.Module{
		Name:       "principal",
		Roots:      map[string]func(*webdav.Request) (webdav.Collection, error){"principals": root},
		Provision:  provision,
		Properties: properties(),
	}
}

// provision makes the principal's own node, under which its dead properties are kept.
func provision(rq *webdav.Request, p *store.Principal) error {
	_, err := rq.Tx.Root(p.ID, store.KindPrincipal)
	if errors.Is(err, store.ErrNotFound) {
		err = rq.Tx.CreateCollection(&store.Collection{Owner: p.ID, Kind: store.KindPrincipal, Name: p.Name})
	}
	return err
}
