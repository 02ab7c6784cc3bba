// Package zone turns what a TZID means into a *time.Location, and local times into instants.
//
// A TZID is looked for in this order: a name of the IANA database (a vendor's prefix or counter taken off), a name of
// Windows (alias.go), the X-LIC-LOCATION of the object's VTIMEZONE, and only then the VTIMEZONE itself, compiled into
// the binary form that package time reads (vtimezone.go, tzif.go). A known name wins over the rules a client sent with
// it: those are often years old. Start at Resolver (resolve.go).
//
// Instant (instant.go) is RFC 5545 §3.3.5 for times that a change of the clocks skips or repeats, where time.Date does
// something else. VTimezone (export.go) writes a VTIMEZONE for a known name.
//
// The names "" and "Local", and the files of a zoneinfo folder that are not zones of the world, never reach
// time.LoadLocation: they would mean the server's own zone.
//
// Left out: STANDARD and DAYLIGHT rules of another FREQ than YEARLY, which no one writes.
package zone
