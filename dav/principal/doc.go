// Package principal is who there is: RFC 3744 §2 and §4, RFC 5397, and the delegates of apple-caldav-proxy. A principal
// is a row of the store; this package gives it a URL, its properties and a place in the tree below /principals/:
//
//	users/{user}/         with calendar-proxy-read/ and calendar-proxy-write/, the groups of its delegates
//	groups/{group}/
//	locations/{room}/     as a user's, without dead properties
//	resources/{resource}/
//
// Whom a user sees of the others is a setting (webdav.People). Who is not seen is not there: look-up, listing and search ask
// the store with one and the same condition. Members of groups and memberships are shown as far as they are seen.
//
// Groups change by the web server's word, by hand, or, for administrators, by PROPPATCH of DAV:group-member-set; who
// stands in for a user says that user alone. Left out: making and removing principals by DAV methods, which RFC 3744
// does not know either; addresses other than mailto: in DAV:group-member-set.
package principal
