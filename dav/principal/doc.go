// Package principal is who there is: RFC 3744 §2 and §4, RFC 5397. A principal is a row of the store; this package
// gives it a URL, its properties and the tree below /principals/.
//
// Left out so far: groups and rooms as resources, group membership, the reports of RFC 3744 §9.
package principal
