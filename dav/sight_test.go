package dav_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// synced is what a sync tells, and the next token.
func (w *world) synced(user, dir, token string) (body, next string) {
	w.t.Helper()
	a := w.want(207, user, "REPORT", dir, `<d:sync-collection xmlns:d="DAV:"><d:sync-token>`+token+`</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`)
	body = a.Body.String()
	return body, regexp.MustCompile(`<d:sync-token>(.*)</d:sync-token>`).FindStringSubmatch(body)[1]
}

// told says what a sync tells of an object: "" for nothing, else "there" or "gone".
func told(body, name string) string {
	for _, r := range strings.Split(body, "<d:response>")[1:] {
		if strings.Contains(r, "/"+name+"<") {
			if strings.Contains(r, "404 Not Found") {
				return "gone"
			}
			return "there"
		}
	}
	return ""
}

// Whoever sees no private events is told that one is gone which was none before, and nothing of those that always were.
func TestShare_SyncTellsOfWhatBecomesPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ann = "/calendars/ann/calendar/"
	put := func(status int, name string, lines ...string) {
		t.Helper()
		w.want(status, "ann", "PUT", ann+name+".ics", event(name, append(lines, "DTSTART:20260110T100000Z")...))
	}
	put(201, "open", "SUMMARY:x")
	put(201, "closed", "CLASS:PRIVATE")
	w.share(privilege.ShareNoPrivate)
	for _, dir := range []string{"/calendars/bob/anns/", ann} {
		put(204, "open", "SUMMARY:x")
		put(204, "closed", "CLASS:PRIVATE")
		body, token := w.synced("bob", dir, "")
		if told(body, "open.ics") != "there" || told(body, "closed.ics") != "" {
			t.Fatalf("the first sync of %s:\n%s", dir, body)
		}
		put(204, "open", "CLASS:CONFIDENTIAL")
		put(204, "closed", "CLASS:PRIVATE", "SUMMARY:other")
		body, token = w.synced("bob", dir, token)
		if told(body, "open.ics") != "gone" || told(body, "closed.ics") != "" {
			t.Errorf("one became private in %s:\n%s", dir, body)
		}
		put(204, "open", "SUMMARY:x")
		put(204, "closed", "SUMMARY:x")
		body, token = w.synced("bob", dir, token)
		if told(body, "open.ics") != "there" || told(body, "closed.ics") != "there" {
			t.Errorf("none is private any more in %s:\n%s", dir, body)
		}
		put(201, "secret", "CLASS:PRIVATE")
		w.want(204, "ann", "DELETE", ann+"secret.ics", "")
		w.want(204, "ann", "DELETE", ann+"closed.ics", "")
		body, _ = w.synced("bob", dir, token)
		if told(body, "secret.ics") != "" || told(body, "closed.ics") != "gone" {
			t.Errorf("two were deleted in %s, one of them private:\n%s", dir, body)
		}
		put(201, "closed", "CLASS:PRIVATE")
	}
}

// What is private from the beginning has no name for who does not see it, not even one that it is given up for another; but what goes
// takes its name with it.
func TestShare_SyncKeepsTheNamesOfWhatIsPrivate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ann = "/calendars/ann/calendar/"
	put := func(name, class string) {
		t.Helper()
		w.want(201, "ann", "PUT", ann+name+".ics", event(name, "CLASS:"+class, "DTSTART:20260110T100000Z"))
	}
	put("open", "PUBLIC")
	put("old", "PRIVATE")
	w.share(privilege.ShareNoPrivate)
	tokens := map[string]string{}
	for _, dir := range []string{"/calendars/bob/anns/", ann} {
		_, tokens[dir] = w.synced("bob", dir, "")
	}
	put("new", "PRIVATE")
	w.want(201, "ann", "MOVE", ann+"old.ics", "", "Destination", ann+"renamed.ics")
	w.want(204, "ann", "DELETE", ann+"open.ics", "")
	put("open", "PRIVATE")
	for dir, token := range tokens {
		body, _ := w.synced("bob", dir, token)
		for name, want := range map[string]string{"open.ics": "gone", "new.ics": "", "old.ics": "", "renamed.ics": ""} {
			if got := told(body, name); got != want {
				t.Errorf("%s in %s is told as %q, want %q:\n%s", name, dir, got, want, body)
			}
		}
	}
}

// Whoever sees when somebody is busy sees that of private events, too: they come and go for him as all do. Tasks are nothing to him
// who sees no more than the times.
func TestShare_SyncOfBusyTimes(t *testing.T) {
	t.Parallel()
	const ann = "/calendars/ann/calendar/"
	for level, task := range map[privilege.Level]string{privilege.ShareBusyTitle: "there", privilege.ShareBusyTime: "gone"} {
		w := newWorld(t)
		put := func(status int, name string, lines ...string) {
			t.Helper()
			w.want(status, "ann", "PUT", ann+name+".ics", event(name, append(lines, "DTSTART:20260110T100000Z")...))
		}
		w.want(204, "ann", "DELETE", ann, "")
		w.want(201, "ann", "MKCALENDAR", ann, "") // for tasks, too
		put(201, "open")
		put(201, "closed", "CLASS:PRIVATE")
		w.want(201, "ann", "PUT", ann+"task.ics", strings.ReplaceAll(event("task", "DTSTART:20260110T100000Z"), "VEVENT", "VTODO"))
		w.share(privilege.ShareRead)
		const dir = "/calendars/bob/anns/"
		_, token := w.synced("bob", dir, "")
		w.share(level)
		body, token := w.synced("bob", dir, token)
		if told(body, "open.ics") != "there" || told(body, "closed.ics") != "there" || told(body, "task.ics") != task {
			t.Errorf("%s, a narrower share:\n%s", level.Name(), body)
		}
		put(204, "open", "CLASS:PRIVATE")
		put(201, "new", "CLASS:PRIVATE")
		w.want(204, "ann", "DELETE", ann+"closed.ics", "")
		body, _ = w.synced("bob", dir, token)
		if told(body, "open.ics") != "there" || told(body, "new.ics") != "there" || told(body, "closed.ics") != "gone" {
			t.Errorf("%s, private events that came and went:\n%s", level.Name(), body)
		}
	}
}

// A share that shows less than before takes what it hides from who knew it, and one that shows more brings it.
func TestShare_SyncFollowsTheLevel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ann = "/calendars/ann/calendar/"
	w.want(201, "ann", "PUT", ann+"open.ics", event("open", "DTSTART:20260110T100000Z"))
	w.want(201, "ann", "PUT", ann+"closed.ics", event("closed", "DTSTART:20260110T100000Z", "CLASS:PRIVATE"))
	w.share(privilege.ShareRead)
	const dir = "/calendars/bob/anns/"
	body, token := w.synced("bob", dir, "")
	if told(body, "open.ics") != "there" || told(body, "closed.ics") != "there" {
		t.Fatal(body)
	}
	w.share(privilege.ShareNoPrivate)
	body, narrow := w.synced("bob", dir, token)
	if narrow == token || told(body, "open.ics") != "there" || told(body, "closed.ics") != "gone" {
		t.Errorf("it shows less now:\n%s", body)
	}
	if body, same := w.synced("bob", dir, narrow); strings.Contains(body, "<d:response>") || same != narrow {
		t.Errorf("nothing has changed since:\n%s", body)
	}
	w.share(privilege.ShareRead)
	if body, _ = w.synced("bob", dir, narrow); told(body, "closed.ics") != "there" {
		t.Errorf("it shows more now:\n%s", body)
	}
}

// An entry that hides an object is told as its going: RFC 6578 §3.5.2.
func TestACL_SyncTellsOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const ann = "/calendars/ann/calendar/"
	for _, name := range []string{"a", "b", "c"} {
		w.want(201, "ann", "PUT", ann+name+".ics", event(name, "DTSTART:20260110T100000Z"))
	}
	w.share(privilege.ShareRead)
	deny := func(name string, entries ...privilege.ACE) {
		t.Helper()
		err := w.db.Update(context.Background(), func(tx *store.Tx) error {
			c, err := calendarOf(tx, "ann")
			if err != nil {
				return err
			}
			o, err := tx.Object(c.ID, name, 0)
			if err != nil {
				return err
			}
			return tx.SetACEs(c.ID, o.ID, entries)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	none := privilege.ACE{Subject: privilege.ToAuthenticated, Deny: privilege.All}
	deny("c.ics", none)
	for _, dir := range []string{"/calendars/bob/anns/", ann} {
		body, token := w.synced("bob", dir, "")
		if told(body, "a.ics") != "there" || told(body, "c.ics") != "" {
			t.Fatalf("first sync of %s:\n%s", dir, body)
		}
		deny("a.ics", none)
		w.want(204, "ann", "PUT", ann+"c.ics", event("c", "DTSTART:20260111T100000Z"))
		body, token = w.synced("bob", dir, token)
		if told(body, "a.ics") != "gone" || told(body, "b.ics") != "" || told(body, "c.ics") != "" {
			t.Errorf("a was hidden in %s, and c always was:\n%s", dir, body)
		}
		w.want(403, "bob", "GET", dir+"a.ics", "")
		deny("a.ics")
		if body, _ = w.synced("bob", dir, token); told(body, "a.ics") != "there" {
			t.Errorf("a was shown again in %s:\n%s", dir, body)
		}
	}
}

// Nor is the name of a collection told to who has never been let see it.
func TestACL_SyncOfAHomeKeepsTheNamesOfWhatIsHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.want(207, "bob", "PROPFIND", "/", "", "Depth", "0")
	entry := func(path, verdict string) {
		t.Helper()
		w.want(200, "ann", "ACL", path, `<d:acl xmlns:d="DAV:"><d:ace><d:principal><d:href>/principals/users/bob/</d:href></d:principal><d:`+verdict+`><d:privilege><d:read/></d:privilege></d:`+verdict+`></d:ace></d:acl>`)
	}
	const home = "/calendars/ann/"
	entry(home, "grant")
	w.want(201, "ann", "MKCALENDAR", home+"seen/", "")
	_, token := w.synced("bob", home, "")
	w.want(201, "ann", "MKCALENDAR", home+"new/", "")
	entry(home+"new/", "deny")
	w.want(204, "ann", "DELETE", home+"seen/", "")
	w.want(201, "ann", "MKCALENDAR", home+"seen/", "")
	entry(home+"seen/", "deny")
	body, _ := w.synced("bob", home, token)
	if told(body, "new/") != "" || told(body, "seen/") != "gone" {
		t.Errorf("one was made and hidden, another took the name of one that was seen:\n%s", body)
	}
}
