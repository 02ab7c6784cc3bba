package dav_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// FuzzService sends anything at all to a service with something in it: never a 500, never a panic, never an ill-formed
// answer, and the database stays sound. The seeds are the requests of the dialogues.
func FuzzService(f *testing.F) {
	known := map[string]bool{}
	for _, set := range []string{"rfc", "webdav", "caldav", "carddav", "clients", "principal", "acl", "smoke"} {
		files, err := filepath.Glob("../testdata/" + set + "/*.txtar")
		if err != nil {
			f.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			for _, s := range seeds(string(text)) {
				if shape := s.method + s.header + s.body; known[shape] || testing.Short() && len(known) > 100 {
					continue
				} else {
					known[shape] = true
				}
				f.Add(s.method, s.path, s.header, s.body)
			}
		}
	}
	f.Add("PROPFIND", "/", "Depth: 0", `<propfind xmlns="DAV:"><prop><a xmlns:b="u"/></prop></propfind>`)
	f.Add("REPORT", "/calendars/ann/calendar/", "Depth: 1", query("20260101T000000Z", "20270101T000000Z", expand("20260101T000000Z", "20270101T000000Z")))
	f.Add("REPORT", "/calendars/ann/calendar/", "Depth: 1", busyBody("20260101T000000Z", "20270101T000000Z"))
	f.Add("PUT", "/calendars/ann/calendar/y.ics", "Content-Type: text/calendar", event("y", "DTSTART;TZID=Europe/Paris:20260101T090000", "RRULE:FREQ=MONTHLY;BYDAY=2FR"))
	shared := newWorld(f)
	var users atomic.Int64
	f.Fuzz(func(t *testing.T, method, path, header, body string) {
		if len(body) > 1<<16 || len(header) > 1<<12 || strings.ContainsAny(method, " \r\n") {
			return
		}
		r, err := http.NewRequest("GET", "http://cal.example.com/", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		u, err := r.URL.Parse("http://cal.example.com/" + strings.TrimPrefix(path, "/"))
		if err != nil || u.Host != "cal.example.com" {
			return
		}
		r.Method, r.URL = method, u
		for line := range strings.SplitSeq(header, "\n") {
			if name, value, ok := strings.Cut(line, ":"); ok {
				r.Header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
			}
		}
		// Each input meets a user of its own: a database costs more than all the rest.
		w := *shared
		w.t = t
		user := fmt.Sprintf("u%d", users.Add(1))
		home := "/calendars/" + user + "/"
		own := func(s string) string { return strings.ReplaceAll(s, "/ann/", "/"+user+"/") }
		if u, err = u.Parse(own(u.String())); err != nil {
			return
		}
		r.URL = u
		body = own(body)
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		if d := r.Header.Get("Destination"); d != "" {
			r.Header.Set("Destination", own(d))
		}
		w.do(user, "PUT", home+"calendar/x.ics", event("x", "DTSTART:20260101T090000Z", "RRULE:FREQ=DAILY"))
		w.send(user, r)
		// What it has left behind is listed by every report.
		if w.do(user, "PROPFIND", home+"calendar/", `<propfind xmlns="DAV:"><allprop/></propfind>`, "Depth", "1").Code == http.StatusMultiStatus { // not removed
			for _, q := range []string{syncBody(""), query("20260601T000000Z", "20260602T000000Z", expand("20260601T000000Z", "20260602T000000Z")), busyBody("20260601T000000Z", "20260602T000000Z")} {
				if a := w.do(user, "REPORT", home+"calendar/", q, "Depth", "1"); a.Code/100 != 2 && !strings.Contains(a.Body.String(), "within-limits") {
					t.Errorf("%.200s: %d %s", q, a.Code, a.Body)
				}
			}
			w.want(http.StatusOK, user, "GET", home+"calendar/?export", "")
		}
		w.want(http.StatusMultiStatus, user, "PROPFIND", home, `<propfind xmlns="DAV:"><allprop/></propfind>`, "Depth", "1")
		if users.Load()%200 == 0 {
			w.sound()
		}
		for _, line := range w.log.taken() {
			t.Errorf("logged as a fault: %s", line)
		}
	})
}

type seed struct{ method, path, header, body string }

// seeds takes what looks like a request out of a dialogue: a line "METHOD /path", its headers, and the body it names by "< file" or in
// the lines that follow.
func seeds(text string) []seed {
	files := map[string]string{}
	parts := strings.Split("\n"+text, "\n-- ")
	for _, p := range parts[1:] {
		if name, content, ok := strings.Cut(p, " --\n"); ok {
			files[name] = content
		}
	}
	var out []seed
	lines := strings.Split(parts[0], "\n")
	for i, line := range lines {
		f := strings.Fields(line)
		if len(f) < 2 || strings.ToUpper(f[0]) != f[0] || !strings.HasPrefix(f[1], "/") {
			continue
		}
		s := seed{method: f[0], path: f[1]}
		if len(f) > 3 && f[2] == "<" {
			s.body = files[f[3]]
		}
		for _, next := range lines[i+1:] {
			name, _, ok := strings.Cut(next, ": ")
			if !ok || strings.ContainsAny(name, " \t<") {
				break
			}
			s.header += next + "\n"
		}
		out = append(out, s)
	}
	return out
}
