// Package caldav is calendar access: RFC 4791, on top of the engine of package webdav. It gives calendar data as iCalendar
// or jCal (RFC 7265) and with or without time zones (RFC 7809), see form.go; it announces RFC 7529 (RSCALE), and counts
// VAVAILABILITY (RFC 7953) in free-busy.
//
// Start at module.go, the tables. /calendars/{user}/ is a [Home], {calendar}/ in it a [Calendar], {name} in that an
// [Object]; put.go has every check an object passes on its way in, index.go what of it a query is decided by,
// select.go how, and spending.go what a report may cost. Of a calendar that is shared, visibility.go says what of an
// object is shown, and overlay.go whose alarms.
//
// Left out: collections inside calendars (RFC 4791 §4.2 allows plain ones; no client makes them), CALDAV:max-instances
// (an endless rule would break any value), CALDAV:supported-calendar-data other than text/calendar and jCal 2.0,
// and until other packages bring them: inbox and outbox, managed attachments.
package caldav
