package dav_test

import (
	"strings"
	"testing"

	"caldav-fcgi/dav/privilege"
)

func alarm(minutes string) string {
	return "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT" + minutes + "M\r\nEND:VALARM"
}

// Alarms in a shared calendar wake the one who has set them.
func TestShare_AlarmsAreEverybodysOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ann, bob = "/calendars/ann/calendar/x.ics", "/calendars/bob/anns/x.ics"
	w.want(201, "ann", "PUT", ann, event("x", "DTSTART:20260110T100000Z", "SUMMARY:first", alarm("5")))
	w.share(privilege.ShareReadWrite)
	get := func(user, path string, minutes ...string) (body, tag string) {
		t.Helper()
		a := w.want(200, user, "GET", path, "")
		body, tag = a.Body.String(), a.Header().Get("ETag")
		if strings.Count(body, "TRIGGER") != len(minutes) {
			t.Errorf("%s sees %d alarms, want %d:\n%s", user, strings.Count(body, "TRIGGER"), len(minutes), body)
		}
		for _, m := range minutes {
			if !strings.Contains(body, "TRIGGER:-PT"+m+"M") {
				t.Errorf("%s sees no alarm %s minutes before:\n%s", user, m, body)
			}
		}
		if l := w.want(207, user, "PROPFIND", path, propfindBody("<d:getetag/>"), "Depth", "0"); !strings.Contains(l.Body.String(), strings.Trim(tag, `"`)) {
			t.Errorf("GET as %s says %s, PROPFIND:\n%s", user, tag, l.Body)
		}
		return body, tag
	}
	get("ann", ann, "5")
	_, before := get("bob", bob)
	_, token := w.synced("bob", "/calendars/bob/anns/", "")
	mine := event("x", "DTSTART:20260110T100000Z", "SUMMARY:first", alarm("30"))
	a := w.want(204, "bob", "PUT", bob, mine, "If-Match", before)
	body, tag := get("bob", bob, "30")
	if body != mine || a.Header().Get("ETag") != tag || tag == before {
		t.Errorf("PUT says %q, GET %q, before it was %q; stored:\n%s", a.Header().Get("ETag"), tag, before, body)
	}
	get("ann", ann, "5")
	if body, _ := w.synced("bob", "/calendars/bob/anns/", token); told(body, "x.ics") != "there" {
		t.Errorf("bob's other device is told nothing:\n%s", body)
	}
	// What the owner changes leaves his alarms; that the owner has none does too.
	w.want(204, "ann", "PUT", ann, event("x", "DTSTART:20260110T110000Z", "SUMMARY:second"))
	if body, _ := get("bob", bob, "30"); !strings.Contains(body, "second") {
		t.Error(body)
	}
	get("ann", ann)
	w.want(204, "bob", "PUT", bob, event("x", "DTSTART:20260110T110000Z", "SUMMARY:third"))
	get("bob", bob)
	if body, _ := get("ann", ann); !strings.Contains(body, "third") {
		t.Error(body)
	}
	// Of an event that he makes, the alarm is his.
	w.want(201, "bob", "PUT", "/calendars/bob/anns/y.ics", event("y", "DTSTART:20260110T100000Z", alarm("7")))
	get("bob", "/calendars/bob/anns/y.ics", "7")
	get("ann", "/calendars/ann/calendar/y.ics")
	for _, dir := range []string{"/calendars/bob/anns/", "/calendars/ann/calendar/"} {
		user := dir[len("/calendars/"):][:3]
		a := w.want(207, user, "REPORT", dir, query("20260101T000000Z", "20270101T000000Z", ""), "Depth", "1")
		e := w.want(200, user, "GET", dir+"?export", "")
		want := map[string]int{"bob": 1, "ann": 0}[user]
		if strings.Count(a.Body.String(), "TRIGGER") != want || strings.Count(e.Body.String(), "TRIGGER") != want {
			t.Errorf("%s finds other alarms than %d:\n%s\n%s", user, want, a.Body, e.Body)
		}
	}
}

// The octets of all but the alarms stay as they came, overrides included.
func TestShare_AlarmsOfOverrides(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(207, "ann", "PROPFIND", "/", "", "Depth", "0")
	w.share(privilege.ShareReadWrite)
	two := strings.Replace(event("x", "DTSTART:20260110T100000Z", "X-ODD;p=\"a:b\":1\\n", "RRULE:FREQ=DAILY;COUNT=3", alarm("1")), "END:VCALENDAR",
		"BEGIN:VEVENT\r\nUID:x\r\nDTSTAMP:20260101T000000Z\r\nRECURRENCE-ID:20260111T100000Z\r\nDTSTART:20260111T120000Z\r\n"+alarm("2")+"\r\nEND:VEVENT\r\nEND:VCALENDAR", 1)
	w.want(201, "bob", "PUT", "/calendars/bob/anns/x.ics", two)
	if a := w.want(200, "bob", "GET", "/calendars/bob/anns/x.ics", ""); a.Body.String() != two {
		t.Errorf("got\n%s", a.Body)
	}
	bare := strings.ReplaceAll(strings.ReplaceAll(two, alarm("1")+"\r\n", ""), alarm("2")+"\r\n", "")
	if a := w.want(200, "ann", "GET", "/calendars/ann/calendar/x.ics", ""); a.Body.String() != bare {
		t.Errorf("the owner has\n%s", a.Body)
	}
}

// Who may only read a shared calendar changes what it is called for him, and nothing of what is in it; a lock in it is
// one for all.
func TestShare_OwnNameButNotOwnObjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ann = "/calendars/ann/calendar/"
	w.want(201, "ann", "PUT", ann+"x.ics", event("x", "DTSTART:20260110T100000Z"))
	w.share(privilege.ShareRead)
	const name = `<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>mine</d:displayname><k:x xmlns:k="urn:k">1</k:x></d:prop></d:set></d:propertyupdate>`
	w.want(207, "bob", "PROPPATCH", "/calendars/bob/anns/", name)
	for user, dir := range map[string]string{"bob": "/calendars/bob/anns/", "ann": ann} {
		a := w.want(207, user, "PROPFIND", dir, propfindBody(`<d:displayname/><k:x xmlns:k="urn:k"/>`), "Depth", "0")
		if strings.Contains(a.Body.String(), "mine") != (user == "bob") {
			t.Errorf("%s:\n%s", user, a.Body)
		}
	}
	for _, path := range []string{"/calendars/bob/anns/x.ics", ann + "x.ics", ann} {
		if a := w.do("bob", "PROPPATCH", path, name); a.Code != 403 {
			t.Errorf("PROPPATCH %s: %d", path, a.Code)
		}
	}
	a := w.want(207, "bob", "PROPFIND", "/calendars/bob/anns/", propfindBody(`<d:quota-used-bytes/>`), "Depth", "0")
	if strings.Contains(a.Body.String(), "200 OK") {
		t.Errorf("bob is told how much ann holds:\n%s", a.Body)
	}
	w.share(privilege.ShareReadWrite)
	const lock = `<d:lockinfo xmlns:d="DAV:"><d:lockscope><d:exclusive/></d:lockscope><d:locktype><d:write/></d:locktype></d:lockinfo>`
	bobsLock := strings.Trim(w.want(200, "bob", "LOCK", "/calendars/bob/anns/x.ics", lock).Header().Get("Lock-Token"), "<>")
	w.want(423, "ann", "PUT", ann+"x.ics", event("x", "DTSTART:20260110T100000Z"))
	annsLock := w.want(200, "ann", "LOCK", ann, strings.Replace(lock, "exclusive", "shared", 1), "Depth", "0").Header().Get("Lock-Token")
	w.want(423, "bob", "PUT", "/calendars/bob/anns/new.ics", event("new", "DTSTART:20260110T100000Z"))
	w.want(204, "ann", "UNLOCK", ann, "", "Lock-Token", annsLock)
	w.want(204, "bob", "DELETE", "/calendars/bob/anns/", "", "If", "</calendars/bob/anns/x.ics> (<"+bobsLock+">)")
	w.want(204, "ann", "PUT", ann+"x.ics", event("x", "DTSTART:20260110T100000Z")) // his lock went with the share
}
