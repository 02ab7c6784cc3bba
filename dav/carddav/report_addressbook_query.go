package carddav

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
)

// addressbookQuery is RFC 6352 §8.6.
func (sh *shelf) addressbookQuery(rq *webdav.Request, on searchable) (webdav.Response, error) {
	depth, err := rq.Depth()
	if err != nil {
		return webdav.Response{}, err
	}
	d, sel, err := selectWithData(rq)
	if err != nil {
		return webdav.Response{}, err
	}
	s, err := newSearch(rq, sel.Want(), sh.opt.MaxText)
	if err != nil {
		return webdav.Response{}, err
	}
	limit, err := resultLimit(rq.Body)
	if err != nil {
		return webdav.Response{}, err
	}
	return webdav.Response{Header: rq.Preferred(), Stream: func(w *webdav.Writer) error {
		w.Multistatus()
		shown := int64(0)
		for h, err := range on.matching(rq, s, depth) {
			if err != nil {
				return err
			}
			if !rq.May(h.card, privilege.Read) {
				continue
			}
			if shown++; shown > limit {
				truncated(rq, fmt.Sprintf("only %d matching records are returned", limit), w)
				break
			}
			if err := d.respond(h, sel, w); err != nil {
				return err
			}
		}
		if s.left < 0 && shown <= limit {
			truncated(rq, "the search would have to read too much: ask for a name or an address, too", w)
		}
		w.Close()
		return nil
	}}, nil
}

func (d *data) respond(h hit, sel *webdav.Selection, w *webdav.Writer) error {
	if err := d.fails(h.card); err != nil {
		w.StatusResponse(h.path, http.StatusUnsupportedMediaType, err) // RFC 6352 §8.7.2
	} else if err := sel.Response(w, h.path, h.card); err != nil {
		return err
	}
	return w.Flush()
}

// truncated is RFC 6352 §8.6.2: a response of its own, which the limit does not count.
func truncated(rq *webdav.Request, why string, w *webdav.Writer) {
	w.StatusResponse(rq.Target, http.StatusInsufficientStorage, webdav.ErrMatchesWithinLimits.With("%s", why))
}

const noLimit = 1 << 62

// resultLimit is CARDDAV:limit (RFC 6352 §10.6).
func resultLimit(body *etree.Element) (int64, error) {
	el := webdav.Find(webdav.Find(body, cardDAV("limit")), cardDAV("nresults"))
	if el == nil {
		return noLimit, nil
	}
	n, err := strconv.ParseUint(webdav.TextOf(el), 10, 62)
	if err != nil {
		return 0, webdav.BadRequest("nresults is a number, not %.40q", webdav.TextOf(el))
	}
	return int64(n), nil
}

// selectWithData compiles what properties are asked for, and reads CARDDAV:address-data before anything is answered, so that
// a bad one is refused even where nothing matches; nil when there is none.
func selectWithData(rq *webdav.Request) (*data, *webdav.Selection, error) {
	var d *data
	if el := webdav.Find(webdav.Find(rq.Body, webdav.DAV("prop")), cardDAV("address-data")); el != nil {
		var err error
		if d, err = parseData(el); err != nil {
			return nil, nil, err
		}
	}
	sel, err := rq.Select(rq.Body)
	return d, sel, err
}
