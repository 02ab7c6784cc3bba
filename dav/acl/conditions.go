package acl

import (
	"net/http"

	"caldav-fcgi/dav/webdav"
)

// The preconditions of the ACL method, RFC 3744 §8.1.1. Those that this service gives no cause for are missing: nothing is
// abstract, nobody is required, entries may deny, invert, and stand in any order.
var (
	ErrACEConflict          = &webdav.Condition{Name: webdav.DAV("no-ace-conflict"), Status: http.StatusForbidden}
	ErrProtectedACEConflict = &webdav.Condition{Name: webdav.DAV("no-protected-ace-conflict"), Status: http.StatusForbidden}
	ErrInheritedACEConflict = &webdav.Condition{Name: webdav.DAV("no-inherited-ace-conflict"), Status: http.StatusForbidden}
	ErrLimitedNumberOfACEs  = &webdav.Condition{Name: webdav.DAV("limited-number-of-aces"), Status: http.StatusForbidden}
	ErrNotSupported         = &webdav.Condition{Name: webdav.DAV("not-supported-privilege"), Status: http.StatusForbidden}
	ErrRecognizedPrincipal  = &webdav.Condition{Name: webdav.DAV("recognized-principal"), Status: http.StatusForbidden}
	ErrAllowedPrincipal     = &webdav.Condition{Name: webdav.DAV("allowed-principal"), Status: http.StatusForbidden}
)
