package carddav_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

const book = "/addressbooks/ann/addressbook/"

const namespaces = `xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"`

// server is the whole service over a database of its own; it keeps the number of statements of the last request.
type server struct {
	tb         testing.TB
	dav        *dav.Server
	db         *store.DB
	statements int
}

func newServer(tb testing.TB, opt dav.Options) *server {
	tb.Helper()
	s := &server{tb: tb, db: storetest.OpenAt(tb, storetest.Path(tb), store.Options{})}
	opt.Log, opt.SpoolDir = slog.New(s), tb.TempDir()
	var err error
	if s.dav, err = dav.New(s.db, opt); err != nil {
		tb.Fatal(err)
	}
	return s
}

func (s *server) Enabled(context.Context, slog.Level) bool { return true }
func (s *server) WithAttrs([]slog.Attr) slog.Handler       { return s }
func (s *server) WithGroup(string) slog.Handler            { return s }

// Handle is the log: one line a request.
func (s *server) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "statements" {
			s.statements = int(a.Value.Int64())
		}
		return true
	})
	return nil
}

// as sends a request of that user's; headers are "Name: value". The status must be the one wanted.
func (s *server) as(user, method, path, body string, want int, headers ...string) string {
	s.tb.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for _, h := range headers {
		k, v, _ := strings.Cut(h, ": ")
		r.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	s.dav.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: user})))
	if w.Code != want {
		s.tb.Fatalf("%s %s: %d, want %d: %.500s", method, path, w.Code, want, w.Body)
	}
	return w.Body.String()
}

func (s *server) do(method, path, body string, want int, headers ...string) string {
	s.tb.Helper()
	return s.as("ann", method, path, body, want, headers...)
}

// query asks the book; it gives the names of the cards found, in the order of the answer.
func (s *server) query(filter string) []string {
	s.tb.Helper()
	answer := s.do("REPORT", book, `<c:addressbook-query `+namespaces+`><d:prop><d:getetag/></d:prop>`+filter+`</c:addressbook-query>`, 207, "Depth: 1")
	var names []string
	for part := range strings.SplitSeq(answer, "<d:href>") {
		if name, ok := strings.CutPrefix(part, book); ok {
			name, _, _ = strings.Cut(name, "</d:href>")
			names = append(names, strings.TrimSuffix(name, ".vcf"))
		}
	}
	return names
}

func multiget(names ...string) string {
	var b strings.Builder
	b.WriteString(`<c:addressbook-multiget ` + namespaces + `><d:prop><d:getetag/><c:address-data/></d:prop>`)
	for _, n := range names {
		b.WriteString(`<d:href>` + book + n + `.vcf</d:href>`)
	}
	return b.String() + `</c:addressbook-multiget>`
}

func card(uid string, lines ...string) string {
	return "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:" + uid + "\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCARD\r\n"
}

// person is the n-th of many.
func person(n int) string {
	return card(fmt.Sprintf("p%d", n), fmt.Sprintf("FN:Given%d Family%d", n%977, n), fmt.Sprintf("N:Family%d;Given%d;;;", n, n%977),
		fmt.Sprintf("EMAIL;TYPE=home:given%d.family%d@example.org", n%977, n), "TEL;TYPE=cell:+1 555 "+fmt.Sprint(1000000+n), "NOTE:one of many\\, and nobody special")
}

// fill puts many cards into the book past the service, as it would.
func (s *server) fill(from, to int) {
	s.tb.Helper()
	s.do("PROPFIND", book, "", 207, "Depth: 0") // makes the account
	for from < to {
		next := min(to, from+1000)
		s.update(func(tx *store.Tx, c *store.Collection) error {
			for n := from; n < next; n++ {
				body := person(n)
				parsed, err := vcard.Parse([]byte(body))
				if err != nil {
					return err
				}
				ix := store.Index{Version: 1, UID: fmt.Sprintf("p%d", n), Kind: 1}
				for _, k := range filter.CardKeys(parsed) {
					ix.Keys = append(ix.Keys, store.Key{Prop: uint8(k.Prop), Value: k.Value})
				}
				if err := tx.PutObject(c, &store.Object{Name: fmt.Sprintf("p%d.vcf", n)}, []byte(body), ix); err != nil {
					return err
				}
			}
			return nil
		})
		from = next
	}
}

// update changes ann's address book past the service.
func (s *server) update(do func(*store.Tx, *store.Collection) error) {
	s.tb.Helper()
	err := s.db.Update(s.tb.Context(), func(tx *store.Tx) error {
		p, err := tx.Principal(store.User, "ann")
		if err != nil {
			return err
		}
		home, err := tx.Root(p.ID, store.KindAddressHome)
		if err != nil {
			return err
		}
		c, err := tx.Collection(home.ID, "addressbook")
		if err != nil {
			return err
		}
		return do(tx, c)
	})
	if err != nil {
		s.tb.Fatal(err)
	}
}
