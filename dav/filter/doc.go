// Package filter is CALDAV:filter (RFC 4791 §9.7 to §9.9) and CARDDAV:filter (RFC 6352 §10.5): which calendar objects and
// which contacts a client is looking for.
//
// Parse (parse.go) reads the element and refuses what is not valid or cannot be answered, as an *Error that names the
// precondition. Filter.Match (comp.go, prop.go, param.go, text.go, timerange.go) decides for one parsed object;
// Filter.Select (select.go) says what can be decided by its row, Filter.Decide (decide.go) by its stored series too. The collations are in collation.go.
//
// What RFC 4791 leaves open is answered so:
//
// Of a recurring object, a comp-filter looks at one component at a time: the master with the instances it describes, or
// one override with its own. All of its prop-filters, inner comp-filters and its time-range must hold of the same
// component; so a text that only an override has, with a time-range that only the master's instances meet, is no
// match. A time-range holds when any one instance overlaps; two time-ranges may be met by two instances.
//
// A prop-filter holds when one property of that name meets all of its conditions, a param-filter likewise for one
// value. negate-condition turns round the test of the single value: a component without the property never matches, one
// with two ATTENDEEs matches "not ann" by the other. Values are compared unescaped (RFC 5545 §3.3.11) and whole, lists too.
//
// Every component, property and parameter can be searched, the non-standard ones too (§7.7): what no object has is
// simply not found. CALDAV:supported-filter remains for time-ranges on what has no time that we know.
//
// CARDDAV:filter (RFC 6352 §10.5) is read by ParseCard (cardparse.go) and decided by CardFilter.Match (card.go) with the same
// text-match, param-filter and collations; cardkeys.go says what the store keeps of a card so that most searches need no
// text. There a property is compared in one piece too: N as "Doe;John;;;", a list of nicknames with its commas.
//
// Left out: time-ranges on AVAILABLE, of which RFC 7953 §7.2.2 says nothing.
package filter
