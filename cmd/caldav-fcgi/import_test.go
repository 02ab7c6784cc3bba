package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store/storetest"
	"caldav-fcgi/testdata/demo"
)

// withAnn is a service in which ann has an account.
func withAnn(t testing.TB) *service {
	t.Helper()
	c := &call{loaded: &loaded{config: newConfig(), from: map[string]string{"db": "-db"}}}
	c.DB = filepath.Join(t.TempDir(), "c.db")
	s, err := c.open(mayMake, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := s.dav.Engine().AddAccount(context.Background(), webdav.Login{User: "ann"}); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *service) take(t testing.TB, im importing, text string) result {
	t.Helper()
	im.service, im.user, im.shelf = s, "ann", calendarShelf
	if err := im.prepare(context.Background()); err != nil {
		t.Fatal(err)
	}
	res, err := im.run(context.Background(), im.entries([]byte(text)), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func event(uid string, more ...string) string {
	return "BEGIN:VEVENT\r\nUID:" + uid + "\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260201T100000Z\r\n" + strings.Join(append(more, ""), "\r\n") + "END:VEVENT\r\n"
}

func file(components ...string) string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//EN\r\n" + strings.Join(components, "") + "END:VCALENDAR\r\n"
}

// Many objects share commits, and each is found again.
func TestImport_ManyAndAgain(t *testing.T) {
	t.Parallel()
	s := withAnn(t)
	var list []string
	for i := range 500 {
		list = append(list, event(fmt.Sprintf("e%d/with slash@example.org", i)))
	}
	if got := s.take(t, importing{}, file(list...)); got.count[fateNew] != 500 || len(got.notes) > 0 {
		t.Errorf("first: got %+v, want 500 new", got)
	}
	list[7] = event("e7/with slash@example.org", "SUMMARY:other")
	if got := s.take(t, importing{}, file(list...)); got.count[fateSame] != 499 || got.count[fateChanged] != 1 {
		t.Errorf("again: got %+v, want 499 as they were and 1 changed", got.count)
	}
}

// The name that a UID would have may be that of another object.
func TestImport_NameInUseByAnotherUID(t *testing.T) {
	t.Parallel()
	s := withAnn(t)
	err := s.do(context.Background(), "ann", "PUT", webdav.P("calendars", "ann", "calendar").Child("b@example.org.ics", false), nil, []byte(file(event("a@example.org"))))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.take(t, importing{}, file(event("b@example.org"), event("a@example.org"))); got.count[fateNew] != 1 || got.count[fateSame] != 1 {
		t.Errorf("got %+v, want 1 new, 1 as it was", got)
	}
}

func TestImport_WhatIsNewerStays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		there, file string
		want        fate
	}{
		{"SEQUENCE:2", "SEQUENCE:1", fateKept},
		{"SEQUENCE:1", "SEQUENCE:2", fateChanged},
		{"SEQUENCE:1", "SEQUENCE:1\r\nSUMMARY:x", fateChanged},
		{"LAST-MODIFIED:20260301T000000Z", "LAST-MODIFIED:20260201T000000Z", fateKept},
		{"LAST-MODIFIED:20260201T000000Z", "LAST-MODIFIED:20260301T000000Z", fateChanged},
		{"LAST-MODIFIED:20260301T000000Z", "SUMMARY:x", fateChanged},
		{"LAST-MODIFIED:20260301T000000Z", "SEQUENCE:1\r\nLAST-MODIFIED:20260201T000000Z", fateChanged},
	} {
		s := withAnn(t)
		s.take(t, importing{}, file(event("a@example.org", c.there)))
		if got := s.take(t, importing{dryRun: true}, file(event("a@example.org", c.file))); got.count[c.want] != 1 {
			t.Errorf("%q over %q: got %v, want 1 at %d", c.file, c.there, got.count, c.want)
		}
		if got := s.take(t, importing{overwrite: true}, file(event("a@example.org", c.file))); got.count[fateChanged] != 1 {
			t.Errorf("%q over %q with -overwrite: got %v, want 1 changed", c.file, c.there, got.count)
		}
	}
}

// An entry without a UID is the same one the next time, in every form of line ends.
func TestImport_UIDMadeFromContent(t *testing.T) {
	t.Parallel()
	nameless := strings.Replace(file(event("x", "SUMMARY:Nameless")), "UID:x\r\n", "", 1)
	for name, text := range map[string]string{
		"CRLF": nameless,
		"LF":   strings.ReplaceAll(nameless, "\r\n", "\n"),
		"CR":   strings.ReplaceAll(nameless, "\r\n", "\r"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withAnn(t)
			if got := s.take(t, importing{}, text); got.count[fateNew] != 1 || len(got.notes) != 1 {
				t.Errorf("first: got %+v, want 1 new with a note", got)
			}
			if got := s.take(t, importing{}, text); got.count[fateSame] != 1 || len(got.notes) != 0 {
				t.Errorf("again: got %+v, want 1 as it was", got)
			}
		})
	}
}

// testdata/demo is valid to the last object, and every one is taken as it stands in the file.
func TestDemoFiles_AreValidAndComeBack(t *testing.T) {
	t.Parallel()
	s := withAnn(t)
	if err := s.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, a := range demo.Accounts() {
		for _, cal := range a.Calendars {
			raw, err := demo.Files.ReadFile(cal.File)
			if err != nil {
				t.Fatal(err)
			}
			im := importing{shelf: calendarShelf, service: s, user: a.Name, to: cal.Name}
			if err := im.prepare(t.Context()); err != nil {
				t.Fatal(err)
			}
			res, err := im.run(t.Context(), im.entries(raw), func(int) {})
			if err != nil || res.count[fateSame] == 0 || len(res.notes) > 0 {
				t.Errorf("%s again: %+v, %v", cal.File, res, err)
			}
			total += res.count[fateSame]
			if c, err := ical.Parse(raw); err != nil || len(c.Repairs) > 0 {
				t.Errorf("%s: %v, %v", cal.File, err, c.Repairs)
			}
			for i, line := range strings.SplitAfter(string(raw), "\r\n") {
				if strings.Contains(strings.TrimSuffix(line, "\r\n"), "\n") || len(line) > 77 {
					t.Errorf("%s line %d: not ended and folded as RFC 5545 §3.1 has it", cal.File, i+1)
				}
			}
		}
	}
	if total < 60 {
		t.Errorf("%d objects, want 60", total)
	}
	if problems, err := s.db.Check(t.Context()); err != nil || problems != nil {
		t.Errorf("check: %v, %v", problems, err)
	}
}

// Whatever a file holds, what is said of it names a line that it has, in printable text.
func FuzzImport(f *testing.F) {
	f.Add(file(event("a"), event("b", "RRULE:FREQ=DAILY")))
	f.Add(file("BEGIN:VEVENT\r\nDTSTART:x\r\nEND:VEVENT\r\n", "BEGIN:VTODO\r\n"))
	f.Add("BEGIN:VEVENT\rX:1\rEND:VEVENT")
	s := withAnn(f)
	f.Fuzz(func(t *testing.T, text string) {
		im := importing{shelf: calendarShelf, service: s, user: "ann", dryRun: true}
		if err := im.prepare(t.Context()); err != nil {
			t.Fatal(err)
		}
		res, err := im.run(t.Context(), im.entries([]byte(text)), func(int) {})
		if err != nil {
			return
		}
		lines := strings.Count(text, "\n") + strings.Count(text, "\r") + 1
		for _, v := range res.notes {
			if v.line < 1 || v.line > lines || strings.ContainsAny(v.what+v.note, "\r\n\x1b") {
				t.Errorf("%+v: of a file with %d lines", v, lines)
			}
		}
	})
}

// An account from before there were address books gets its own with the first contacts.
func TestImport_ContactsIntoAnOldAccount(t *testing.T) {
	t.Parallel()
	s := &service{db: storetest.Open(t)}
	old, err := webdav.New(s.db, webdav.Options{}, principal.Module(), caldav.Module(caldav.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.AddAccount(t.Context(), webdav.Login{User: "ann"}); err != nil {
		t.Fatal(err)
	}
	if s.dav, err = dav.New(s.db, dav.Options{}); err != nil {
		t.Fatal(err)
	}
	im := importing{service: s, user: "ann"}
	tasks := im.tasks([]byte("BEGIN:VCARD\nVERSION:3.0\nUID:1\nFN:Ann\nEND:VCARD\n"))
	if err := im.prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	res, err := im.run(t.Context(), tasks, func(int) {})
	if err != nil || res.count[fateNew] != 1 {
		t.Errorf("%v %+v", err, res)
	}
}
