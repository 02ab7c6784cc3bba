package caldav

import (
	"strings"
	"testing"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
)

// series is a daily series with one override; lines go into the master, and into the override.
func series(master, override string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\nX-WR-CALNAME:secret plans\r\n" +
		"BEGIN:VEVENT\r\nUID:x\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260301T100000Z\r\nDTEND:20260301T110000Z\r\nRRULE:FREQ=DAILY;COUNT=5\r\nSUMMARY:master\r\nLOCATION:here\r\n" + master +
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\nDESCRIPTION:ring\r\nEND:VALARM\r\nEND:VEVENT\r\n" +
		"BEGIN:VEVENT\r\nUID:x\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260303T100000Z\r\nDTSTART:20260303T150000Z\r\nDTEND:20260303T160000Z\r\nSUMMARY:override\r\n" + override + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

func TestSeen(t *testing.T) {
	t.Parallel()
	plain, private := "", "CLASS:PRIVATE\r\n"
	for _, test := range []struct {
		name, body  string
		view        privilege.View
		has, hasNot string // separated by blanks; has "" for nothing at all
	}{
		{"all of it", series(private, plain), privilege.Full, "master override LOCATION VALARM X-WR-CALNAME", ""},
		{"nothing private in it", series(plain, plain), privilege.NoPrivate, "master override LOCATION VALARM", "EXDATE"},
		{"a private series, and the overrides with it", series(private, "CLASS:PUBLIC\r\n"), privilege.NoPrivate, "", ""},
		{"a class that nobody knows is private", series("CLASS:X-BOARD\r\n", plain), privilege.NoPrivate, "", ""},
		{"of two classes the stricter one counts", series("CLASS:PUBLIC\r\nCLASS:PRIVATE\r\n", plain), privilege.NoPrivate, "", ""},
		{"a private override leaves a hole", series(plain, "CLASS:confidential\r\n"), privilege.NoPrivate, "master EXDATE:20260303T100000Z", "override 150000"},
		{"titles", series(plain, plain), privilege.BusyTitle, "master override RRULE 150000", "LOCATION VALARM plans"},
		{"no titles of private events", series(private, plain), privilege.BusyTitle, "Busy RRULE 150000", "master override LOCATION"},
		{"no title of a private override", series(plain, private), privilege.BusyTitle, "master Busy 150000", "override"},
		{"times", series(private, plain), privilege.BusyTime, "Busy RRULE RECURRENCE-ID 150000", "master override LOCATION VALARM plans"},
		{"tasks are no times", strings.ReplaceAll(series(plain, plain), "VEVENT", "VTODO"), privilege.BusyTime, "", ""},
		{"tasks have titles", strings.ReplaceAll(series(plain, plain), "VEVENT", "VTODO"), privilege.BusyTitle, "master", "LOCATION"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			cal, err := ical.Parse([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			root := seen(cal.Root, test.view)
			if root == nil {
				if test.has != "" {
					t.Error("nothing is seen")
				}
				return
			}
			text := string(textOf(root))
			if test.has == "" {
				t.Errorf("something is seen:\n%s", text)
			}
			for _, word := range strings.Fields(test.has) {
				if !strings.Contains(text, word) {
					t.Errorf("no %s in\n%s", word, text)
				}
			}
			for _, word := range strings.Fields(test.hasNot) {
				if strings.Contains(text, word) {
					t.Errorf("%s in\n%s", word, text)
				}
			}
			if _, err := ical.Parse([]byte(text)); err != nil {
				t.Errorf("%v in\n%s", err, text)
			}
		})
	}
}
