package carddav

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"iter"
	"slices"
	"strings"

	govcard "github.com/emersion/go-vcard"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// directoryRoot is the first path segment of the book.
const directoryRoot = "directory"

const cardSuffix = ".vcf"

// Directory is the site's people, groups, rooms and resources as an address book that nobody can change (the
// directory-gateway of draft-daboo-carddav-directory-gateway). Everybody finds in it whom he sees.
type Directory struct{}

// Name is its path segment.
func (Directory) Name() string { return directoryRoot }

// Types are those of an address book, and of a directory.
func (Directory) Types() []webdav.Name {
	return []webdav.Name{webdav.DAV("collection"), cardDAV("addressbook"), cardDAV("directory")}
}

// Rights: every user may read it.
func (Directory) Rights(rq *webdav.Request) privilege.Set { return webdav.LookRights(rq) }

func (Directory) holdsCards() {}

// directoryKinds are in the order of the listing.
var directoryKinds = []struct {
	kind   store.PrincipalKind
	prefix string
	vcard  govcard.Kind
}{
	{store.User, "user-", govcard.KindIndividual},
	{store.Group, "group-", govcard.KindGroup},
	{store.Room, "room-", govcard.KindLocation},
	{store.Resource, "resource-", "device"}, // RFC 6869
}

func directoryName(p *store.Principal) string {
	for _, k := range directoryKinds {
		if k.kind == p.Kind {
			return k.prefix + p.Name + cardSuffix
		}
	}
	return ""
}

// Child finds one that the caller sees.
func (d Directory) Child(rq *webdav.Request, name string, _ store.Want) (webdav.Resource, error) {
	sight, err := rq.Sight()
	if err != nil {
		return nil, err
	}
	for _, k := range directoryKinds {
		rest, ok := strings.CutPrefix(name, k.prefix)
		user, also := strings.CutSuffix(rest, cardSuffix)
		if !ok || !also {
			continue
		}
		p, err := rq.Tx.Visible(sight, k.kind, user)
		if err != nil {
			return nil, err
		}
		addresses, err := rq.Tx.Addresses(p.ID)
		if err != nil {
			return nil, err
		}
		return entryOf(store.Listed{Principal: p, Addresses: addresses}), nil
	}
	return nil, store.ErrNotFound
}

// Members yields all that the caller sees, in two or three statements.
func (d Directory) Members(rq *webdav.Request, names []string, _ store.Want) iter.Seq2[webdav.Resource, error] {
	return func(yield func(webdav.Resource, error) bool) {
		for e, err := range d.each(rq) {
			if err == nil && names != nil && !slices.Contains(names, e.name) {
				continue
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

func (Directory) each(rq *webdav.Request) iter.Seq2[*Entry, error] {
	return func(yield func(*Entry, error) bool) {
		sight, err := rq.Sight()
		if err != nil {
			yield(nil, err)
			return
		}
		var kinds []store.PrincipalKind
		for _, k := range directoryKinds {
			kinds = append(kinds, k.kind)
		}
		for l, err := range rq.Tx.Directory(sight, kinds...) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(entryOf(l), nil) {
				return
			}
		}
	}
}

// matching goes through all: nobody has that many colleagues.
func (d Directory) matching(rq *webdav.Request, s *search, depth webdav.Depth) iter.Seq2[hit, error] {
	return func(yield func(hit, error) bool) {
		if depth == webdav.Depth0 {
			return
		}
		for e, err := range d.each(rq) {
			if err != nil {
				yield(hit{}, err)
				return
			}
			if s.byText(rq, e) && !yield(hit{webdav.P(directoryRoot).Child(e.name, false), e}, nil) {
				return
			}
		}
	}
}

// Entry is one principal as a card.
type Entry struct {
	name string
	card *vcard.Card
	body []byte
}

func entryOf(l store.Listed) *Entry {
	display := l.Display
	if display == "" {
		display = l.Name
	}
	props := []*vcard.Property{
		vcard.NewText(govcard.FieldVersion, vcard.V4),
		vcard.NewText(govcard.FieldUID, fmt.Sprintf("principal-%d", l.ID)),
	}
	for _, k := range directoryKinds {
		if k.kind == l.Kind && k.vcard != govcard.KindIndividual {
			props = append(props, vcard.NewText(govcard.FieldKind, string(k.vcard)))
		}
	}
	props = append(props, vcard.NewText(govcard.FieldFormattedName, display))
	for _, a := range l.Addresses {
		if mail, ok := strings.CutPrefix(a, "mailto:"); ok {
			props = append(props, vcard.NewText(govcard.FieldEmail, mail))
		}
	}
	card := vcard.New(props).To(vcard.V3) // which every client reads
	return &Entry{name: directoryName(l.Principal), card: card, body: card.Bytes()}
}

// Name is its path segment.
func (e *Entry) Name() string { return e.name }

// Types is empty: it is no collection.
func (e *Entry) Types() []webdav.Name { return nil }

// Rights are those of the directory.
func (e *Entry) Rights(rq *webdav.Request) privilege.Set { return webdav.LookRights(rq) }

// ETag follows the octets.
func (e *Entry) ETag() string {
	sum := sha256.Sum256(e.body)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`
}

// ContentType is that of all cards.
func (e *Entry) ContentType() string { return mediaType }

// Size is that of the octets.
func (e *Entry) Size() int64 { return int64(len(e.body)) }

// Represent gives the card.
func (e *Entry) Represent(*webdav.Request) (webdav.Rep, error) {
	return webdav.Rep{Type: mediaType, Body: e.body, ETag: e.ETag(), Filename: e.name}, nil
}

// Parse is the card.
func (e *Entry) Parse() (*vcard.Card, error) { return e.card, nil }

func (e *Entry) stored() []byte { return e.body }

func (e *Entry) matching(_ *webdav.Request, s *search, _ webdav.Depth) iter.Seq2[hit, error] {
	return func(yield func(hit, error) bool) {
		if s.filter.Match(e.card) {
			yield(hit{webdav.P(directoryRoot).Child(e.name, false), e}, nil)
		}
	}
}
