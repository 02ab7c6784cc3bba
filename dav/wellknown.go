package dav

import (
	"net/http"
	"strings"

	"caldav-fcgi/dav/tzdist"
	"caldav-fcgi/dav/webdav"
)

// wellKnown says whether escaped is a well-known address, of RFC 6764 §5 or RFC 7808 §4.2.1.3, at the root of the host or below the base
// path, and where it leads.
func wellKnown(escaped, base string) (location string, ok bool) {
	if rest, in := webdav.CutBase(escaped, base); in {
		escaped = rest
	}
	service, ok := strings.CutPrefix(escaped, "/.well-known/")
	if !ok {
		return "", false
	}
	switch strings.TrimSuffix(service, "/") {
	case "caldav", "carddav":
		return base + "/", true
	case "timezone":
		return base + tzdist.Prefix, true
	}
	return "", false
}

// redirect answers every method alike, without a login, and with a relative Location: scheme and port are known to
// the web server in front alone.
func redirect(w http.ResponseWriter, location string) {
	w.Header().Set("Location", location)
	w.Header().Set("Cache-Control", "no-cache")
	w.WriteHeader(http.StatusMovedPermanently)
}
