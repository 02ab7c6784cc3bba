package carddav_test

import (
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/beevik/etree"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/carddav"
	"caldav-fcgi/dav/filter"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// What the keys find is what the text of every card says: random cards, random filters.
func TestQuery_KeysAgreeWithTheText(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Options{})
	r := rand.New(rand.NewPCG(1, 2))
	words := []string{"Ann", "ann", "Änne", "ÄNNE", "A\u0308nne", "Lee", "leery", "straße", "STRASSE", "ﬁn", "x;y", `a\, b`, "ǆ", "%_", "", strings.Repeat("long", 300)}
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	props := []string{"FN", "N", "EMAIL", "TEL", "NICKNAME", "ORG", "UID", "NOTE", "item1.EMAIL", "i.TEL"}
	var cards []*vcard.Card
	for i := range 40 {
		lines := []string{"FN:" + pick(words) + " " + pick(words)}
		for range r.IntN(6) {
			prop := pick(props[1:])
			if prop == "UID" {
				continue
			}
			lines = append(lines, prop+";TYPE="+pick([]string{"home", "work"})+":"+pick(words)+pick(words))
		}
		body := card(fmt.Sprintf("c%02d", i), lines...)
		s.do("PUT", fmt.Sprintf("%sc%02d.vcf", book, i), body, 201)
		c, err := vcard.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		cards = append(cards, c)
	}
	match := func() string {
		return fmt.Sprintf(`<c:text-match collation="%s" match-type="%s" negate-condition="%s">%s</c:text-match>`,
			pick(filter.Collations), pick([]string{"equals", "contains", "starts-with", "ends-with"}), pick([]string{"no", "no", "yes"}), pick(words))
	}
	for range 300 {
		var b strings.Builder
		fmt.Fprintf(&b, `<c:filter %s test="%s">`, namespaces, pick([]string{"anyof", "allof"}))
		for range 1 + r.IntN(3) {
			fmt.Fprintf(&b, `<c:prop-filter name="%s" test="%s">`, pick(props), pick([]string{"anyof", "allof"}))
			switch r.IntN(6) {
			case 0:
				b.WriteString(`<c:is-not-defined/>`)
			case 1:
			case 2:
				b.WriteString(`<c:param-filter name="TYPE"><c:text-match>home</c:text-match></c:param-filter>`)
				fallthrough
			case 3:
				b.WriteString(match())
				fallthrough
			default:
				b.WriteString(match())
			}
			b.WriteString(`</c:prop-filter>`)
		}
		b.WriteString(`</c:filter>`)
		doc := etree.NewDocument()
		if err := doc.ReadFromString(b.String()); err != nil {
			t.Fatal(err)
		}
		f, err := filter.ParseCard(doc.Root())
		if err != nil {
			t.Fatal(err)
		}
		var want []string
		for i, c := range cards {
			if f.Match(c) {
				want = append(want, fmt.Sprintf("c%02d", i))
			}
		}
		got := s.query(b.String())
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Fatalf("%s\ngot  %v\nwant %v", b.String(), got, want)
		}
	}
}

// A search takes as many statements in a large book as in a small one.
func TestCost_Statements(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Options{})
	s.fill(0, 1200)
	find := func(inner string) string {
		return `<c:addressbook-query ` + namespaces + `><d:prop><d:getetag/><c:address-data/></d:prop><c:filter>` + inner + `</c:filter></c:addressbook-query>`
	}
	var names []string
	for n := range 500 {
		names = append(names, fmt.Sprintf("p%d", n))
	}
	for _, c := range []struct {
		name, method, path, body string
		most                     int
	}{
		{"one address", "REPORT", book, find(`<c:prop-filter name="EMAIL"><c:text-match match-type="equals">given7.family7@example.org</c:text-match></c:prop-filter>`), 8},
		{"typing, in three properties", "REPORT", book, find(`<c:prop-filter name="FN"><c:text-match>ly77</c:text-match></c:prop-filter><c:prop-filter name="N"><c:text-match>ly77</c:text-match></c:prop-filter><c:prop-filter name="EMAIL"><c:text-match>ly77</c:text-match></c:prop-filter>`), 10},
		{"nothing found", "REPORT", book, find(`<c:prop-filter name="EMAIL"><c:text-match>nobody</c:text-match></c:prop-filter>`), 7},
		{"everything", "REPORT", book, find(``), 6},
		{"multiget of 500", "REPORT", book, multiget(names...), 6},
		{"the first sync", "REPORT", book, `<d:sync-collection ` + namespaces + `><d:sync-token/><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`, 6},
		{"a card", "GET", book + "p7.vcf", "", 6},
	} {
		status := 207
		if c.method == "GET" {
			status = 200
		}
		s.do(c.method, c.path, c.body, status, "Depth: 1")
		if s.statements > c.most {
			t.Errorf("%s: %d statements, at most %d allowed", c.name, s.statements, c.most)
		}
	}
	s.do("PUT", book+"new.vcf", person(5000), 201)
	if s.statements > 22 {
		t.Errorf("PUT of a new card: %d statements", s.statements)
	}
}

func TestMultiget_ManyAndBeyond(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Options{})
	s.fill(0, 700)
	var names []string
	for n := range 710 {
		names = append(names, fmt.Sprintf("p%d", n))
	}
	answer := s.do("REPORT", book, multiget(names...), 207)
	if found, missing := strings.Count(answer, "BEGIN:VCARD"), strings.Count(answer, "404 Not Found"); found != 700 || missing != 10 {
		t.Errorf("%d found, %d missing", found, missing)
	}
	s.do("REPORT", book, multiget(slices.Repeat(names, 8)[:5001]...), 403)
}

// A search that would read too many texts gives what it has found so far, and says so (RFC 6352 §8.6.2).
func TestQuery_ReadsSoMuchAndNoMore(t *testing.T) {
	t.Parallel()
	s := &server{tb: t, db: storetest.OpenAt(t, storetest.Path(t), store.Options{})}
	engine, err := webdav.New(s.db, webdav.Options{}, principal.Module(), carddav.Module(carddav.Options{MaxText: 1000}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.AddAccount(t.Context(), webdav.Login{User: "ann"}); err != nil {
		t.Fatal(err)
	}
	s.update(func(tx *store.Tx, c *store.Collection) error {
		for n := range 20 {
			if err := tx.PutObject(c, &store.Object{Name: fmt.Sprintf("p%d.vcf", n)}, []byte(person(n)), store.Index{UID: fmt.Sprint(n)}); err != nil {
				return err
			}
		}
		return nil
	})
	ask := func(filter string) string {
		r := httptest.NewRequest("REPORT", book, strings.NewReader(`<c:addressbook-query `+namespaces+`><d:prop><d:getetag/></d:prop><c:filter>`+filter+`</c:filter></c:addressbook-query>`))
		r.Header.Set("Depth", "1")
		w := httptest.NewRecorder()
		engine.ServeHTTP(w, r.WithContext(webdav.WithLogin(r.Context(), webdav.Login{User: "ann"})))
		return w.Body.String()
	}
	got := ask(`<c:prop-filter name="NOTE"><c:text-match>nobody</c:text-match></c:prop-filter>`)
	if n := strings.Count(got, ".vcf</d:href>"); n == 0 || n == 20 || strings.Count(got, "507 Insufficient Storage") != 1 {
		t.Errorf("%d found: %s", n, got)
	}
	if got := ask(""); strings.Count(got, ".vcf</d:href>") != 20 || strings.Contains(got, "507") {
		t.Errorf("all of them: %s", got)
	}
}

// Keys of another version are written anew; a card that cannot be read any more is looked into.
func TestReindex(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Options{})
	s.fill(0, 1)
	s.update(func(tx *store.Tx, c *store.Collection) error {
		for name, body := range map[string]string{"old.vcf": card("old", "FN:Änne"), "lost.vcf": "no card"} {
			if err := tx.PutObject(c, &store.Object{Name: name}, []byte(body), store.Index{UID: name, Keys: []store.Key{{Prop: uint8(filter.CardFN), Value: "anne"}}}); err != nil {
				return err
			}
		}
		return nil
	})
	find := `<c:filter><c:prop-filter name="FN"><c:text-match match-type="equals">ÄNNE</c:text-match></c:prop-filter></c:filter>`
	if got := s.query(find); len(got) != 0 {
		t.Errorf("found by keys that it has not: %v", got)
	}
	if n, err := carddav.Reindex(t.Context(), s.db); n != 2 || err != nil {
		t.Errorf("%d indexed anew, %v", n, err)
	}
	if got := s.query(find); !slices.Equal(got, []string{"old"}) {
		t.Errorf("found %v", got)
	}
	if n, err := carddav.Reindex(t.Context(), s.db); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}
