package dav_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// listing is what a calendar client asks of a home with Depth 1.
const listing = `<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/" xmlns:ical="http://apple.com/ns/ical/"><d:prop>
<d:resourcetype/><d:displayname/><d:owner/><d:current-user-privilege-set/><d:supported-report-set/><d:sync-token/><d:resource-id/><d:add-member/><d:lockdiscovery/><d:acl/>
<d:quota-available-bytes/><d:quota-used-bytes/><cs:getctag/><cs:invite/><cs:allowed-sharing-modes/><cs:shared-url/><cs:source/><cs:publish-url/><cs:pushkey/>
<c:supported-calendar-component-set/><c:calendar-description/><c:calendar-timezone/><c:schedule-calendar-transp/><ical:calendar-color/><ical:calendar-order/><x xmlns="u:x"/></d:prop></d:propfind>`

// sharee is a service where bob, who is in 200 groups, has this many calendars of others in his home: by shares with him, or
// with one of his groups.
func sharee(t testing.TB, shares int) (s *dav.Server, log *counting) {
	t.Helper()
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{})
	log = new(counting)
	s, err := dav.New(db, dav.Options{Log: slog.New(log), SpoolDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	account := func(name string) *store.Principal {
		p, err := s.Engine().AddAccount(t.Context(), webdav.Login{User: name})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	bob := account("bob")
	var owners []*store.Principal
	for i := range 5 {
		owners = append(owners, account(fmt.Sprintf("owner%d", i)))
	}
	err = db.Update(t.Context(), func(tx *store.Tx) error {
		var groups []int64
		for i := range 200 {
			g := &store.Principal{Kind: store.Group, Name: fmt.Sprintf("g%03d", i)}
			if err := tx.CreatePrincipal(g); err != nil {
				return err
			}
			groups = append(groups, g.ID)
		}
		if err := tx.SetGroups(bob.ID, store.ByHand, groups); err != nil {
			return err
		}
		for i := range shares {
			owner := owners[i%len(owners)]
			home, err := tx.Root(owner.ID, store.KindCalendarHome)
			if err != nil {
				return err
			}
			c := &store.Collection{Parent: home.ID, Owner: owner.ID, Kind: store.KindCalendar, Name: fmt.Sprintf("c%03d", i)}
			if err := tx.CreateCollection(c); err != nil {
				return err
			}
			share := &store.Share{Collection: c.ID, Address: "mailto:bob@example.org", Sharee: bob.ID, Level: privilege.Levels()[i%5]}
			if i%2 == 1 {
				share.Address, share.Sharee = fmt.Sprintf("mailto:g%d@example.org", i%200), groups[i%200]
			}
			if err := tx.PutShare(share); err != nil {
				return err
			}
			if share.Status == store.ShareAccepted { // a group's members have it at once
				continue
			}
			if _, err := tx.Accept(share, ""); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, log
}

func (c *counting) list(t testing.TB, s *dav.Server, want int) {
	t.Helper()
	r := httptest.NewRequest("PROPFIND", "/calendars/bob/", strings.NewReader(listing))
	r.Header.Set("Depth", "1")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "bob"})))
	if n := strings.Count(w.Body.String(), "/c0") + strings.Count(w.Body.String(), "/c1"); w.Code != http.StatusMultiStatus || n == 0 {
		t.Fatalf("%d: %.3000s", w.Code, w.Body)
	}
	if n := strings.Count(w.Body.String(), "<d:response>"); n < want {
		t.Errorf("%d responses, want %d or more", n, want)
	}
}

// However many calendars are shared with somebody, and in however many groups he is, one listing of his home takes the
// same statements.
func TestCost_ManySharesTakeNoMoreStatements(t *testing.T) {
	t.Parallel()
	const most = 30
	counts := map[int]int{}
	for _, shares := range []int{1, 500} {
		s, log := sharee(t, shares)
		log.list(t, s, shares)
		log.list(t, s, shares)
		if counts[shares] = log.statements; log.statements > most {
			t.Errorf("%d shares: %d statements, at most %d", shares, log.statements, most)
		}
	}
	if counts[500] > counts[1]+6 { // the second of a kind brings all others
		t.Errorf("%d statements for 1 share and %d for 500", counts[1], counts[500])
	}
}

func BenchmarkHomeWith500Shares(b *testing.B) {
	s, log := sharee(b, 500)
	for b.Loop() {
		log.list(b, s, 500)
	}
	b.ReportMetric(float64(log.statements), "statements/op")
}
