package dav_test

import (
	"encoding/xml"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"caldav-fcgi/dav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// Writers and readers that page through their changes take turns at random. Whenever a reader has come to an end, what
// it has gathered is what a PROPFIND shows; on the way it is told nothing twice that has neither changed in between nor
// come anew under its name (RFC 6578 §3.5.1: moved away and back, it has to be told, also where all is as it was).
//
// CALDAV_FCGI_SYNC_STEPS=1000000 is the long run; CALDAV_FCGI_SYNC_SEED repeats one.
func TestSync_ReadersHaveWhatPropfindShows(t *testing.T) {
	t.Parallel()
	steps, seed, runs := 800, uint64(1), uint64(3)
	if s := os.Getenv("CALDAV_FCGI_SYNC_STEPS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		steps, seed, runs = n/12, uint64(time.Now().UnixNano()), 4
	}
	if s := os.Getenv("CALDAV_FCGI_SYNC_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed, runs = n, 1
	}
	for s := seed; s < seed+runs; s++ {
		for _, tree := range []string{"calendars", "addressbooks", "files"} {
			t.Run(fmt.Sprint(tree, " with seed ", s), func(t *testing.T) {
				t.Parallel()
				newSyncGame(t, s, tree).play(steps)
			})
		}
	}
}

type syncGame struct {
	*world
	top     string // of the tree
	files   bool
	books   bool
	rand    *rand.Rand
	clock   atomic.Int64
	readers []*reader
	made    int
	ended   int            // pagings that came to their end
	refused int            // tokens
	came    map[string]int // how often something was made under a path, copied or moved to it
	wrote   map[string]int // by method: what was not refused
	last    []string
}

func newSyncGame(t *testing.T, seed uint64, tree string) *syncGame {
	g := &syncGame{top: "/" + tree + "/ann/", files: tree == "files", books: tree == "addressbooks", rand: rand.New(rand.NewPCG(seed, 0)), came: map[string]int{}, wrote: map[string]int{}}
	g.clock.Store(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Unix())
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{Now: func() time.Time { return time.Unix(g.clock.Load(), 0) }})
	g.world = worldOf(t, db, dav.Options{Files: true})
	g.want(207, "ann", "PROPFIND", g.top, "", "Depth", "0")
	for _, limit := range []int{0, 1, 2, 5} {
		g.readers = append(g.readers, &reader{path: g.top, level: "1", limit: limit}, &reader{path: g.top, level: "infinite", limit: limit},
			&reader{path: g.top + "c0/", level: "1", limit: limit})
		if g.files {
			g.readers = append(g.readers, &reader{path: g.top + "c0/", level: "infinite", limit: limit})
		}
	}
	return g
}

func (g *syncGame) play(steps int) {
	for range steps {
		g.clock.Add(1)
		if g.rand.IntN(2) == 0 {
			g.write()
		} else {
			g.read(g.readers[g.rand.IntN(len(g.readers))])
		}
		if g.t.Failed() {
			g.t.Fatalf("the last steps:\n%s", strings.Join(g.last, "\n"))
		}
	}
	for _, r := range g.readers {
		for g.read(r) && !g.t.Failed() {
		}
	}
	g.t.Logf("%d pagings ended, %d tokens refused; %v", g.ended, g.refused, g.wrote)
	for _, method := range []string{"PUT", "DELETE", "MOVE", "COPY"} {
		if g.wrote[method] < steps/400 {
			g.t.Errorf("only %d times %s", g.wrote[method], method)
		}
	}
	if g.ended < steps/20 {
		g.t.Errorf("only %d pagings came to their end", g.ended)
	}
}

func (g *syncGame) note(format string, a ...any) {
	g.last = append(g.last, fmt.Sprintf(format, a...))
	if len(g.last) > 60 {
		g.last = g.last[1:]
	}
}

func (g *syncGame) write() {
	calendar := func() string {
		path := fmt.Sprintf("%sc%d/", g.top, g.rand.IntN(4))
		for depth := 1; g.files && depth < 4 && g.rand.IntN(3) == 0; depth++ { // folders in folders
			path += fmt.Sprintf("c%d/", g.rand.IntN(2))
		}
		return path
	}
	object := func() string {
		in := calendar()
		if g.files && g.rand.IntN(3) == 0 {
			in = g.top
		}
		return fmt.Sprintf("%so%d.ics", in, g.rand.IntN(8))
	}
	makes, kind := "MKCALENDAR", ""
	switch {
	case g.books:
		makes, kind = "MKCOL", `<d:mkcol xmlns:d="DAV:"><d:set><d:prop><d:resourcetype><d:collection/><card:addressbook xmlns:card="urn:ietf:params:xml:ns:carddav"/></d:resourcetype></d:prop></d:set></d:mkcol>`
	case g.files:
		makes = "MKCOL"
	}
	send := func(method, path, body string, header ...string) {
		a := g.do("ann", method, path, body, header...)
		g.note("%s %s %v: %d", method, path, header, a.Code)
		if a.Code < 300 {
			g.wrote[method]++
		}
		switch {
		case a.Code >= 500:
			g.t.Errorf("%s %s: %d %s", method, path, a.Code, a.Body)
		case a.Code >= 300:
		case method == makes:
			g.came[path]++
		case len(header) == 2: // COPY, MOVE
			g.came[header[1]]++
		}
	}
	g.made++
	switch n := g.rand.IntN(100); {
	case n < 38:
		path, uid := object(), fmt.Sprint("u", g.rand.IntN(12))
		if g.books {
			send("PUT", path, fmt.Sprintf("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\nFN:%d\r\nN:%[2]d;;;;\r\nEND:VCARD\r\n", uid, g.made))
		} else {
			send("PUT", path, event(uid, "DTSTART:20260101T090000Z", fmt.Sprint("SUMMARY:", g.made)))
		}
	case n < 50:
		send("DELETE", object(), "")
	case n < 60:
		send("MOVE", object(), "", "Destination", object())
	case n < 65:
		send("COPY", object(), "", "Destination", object())
	case n < 71:
		send("PROPPATCH", calendar(), fmt.Sprintf(`<d:propertyupdate xmlns:d="DAV:"><d:set><d:prop><d:displayname>n%d</d:displayname></d:prop></d:set></d:propertyupdate>`, g.made))
	case n < 81:
		send(makes, calendar(), kind)
	case n < 85:
		send("DELETE", calendar(), "")
	case n < 91:
		send("MOVE", calendar(), "", "Destination", calendar())
	case n < 97:
		send("COPY", calendar(), "", "Destination", calendar())
	case n < 98:
		g.prune()
	default:
		g.sweep()
	}
}

// prune cuts all but the last few changes.
func (g *syncGame) prune() {
	if err := g.db.Prune(g.t.Context(), time.Unix(g.clock.Load()-int64(g.rand.IntN(100)), 0), 1+g.rand.IntN(50), func(_, _ int64) {}); err != nil {
		g.t.Error(err)
	}
	g.note("prune")
}

// sweep empties what was deleted.
func (g *syncGame) sweep() {
	g.note("sweep")
	for {
		j, err := g.db.ClaimJob(g.t.Context(), "purge")
		if err != nil {
			return
		}
		id, err := strconv.ParseInt(j.Key, 10, 64)
		for more := true; more && err == nil; {
			err = g.db.Update(g.t.Context(), func(tx *store.Tx) (err error) {
				if more, err = tx.PurgeCollection(id, 3); err == nil && !more {
					err = tx.FinishJob(j, "")
				}
				return err
			})
		}
		if err != nil {
			g.t.Error(err)
		}
	}
}

// reader is a client that keeps a copy.
type reader struct {
	path, level string
	limit       int
	token       string
	paging      bool
	have        map[string]string // what is known of each href
	told        map[string]string // in this paging
}

func (r *reader) reset() { r.token, r.paging, r.have, r.told = "", false, nil, nil }

type syncAnswer struct {
	Responses []struct {
		Href      string `xml:"href"`
		Status    string `xml:"status"`
		Propstats []struct {
			ETag   string `xml:"prop>getetag"`
			CTag   string `xml:"prop>getctag"`
			Name   string `xml:"prop>displayname"`
			Status string `xml:"status"`
		} `xml:"propstat"`
	} `xml:"response"`
	Token string `xml:"sync-token"`
}

const syncProps = `<d:prop><d:getetag/><d:displayname/><s:getctag xmlns:s="http://calendarserver.org/ns/"/></d:prop>`

func (g *syncGame) parse(body []byte) syncAnswer {
	g.t.Helper()
	var a syncAnswer
	if err := xml.Unmarshal(body, &a); err != nil {
		g.t.Fatal(err)
	}
	return a
}

// values are what a reader looks at, by href: at level 1 also whether anything has changed below a collection.
func (a syncAnswer) values(ctags bool) (values map[string]string, gone []string) {
	values = map[string]string{}
	for _, r := range a.Responses {
		if strings.Contains(r.Status, "404") {
			gone = append(gone, r.Href)
		}
		for _, p := range r.Propstats {
			if !strings.Contains(p.Status, "200") {
				continue
			}
			v := p.ETag + " " + p.Name
			if ctags {
				v += " " + p.CTag
			}
			values[r.Href] = v
		}
	}
	return values, gone
}

// read reads one page and says whether there are more.
func (g *syncGame) read(r *reader) (more bool) {
	g.t.Helper()
	limit := ""
	if r.limit > 0 {
		limit = fmt.Sprintf("<d:limit><d:nresults>%d</d:nresults></d:limit>", r.limit)
	}
	rec := g.do("ann", "REPORT", r.path, `<d:sync-collection xmlns:d="DAV:"><d:sync-token>`+r.token+`</d:sync-token><d:sync-level>`+r.level+`</d:sync-level>`+limit+syncProps+`</d:sync-collection>`)
	g.note("%s level %s, limit %d, since %s: %d", r.path, r.level, r.limit, r.token, rec.Code)
	switch {
	case rec.Code == 404:
		r.reset()
		return false
	case rec.Code == 403 && strings.Contains(rec.Body.String(), "valid-sync-token"):
		// After a prune, or because another calendar has the name now.
		if r.token == "" {
			g.t.Error("the empty token is refused")
		}
		g.refused++
		r.reset()
		return false
	case rec.Code != 207:
		g.t.Errorf("sync of %s: %d %s", r.path, rec.Code, rec.Body)
		return false
	}
	a := g.parse(rec.Body.Bytes())
	values, gone := a.values(r.level == "1")
	for _, res := range a.Responses {
		if res.Href == r.path {
			more = strings.Contains(res.Status, "507")
		}
	}
	if n := len(values) + len(gone); r.limit > 0 && n > r.limit || more && n == 0 {
		g.t.Errorf("%d changes with a limit of %d", n, r.limit)
	}
	if !r.paging {
		r.told = map[string]string{}
	}
	if r.have == nil {
		r.have = map[string]string{}
	}
	r.token, r.paging = a.Token, more
	for _, href := range gone {
		if _, both := values[href]; both {
			g.t.Errorf("%s is there and gone", href)
		}
		for _, m := range []map[string]string{r.have, r.told} {
			maps.DeleteFunc(m, func(h, _ string) bool { return h == href || strings.HasSuffix(href, "/") && strings.HasPrefix(h, href) })
		}
	}
	for href, v := range values {
		told := fmt.Sprint(v, " ", g.incarnation(href))
		if old, twice := r.told[href]; twice && old == told {
			g.t.Errorf("%s is told twice in one paging, though it has not changed", href)
		}
		r.told[href], r.have[href] = told, v
	}
	if more {
		return true
	}
	g.ended++
	if want := g.shown(r); !maps.Equal(r.have, want) {
		g.t.Errorf("the reader of %s (level %s, limit %d) has\n%s\nPROPFIND shows\n%s", r.path, r.level, r.limit, lines(r.have), lines(want))
	}
	return false
}

// incarnation counts how often something came under the name of a resource, or of one that it is in.
func (g *syncGame) incarnation(href string) (n int) {
	for path, times := range g.came {
		if href == path || strings.HasSuffix(path, "/") && strings.HasPrefix(href, path) {
			n += times
		}
	}
	return n
}

// shown is what PROPFIND has below a reader's path.
func (g *syncGame) shown(r *reader) map[string]string {
	g.t.Helper()
	list := func(path string) map[string]string {
		rec := g.want(207, "ann", "PROPFIND", path, `<d:propfind xmlns:d="DAV:">`+syncProps+`</d:propfind>`, "Depth", "1")
		values, _ := g.parse(rec.Body.Bytes()).values(r.level == "1")
		delete(values, path)
		return values
	}
	all := list(r.path)
	if r.level == "infinite" {
		for hrefs := slices.Collect(maps.Keys(all)); len(hrefs) > 0; hrefs = hrefs[1:] {
			if !strings.HasSuffix(hrefs[0], "/") {
				continue
			}
			below := list(hrefs[0])
			maps.Copy(all, below)
			hrefs = slices.AppendSeq(hrefs, maps.Keys(below))
		}
	}
	return all
}

func lines(m map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(m)) {
		fmt.Fprintf(&b, "  %s %s\n", k, m[k])
	}
	return b.String()
}
