package carddav_test

import (
	"fmt"
	"strings"
	"testing"

	"caldav-fcgi/dav"
)

// What clients ask of books of several sizes.
func BenchmarkBook(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 50_000} {
		s := newServer(b, dav.Options{})
		s.fill(0, n)
		find := func(inner string) string {
			return `<c:addressbook-query ` + namespaces + `><d:prop><d:getetag/><c:address-data/></d:prop><c:filter>` + inner + `</c:filter><c:limit><c:nresults>50</c:nresults></c:limit></c:addressbook-query>`
		}
		mail := fmt.Sprintf("given%d.family%d@example.org", (n/2)%977, n/2)
		var names []string
		for i := range 100 {
			names = append(names, fmt.Sprintf("p%d", i*n/100))
		}
		_, rest, _ := strings.Cut(s.do("PROPFIND", book, `<d:propfind `+namespaces+`><d:prop><d:sync-token/></d:prop></d:propfind>`, 207, "Depth: 0"), "<d:sync-token>")
		token, _, _ := strings.Cut(rest, "</d:sync-token>")
		for i := range 10 {
			s.do("PUT", fmt.Sprintf("%sp%d.vcf", book, i*n/10), strings.Replace(person(i*n/10), "one of many", "changed", 1), 204)
		}
		typed := ""
		for _, prop := range []string{"FN", "N", "EMAIL"} {
			typed += `<c:prop-filter name="` + prop + `"><c:text-match>ly` + fmt.Sprint(n-1) + `</c:text-match></c:prop-filter>`
		}
		for _, c := range []struct{ name, body string }{
			{"mail", find(`<c:prop-filter name="EMAIL"><c:text-match match-type="equals">` + mail + `</c:text-match></c:prop-filter>`)},
			{"typing", find(typed)},
			{"multiget", multiget(names...)},
			{"sync", `<d:sync-collection ` + namespaces + `><d:sync-token>` + token + `</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`},
		} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				s.tb = b
				for b.Loop() {
					s.do("REPORT", book, c.body, 207, "Depth: 1")
				}
			})
		}
	}
}
