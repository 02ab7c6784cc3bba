// Package dav is the assembled service: the one list of modules, the base path, and the way from a request's path to
// who answers it.
//
// Which package may import which; arrows point down only, and two packages of one layer never import each other
// (layer 0 excepted, in the order given). imports_test.go reads the picture from here and fails on any other import.
//
//	9  cmd/caldav-fcgi
//	8  fcgi
//	7  dav
//	6  dav/page dav/feed dav/tzdist dav/push dav/imip dav/job
//	5  dav/schedule dav/share dav/attachment dav/birthday
//	4  dav/caldav dav/carddav dav/acl dav/files
//	3  dav/principal dav/home
//	2  dav/webdav dav/telemetry
//	1  store
//	0  dav/ical dav/vcard dav/zone dav/recur dav/itip dav/filter dav/privilege
//
// Layer 0 does no I/O and knows no database: recur stands on ical and zone, filter and itip on recur and ical.
//
// The way of a request:
//
//	fcgi            accept, guard, REMOTE_USER and base path → dav.Caller
//	dav.Server      base cut off at a segment boundary; /.well-known; time zones, page or DAV tree
//	webdav.Server   method from the table; XML body read within limits; the caller's account
//	View            look-up, rights, preconditions: refused here, without body or write lock
//	Prepare         of a write: the body read, parsed, checked, outside any transaction
//	Update          the writer's turn: the gate again, then the method
//	answer          spool → client; one log line
//
// What to write to add something is said in package webdav.
package dav
