// Package caldav is calendar access: RFC 4791, on top of the engine of package webdav.
//
// Start at module.go, the tables. /calendars/{user}/ is a [Home], {calendar}/ in it a [Calendar], {name} in that an
// [Object]; put.go has every check an object passes on its way in, index.go what of it a query is decided by.
//
// Left out: collections inside calendars (RFC 4791 §4.2 allows plain ones; no client makes them), CALDAV:max-instances
// (an endless rule would break any value), CALDAV:supported-calendar-data in other versions than text/calendar 2.0,
// and until other packages bring them: inbox and outbox, sharing, managed attachments.
package caldav
