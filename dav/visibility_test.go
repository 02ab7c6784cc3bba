package dav_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// calendarOf is a user's default calendar.
func calendarOf(tx *store.Tx, user string) (*store.Collection, error) {
	p, err := tx.Principal(store.User, user)
	if err != nil {
		return nil, err
	}
	home, err := tx.Root(p.ID, store.KindCalendarHome)
	if err != nil {
		return nil, err
	}
	return tx.Collection(home.ID, "calendar")
}

// share gives bob ann's calendar on a level, accepted as "anns".
func (w *world) share(level privilege.Level) {
	w.t.Helper()
	w.want(207, "bob", "PROPFIND", "/", "", "Depth", "0")
	err := w.db.Update(context.Background(), func(tx *store.Tx) error {
		c, err := calendarOf(tx, "ann")
		if err != nil {
			return err
		}
		bob, err := tx.Principal(store.User, "bob")
		if err != nil {
			return err
		}
		s := &store.Share{Collection: c.ID, Sharee: bob.ID, Address: "mailto:bob@example.org", Level: level}
		if err := tx.PutShare(s); err != nil {
			return err
		}
		_, err = tx.Accept(s, "anns")
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// What a level hides is hidden in every way to look: security list 23.
func TestShare_EveryViewHidesTheSameEverywhere(t *testing.T) {
	t.Parallel()
	const span = `<c:time-range start="20260101T000000Z" end="20270101T000000Z"/>`
	all := []string{"open-title", "open-place", "closed-title", "closed-place", "override-title", "override-place"}
	for _, test := range []struct {
		level privilege.Level
		seen  []string
		files []string
		busy  int
	}{
		{privilege.ShareReadWrite, all, []string{"closed.ics", "open.ics"}, 4},
		{privilege.ShareRead, all, []string{"closed.ics", "open.ics"}, 4},
		{privilege.ShareNoPrivate, []string{"open-title", "open-place"}, []string{"open.ics"}, 1},
		{privilege.ShareBusyTitle, []string{"open-title"}, []string{"closed.ics", "open.ics"}, 4},
		{privilege.ShareBusyTime, nil, []string{"closed.ics", "open.ics"}, 4},
	} {
		t.Run(test.level.Name(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.want(201, "ann", "PUT", "/calendars/ann/calendar/open.ics", event("open", "DTSTART:20260110T100000Z", "DTEND:20260110T110000Z", "SUMMARY:open-title", "LOCATION:open-place"))
			closed := event("closed", "DTSTART:20260201T100000Z", "DTEND:20260201T110000Z", "RRULE:FREQ=DAILY;COUNT=3", "CLASS:PRIVATE", "SUMMARY:closed-title", "LOCATION:closed-place")
			closed = strings.Replace(closed, "END:VCALENDAR", "BEGIN:VEVENT\r\nUID:closed\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260202T100000Z\r\nDTSTART:20260202T150000Z\r\nDTEND:20260202T160000Z\r\n"+
				"SUMMARY:override-title\r\nLOCATION:override-place\r\nEND:VEVENT\r\nEND:VCALENDAR", 1)
			w.want(201, "ann", "PUT", "/calendars/ann/calendar/closed.ics", closed)
			w.share(test.level)
			check := func(what, text string) {
				t.Helper()
				for _, word := range all {
					if strings.Contains(text, word) != slices.Contains(test.seen, word) {
						t.Errorf("%s: %s is there: %v\n%s", what, word, strings.Contains(text, word), text)
					}
				}
			}
			files := func(what, text string) {
				t.Helper()
				for _, f := range []string{"closed.ics", "open.ics"} {
					if strings.Contains(text, f) != slices.Contains(test.files, f) {
						t.Errorf("%s: %s is told: %v\n%s", what, f, strings.Contains(text, f), text)
					}
				}
			}
			for _, dir := range []string{"/calendars/bob/anns/", "/calendars/ann/calendar/"} {
				var got string
				for _, f := range []string{"closed.ics", "open.ics"} {
					if !slices.Contains(test.files, f) {
						w.want(404, "bob", "GET", dir+f, "")
						w.want(404, "bob", "PROPFIND", dir+f, "", "Depth", "0")
						continue
					}
					a := w.want(200, "bob", "GET", dir+f, "")
					got += a.Body.String()
					tag := a.Header().Get("ETag")
					stored := w.want(200, "ann", "GET", "/calendars/ann/calendar/"+f, "").Header().Get("ETag")
					if test.level > privilege.ShareRead && tag[:20] == stored[:20] {
						t.Errorf("the tag %s of what is seen in part tells the hash of all, as %s does", tag, stored)
					}
					if l := w.want(207, "bob", "PROPFIND", dir+f, propfindBody("<d:getetag/>"), "Depth", "0"); !strings.Contains(l.Body.String(), strings.Trim(tag, `"`)) {
						t.Errorf("GET of %s says ETag %s, PROPFIND:\n%s", f, tag, l.Body)
					}
					got += w.want(200, "bob", "GET", dir+f, "", "Accept", "application/calendar+json").Body.String()
				}
				check("GET", got)
				a := w.want(207, "bob", "PROPFIND", dir, "", "Depth", "1")
				files("PROPFIND", a.Body.String())
				a = w.want(207, "bob", "REPORT", dir, query("20260101T000000Z", "20270101T000000Z", ""), "Depth", "1")
				check("calendar-query", a.Body.String())
				files("calendar-query", a.Body.String())
				a = w.want(207, "bob", "REPORT", dir, query("20260101T000000Z", "20270101T000000Z", `<c:expand start="20260101T000000Z" end="20270101T000000Z"/>`), "Depth", "1")
				check("calendar-query with expand", a.Body.String())
				a = w.want(207, "bob", "REPORT", dir, `<c:calendar-multiget `+caldavNS+`><d:prop><c:calendar-data/></d:prop><d:href>`+dir+`open.ics</d:href><d:href>`+dir+`closed.ics</d:href></c:calendar-multiget>`)
				check("calendar-multiget", a.Body.String())
				for _, word := range []string{"closed-title", "override-place", "open-place"} { // a filter is no oracle
					prop := map[bool]string{true: "LOCATION", false: "SUMMARY"}[strings.HasSuffix(word, "place")]
					a = w.want(207, "bob", "REPORT", dir, `<c:calendar-query `+caldavNS+`><d:prop><d:getetag/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:prop-filter name="`+prop+`"><c:text-match>`+word+
						`</c:text-match></c:prop-filter></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`, "Depth", "1")
					if found := strings.Contains(a.Body.String(), "<d:response>"); found != slices.Contains(test.seen, word) {
						t.Errorf("a search for %s finds something: %v", word, found)
					}
				}
				a = w.want(200, "bob", "REPORT", dir, `<c:free-busy-query `+caldavNS+`>`+span+`</c:free-busy-query>`, "Depth", "1")
				if n := strings.Count(a.Body.String(), "FREEBUSY:"); n != test.busy {
					t.Errorf("%d busy times, want %d\n%s", n, test.busy, a.Body)
				}
				a = w.want(200, "bob", "GET", dir+"?export", "")
				check("export", a.Body.String())
				a = w.want(207, "bob", "REPORT", dir, `<d:sync-collection xmlns:d="DAV:"><d:sync-token/><d:sync-level>1</d:sync-level><d:prop><c:calendar-data xmlns:c="urn:ietf:params:xml:ns:caldav"/></d:prop></d:sync-collection>`)
				check("sync-collection", a.Body.String())
				files("sync-collection", a.Body.String())
			}
			if test.level > privilege.ShareRead {
				a := w.do("bob", "COPY", "/calendars/bob/anns/open.ics", "", "Destination", "/calendars/bob/calendar/mine.ics")
				if a.Code != 403 {
					t.Errorf("COPY of what is seen in part: %d", a.Code)
				}
			}
			if test.level > privilege.ShareReadWrite {
				w.want(403, "bob", "PUT", "/calendars/bob/anns/open.ics", event("open", "DTSTART:20260110T100000Z", "SUMMARY:changed"))
			}
		})
	}
}
