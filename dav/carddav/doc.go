// Package carddav is RFC 6352: address-book homes, address books and cards, the reports on them, and the directory of the
// site's people as a book that nobody can change. Homes, rights, COPY and MOVE are those of package home; what a card is,
// and its conversion from version to version, is package vcard's; what a search means is package filter's.
//
// Start at module.go, which has the tables. put.go says what is taken, select.go how a search is answered from the keys
// that the store holds of each card, form.go in which form a card is given: as it came, unless Accept or address-data asks
// for another version or for jCard (RFC 7095).
//
// Beside the RFC: CARDDAV:default-addressbook-URL on the home (writable: which book new cards go into, listed first),
// CS:me-card on the home, and CARDDAV:directory-gateway, as Apple's clients know them.
package carddav
