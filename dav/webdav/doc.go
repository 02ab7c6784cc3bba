// Package webdav is the engine: it reads a request, finds the resource, judges rights and preconditions, runs the
// method in a transaction and writes the answer. It knows RFC 4918, 3253 (reports and the supported-sets), 4331, 5689,
// 5842 (resource-id), 5995, 6578, 7240 and 8144, and nothing of calendars.
//
// Start reading at do.go, which has the steps of a request in order. What the service can do stands in tables that
// the modules hand to New (module.go); engine.go has the engine's own. To add
//
//   - a live property: one Prop in a props_*.go table. PROPFIND, propname, allprop, PROPPATCH, MKCOL, MKCALENDAR and
//     supported-live-property-set follow from it;
//   - a REPORT: one report_*.go file and its line in its module's table;
//   - a method, or an action of one: one method_*.go, get_*.go or post_*.go file and its line;
//   - a precondition: one line in conditions.go.
//
// Rights, conditions and locks are judged in authorize.go, from the Needs of a method. A lock stands on a URL: on the row
// of a collection, or on a name in one (lock.go); where members may not be empty, as in calendars, the lock of a free
// name makes no resource (RFC 4918 appendix D).
package webdav
