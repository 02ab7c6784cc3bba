package carddav

import (
	"cmp"
	"slices"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Options are the limits of address books.
type Options struct {
	MaxResource int64 // octets of one card; 0 for 10 MB
	MaxText     int64 // octets that one search may read of the texts of cards; 0 for 512 MB, which take some seconds
	Directory   bool  // the site's people are a book that everybody can read
	// Changed is told whose cards a request has changed, in its transaction.
	Changed func(tx *store.Tx, owner int64) error
	// Removing is told of an address book, or of an accepted share, before it is deleted.
	Removing func(*webdav.Request, *home.Node) error
}

// Module is the table of this package.
func Module(opt Options) webdav.Module {
	opt.MaxResource = cmp.Or(max(opt.MaxResource, 0), 10<<20)
	opt.MaxText = cmp.Or(max(opt.MaxText, 0), 512<<20)
	s := &shelf{opt: opt, rules: rules(opt)}
	m := webdav.Module{
		Name:       "carddav",
		Compliance: []string{"addressbook"}, // RFC 6352 §6.1
		Roots: map[string]func(*webdav.Request) (webdav.Collection, error){
			root: func(*webdav.Request) (webdav.Collection, error) { return s.tree(), nil },
		},
		Provision:  provision,
		Properties: slices.Concat(bookProperties(opt), homeProperties(opt), []webdav.Property{addressData()}),
		Reports: []webdav.Report{
			webdav.ReportOn(cardDAV("addressbook-query"), s.addressbookQuery),
			webdav.ReportOn(cardDAV("addressbook-multiget"), addressbookMultiget),
		},
	}
	if opt.Directory {
		m.Roots[directoryRoot] = func(*webdav.Request) (webdav.Collection, error) { return Directory{}, nil }
	}
	return m
}

// shelf is what every home and book needs to know.
type shelf struct {
	opt   Options
	rules *home.Rules
}

// tree is /addressbooks/.
func (s *shelf) tree() *home.Tree {
	return &home.Tree{Segment: root, Kind: store.KindAddressHome, Open: func(n *home.Node) webdav.Resource {
		return &Home{home.Home{Node: n, Refusal: "an address-book home takes address books only: cards go into one of them"}, s}
	}}
}

// changed passes on that cards in these nodes have changed, unless they have not.
func (s *shelf) changed(rq *webdav.Request, failed error, in ...*home.Node) error {
	if failed != nil || s.opt.Changed == nil {
		return failed
	}
	for i, n := range in {
		if i > 0 && n.Data.Owner == in[0].Data.Owner {
			continue
		}
		if err := s.opt.Changed(rq.Tx, n.Data.Owner); err != nil {
			return err
		}
	}
	return nil
}
