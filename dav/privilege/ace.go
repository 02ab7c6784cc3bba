package privilege

// Subject is how an access control entry says to whom it applies, RFC 3744 §5.5.1. The numbers are stored.
type Subject uint8

const (
	ToPrincipal       Subject = iota + 1 // the principal Who, and all in it when it is a group
	ToAll                                // DAV:all
	ToAuthenticated                      // DAV:authenticated
	ToUnauthenticated                    // DAV:unauthenticated
	ToSelf                               // DAV:self: the resource is a principal, and the caller is it or in it
	ToOwner                              // DAV:property with DAV:owner
)

// View is how much of an object somebody sees who may read it. The widest comes first. The numbers are stored.
type View uint8

const (
	Full      View = iota // all of it
	NoPrivate             // nothing of what is marked private or confidential
	BusyTitle             // when, and what it is called
	BusyTime              // when
)

// ACE is one access control entry, RFC 3744 §5.5: of Allow and Deny one is empty.
type ACE struct {
	Subject Subject
	Who     int64 // of ToPrincipal: its row
	Invert  bool  // applies to everybody but the subject, RFC 3744 §5.5.1 DAV:invert
	Allow   Set
	Deny    Set
	View    View // what Allow's Read shows
}

// Access is what somebody may do.
type Access struct {
	Rights Set
	View   View
}
