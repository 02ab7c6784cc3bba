// Package store keeps everything in one SQLite file: accounts, collections, objects, the change log, dead properties and the job queue.
//
// It knows rows and transactions. It knows no iCalendar and no HTTP: it is handed bytes, names, UIDs and index columns.
// Start with [Open], [DB.View] and [DB.Update]; everything else is a method of [Tx].
//
// # Tables
//
//   - state: one row. compat is the oldest program that may still use the file, access the number caches of rights are keyed by.
//   - principal, address, member: who there is, their addresses, who is in which group.
//   - collection: homes, calendars, address books, inboxes … in one table with a kind. Homes have no parent. A principal's own
//     node (KindPrincipal) holds its dead properties. One with deleted set is there for nobody: a job empties it, or with -1 a copy is
//     still being made of it (copy.go).
//   - object, body: the narrow row with its index columns, and the octets as they were sent. A body is never changed: it belongs to
//     an object row, and when it is replaced or removed, to the change row that did it (history).
//   - content, chunk: large files, in rows of 256 KB, shared by all objects with the same octets. History does not keep them.
//   - change: one row for each change, never for a transaction, so that a page of a sync may end inside one.
//   - property: dead properties of collections and objects.
//   - ace: access control entries of collections and, rarely, of single objects (ace.go). Delegation is no entry: it is membership of a
//     proxy group of the delegator (member.go).
//   - share: invitations (share.go). One brings an entry on what is shared and, accepted, a mount: a collection row in the sharee's home
//     whose target is the shared collection (settle.go, mount.go). A group's has one below it (via) for each user in the group.
//   - overlay: the alarms that a sharee has set on somebody else's objects.
//   - token, attempt: hashes of secrets that let in, and wrong attempts at them (token.go).
//   - lock: write locks, by what stands in the URL and not by object, so that a free name can be locked.
//   - job: what leaves the process later; the row is written with what causes it, or not at all.
//
// # Revisions and tokens
//
// One counter serves the whole file: the revision of a change row. Collections and objects take the revision of their first change
// row as id, so that no id is ever used twice. A collection has two revisions: rev is that of the last change of a member, own that of
// the last change of its own properties. A [Token] names a revision and the random tag of its row, so that a token of a state which a
// restored backup does not have is recognised.
//
// # What lives only here
//
// Several processes may use the file at the same time, each may be killed at any time. Locks, queues, counters and tokens are rows.
// Writers take turns by an advisory lock on "<database>.lock", since SQLite's own waiting starves the unlucky ones; the kernel frees it
// when a process dies. The file must not be replaced while it is open: a write then fails with [ErrReplaced].
//
// # Speed
//
// A statement that stays prepared takes 2 µs; what else it costs was found by measuring.
//
//   - SQLite prepares joins and what is ordered anew each time, unless a parameter is written +? (shapes): 10 to 40 µs.
//   - Inside a transaction the driver is asked directly (session.go): database/sql doubled the cost of a row. A connection needs no
//     mutexes: a fifth of a listing.
//   - A PUT is pages: some thirteen of 4 KB and an fsync, two thirds of its time in the kernel. Whatever is set is written in each
//     of its indexes, so an update leaves out what is where it was (sorted); a savepoint copies pages, so a single writer has none.
//   - A listing is memory: one Object for all rows, and a Brief one for names and tags.
//
// What did not pay: keeping collections in memory, since reading one takes 2 µs of the 60 to 100 that a GET does; page caches above
// 1 MB for readers, since each commit of another connection makes them void.
//
// # Adding a column
//
// Write one migration, the field, and its line in the columns of the type; go test -update rewrites schema.sql, which is for reading.
package store
