package carddav

import (
	"net/http"

	"caldav-fcgi/dav/webdav"
)

func cardDAV(local string) webdav.Name {
	return webdav.Name{Space: webdav.NSCardDAV, Local: local}
}

// The preconditions of RFC 6352 §5.1.1.1, §6.3.2.1 and §8.6.
var (
	ErrLocation             = &webdav.Condition{Name: cardDAV("addressbook-collection-location-ok"), Status: http.StatusForbidden}
	ErrSupportedAddressData = &webdav.Condition{Name: cardDAV("supported-address-data"), Status: http.StatusForbidden}
	ErrConversion           = &webdav.Condition{Name: cardDAV("supported-address-data-conversion"), Status: http.StatusNotAcceptable}
	ErrValidAddressData     = &webdav.Condition{Name: cardDAV("valid-address-data"), Status: http.StatusForbidden}
	ErrUIDConflict          = &webdav.Condition{Name: cardDAV("no-uid-conflict"), Status: http.StatusForbidden}
	ErrMaxResourceSize      = &webdav.Condition{Name: cardDAV("max-resource-size"), Status: http.StatusForbidden}
	ErrValidFilter          = &webdav.Condition{Name: cardDAV("valid-filter"), Status: http.StatusForbidden} // RFC 4791 §7.8, which RFC 6352 leaves out
	ErrSupportedFilter      = &webdav.Condition{Name: cardDAV("supported-filter"), Status: http.StatusForbidden}
	ErrSupportedCollation   = &webdav.Condition{Name: cardDAV("supported-collation"), Status: http.StatusForbidden}
)
