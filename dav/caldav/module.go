package caldav

import (
	"slices"

	"caldav-fcgi/dav/webdav"
)

// Options are the limits of calendars.
type Options struct {
	MaxResource  int64 // octets of one object; 0 for 10 MB
	MaxAttendees int   // ATTENDEEs of one instance; 0 for 10,000
	BruteForce   bool  // for tests: hold every search against the text of all objects
}

// Module is the table of this package.
func Module(opt Options) webdav.Module {
	if opt.MaxResource <= 0 {
		opt.MaxResource = 10 << 20
	}
	if opt.MaxAttendees <= 0 {
		opt.MaxAttendees = 10_000
	}
	return webdav.Module{
		Name:       "caldav",
		Compliance: []string{"calendar-access", "calendar-availability", "calendar-no-timezone"}, // RFC 4791 §5.1, RFC 7953 §5.2.1, RFC 7809 §3.1.1
		Roots: map[string]func(*webdav.Request) (webdav.Collection, error){
			root: func(*webdav.Request) (webdav.Collection, error) { return Homes{opt}, nil },
		},
		Provision:  provision,
		Properties: slices.Concat(calendarProperties(opt), homeProperties(), scaleProperties(), timezoneProperties(), []webdav.Property{calendarData()}),
		Reports:    reports(),
		Methods:    []webdav.Method{mkcalendarMethod()},
	}
}
