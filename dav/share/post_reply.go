package share

import (
	"errors"
	"net/http"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/carddav"
	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// reply is what a CS:invite-reply says.
type reply struct {
	uid     string
	accept  bool
	summary string
}

// replyMethod is a POST on a home that answers an invitation: apple-caldav-sharing §5.4.1.
func replyMethod(opt Options) webdav.Method {
	return webdav.Method{Name: http.MethodPost, Match: isXML, On: func(res webdav.Resource) bool { return homeOf(res) != nil }, Body: webdav.StreamBody, Write: true,
		Needs: func(rq *webdav.Request) ([]webdav.Need, error) {
			return []webdav.Need{{Path: rq.Target, What: privilege.Bind}}, nil
		},
		Prepare: func(rq *webdav.Request) error {
			root, err := readXML(rq)
			if err != nil {
				return err
			}
			rq.Upload, err = replyIn(root)
			return err
		},
		Run: func(rq *webdav.Request) (webdav.Response, error) {
			return opt.broker(rq).reply(rq, homeOf(rq.Resource), rq.Upload.(reply))
		}}
}

// homeOf is nil for what is no home that shares can lie in. Either answers for both: that is where clients send it.
func homeOf(res webdav.Resource) *home.Node {
	switch r := res.(type) {
	case *caldav.Home:
		return r.Node
	case *carddav.Home:
		return r.Node
	}
	return nil
}

func replyIn(root *etree.Element) (reply, error) {
	if webdav.NameOf(root) != cs("invite-reply") {
		return reply{}, webdav.BadRequest("a POST of XML on a home answers an invitation: the root is CS:invite-reply, not %s", root.Tag)
	}
	r := reply{
		uid:     webdav.TextOf(webdav.Find(root, cs("in-reply-to"))),
		accept:  webdav.Find(root, cs("invite-accepted")) != nil,
		summary: webdav.TextOf(webdav.Find(root, cs("summary"))),
	}
	switch {
	case !r.accept && webdav.Find(root, cs("invite-declined")) == nil:
		return r, webdav.BadRequest("the reply says neither invite-accepted nor invite-declined")
	case r.uid == "":
		return r, webdav.BadRequest("the reply does not say to which invitation: in-reply-to is missing")
	case len(r.summary) > maxText || len(r.uid) > maxText:
		return r, webdav.BadRequest("summary and in-reply-to may have %d octets", maxText)
	}
	return r, nil
}

// errNoInvitation is the same for one that there is not and for one of somebody else.
var errNoInvitation = webdav.Forbidden("there is no such invitation: it was taken back, or is for somebody else")

func (b Broker) reply(rq *webdav.Request, h *home.Node, r reply) (webdav.Response, error) {
	s, err := rq.Tx.ShareByUID(r.uid)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && s.Sharee != h.Owner.ID:
		return webdav.Response{}, errNoInvitation
	case err != nil:
		return webdav.Response{}, err
	}
	mount, err := b.Answer(s, r.accept, r.summary)
	if err != nil {
		return webdav.Response{}, err
	}
	header := http.Header{"Cache-Control": {"no-cache"}}
	if mount == nil {
		return webdav.Response{Status: http.StatusOK, Header: header}, nil
	}
	at := PathOf(h.Owner, mount)
	return webdav.Response{Status: http.StatusOK, Header: header, Stream: func(w *webdav.Writer) error {
		w.Document(cs("shared-as"))
		w.Href(at)
		w.Close()
		return nil
	}}, nil
}
