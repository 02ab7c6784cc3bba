package dav_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Properties that lead in circles have a budget, beyond which the report is refused with a condition.
func TestExpandProperty_Budget(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := func(levels int) string {
		in := `<d:property name="displayname"/>`
		for range levels {
			var b strings.Builder
			for _, name := range []string{"owner", "current-user-principal", "principal-URL"} {
				b.WriteString(`<d:property name="` + name + `">` + in + `</d:property>`)
			}
			in = b.String()
		}
		return `<d:expand-property xmlns:d="DAV:">` + in + `</d:expand-property>`
	}
	w.within(20*time.Second, "expand-property", func() {
		if a := w.want(207, "ann", "REPORT", "/calendars/ann/", body(4)); strings.Count(a.Body.String(), "<d:response>") != 1+3+3*3+3*3*3+3*3*3*3 {
			t.Errorf("%d responses", strings.Count(a.Body.String(), "<d:response>"))
		}
		// Of each member the same again.
		for i := range 45 {
			w.want(201, "ann", "PUT", fmt.Sprintf("/calendars/ann/calendar/%d.ics", i), event(fmt.Sprint(i), "DTSTART:20260101T090000Z"))
		}
		w.want(207, "ann", "REPORT", "/calendars/ann/calendar/", body(3), "Depth", "1")
		if a := w.want(403, "ann", "REPORT", "/calendars/ann/calendar/", body(5), "Depth", "1"); !strings.Contains(a.Body.String(), "<d:number-of-matches-within-limits>") {
			t.Error(a.Body)
		}
	})
}
