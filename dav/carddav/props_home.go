package carddav

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

var meCard = webdav.Name{Space: webdav.NSCalendarServer, Local: "me-card"}

// homeProperties are those of the home and what leads a client to it.
func homeProperties(opt Options) []webdav.Property {
	props := []webdav.Property{
		webdav.On(webdav.Prop[*principal.User]{Name: cardDAV("addressbook-home-set"), // RFC 6352 §7.1.1
			Get: func(_ *webdav.Request, u *principal.User, w *webdav.Writer) error {
				w.Href(webdav.P(root, u.Name()))
				return nil
			}}),
		webdav.On(webdav.Prop[*principal.User]{Name: cardDAV("principal-address"), Get: principalAddress(opt)}), // RFC 6352 §7.1.2
		webdav.On(webdav.Prop[*Home]{Name: webdav.DAV("displayname"), AllProp: true, // RFC 4918 §15.2: the owner's, and set there
			Get: func(_ *webdav.Request, h *Home, w *webdav.Writer) error { w.Text(h.DisplayName()); return nil }}),
		webdav.On(webdav.Prop[*Home]{Name: cardDAV("default-addressbook-URL"), Get: defaultBook, Set: setDefaultBook}),
		webdav.On(webdav.Prop[*Home]{Name: meCard,
			Get: func(*webdav.Request, *Home, *webdav.Writer) error { return webdav.ErrNoValue }, // what was set is kept as it came, and shown
			Set: checkMeCard}),
	}
	if opt.Directory {
		props = append(props,
			webdav.On(webdav.Prop[*Home]{Name: cardDAV("directory-gateway"),
				Get: func(_ *webdav.Request, _ *Home, w *webdav.Writer) error { w.Href(webdav.P(directoryRoot)); return nil }}),
			webdav.On(webdav.Prop[*principal.User]{Name: cardDAV("directory-gateway"), // where iOS asks for it
				Get: func(_ *webdav.Request, _ *principal.User, w *webdav.Writer) error {
					w.Href(webdav.P(directoryRoot))
					return nil
				}}),
			webdav.On(webdav.Prop[Directory]{Name: webdav.DAV("displayname"), AllProp: true,
				Get: func(_ *webdav.Request, _ Directory, w *webdav.Writer) error { w.Text("Directory"); return nil }}))
	}
	return props
}

// defaultBook is where clients put new cards: what was chosen, or the oldest.
func defaultBook(rq *webdav.Request, h *Home, w *webdav.Writer) error {
	books, err := h.listed(rq, nil)
	if err != nil {
		return err
	}
	if len(books) == 0 {
		return webdav.ErrNoValue
	}
	w.Href(books[0].Path())
	return nil
}

func setDefaultBook(rq *webdav.Request, h *Home, el *etree.Element) error {
	if el == nil {
		h.Row.Chosen = 0
		return nil
	}
	res, err := hrefIn(rq, h, el)
	if err != nil {
		return err
	}
	b, ok := res.(*Book)
	if !ok {
		return badValue("default-addressbook-URL is that of an address book of this home")
	}
	h.Row.Chosen = b.Row.ID
	return nil
}

// checkMeCard: the card that is the user's own lies in a book of the home.
func checkMeCard(rq *webdav.Request, h *Home, el *etree.Element) error {
	if el == nil {
		return nil
	}
	res, err := hrefIn(rq, h, el)
	if err != nil {
		return err
	}
	if _, ok := res.(*Card); !ok {
		return badValue("me-card is the address of a card in this home")
	}
	return nil
}

// hrefIn finds what the DAV:href in el names, within the home.
func hrefIn(rq *webdav.Request, h *Home, el *etree.Element) (webdav.Resource, error) {
	href := webdav.TextOf(webdav.Find(el, webdav.DAV("href")))
	p, err := rq.ParseHref(href)
	if err != nil || !p.Within(h.Path()) {
		return nil, badValue("%s: %.200q is no address in %s", el.Tag, href, h.Path())
	}
	res, err := rq.Find(p, 0)
	if errors.Is(err, store.ErrNotFound) {
		return nil, badValue("%s: there is nothing at %.200q", el.Tag, href)
	}
	return res, err
}

// badValue is what RFC 4918 §9.2.1 has for a value whose meaning does not fit the property.
func badValue(format string, a ...any) error {
	return &webdav.Error{Status: http.StatusConflict, Text: fmt.Sprintf(format, a...)}
}

// principalAddress is the user's card: for himself the one he has chosen, for all the one in the directory.
func principalAddress(opt Options) func(*webdav.Request, *principal.User, *webdav.Writer) error {
	return func(rq *webdav.Request, u *principal.User, w *webdav.Writer) error {
		row, err := u.Row(rq)
		if err != nil {
			return err
		}
		if rq.Who.Is(row.ID) {
			switch href, err := chosenCard(rq, row.ID); {
			case err != nil:
				return err
			case href != "":
				w.Raw(href)
				return nil
			}
		}
		if !opt.Directory {
			return webdav.ErrNoValue
		}
		w.Href(webdav.P(directoryRoot).Child(directoryName(row), false))
		return nil
	}
}

// chosenCard is the DAV:href of the me-card, "" when there is none, or none any more.
func chosenCard(rq *webdav.Request, owner int64) (string, error) {
	home, err := rq.Tx.Root(owner, store.KindAddressHome)
	if err != nil {
		return "", nil
	}
	dead, err := rq.Tx.DeadProperties(home.ID, 0)
	if err != nil {
		return "", err
	}
	for _, d := range dead {
		if d.Space != meCard.Space || d.Local != meCard.Local {
			continue
		}
		doc := etree.NewDocument()
		if err := doc.ReadFromString(d.XML); err != nil {
			return "", nil
		}
		el := webdav.Find(doc.Root(), webdav.DAV("href"))
		if el == nil {
			return "", nil
		}
		p, err := rq.ParseHref(webdav.TextOf(el))
		if err != nil {
			return "", nil
		}
		switch _, err := rq.Find(p, 0); {
		case errors.Is(err, store.ErrNotFound):
			return "", nil
		case err != nil:
			return "", err
		}
		return webdav.Markup(el), nil
	}
	return "", nil
}
