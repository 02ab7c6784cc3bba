package caldav

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// A thousand VAVAILABILITYs over each other, each busy for ever, and thousands of free hours: the answer is as long as
// the free hours are, not a thousand times that.
func TestFreeBusy_AvailabilitiesOverEachOther(t *testing.T) {
	t.Parallel()
	s := newServer(t, Options{})
	s.want(s.do("MKCALENDAR", "/calendars/ann/hours/", ""), http.StatusCreated)
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n")
	for i := range 1000 {
		fmt.Fprintf(&b, "BEGIN:VAVAILABILITY\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\nBUSYTYPE:%s\r\n", []string{"BUSY", "BUSY-TENTATIVE", "BUSY-UNAVAILABLE"}[i%3])
		if i == 0 {
			b.WriteString("BEGIN:AVAILABLE\r\nUID:b\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260101T000000Z\r\nDURATION:PT30M\r\nRRULE:FREQ=HOURLY\r\nEND:AVAILABLE\r\n")
		}
		b.WriteString("END:VAVAILABILITY\r\n")
	}
	b.WriteString("END:VCALENDAR\r\n")
	s.want(s.do("PUT", "/calendars/ann/hours/a.ics", b.String()), http.StatusCreated)
	a := s.want(s.report("/calendars/ann/hours/", `<c:free-busy-query `+spaces+`><c:time-range start="20260101T000000Z" end="20260201T000000Z"/></c:free-busy-query>`), http.StatusOK)
	if n := strings.Count(a.body, "FREEBUSY") - 2; n != 3*31*24 { // BEGIN and END
		t.Errorf("%d periods, want those of 31 days, for each of three types", n)
	}
}
