// Package demo holds the accounts of "caldav-fcgi demo": two people with calendars and contacts as people have them, from January 2026
// to the end of 2027. Series with exceptions, two time zones that change their clocks on different days, all-day and
// floating events, a birthday from long ago, invitations, alarms and tasks are all in it, so that a client that shows it
// right shows most things right. Tests use it as real input.
package demo

import "embed"

// Files are the calendars and contacts, by the paths that Accounts name.
//
//go:embed ann bob
var Files embed.FS

// Account is a user; the password is the name.
type Account struct {
	Name, Display, Mail string
	Calendars           []Calendar
	Contacts            string // a file of vCards; "" for none
}

// Calendar is one file. Those named calendar and tasks come with each account, others have to be made.
type Calendar struct {
	Name, Display, Color, File string
}

// Accounts are all of them.
func Accounts() []Account {
	return []Account{
		{Name: "ann", Display: "Ann Lee", Mail: "ann@example.org", Calendars: []Calendar{
			{Name: "calendar", Display: "Calendar", File: "ann/calendar.ics"},
			{Name: "tasks", Display: "Tasks", File: "ann/tasks.ics"},
			{Name: "work", Display: "Work", Color: "#1F6FB2FF", File: "ann/work.ics"},
			{Name: "holidays", Display: "Holidays", Color: "#C0392BFF", File: "ann/holidays.ics"},
		}, Contacts: "ann/contacts.vcf"},
		{Name: "bob", Display: "Bob Moreau", Mail: "bob@example.org", Calendars: []Calendar{
			{Name: "calendar", Display: "Calendar", File: "bob/calendar.ics"},
			{Name: "tasks", Display: "Tasks", File: "bob/tasks.ics"},
		}},
	}
}
