package share

import (
	"errors"
	"mime"
	"net/http"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// The limits of one request.
const (
	maxBody    = 1 << 20
	maxChanges = 500
)

// isXML says whether a POST is a word about shares. The draft has a media type of its own.
func isXML(rq *webdav.Request) bool {
	media, _, err := mime.ParseMediaType(rq.Header.Get("Content-Type"))
	return err == nil && (media == "application/xml" || media == "text/xml" || media == "application/davsharing+xml")
}

// readXML reads the body of a POST.
func readXML(rq *webdav.Request) (*etree.Element, error) {
	body, tooLarge, err := rq.ReadBody(maxBody)
	if err != nil {
		return nil, err
	}
	if tooLarge {
		return nil, &webdav.Error{Status: http.StatusRequestEntityTooLarge, Text: "an XML body may have 1 MB at most"}
	}
	root, err := webdav.ParseXML(body)
	if err == nil && root == nil {
		err = webdav.BadRequest("the body is empty")
	}
	return root, err
}

// change is what is asked for one sharee.
type change struct {
	href             string
	remove           bool
	level            privilege.Level
	exact            bool // the level was given in our own words
	summary, comment string
}

// shareMethod is a POST on a calendar or an address book that changes whom it is shared with, in either dialect: apple-caldav-sharing
// §5.3.2, and DAV:share-resource of the draft.
func shareMethod(opt Options) webdav.Method {
	return webdav.Method{Name: http.MethodPost, Match: isXML, On: func(res webdav.Resource) bool { return nodeOf(res) != nil }, Body: webdav.StreamBody, Write: true,
		Needs: func(rq *webdav.Request) ([]webdav.Need, error) {
			return []webdav.Need{{Path: rq.Target, What: privilege.Share}}, nil
		},
		Prepare: func(rq *webdav.Request) error {
			root, err := readXML(rq)
			if err != nil {
				return err
			}
			rq.Upload, err = changesIn(root)
			return err
		},
		Run: func(rq *webdav.Request) (webdav.Response, error) {
			c := nodeOf(rq.Resource)
			b := opt.broker(rq)
			for _, ch := range rq.Upload.([]change) {
				if err := b.change(rq, c, ch); err != nil {
					return webdav.Response{}, err
				}
			}
			return webdav.Response{Status: http.StatusOK, Header: http.Header{"Cache-Control": {"no-cache"}}}, nil
		}}
}

func (b Broker) change(rq *webdav.Request, c *home.Node, ch change) error {
	address, p, err := sharee(rq, ch.href)
	if err != nil {
		return err
	}
	all, err := rq.Tx.Shares(c.Data.ID)
	if err != nil {
		return err
	}
	s := &store.Share{Collection: c.Data.ID, Address: address, Level: ch.level, Summary: ch.summary, Comment: ch.comment}
	if p != nil {
		s.Sharee = p.ID
	}
	before := find(all, address, s.Sharee)
	if ch.remove {
		if before == nil {
			return nil
		}
		return b.Remove(c.Data, c.Owner, before)
	}
	s.Level = shownLevel(ch.level, ch.exact, before)
	switch err := b.Invite(c.Data, c.Owner, s); {
	case errors.Is(err, store.ErrOwnShare):
		return webdav.Forbidden("%s", store.ErrOwnShare)
	case errors.Is(err, ErrTooMany), errors.Is(err, ErrLevel):
		return webdav.Forbidden("%s", err)
	default:
		return err
	}
}

// changesIn reads either dialect.
func changesIn(root *etree.Element) ([]change, error) {
	var read func(*etree.Element) (change, bool, error)
	switch webdav.NameOf(root) {
	case cs("share"):
		read = appleChange
	case webdav.DAV("share-resource"):
		read = draftChange
	default:
		return nil, webdav.BadRequest("a POST of XML on a calendar shares it: the root is CS:share or DAV:share-resource, not %s", root.Tag)
	}
	var list []change
	for _, el := range root.ChildElements() {
		ch, ok, err := read(el)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if len(ch.summary) > maxText || len(ch.comment) > maxText {
			return nil, webdav.BadRequest("summary and comment may have %d octets", maxText)
		}
		if list = append(list, ch); len(list) > maxChanges {
			return nil, webdav.BadRequest("more than %d sharees in one request", maxChanges)
		}
	}
	if len(list) == 0 {
		return nil, webdav.BadRequest("the body names no sharee")
	}
	return list, nil
}

// appleChange reads CS:set and CS:remove; what else there is it passes over.
func appleChange(el *etree.Element) (change, bool, error) {
	ch := change{href: webdav.TextOf(webdav.Find(el, webdav.DAV("href"))), summary: webdav.TextOf(webdav.Find(el, cs("summary")))}
	switch webdav.NameOf(el) {
	case cs("remove"):
		ch.remove = true
		return ch, true, nil
	case cs("set"):
		err := ch.setLevel(el, webdav.Find(el, cs("read-write")) != nil, webdav.Find(el, cs("read")) != nil)
		return ch, true, err
	}
	return ch, false, nil
}

// draftChange reads DAV:sharee.
func draftChange(el *etree.Element) (change, bool, error) {
	if webdav.NameOf(el) != webdav.DAV("sharee") {
		return change{}, false, nil
	}
	ch := change{href: webdav.TextOf(webdav.Find(el, webdav.DAV("href"))), comment: webdav.TextOf(webdav.Find(el, webdav.DAV("comment")))}
	access := webdav.Find(el, webdav.DAV("share-access"))
	if webdav.Find(access, webdav.DAV("no-access")) != nil {
		ch.remove = true
		return ch, true, nil
	}
	err := ch.setLevel(el, webdav.Find(access, webdav.DAV("read-write")) != nil, webdav.Find(access, webdav.DAV("read")) != nil)
	return ch, true, err
}

func (ch *change) setLevel(el *etree.Element, write, read bool) error {
	level, err := readLevel(el)
	switch {
	case err != nil:
		return err
	case level != 0:
		ch.level, ch.exact = level, true
	case write:
		ch.level = privilege.ShareReadWrite
	case read:
		ch.level = privilege.ShareRead
	default:
		return webdav.BadRequest("what %.200q may do is not said: read or read-write", ch.href)
	}
	return nil
}
