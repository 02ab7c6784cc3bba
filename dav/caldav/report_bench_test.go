package caldav

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// One month out of 10,000 events over ten years, every twelfth of them weekly without an end.
func BenchmarkCalendarQuery(b *testing.B) {
	db := storetest.Open(b)
	engine, err := webdav.New(db, webdav.Options{}, principal.Module(), Module(Options{}))
	if err != nil {
		b.Fatal(err)
	}
	ask := func(method, path, body string) string {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r.WithContext(webdav.WithLogin(r.Context(), webdav.Login{User: "ann"})))
		if w.Code != 207 {
			b.Fatalf("%s: %d %s", method, w.Code, w.Body)
		}
		return w.Body.String()
	}
	ask("REPORT", work, query("")) // makes the account
	err = db.Update(context.Background(), func(tx *store.Tx) error {
		p, err := tx.Principal(store.User, "ann")
		if err != nil {
			return err
		}
		home, err := tx.Root(p.ID, store.KindCalendarHome)
		if err != nil {
			return err
		}
		c, err := tx.Collection(home.ID, "calendar")
		if err != nil {
			return err
		}
		for n := range 10_000 {
			rule := "LOCATION:Room 12"
			if n%12 == 0 {
				rule = "RRULE:FREQ=WEEKLY"
			}
			body := object("VEVENT", fmt.Sprintf("%d@example.com", n), fmt.Sprintf("DTSTART:20%02d%02d%02dT1%d0000Z", 20+n%10, 1+n/10%12, 1+n/120%28, n%10),
				"DURATION:PT1H", rule, "SUMMARY:Meeting", "DESCRIPTION:"+strings.Repeat("About this and that. ", 20))
			cal, err := ical.Parse([]byte(body))
			if err != nil {
				return err
			}
			info, err := ical.Validate(cal)
			if err != nil {
				return err
			}
			ix, err := index(cal, info)
			if err != nil {
				return err
			}
			if err := tx.PutObject(c, &store.Object{Name: fmt.Sprintf("%d.ics", n)}, []byte(body), ix); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	const start, end = "20250601T000000Z", "20250701T000000Z"
	month := events(between("time-range", start, end))
	for _, c := range []struct{ name, body string }{
		{"month, tags", query(month)},
		{"month, data", queryFor("<d:getetag/><c:calendar-data/>", month)},
		{"month, expand", queryFor("<c:calendar-data>"+between("expand", start, end)+"</c:calendar-data>", month)},
		{"from a day on, tags", query(events(`<c:time-range start="20250601T000000Z"/>`))},
		{"all, tags", query(events(""))},
		{"UID", query(events(`<c:prop-filter name="UID"><c:text-match>4711@example.com</c:text-match></c:prop-filter>`))},
		{"text", query(events(`<c:prop-filter name="SUMMARY"><c:text-match>lunch</c:text-match></c:prop-filter>`))},
	} {
		b.Run(c.name, func(b *testing.B) {
			n := 0
			for b.Loop() {
				n = strings.Count(ask("REPORT", work, c.body), "<d:response>")
			}
			b.ReportMetric(float64(n), "objects")
		})
	}
}
