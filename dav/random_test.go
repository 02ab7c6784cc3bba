package dav_test

import (
	"encoding/xml"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"caldav-fcgi/dav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// multi is a 207 as a client reads it.
type multi struct {
	Token     string `xml:"DAV: sync-token"`
	Responses []struct {
		Href   string `xml:"DAV: href"`
		Status string `xml:"DAV: status"`
		Stats  []struct {
			Status string `xml:"DAV: status"`
			ETag   string `xml:"DAV: prop>getetag"`
		} `xml:"DAV: propstat"`
	} `xml:"DAV: response"`
}

func readMulti(t testing.TB, a *httptest.ResponseRecorder) multi {
	t.Helper()
	var m multi
	if a.Code != 207 {
		t.Fatalf("%d: %.500s", a.Code, a.Body)
	}
	if err := xml.Unmarshal(a.Body.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// replica is a calendar as a client that syncs remembers it: href to ETag.
type replica struct {
	token string
	tags  map[string]string
}

// pull brings r up to date by pages of at most limit; 0 for all at once.
func (w *world) pull(user, calendar string, r *replica, limit int) {
	w.t.Helper()
	if r.tags == nil {
		r.tags = map[string]string{}
	}
	for range 1000 {
		body := syncBody(r.token)
		if limit > 0 {
			body = strings.Replace(body, "<d:prop>", fmt.Sprintf("<d:limit><d:nresults>%d</d:nresults></d:limit><d:prop>", limit), 1)
		}
		m := readMulti(w.t, w.do(user, "REPORT", calendar, body))
		more := false
		for _, resp := range m.Responses {
			switch {
			case strings.Contains(resp.Status, "507"):
				more = true
			case strings.Contains(resp.Status, "404"):
				if r.token == "" {
					w.t.Errorf("%s: a 404 for an empty token: %s", calendar, resp.Href)
				}
				delete(r.tags, resp.Href)
			default:
				r.tags[resp.Href] = resp.Stats[0].ETag
			}
		}
		r.token = m.Token
		if !more {
			return
		}
	}
	w.t.Errorf("%s: the sync never ends", calendar)
}

// listed is what PROPFIND shows of a calendar, which GET has to confirm.
func (w *world) listed(user, calendar string) map[string]string {
	w.t.Helper()
	tags := map[string]string{}
	for _, resp := range readMulti(w.t, w.do(user, "PROPFIND", calendar, propfindBody("<d:getetag/>"), "Depth", "1")).Responses {
		if resp.Href == calendar {
			continue
		}
		tags[resp.Href] = resp.Stats[0].ETag
		a := w.want(200, user, "GET", resp.Href, "")
		if got := a.Header().Get("ETag"); got != resp.Stats[0].ETag {
			w.t.Errorf("%s: ETag %s by GET, %s by PROPFIND", resp.Href, got, resp.Stats[0].ETag)
		}
	}
	return tags
}

func differ(a, b map[string]string) string {
	var out []string
	for k, v := range a {
		if b[k] != v {
			out = append(out, fmt.Sprintf("%s: %q, %q", k, v, b[k]))
		}
	}
	for k, v := range b {
		if _, ok := a[k]; !ok {
			out = append(out, fmt.Sprintf("%s: nothing, %q", k, v))
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// randomEvent is an event, mostly plain, somewhere around 2026.
func randomEvent(rnd *rand.Rand, uid string) string {
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rnd.IntN(3*365*24)) * time.Hour)
	form := []string{"DTSTART:20060102T150405Z", "DTSTART:20060102T150405", "DTSTART;VALUE=DATE:20060102", "DTSTART;TZID=America/New_York:20060102T150405"}[rnd.IntN(4)]
	lines := []string{start.Format(form), fmt.Sprintf("SUMMARY:%d", rnd.IntN(1000))}
	if rnd.IntN(2) == 0 {
		lines = append(lines, "DURATION:P"+fmt.Sprint(1+rnd.IntN(20))+"D")
	}
	if rnd.IntN(2) == 0 {
		lines = append(lines, "RRULE:FREQ="+[]string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}[rnd.IntN(4)]+";INTERVAL="+fmt.Sprint(1+rnd.IntN(5))+[]string{"", ";COUNT=3", ";UNTIL=20260601T000000Z"}[rnd.IntN(3)])
	}
	if strings.Contains(strings.Join(lines, ""), "VALUE=DATE") || !strings.HasSuffix(form, "Z") && !strings.Contains(form, "TZID") {
		for i := range lines {
			lines[i] = strings.ReplaceAll(lines[i], ";UNTIL=20260601T000000Z", ";COUNT=9")
		}
	}
	return event(uid, lines...)
}

// Many clients of two users do anything in any order. At the end every token that was ever given out leads to the
// state as it is, tags agree, the database is sound, and the index finds what holding the text of each object
// against the filter finds.
func TestRandom_ManyClients(t *testing.T) {
	t.Parallel()
	workers, steps := 8, 60
	if testing.Short() {
		workers, steps = 4, 30
	}
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{})
	w := worldOf(t, db, dav.Options{})
	w2 := worldOf(t, db, dav.Options{}) // a second service over the same database
	users := []string{"ann", "bob"}
	names := []string{"a", "b", "c"}
	for _, u := range users {
		for _, n := range names {
			w.want(201, u, "MKCALENDAR", "/calendars/"+u+"/"+n+"/", "")
		}
	}
	var mu sync.Mutex
	kept := map[string][]replica{} // by calendar
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(20260101, uint64(worker)))
			w := []*world{w, w2}[worker%2]
			user := users[worker/2%2]
			home := "/calendars/" + user + "/"
			calendar := func() string { return home + names[rnd.IntN(len(names))] + "/" }
			object := func() string { return calendar() + fmt.Sprintf("%d.ics", rnd.IntN(12)) }
			for step := range steps {
				p := object()
				var a *httptest.ResponseRecorder
				switch rnd.IntN(12) {
				case 0, 1, 2, 3:
					a = w.do(user, "PUT", p, randomEvent(rnd, fmt.Sprintf("u%d", rnd.IntN(14))), "User-Agent", fmt.Sprint("worker ", worker))
					if tag := a.Header().Get("ETag"); a.Code/100 == 2 && tag == "" {
						t.Errorf("PUT %s: %d without an ETag", p, a.Code)
					}
				case 4:
					a = w.do(user, "DELETE", p, "")
				case 5:
					a = w.do(user, "MOVE", p, "", "Destination", object(), "Overwrite", []string{"T", "F"}[rnd.IntN(2)])
				case 6:
					a = w.do(user, "COPY", p, "", "Destination", object())
				case 7:
					target := []string{p, calendar()}[rnd.IntN(2)]
					a = w.do(user, "PROPPATCH", target, fmt.Sprintf(`<propertyupdate xmlns="DAV:"><set><prop><x xmlns="u:x">%d</x></prop></set></propertyupdate>`, step))
				case 8:
					a = w.do(user, "POST", calendar(), randomEvent(rnd, fmt.Sprintf("p%d-%d", worker, step)), "Content-Type", "text/calendar")
				case 9:
					c := home + "tmp/"
					switch rnd.IntN(3) {
					case 0:
						a = w.do(user, "MKCALENDAR", c, "")
					case 1:
						a = w.do(user, "DELETE", c, "")
					default:
						a = w.do(user, "COPY", calendar(), "", "Destination", c)
					}
				default:
					c := calendar()
					var r replica
					w.pull(user, c, &r, rnd.IntN(4))
					mu.Lock()
					kept[c] = append(kept[c], r)
					mu.Unlock()
					continue
				}
				if a.Code >= 500 {
					t.Errorf("step %d of %d: %d %s", step, worker, a.Code, a.Body)
				}
			}
		})
	}
	wg.Wait()
	objects, tokens := 0, 0
	for _, u := range users {
		for _, n := range names {
			c := "/calendars/" + u + "/" + n + "/"
			want := w.listed(u, c)
			objects, tokens = objects+len(want), tokens+len(kept[c])
			for i, r := range append(kept[c], replica{}) {
				w.pull(u, c, &r, i%3)
				if d := differ(r.tags, want); d != "" {
					t.Errorf("%s: after sync %d, sync and PROPFIND differ:\n%s", c, i, d)
				}
			}
			w.indexAgrees(u, c, want)
		}
	}
	if objects < 10 || tokens < 10 {
		t.Errorf("only %d objects and %d tokens: this tested nothing", objects, tokens)
	}
}

// indexAgrees asks for windows twice: of the calendar, which the index answers, and of each object alone, whose text
// is looked at.
func (w *world) indexAgrees(user, calendar string, all map[string]string) {
	w.t.Helper()
	for _, span := range [][2]string{{"20250601T000000Z", "20250602T000000Z"}, {"20260101T000000Z", "20260201T000000Z"}, {"20300101T000000Z", "20300108T000000Z"}, {"20240101T000000Z", "20260101T000000Z"}} {
		body := query(span[0], span[1], "")
		got, want := map[string]string{}, map[string]string{}
		for _, resp := range readMulti(w.t, w.do(user, "REPORT", calendar, body, "Depth", "1")).Responses {
			got[resp.Href] = resp.Stats[0].ETag
		}
		for href := range all {
			for _, resp := range readMulti(w.t, w.do(user, "REPORT", href, body, "Depth", "0")).Responses {
				want[resp.Href] = resp.Stats[0].ETag
			}
		}
		if d := differ(got, want); d != "" {
			w.t.Errorf("%s from %s to %s: index and text differ:\n%s", calendar, span[0], span[1], d)
		}
	}
}
