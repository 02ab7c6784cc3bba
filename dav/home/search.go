package home

import (
	"errors"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/webdav"
)

// Refusals are the preconditions of a query's filter (RFC 4791 §7.8, RFC 6352 §8.6).
type Refusals struct {
	Collation, Supported, Valid *webdav.Condition
}

// Refuse turns a fault of a filter into its precondition; of what is not supported the element is named.
func (r Refusals) Refuse(err error) error {
	var e *filter.Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case e.Condition == filter.SupportedCollation:
		return r.Collation.With("%s", e.Text)
	case e.Condition == filter.SupportedFilter && named(e.Element):
		return r.Supported.Holding(func(w *webdav.Writer) {
			w.Empty(webdav.Name{Space: r.Supported.Name.Space, Local: e.Element.Tag}, "name", e.Element.SelectAttrValue("name", ""))
		})
	case e.Condition == filter.SupportedFilter:
		return r.Supported.With("%s", e.Text)
	}
	return r.Valid.With("%s", e.Text)
}

// named: a text-match has no name.
func named(el *etree.Element) bool { return el != nil && el.Tag != "text-match" }

// ShowCollations writes what text can be compared by (RFC 4791 §7.5.1, RFC 6352 §8.3.1).
func ShowCollations(w *webdav.Writer, each webdav.Name) error {
	for _, c := range filter.Collations {
		w.Open(each)
		w.Text(c)
		w.Close()
	}
	return nil
}
