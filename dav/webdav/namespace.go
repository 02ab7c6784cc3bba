package webdav

// Name is an XML name: a namespace and a local part.
type Name struct{ Space, Local string }

// The namespaces whose prefixes we write.
const (
	NSDAV            = "DAV:"
	NSCalDAV         = "urn:ietf:params:xml:ns:caldav"
	NSCardDAV        = "urn:ietf:params:xml:ns:carddav"
	NSCalendarServer = "http://calendarserver.org/ns/"
	NSAppleICal      = "http://apple.com/ns/ical/"
)

// prefix returns what a document of ours declares on its root for space, "" when it declares none.
func prefix(space string) string {
	switch space {
	case NSDAV:
		return "d"
	case NSCalDAV:
		return "c"
	case NSCardDAV:
		return "card"
	case NSCalendarServer:
		return "cs"
	case NSAppleICal:
		return "ical"
	}
	return ""
}

const declarations = ` xmlns:d="` + NSDAV + `" xmlns:c="` + NSCalDAV + `" xmlns:card="` + NSCardDAV + `" xmlns:cs="` + NSCalendarServer + `" xmlns:ical="` + NSAppleICal + `"`

// DAV makes a name in DAV:.
func DAV(local string) Name { return Name{NSDAV, local} }

func (n Name) String() string { return "{" + n.Space + "}" + n.Local }

// tags returns the start tag without its ">" and the end tag of an element n.
func (n Name) tags() (start, end string) {
	if p := prefix(n.Space); p != "" {
		return "<" + p + ":" + n.Local, "</" + p + ":" + n.Local + ">"
	}
	if n.Space == "" {
		return "<" + n.Local + ` xmlns=""`, "</" + n.Local + ">"
	}
	return "<x:" + n.Local + ` xmlns:x="` + attrText(n.Space) + `"`, "</x:" + n.Local + ">"
}
