// Package feed is iCalendar over plain HTTP, the oldest way in: GET of a calendar collection is the whole calendar as
// one text/calendar stream, or jCal where Accept prefers it, so that anything that can subscribe to a URL can read it. That
// of an address book is a file of all its cards.
//
// Left out so far: windows (start, end, expand), published and subscribed calendars, uploads of whole calendars.
package feed
