package recur

import (
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
)

func readAvailability(t *testing.T, lines string) (*Available, error) {
	t.Helper()
	text := "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n" + lines + "END:VCALENDAR\n"
	cal, err := ical.Parse([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	return Availability(cal, nil, nil)
}

// The travelling worker of RFC 7953 §3.1: each block has hours of its own, the days between have none, and an
// override takes one Monday's morning away.
func TestAvailability_TravellingWorker(t *testing.T) {
	t.Parallel()
	hours := "SUMMARY:hours\nRRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\nEND:AVAILABLE\n"
	a, err := readAvailability(t, `BEGIN:VAVAILABILITY
UID:a
DTSTART;TZID=America/Montreal:20111002T000000
DTEND;TZID=America/Montreal:20111023T030000
BEGIN:AVAILABLE
UID:a1
DTSTART;TZID=America/Montreal:20111003T090000
DTEND;TZID=America/Montreal:20111003T170000
`+hours+`BEGIN:AVAILABLE
UID:a1
RECURRENCE-ID;TZID=America/Montreal:20111017T090000
DTSTART;TZID=America/Montreal:20111017T130000
DTEND;TZID=America/Montreal:20111017T170000
END:AVAILABLE
END:VAVAILABILITY
BEGIN:VAVAILABILITY
UID:a
BUSYTYPE:BUSY-TENTATIVE
DTSTART;TZID=America/Los_Angeles:20111023T000000
DURATION:P1W
BEGIN:AVAILABLE
UID:a2
DTSTART;TZID=America/Los_Angeles:20111024T090000
DTEND;TZID=America/Los_Angeles:20111024T170000
`+hours+`END:VAVAILABILITY
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ from, to, want string }{
		{"20111010T040000Z", "20111011T040000Z", "20111010T040000Z-20111010T130000Z BUSY-UNAVAILABLE, 20111010T210000Z-20111011T040000Z BUSY-UNAVAILABLE"},
		{"20111017T120000Z", "20111017T220000Z", "20111017T120000Z-20111017T170000Z BUSY-UNAVAILABLE, 20111017T210000Z-20111017T220000Z BUSY-UNAVAILABLE"},
		{"20111024T070000Z", "20111025T070000Z", "20111024T070000Z-20111024T160000Z BUSY-TENTATIVE, 20111025T000000Z-20111025T070000Z BUSY-TENTATIVE"},
		{"20111029T000000Z", "20111101T000000Z", "20111029T000000Z-20111030T070000Z BUSY-TENTATIVE"},
		{"20110901T000000Z", "20110902T000000Z", ""},
	} {
		const layout = "20060102T150405Z"
		from, _ := time.Parse(layout, c.from)
		to, _ := time.Parse(layout, c.to)
		var l Layers
		if err := a.Add(&l, from, to); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range l.Busy() {
			got = append(got, b.Start.Format(layout)+"-"+b.End.Format(layout)+" "+b.Type)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s to %s:\n got %s\nwant %s", c.from, c.to, s, c.want)
		}
	}
}

// RFC 7953 §4: a higher PRIORITY has the say over its own time, its free hours and those it has not; none is the lowest.
func TestLayers_ByPriority(t *testing.T) {
	t.Parallel()
	block := func(priority, kind, hours, free string) string {
		from, to, _ := strings.Cut(hours, "-")
		s := "BEGIN:VAVAILABILITY\nUID:a\nBUSYTYPE:" + kind + "\nDTSTART:20260101T" + from + "0000Z\nDTEND:20260101T" + to + "0000Z\n"
		if priority != "" {
			s += "PRIORITY:" + priority + "\n"
		}
		if from, to, ok := strings.Cut(free, "-"); ok {
			s += "BEGIN:AVAILABLE\nUID:f\nDTSTART:20260101T" + from + "0000Z\nDTEND:20260101T" + to + "0000Z\nEND:AVAILABLE\n"
		}
		return s + "END:VAVAILABILITY\n"
	}
	for name, c := range map[string]struct{ blocks, want string }{
		"a holiday over working hours":      {block("", "BUSY-UNAVAILABLE", "00-20", "08-16") + block("1", "BUSY", "06-10", ""), "00-06 BUSY-UNAVAILABLE, 06-10 BUSY, 16-20 BUSY-UNAVAILABLE"},
		"whichever stands first":            {block("1", "BUSY", "06-10", "") + block("", "BUSY-UNAVAILABLE", "00-20", "08-16"), "00-06 BUSY-UNAVAILABLE, 06-10 BUSY, 16-20 BUSY-UNAVAILABLE"},
		"free hours over busy ones":         {block("5", "BUSY-UNAVAILABLE", "00-20", "") + block("4", "BUSY", "06-10", "07-09"), "00-06 BUSY-UNAVAILABLE, 06-07 BUSY, 09-10 BUSY, 10-20 BUSY-UNAVAILABLE"},
		"9 is above none":                   {block("0", "BUSY-UNAVAILABLE", "00-20", "00-20") + block("9", "BUSY", "06-10", ""), "06-10 BUSY"},
		"of one rank, all free time counts": {block("3", "BUSY", "00-10", "02-04") + block("3", "BUSY-TENTATIVE", "04-12", "06-08"), "00-02 BUSY, 04-06 BUSY, 04-06 BUSY-TENTATIVE, 08-10 BUSY, 08-12 BUSY-TENTATIVE"},
		"what is no priority is none":       {block("77", "BUSY", "00-10", "") + block("9", "BUSY", "06-10", "06-10"), "00-06 BUSY"},
	} {
		a, err := readAvailability(t, c.blocks)
		if err != nil {
			t.Fatal(err)
		}
		var l Layers
		from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		if err := a.Add(&l, from, from.AddDate(0, 0, 1)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, b := range Merge(l.Busy()) {
			got = append(got, b.Start.Format("15-")+b.End.Format("15 ")+b.Type)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, s, c.want)
		}
	}
}

func TestAvailability_Bounded(t *testing.T) {
	t.Parallel()
	if _, err := readAvailability(t, strings.Repeat("BEGIN:VAVAILABILITY\nUID:a\nEND:VAVAILABILITY\n", maxAvailable+1)); err == nil {
		t.Error("too many VAVAILABILITYs are taken")
	}
	a, err := readAvailability(t, "BEGIN:VAVAILABILITY\nUID:a\nBEGIN:AVAILABLE\nUID:b\nDTSTART:20200101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY\nEND:AVAILABLE\nEND:VAVAILABILITY\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Add(new(Layers), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Time{}); err == nil {
		t.Error("an endless second-by-second AVAILABLE is expanded")
	}
}

func TestSubtract(t *testing.T) {
	t.Parallel()
	at := func(h int) time.Time { return time.Date(2026, 1, 1, h, 0, 0, 0, time.UTC) }
	busyOf := func(hours ...int) (list []Busy) {
		for i := 0; i < len(hours); i += 2 {
			list = append(list, Busy{at(hours[i]), at(hours[i+1]), busy})
		}
		return list
	}
	for _, c := range []struct{ busy, free, want []int }{
		{[]int{0, 10}, nil, []int{0, 10}},
		{[]int{0, 10}, []int{2, 3, 1, 4, 4, 5}, []int{0, 1, 5, 10}},
		{[]int{0, 10}, []int{0, 10}, nil},
		{[]int{2, 4, 6, 8}, []int{3, 7}, []int{2, 3, 7, 8}},
		{[]int{2, 4}, []int{0, 2, 4, 9}, []int{2, 4}},
	} {
		got, want := Subtract(busyOf(c.busy...), busyOf(c.free...)), busyOf(c.want...)
		if len(got) != len(want) {
			t.Errorf("%v without %v: got %v", c.busy, c.free, got)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%v without %v: got %v", c.busy, c.free, got)
			}
		}
	}
}
