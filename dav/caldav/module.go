package caldav

import (
	"slices"

	"caldav-fcgi/dav/webdav"
)

// Options are the limits of calendars.
type Options struct {
	MaxResource  int64 // octets of one object; 0 for 10 MB
	MaxAttendees int   // ATTENDEEs of one instance; 0 for 10,000
	MaxSteps     int64 // of one report, to find out when things happen; 0 for 50 million, some seconds
	MaxInstances int64 // that one report may give; 0 for 200,000
	MaxExpanded  int64 // octets that they may have in a calendar-query; 0 for 256 MB
	BruteForce   bool  // for tests: hold every search against the text of all objects
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		value *int64
		def   int64
	}{{&o.MaxResource, 10 << 20}, {&o.MaxSteps, 50_000_000}, {&o.MaxInstances, 200_000}, {&o.MaxExpanded, 256 << 20}} {
		if *d.value <= 0 {
			*d.value = d.def
		}
	}
	if o.MaxAttendees <= 0 {
		o.MaxAttendees = 10_000
	}
	return o
}

// Module is the table of this package.
func Module(opt Options) webdav.Module {
	opt = opt.withDefaults()
	return webdav.Module{
		Name:       "caldav",
		Compliance: []string{"calendar-access", "calendar-availability", "calendar-no-timezone"}, // RFC 4791 §5.1, RFC 7953 §5.2.1, RFC 7809 §3.1.1
		Roots: map[string]func(*webdav.Request) (webdav.Collection, error){
			root: func(*webdav.Request) (webdav.Collection, error) { return Homes{opt}, nil },
		},
		Provision:  provision,
		Properties: slices.Concat(calendarProperties(opt), homeProperties(), scaleProperties(), timezoneProperties(), []webdav.Property{calendarData()}),
		Reports:    reports(opt),
		Methods:    []webdav.Method{mkcalendarMethod()},
	}
}
