package caldav

import (
	"cmp"
	"slices"
	"time"

	"caldav-fcgi/dav/home"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Options are the limits of calendars.
type Options struct {
	MaxResource  int64         // octets of one object; 0 for 10 MB
	MaxAttendees int           // ATTENDEEs of one instance; 0 for 10,000
	MaxSteps     int64         // of one report, to find out when things happen; 0 for 50 million, some seconds
	MaxTime      time.Duration // processor time of one report for the same; 0 for 5 s
	MaxInstances int64         // that one report may give; 0 for 200,000
	MaxExpanded  int64         // octets that they may have in a calendar-query; 0 for 256 MB
	ObjectShare  int64         // percent of each that one object may take; 0 for 50
	// Places are the collections in a home that are no calendars, each made by the package that knows what it is.
	Places map[store.Kind]func(*home.Node) webdav.Resource
	// Removing is told of a calendar, or of an accepted share, before it is deleted.
	Removing   func(*webdav.Request, *home.Node) error
	BruteForce bool                 // for tests: hold every search against the text of all objects
	Clock      func() time.Duration // for tests: another one than the processor time of the thread

	seen func(*spending) // for tests: told of each report
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = threadTime
	}
	return Options{
		Places:       o.Places,
		Removing:     o.Removing,
		MaxResource:  cmp.Or(max(o.MaxResource, 0), 10<<20),
		MaxAttendees: cmp.Or(max(o.MaxAttendees, 0), 10_000),
		MaxSteps:     cmp.Or(max(o.MaxSteps, 0), 50_000_000),
		MaxTime:      cmp.Or(max(o.MaxTime, 0), 5*time.Second),
		MaxInstances: cmp.Or(max(o.MaxInstances, 0), 200_000),
		MaxExpanded:  cmp.Or(max(o.MaxExpanded, 0), 256<<20),
		ObjectShare:  min(cmp.Or(max(o.ObjectShare, 0), 50), 100),
		BruteForce:   o.BruteForce,
		Clock:        o.Clock,
		seen:         o.seen,
	}
}

// Module is the table of this package.
func Module(opt Options) webdav.Module {
	opt = opt.withDefaults()
	return webdav.Module{
		Name:       "caldav",
		Compliance: []string{"calendar-access", "calendar-availability", "calendar-no-timezone"}, // RFC 4791 §5.1, RFC 7953 §7.2.1, RFC 7809 §3.1.1
		Roots: map[string]func(*webdav.Request) (webdav.Collection, error){
			root: func(*webdav.Request) (webdav.Collection, error) { return tree(opt), nil },
		},
		Provision:  provision,
		Properties: slices.Concat(calendarProperties(opt), homeProperties(), scaleProperties(), timezoneProperties(), []webdav.Property{calendarData()}),
		Reports:    reports(opt),
		Methods:    []webdav.Method{mkcalendarMethod()},
	}
}
