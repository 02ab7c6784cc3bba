package share

import (
	"errors"
	"strconv"
	"strings"

	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// pathTo is where a user or a group is as a principal.
func pathTo(p *store.Principal) webdav.Path {
	if p.Kind == store.Group {
		return webdav.P("principals", "groups", p.Name)
	}
	return principal.Path(p.Name)
}

// Address stands in a share for the address of who was invited by his principal resource: its URL may change.
func Address(p *store.Principal) string {
	return "principal:" + strconv.FormatInt(p.ID, 10)
}

// sharee finds whom a client means: by a principal resource that the caller sees, by a calendar user address or by a mail
// address (apple-caldav-sharing §5.3.2). Nobody is nil: the address is kept, and shown as invalid.
func sharee(rq *webdav.Request, href string) (address string, p *store.Principal, err error) {
	href = strings.TrimSpace(href)
	switch {
	case href == "":
		return "", nil, webdav.BadRequest("a sharee has no address")
	case len(href) > maxText:
		return "", nil, webdav.BadRequest("the address of a sharee is longer than %d octets", maxText)
	}
	low := strings.ToLower(href)
	byPath := strings.HasPrefix(href, "/") || strings.HasPrefix(low, "http:") || strings.HasPrefix(low, "https:")
	if byPath {
		p, err = principalAt(rq, href)
	} else {
		p, err = rq.Tx.PrincipalByAddress(href)
	}
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && p.Kind != store.User && p.Kind != store.Group:
		return href, nil, nil
	case err != nil:
		return "", nil, err
	case byPath:
		return Address(p), p, nil
	}
	return href, p, nil
}

func principalAt(rq *webdav.Request, href string) (*store.Principal, error) {
	path, err := rq.ParseHref(href)
	if err != nil { // of another service, and nobody here
		return nil, store.ErrNotFound
	}
	res, err := principal.At(rq, path)
	if err != nil {
		return nil, err
	}
	return res.Row(rq)
}

// maxText is how long names, comments and addresses can be.
const maxText = 1000
