// Package share lets people share calendars and address books with each other: Apple's caldav-sharing and WebDAV resource sharing
// (draft-pot-webdav-resource-sharing) are two dialects for one thing, the shares that package store keeps. Whatever
// anybody says in either, or on the command line, is carried out by [Broker].
//
// # How a share goes
//
// The owner invites somebody by a POST on his calendar. The invitation is a row, an access control entry, and a
// notification in the invited one's home. He accepts by a POST on his home, and has from then on a calendar of his own
// there, a mount: its name, display name, colour, order and transparency are his, the objects are the owner's. Deleting
// the mount declines. Of a group, each member has a mount at once, as long as he is one. With the setting invitations
// "accept" the same goes for users: not every client can answer.
//
// # What is ours
//
// Both dialects know reading and writing. What a share shows can be less than that: the element level, in the namespace
// "urn:caldav-fcgi:share", stands beside theirs in what is sent and in what is answered, and holds one of read-write,
// read, read-no-private (without private events), busy-title (when, and what it is called) and free-busy (when). To who does
// not know it, the last three are reading. So that such a client does not show more than was meant when it sends back
// what it was told, reading without a level leaves one of these three as it is.
//
// # What is left out
//
// The draft's own notifications: no client reads them, and Apple's are there for all. Members of a group are not
// notified: there is nothing to answer.
package share
