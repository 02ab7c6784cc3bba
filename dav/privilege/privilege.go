// Package privilege is the tree of WebDAV privileges (RFC 3744 §3) as bits: an aggregate is the union of what it
// contains, so that "may this caller" is one AND. It does no I/O and knows no principal; who has which privileges
// is decided by the packages above.
package privilege

// Set is a set of privileges.
type Set uint32

// The privileges that stand alone, RFC 3744 §3, RFC 4791 §6.1.1, RFC 6638 §6. They are stored: new ones come last.
const (
	ReadACL         Set = 1 << iota // DAV:read-acl
	ReadCurrentUser                 // DAV:read-current-user-privilege-set
	ReadFreeBusy                    // CALDAV:read-free-busy
	readBody                        // what DAV:read has beyond read-free-busy
	WriteProperties                 // DAV:write-properties
	WriteContent                    // DAV:write-content
	Bind                            // DAV:bind
	Unbind                          // DAV:unbind
	Unlock                          // DAV:unlock
	WriteACL                        // DAV:write-acl
	Share                           // DAV:share, of WebDAV resource sharing

	ScheduleDeliverInvite // on an inbox: send its owner invitations
	ScheduleDeliverReply  // … answers
	ScheduleQueryFreeBusy // … and count his time in an answer to "who is free"
	ScheduleSendInvite    // on an outbox: send invitations in its owner's name
	ScheduleSendReply     // … answers
	ScheduleSendFreeBusy  // … and ask "who is free"
)

// The aggregates.
const (
	Read  = readBody | ReadFreeBusy
	Write = WriteProperties | WriteContent | Bind | Unbind
	All   = Read | Write | ReadACL | ReadCurrentUser | Unlock | WriteACL | Share | ScheduleDeliver | ScheduleSend

	ScheduleDeliver = ScheduleDeliverInvite | ScheduleDeliverReply | ScheduleQueryFreeBusy
	ScheduleSend    = ScheduleSendInvite | ScheduleSendReply | ScheduleSendFreeBusy

	// What a delegate may do in all homes of whom he stands in for: not say who else may.
	ProxyRead  = Read | ReadCurrentUser
	ProxyWrite = All &^ (WriteACL | Share)
)

// Has says whether s holds all of o.
func (s Set) Has(o Set) bool { return s&o == o }

// Privilege is one node of the tree: what RFC 3744 §5.3 DAV:supported-privilege-set shows.
type Privilege struct {
	Space, Local string // the element's name
	What         Set
	Text         string // its description, in English
	Children     []Privilege
}

const (
	dav    = "DAV:"
	caldav = "urn:ietf:params:xml:ns:caldav"
)

// Tree returns the tree of RFC 3744 §3.12 with RFC 4791's read-free-busy below read, and RFC 6638's privileges.
func Tree() Privilege {
	return Privilege{dav, "all", All, "any operation", []Privilege{
		{dav, "read", Read, "read the resource", []Privilege{
			{caldav, "read-free-busy", ReadFreeBusy, "read when the calendar is busy", nil},
		}},
		{dav, "write", Write, "change the resource", []Privilege{
			{dav, "write-properties", WriteProperties, "change properties", nil},
			{dav, "write-content", WriteContent, "change the content", nil},
			{dav, "bind", Bind, "add a member", nil},
			{dav, "unbind", Unbind, "remove a member", nil},
		}},
		{dav, "unlock", Unlock, "remove somebody else's lock", nil},
		{dav, "read-acl", ReadACL, "read the access control list", nil},
		{dav, "read-current-user-privilege-set", ReadCurrentUser, "read one's own privileges", nil},
		{dav, "write-acl", WriteACL, "change the access control list", nil},
		{dav, "share", Share, "share the collection with others", nil},
		{caldav, "schedule-deliver", ScheduleDeliver, "send scheduling messages to the owner", []Privilege{
			{caldav, "schedule-deliver-invite", ScheduleDeliverInvite, "send invitations to the owner", nil},
			{caldav, "schedule-deliver-reply", ScheduleDeliverReply, "send answers to the owner", nil},
			{caldav, "schedule-query-freebusy", ScheduleQueryFreeBusy, "ask when the owner is busy", nil},
		}},
		{caldav, "schedule-send", ScheduleSend, "send scheduling messages as the owner", []Privilege{
			{caldav, "schedule-send-invite", ScheduleSendInvite, "send invitations as the owner", nil},
			{caldav, "schedule-send-reply", ScheduleSendReply, "send answers as the owner", nil},
			{caldav, "schedule-send-freebusy", ScheduleSendFreeBusy, "ask as the owner who is busy", nil},
		}},
	}}
}

// Names lists the privileges of s, aggregates and their parts one by one: small clients look for "write" and for
// "bind" alike and do not know the tree.
func (s Set) Names() []Privilege {
	var out []Privilege
	var walk func(Privilege)
	walk = func(p Privilege) {
		if s.Has(p.What) {
			out = append(out, p)
		}
		for _, c := range p.Children {
			walk(c)
		}
	}
	walk(Tree())
	return out
}

// Named is the privilege of that name.
func Named(space, local string) (what Set, ok bool) {
	var walk func(Privilege)
	walk = func(p Privilege) {
		if p.Space == space && p.Local == local {
			what, ok = p.What, true
		}
		for _, c := range p.Children {
			walk(c)
		}
	}
	walk(Tree())
	return what, ok
}

// Narrowest returns the smallest single privilege that covers need: what DAV:need-privileges names.
func Narrowest(need Set) Privilege {
	found := Tree()
	for again := true; again; {
		again = false
		for _, c := range found.Children {
			if c.What.Has(need) {
				found, again = c, true
				break
			}
		}
	}
	return found
}
