// Package ical reads and writes iCalendar (RFC 5545), with parameter values as RFC 6868 has them, and knows what a
// calendar object resource is (RFC 4791 §4.1).
//
// The octets a client sent are the truth: Parse keeps them in Calendar.Raw and builds a tree of components and
// properties whose offsets point into them. Nothing is lost by reading: order, case, folding and unknown things stay.
// Reading is lenient, writing is strict: Writer folds, ends every line with CRLF and lets no value break its line.
//
// Parse does all the lexical work in one pass over the bytes, within fixed limits, so that no body makes it panic,
// recurse or take more than linear time. github.com/emersion/go-ical supplies value types and parsers for single
// values (Property.GoProp); it never sees a line that Parse has not taken apart first.
//
// Start at Parse (parse.go), then Validate (validate.go). Values are in value.go and duration.go, output in write.go,
// parts of an object (RFC 4791 §9.6) in subset.go, whole exported calendars in split.go. The JSON form, jCal (RFC 7265), is
// written by JCal (jcal.go) and turned into iCalendar text by FromJCal (jcalread.go), which Parse then judges.
//
// Left out: what a recurrence rule means (package recur; here its syntax is checked), and time zones (package zone).
package ical
