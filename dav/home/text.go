package home

import (
	"fmt"
	"net/http"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/webdav"
)

// ShowText writes the text of a property that a row keeps; nil is none.
func ShowText(w *webdav.Writer, s *string) error {
	if s == nil {
		return webdav.ErrNoValue
	}
	w.Text(*s)
	return nil
}

// KeepText is the text of el as it came, of so many octets at most; nil for a removal.
func KeepText(el *etree.Element, max int) (*string, error) {
	if el == nil {
		return nil, nil
	}
	s := el.Text()
	if len(s) > max {
		return nil, &webdav.Error{Status: http.StatusInsufficientStorage, Text: fmt.Sprintf("%s takes %d octets at most", el.Tag, max)}
	}
	return &s, nil
}
