package principal

import (
	"net/http"

	"caldav-fcgi/dav/webdav"
)

// The preconditions of RFC 3744 §8.1.1 about whom a request names.
var (
	ErrRecognizedPrincipal = &webdav.Condition{Name: webdav.DAV("recognized-principal"), Status: http.StatusForbidden}
	ErrAllowedPrincipal    = &webdav.Condition{Name: webdav.DAV("allowed-principal"), Status: http.StatusForbidden}
)
