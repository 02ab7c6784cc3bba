// Package birthday keeps a calendar of birthdays and anniversaries for each account, made from the cards in its own
// address books (RFC 6350 §6.2.5, §6.2.6). A change of a card is a job; the job asks each book what has changed since it
// looked last, so that its cost follows the changes and not the book. The calendar is made with the first birthday, can be
// read, renamed and shared, and is written by the job alone.
package birthday
