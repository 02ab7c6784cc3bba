package carddav

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/vcard"
)

// mediaJCard is the other type that cards come in (RFC 7095).
const mediaJCard = "application/vcard+json"

// mediaNames are what cards are called: by RFC 6350 §10.1, and before it.
var mediaNames = []string{"text/vcard", "text/x-vcard", "text/directory", mediaJCard}

// form is how a card is given.
type form uint8

const (
	formStored form = iota
	formV3
	formV4
	formJCard
)

func (f form) version() string {
	if f == formV3 {
		return vcard.V3
	}
	return vcard.V4
}

// formOf is the form that a media type and a version name; without a version a vCard is given as it is stored.
func formOf(media, version string) (form, bool) {
	switch version = strings.TrimSpace(version); {
	case media == mediaJCard:
		return formJCard, version == "" || version == vcard.V4
	case !slices.Contains(mediaNames, media):
		return formStored, false
	case version == vcard.V3:
		return formV3, true
	case version == vcard.V4:
		return formV4, true
	}
	return formStored, version == ""
}

// accepted is the form that Accept gives the most weight (RFC 6352 §5.1.1): of those the version that is stored, else the
// first. A header that knows nothing
// of vCards gets them as they are stored: some clients send one that means nothing. One that names versions that there are
// not, and no other, cannot be answered.
func accepted(h http.Header, stored []byte) (form, error) {
	own := formV3
	if vcard.IsV4(stored) {
		own = formV4
	}
	best, most, refused := formStored, 0.0, ""
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(item)
		if err != nil {
			continue
		}
		q := 1.0
		if v, err := strconv.ParseFloat(params["q"], 64); err == nil && v >= 0 && v <= 1 {
			q = v
		}
		f, known := formOf(media, params["version"])
		switch {
		case media == "*/*" || media == "text/*":
			f, known = formStored, true
		case !known && slices.Contains(mediaNames, media):
			refused = item
		}
		if known && (q > most || q == most && q > 0 && f == own) {
			best, most = f, q
		}
	}
	if most == 0 && refused != "" {
		return formStored, ErrConversion.With("cards are given as vCard 3.0 and 4.0 and as jCard, not as %.80q", strings.TrimSpace(refused))
	}
	return best, nil
}

// requested is the form that an address-data element asks for (RFC 6352 §10.4). One without attributes takes what there is:
// the default of its version, 3.0, is what clients leave out that read both.
func requested(el *etree.Element) (form, error) {
	media := "text/vcard"
	if a := el.SelectAttr("content-type"); a != nil {
		t, _, err := mime.ParseMediaType(a.Value)
		if err != nil {
			return 0, ErrSupportedAddressData.With("%.60q is no media type", a.Value)
		}
		media = t
	}
	version := el.SelectAttrValue("version", "")
	f, ok := formOf(media, version)
	if !ok {
		return 0, ErrSupportedAddressData.With("address data of type %.60q, version %.20q: there are vCard 3.0 and 4.0 and %s", media, version, mediaJCard)
	}
	return f, nil
}
