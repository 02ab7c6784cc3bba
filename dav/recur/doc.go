// Package recur knows when things happen: it expands the recurrence set of a calendar object (RFC 5545 §3.8.5, RFC 7529)
// in any window of the years 1 to 9999, without a horizon, at a cost that does not depend on how far the window lies
// from DTSTART.
//
// Start at Compile (compile.go), which reads the components of one object (entry.go) into a Set, or at Decode
// (series.go), which has one back from the store without any text; Set.Window, Overlaps and Bounds
// (expand.go) answer by the tables of RFC 4791 §9.9 (overlap.go). A rule (rule.go) is validated and normalised before
// anything expands it; parts that RFC 5545 takes from DTSTART are written into it. Three generators produce wall-clock
// times from it:
//
//   - library.go: github.com/teambition/rrule-go, for plain rules of days and longer that are never long without an
//     instance, a bounded piece at a time and always from the start of a period near the window. The package panics,
//     hangs, errs or searches on to the year 9999 on others, which it never sees;
//   - calendar.go: days by definition, for BYWEEKNO, ordinals mixed with plain weekdays, SKIP (rscale.go), and the rest;
//   - clock.go: HOURLY, MINUTELY and SECONDLY by arithmetic.
//
// All of it works on wall-clock seconds; set.go maps them to instants by RFC 5545 §3.3.5 (package zone), takes away
// EXDATE and adds RDATE; override.go puts RECURRENCE-ID in its place. Where RFC 5545 leaves room: a DTSTART that its
// rule does not generate is an instance, and the first of COUNT; an instance at a time that does not occur is moved, not
// dropped.
//
// Every loop counts in a Budget (budget.go), which also reads a clock and asks whether anybody still waits: no object
// takes more than its share of a request, and none goes on without one.
//
// VAVAILABILITY (RFC 7953) has no instances; Availability (availability.go) reads when its owner is busy and
// free.
//
// Left out: EXRULE (deprecated by RFC 5545), RSCALE other than GREGORIAN.
package recur
