package carddav_test

import (
	"fmt"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"caldav-fcgi/dav"
)

// What clients ask of books of several sizes. It fails where a limit is missed: an address, a hundred cards and ten changes
// take no more in a book of 50,000 than half as much again as in one of 10,000, and typing into a search field, which
// looks into each name and address, takes 10 ms of processor time.
func BenchmarkBook(b *testing.B) {
	took := map[string]map[int]time.Duration{}
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
				runtime.GC()
				before := processorTime(b)
				for b.Loop() {
					s.do("REPORT", book, c.body, 207, "Depth: 1")
				}
				cpu := (processorTime(b) - before) / time.Duration(b.N)
				b.ReportMetric(float64(cpu.Microseconds()), "cpu-µs/op")
				if took[c.name] == nil {
					took[c.name] = map[int]time.Duration{}
				}
				took[c.name][n] = cpu
			})
		}
	}
	const noise = 200 * time.Microsecond
	for name, by := range took {
		switch small, large := by[10_000], by[50_000]; {
		case small == 0 || large == 0: // not asked for
		case name == "typing" && large > 10*time.Millisecond:
			b.Errorf("typing takes %v of processor time in 50,000 cards, 10 ms are allowed", large)
		case name != "typing" && large > small*3/2+noise:
			b.Errorf("%s takes %v in 50,000 cards and %v in 10,000", name, large, small)
		}
	}
}

// processorTime is what this process has taken so far.
func processorTime(b *testing.B) time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		b.Fatal(err)
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}
