package caldav

import (
	"net/http"

	"caldav-fcgi/dav/webdav"
)

func calDAV(local string) webdav.Name {
	return webdav.Name{Space: webdav.NSCalDAV, Local: local}
}

// The preconditions of RFC 4791 §5.3.1, §5.3.2.1, §7.8 and §9.6, and of RFC 7529 and 7809.
var (
	ErrLocation              = &webdav.Condition{Name: calDAV("calendar-collection-location-ok"), Status: http.StatusForbidden}
	ErrSupportedCalendarData = &webdav.Condition{Name: calDAV("supported-calendar-data"), Status: http.StatusForbidden}
	ErrValidCalendarData     = &webdav.Condition{Name: calDAV("valid-calendar-data"), Status: http.StatusForbidden}
	ErrValidCalendarObject   = &webdav.Condition{Name: calDAV("valid-calendar-object-resource"), Status: http.StatusForbidden}
	ErrSupportedComponent    = &webdav.Condition{Name: calDAV("supported-calendar-component"), Status: http.StatusForbidden}
	ErrUIDConflict           = &webdav.Condition{Name: calDAV("no-uid-conflict"), Status: http.StatusForbidden}
	ErrMaxResourceSize       = &webdav.Condition{Name: calDAV("max-resource-size"), Status: http.StatusForbidden}
	ErrMinDateTime           = &webdav.Condition{Name: calDAV("min-date-time"), Status: http.StatusForbidden}
	ErrMaxDateTime           = &webdav.Condition{Name: calDAV("max-date-time"), Status: http.StatusForbidden}
	ErrMaxAttendees          = &webdav.Condition{Name: calDAV("max-attendees-per-instance"), Status: http.StatusForbidden}
	ErrValidTimezone         = &webdav.Condition{Name: calDAV("valid-timezone"), Status: http.StatusForbidden}   // RFC 7809 §3.1
	ErrSupportedRScale       = &webdav.Condition{Name: calDAV("supported-rscale"), Status: http.StatusForbidden} // RFC 7529 §10
	ErrValidFilter           = &webdav.Condition{Name: calDAV("valid-filter"), Status: http.StatusForbidden}
	ErrSupportedFilter       = &webdav.Condition{Name: calDAV("supported-filter"), Status: http.StatusForbidden}
	ErrSupportedCollation    = &webdav.Condition{Name: calDAV("supported-collation"), Status: http.StatusForbidden}
)
