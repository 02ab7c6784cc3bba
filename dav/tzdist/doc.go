// Package tzdist hands out the time zones this service reckons with: RFC 7808 at /timezones/, so that clients may leave
// VTIMEZONEs out of what they send and ask for (RFC 7809). The data is package zone's, the IANA database.
//
// It needs no login: the data is public, and devices fetch it with a library that knows no password. A login that the
// web server demands for the whole site stands before it all the same.
//
// Left out: localized names, xCal, and what changed since an older synctoken; who has one gets the whole list.
package tzdist
