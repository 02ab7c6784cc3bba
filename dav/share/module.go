package share

import (
	"slices"

	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/carddav"
	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Options are the settings of shares.
type Options struct {
	Accept bool // users have what is shared with them without being asked
}

func (o Options) broker(rq *webdav.Request) Broker {
	return Broker{Tx: rq.Tx, Accept: o.Accept}
}

// Module is the table of this package.
func Module(opt Options) webdav.Module {
	return webdav.Module{
		Name:       "share",
		Compliance: []string{"calendarserver-sharing", "resource-sharing"}, // apple-caldav-sharing §5.1; the draft
		Provision:  provision(opt),
		Properties: slices.Concat(properties(), sharedProperties[*caldav.Calendar](), sharedProperties[*carddav.Book]()),
		Methods:    []webdav.Method{shareMethod(opt), replyMethod(opt)},
	}
}

// Place makes the resource of a collection of notifications: for homes, which hold it.
func Place(n *home.Node) webdav.Resource { return &Notifications{n} }

// Kind is that of collections that Place is for.
const Kind = store.KindNotifications

// Removing tells of the end of a calendar or of a mount: for homes, before they delete it.
func Removing(rq *webdav.Request, n *home.Node) error {
	return Broker{Tx: rq.Tx}.Removing(n.Row, n.Data, n.Owner)
}
