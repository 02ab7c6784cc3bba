package share

import (
	"github.com/beevik/etree"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
)

// space is the namespace of what is ours.
const space = "urn:caldav-fcgi:share"

func own(local string) webdav.Name { return webdav.Name{Space: space, Local: local} }

func cs(local string) webdav.Name {
	return webdav.Name{Space: webdav.NSCalendarServer, Local: local}
}

func calDAV(local string) webdav.Name { return webdav.Name{Space: webdav.NSCalDAV, Local: local} }

// word is how both dialects call a level.
func word(l privilege.Level) string {
	if l == privilege.ShareReadWrite {
		return "read-write"
	}
	return "read"
}

// writeLevel writes the level where the dialects' word does not say all of it.
func writeLevel(w *webdav.Writer, l privilege.Level) {
	if l <= privilege.ShareRead {
		return
	}
	w.Open(own("level"))
	w.Empty(own(l.Name()))
	w.Close()
}

// readLevel is the level that an element holds beside the dialect's word; 0 when it has none.
func readLevel(el *etree.Element) (privilege.Level, error) {
	holder := webdav.Find(el, own("level"))
	if holder == nil {
		return 0, nil
	}
	for _, c := range holder.ChildElements() {
		if n := webdav.NameOf(c); n.Space == space {
			if l := privilege.LevelNamed(n.Local); l != 0 {
				return l, nil
			}
			return 0, webdav.BadRequest("there is no level %q to share for", n.Local)
		}
	}
	return 0, webdav.BadRequest("the element level is empty")
}
