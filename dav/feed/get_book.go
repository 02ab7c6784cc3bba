package feed

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"caldav-fcgi/dav/carddav"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// bookMethod is GET of a whole address book: its cards, one after the other (RFC 6350 §3.1), as they are stored. A browser
// gets the page instead, unless the query says ?export.
func bookMethod() webdav.Method {
	return webdav.Method{Name: http.MethodGet, Body: webdav.StreamBody,
		On:    func(r webdav.Resource) bool { _, ok := r.(*carddav.Book); return ok },
		Match: func(rq *webdav.Request) bool { return rq.Query.Has("export") || !wantsPage(rq.Header) },
		Needs: func(rq *webdav.Request) ([]webdav.Need, error) {
			return []webdav.Need{{Path: rq.Target, What: privilege.Read}}, nil
		},
		Run: func(rq *webdav.Request) (webdav.Response, error) {
			b := rq.Resource.(*carddav.Book)
			token, err := b.Token(rq)
			if err != nil {
				return webdav.Response{}, err
			}
			etag := fmt.Sprintf(`"%s-export"`, strings.TrimPrefix(token.String(), "urn:caldav-fcgi:sync:"))
			if err := rq.Conditional(etag); err != nil {
				return webdav.Response{}, err
			}
			h := http.Header{"Content-Type": {"text/vcard; charset=utf-8"}, "Etag": {etag}, "Vary": {"Accept"}, "Cache-Control": {"private, no-cache"}}
			if d := mime.FormatMediaType("attachment", map[string]string{"filename": b.Name() + ".vcf"}); d != "" {
				h.Set("Content-Disposition", d)
			}
			return webdav.Response{Status: http.StatusOK, Header: h, Stream: func(w *webdav.Writer) error { return exportBook(rq, b, w) }}, nil
		}}
}

// exportBook writes every card. What does not end its last line gets an end.
func exportBook(rq *webdav.Request, b *carddav.Book, out *webdav.Writer) error {
	for m, err := range b.Members(rq, nil, store.Body) {
		if err != nil {
			return err
		}
		if !rq.May(m, privilege.Read) {
			continue
		}
		text := vcard.Clean(m.(*carddav.Card).Row.Body)
		if !bytes.HasSuffix(text, []byte("\n")) {
			text = append(text[:len(text):len(text)], "\r\n"...)
		}
		if err := out.Octets(text); err != nil {
			return err
		}
	}
	return nil
}
