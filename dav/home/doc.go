// Package home is what homes of calendars, of address books and of files have in common: the tree of homes below the
// first path segment, a home, a collection in it, an object in that; whose they are, and what the caller may do with
// them. A package that has homes embeds these types and adds what is particular to its kind.
//
// Who may do what follows from the entries on the object, its collection and its home (RFC 3744 §6), read when the way
// to a resource is gone; Rights only looks them up. What the owner does costs no statement for it.
//
// A collection that somebody else has shared is a row of its own in the home of who accepted it: name, display name,
// colour and dead properties are that row's, the objects and their sync are those of the collection it points at.
package home
