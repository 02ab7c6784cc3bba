package dav_test

import (
	"context"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/store/storetest"
)

func card(uid, name string, lines ...string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\nFN:" + name + "\r\nN:" + name + ";;;;\r\n" + strings.Join(append(lines, "END:VCARD", ""), "\r\n")
}

// The calendar follows every change of a card, and can be read only.
func TestBirthdays_FollowTheCards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const book, calendar = "/addressbooks/ann/addressbook/", "/calendars/ann/birthdays/"
	jobs := func() {
		t.Helper()
		if err := w.s.Jobs().All(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	titles := func(want ...string) {
		t.Helper()
		jobs()
		a := w.want(207, "ann", "REPORT", calendar, query("20270101T000000Z", "20280101T000000Z", ""), "Depth", "1")
		body := a.Body.String()
		if n := strings.Count(body, "SUMMARY:"); n != len(want) {
			t.Errorf("%d days, want %d:\n%s", n, len(want), body)
		}
		for _, title := range want {
			if !strings.Contains(body, "SUMMARY:"+title) {
				t.Errorf("no %q in\n%s", title, body)
			}
		}
	}
	w.want(201, "ann", "PUT", book+"plain.vcf", card("plain", "Nobody"), "Content-Type", "text/vcard")
	jobs()
	w.want(404, "ann", "PROPFIND", calendar, "", "Depth", "0")
	w.want(201, "ann", "PUT", book+"bob.vcf", card("bob", "Bob", "BDAY:1980-02-29", "X-ANNIVERSARY:2005-07-16"), "Content-Type", "text/vcard")
	titles("Birthday of Bob (1980)", "Anniversary of Bob (2005)")
	_, token := w.synced("ann", calendar, "")
	w.want(204, "ann", "PUT", book+"bob.vcf", card("bob", "Bob", "BDAY:1980-02-29", "X-ANNIVERSARY:2005-07-16", "NOTE:new"), "Content-Type", "text/vcard")
	titles("Birthday of Bob (1980)", "Anniversary of Bob (2005)")
	if body, _ := w.synced("ann", calendar, token); strings.Contains(body, "<d:response>") {
		t.Errorf("no day has changed, and clients are told so:\n%s", body)
	}
	w.want(204, "ann", "PUT", book+"bob.vcf", card("bob", "Robert", "BDAY:1981-03-01"), "Content-Type", "text/vcard")
	titles("Birthday of Robert (1981)")
	w.want(201, "ann", "MKCOL", "/addressbooks/ann/more/", `<d:mkcol xmlns:d="DAV:" xmlns:card="urn:ietf:params:xml:ns:carddav"><d:set><d:prop><d:resourcetype><d:collection/><card:addressbook/></d:resourcetype></d:prop></d:set></d:mkcol>`)
	w.want(201, "ann", "COPY", book+"bob.vcf", "", "Destination", "/addressbooks/ann/more/bob.vcf")
	titles("Birthday of Robert (1981)", "Birthday of Robert (1981)")
	w.want(201, "ann", "MOVE", book+"bob.vcf", "", "Destination", book+"robert.vcf")
	titles("Birthday of Robert (1981)", "Birthday of Robert (1981)")
	w.want(204, "ann", "DELETE", "/addressbooks/ann/more/", "")
	titles("Birthday of Robert (1981)")
	for _, rq := range [][]string{{"PUT", calendar + "x.ics", event("x", "DTSTART:20260110T100000Z")}, {"DELETE", calendar, ""}} {
		if a := w.do("ann", rq[0], rq[1], rq[2], "Destination", "/calendars/ann/other/"); a.Code != 403 {
			t.Errorf("%s %s: %d, want 403", rq[0], rq[1], a.Code)
		}
	}
	w.want(207, "ann", "PROPPATCH", calendar, `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>Feste</d:displayname></d:prop></d:set></d:propertyupdate>`)
	w.want(204, "ann", "DELETE", book+"robert.vcf", "")
	titles()
}

func TestBirthdays_AreOffBySetting(t *testing.T) {
	t.Parallel()
	w := worldOf(t, storetest.Open(t), dav.Options{NoBirthdays: true})
	w.want(201, "ann", "PUT", "/addressbooks/ann/addressbook/bob.vcf", card("bob", "Bob", "BDAY:1980-02-29"), "Content-Type", "text/vcard")
	if err := w.s.Jobs().All(context.Background()); err != nil {
		t.Fatal(err)
	}
	w.want(404, "ann", "PROPFIND", "/calendars/ann/birthdays/", "", "Depth", "0")
}
