package nginx_test

import (
	"bytes"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"caldav-fcgi/dav/davtest"
	"caldav-fcgi/fcgi/sitetest"
)

const (
	namespaces = `xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"`
	etagBody   = `<d:propfind ` + namespaces + `><d:prop><d:getetag/></d:prop></d:propfind>`
	syncBody   = `<d:sync-collection ` + namespaces + `><d:sync-token>%s</d:sync-token><d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>`
	juneRange  = ` start="20250601T000000Z" end="20250701T000000Z"/>`
	monthBody  = `<c:calendar-query ` + namespaces + `><d:prop><d:getetag/>%s</d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="VEVENT"><c:time-range` + juneRange + `</c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
	uidBody    = `<c:calendar-query ` + namespaces + `><d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR"><c:comp-filter name="%s"><c:prop-filter name="UID"><c:text-match collation="i;octet">%s</c:text-match></c:prop-filter></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>`
	busyBody   = `<c:free-busy-query ` + namespaces + `><c:time-range` + juneRange + `</c:free-busy-query>`
)

// The rows of the table.
const (
	opGet        = "GET one"
	opGet8       = "GET one, 8 connections"
	opPut        = "PUT new"
	opPut8       = "PUT new, 8 connections"
	opUpdate     = "PUT update"
	opUpdate8    = "PUT update, 8 connections"
	opPropfind   = "PROPFIND Depth 1, ETags"
	opSyncFirst  = "first sync"
	opSync       = "sync after 10 changes"
	opMonth      = "query of a month, with data"
	opMonthETags = "query of a month, ETags"
	opExpand     = "query of a month, expanded"
	opUID        = "query by UID"
	opMultiget   = "multiget of 100"
	opBusy       = "free-busy of a month"
	opExport     = "export"
	opDelete     = "DELETE one"
	opDeleteAll  = "DELETE the collection"
)

// operations fills the calendar and measures everything but its end.
func (b *bench) operations() {
	f := b.floors
	b.measureHello()
	for _, path := range []string{benchPath, "/calendars/ann/other/"} {
		if _, err := b.want(http.StatusCreated, "MKCALENDAR", path, ""); err != nil {
			b.Fatal(err)
		}
	}
	insert := f.insert()
	b.add(b.measure(opPut8, 8, len(b.objs), b.put(b.objs)), insert)
	b.store = b.storeSize()

	b.add(b.measure(opUpdate, 1, 0, b.update(1)), f.update())
	b.add(b.measure(opUpdate8, 8, 0, b.update(2)), f.update())
	get := f.one()
	b.add(b.measure(opGet, 1, 0, b.get), get)
	b.add(b.measure(opGet8, 8, 0, b.get), get)
	all := f.all("name, etag")
	b.add(b.measure(opPropfind, 1, 0, b.responses(b.names(), func(int) (answer, error) {
		return b.want(http.StatusMultiStatus, "PROPFIND", benchPath, etagBody, "Depth", "1")
	})), all)
	b.add(b.measure(opSyncFirst, 1, 0, b.responses(b.names(), func(int) (answer, error) {
		return b.report(fmt.Sprintf(syncBody, ""))
	})), all)
	b.add(b.measure(opSync, 1, 0, b.sync()), f.since(10))
	b.add(b.measure(opMonth, 1, 0, b.responses(b.month.Names, func(int) (answer, error) {
		return b.report(fmt.Sprintf(monthBody, "<c:calendar-data/>"))
	})), f.byName(b.month.Names, "etag, data"))
	etags := f.byName(b.month.Names, "etag")
	b.add(b.measure(opMonthETags, 1, 0, b.responses(b.month.Names, func(int) (answer, error) {
		return b.report(fmt.Sprintf(monthBody, ""))
	})), etags)
	expand := b.measure(opExpand, 1, 0, b.counted("BEGIN:VEVENT", b.month.Instances, b.responses(b.month.Names, func(int) (answer, error) {
		return b.report(fmt.Sprintf(monthBody, "<c:calendar-data><c:expand"+juneRange+"</c:calendar-data>"))
	})))
	expand.instances = b.month.Instances
	b.add(expand, f.byName(b.month.Names, "etag, data"))
	b.add(b.measure(opUID, 1, 0, b.byUID), get)
	b.add(b.measure(opMultiget, 1, 0, b.multiget), f.byName(b.hundred(0), "etag, data"))
	b.add(b.measure(opBusy, 1, 0, b.freeBusy), etags)
	b.add(b.measure(opExport, 1, 0, b.export()), f.all("data"))
	b.add(b.measure(opPut, 1, len(b.more), b.put(b.more)), insert)
	b.add(b.measure(opDelete, 1, len(b.more), func(i int) (answer, error) {
		return b.want(http.StatusNoContent, "DELETE", benchPath+b.more[i].Name, "")
	}), f.remove())
	b.measureHello()
	b.worst = b.peak.Load()
	time.Sleep(3 * time.Second)
	b.rest = sitetest.PSS(b.running.PID(), b.web.PID())
}

func (b *bench) add(r result, floor float64) {
	r.floor = floor
	b.results = append(b.results, r)
}

func (b *bench) report(body string) (answer, error) {
	return b.want(http.StatusMultiStatus, "REPORT", benchPath, body, "Depth", "1", "Content-Type", "application/xml")
}

func (b *bench) names() (list []string) {
	for _, o := range b.objs {
		list = append(list, o.Name)
	}
	return list
}

func (b *bench) put(objs []davtest.Generated) func(int) (answer, error) {
	return func(i int) (answer, error) {
		return b.want(http.StatusCreated, "PUT", benchPath+objs[i].Name, objs[i].Body, "Content-Type", "text/calendar; charset=utf-8")
	}
}

// update changes objects all over the calendar; their times stay.
func (b *bench) update(round int) func(int) (answer, error) {
	return func(i int) (answer, error) {
		o := b.objs[i*7919%len(b.objs)]
		body := strings.Replace(o.Body, "SUMMARY:", fmt.Sprintf("SUMMARY:%d %d ", round, i), 1)
		return b.want(http.StatusNoContent, "PUT", benchPath+o.Name, body, "Content-Type", "text/calendar; charset=utf-8")
	}
}

func (b *bench) get(i int) (answer, error) {
	o := b.objs[i*7907%len(b.objs)]
	a, err := b.want(http.StatusOK, "GET", benchPath+o.Name, "")
	if err == nil && !bytes.Contains(a.body, []byte("UID:"+o.UID)) {
		err = fmt.Errorf("GET %s: another object", o.Name)
	}
	return a, err
}

// responses compares the members in a 207 with the expected ones: by name in the first, by number in those after it.
func (b *bench) responses(want []string, run func(int) (answer, error)) func(int) (answer, error) {
	return func(i int) (answer, error) {
		a, err := run(i)
		if err != nil {
			return a, err
		}
		if i == 0 {
			if got := members(a.body); !slices.Equal(got, want) {
				return a, fmt.Errorf("%d members in the answer, want %d: not the expected ones", len(got), len(want))
			}
			return a, nil
		}
		if got := bytes.Count(a.body, []byte(".ics</d:href>")); got != len(want) {
			return a, fmt.Errorf("%d members in the answer, want %d", got, len(want))
		}
		return a, nil
	}
}

func (b *bench) counted(text string, want int, run func(int) (answer, error)) func(int) (answer, error) {
	return func(i int) (answer, error) {
		a, err := run(i)
		if n := bytes.Count(a.body, []byte(text)); err == nil && n != want {
			err = fmt.Errorf("%d × %s, want %d", n, text, want)
		}
		return a, err
	}
}

// members are the names of the objects in a 207, sorted.
func members(body []byte) (names []string) {
	for rest := body; ; {
		_, after, ok := bytes.Cut(rest, []byte("<d:href>"))
		if !ok {
			slices.Sort(names)
			return names
		}
		href, more, _ := bytes.Cut(after, []byte("</d:href>"))
		if name := path.Base(string(href)); strings.HasSuffix(name, ".ics") {
			names = append(names, name)
		}
		rest = more
	}
}

// sync changes ten objects and asks for them, always from the token before.
func (b *bench) sync() func(int) (answer, error) {
	a, err := b.want(http.StatusMultiStatus, "PROPFIND", benchPath, `<d:propfind xmlns:d="DAV:"><d:prop><d:sync-token/></d:prop></d:propfind>`, "Depth", "0")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(a.body), "<d:sync-token>")
	token, _, _ := strings.Cut(rest, "<")
	var want []string
	change := b.update(3)
	for i := range 10 {
		if _, err := change(i * 31); err != nil {
			b.Fatal(err)
		}
		want = append(want, b.objs[i*31*7919%len(b.objs)].Name)
	}
	slices.Sort(want)
	return b.responses(want, func(int) (answer, error) { return b.report(fmt.Sprintf(syncBody, token)) })
}

func (b *bench) byUID(i int) (answer, error) {
	o := b.objs[i*6007%len(b.objs)]
	return b.responses([]string{o.Name}, func(int) (answer, error) { return b.report(fmt.Sprintf(uidBody, o.Component, o.UID)) })(0)
}

func (b *bench) hundred(i int) (names []string) {
	for k := range 100 {
		names = append(names, b.objs[(i*100+k*13)%len(b.objs)].Name)
	}
	return names
}

func (b *bench) multiget(i int) (answer, error) {
	names := b.hundred(i)
	var body strings.Builder
	body.WriteString(`<c:calendar-multiget ` + namespaces + `><d:prop><d:getetag/><c:calendar-data/></d:prop>`)
	for _, name := range names {
		body.WriteString("<d:href>/dav" + benchPath + name + "</d:href>")
	}
	body.WriteString("</c:calendar-multiget>")
	slices.Sort(names)
	return b.counted("BEGIN:VCALENDAR", 100, b.responses(names, func(int) (answer, error) { return b.report(body.String()) }))(0)
}

func (b *bench) freeBusy(int) (answer, error) {
	a, err := b.want(http.StatusOK, "REPORT", benchPath, busyBody, "Depth", "1", "Content-Type", "application/xml")
	if err != nil {
		return a, err
	}
	busy, err := busyTime(a.body)
	if err == nil && busy != b.month.Busy {
		err = fmt.Errorf("busy for %v, want %v", busy, b.month.Busy)
	}
	return a, err
}

// busyTime is how long the periods of an answer are that lie within the month; periods that overlap count once.
func busyTime(body []byte) (time.Duration, error) {
	const form = "20060102T150405Z"
	type period struct{ from, to time.Time }
	var list []period
	for line := range strings.Lines(strings.ReplaceAll(string(body), "\r\n ", "")) {
		if !strings.HasPrefix(line, "FREEBUSY") {
			continue
		}
		_, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		for text := range strings.SplitSeq(value, ",") {
			begin, end, _ := strings.Cut(text, "/")
			from, err := time.Parse(form, begin)
			if err != nil {
				return 0, err
			}
			to, err := time.Parse(form, end)
			if err != nil { // the other form: P1DT2H30M
				var d time.Duration
				if d, err = time.ParseDuration(strings.ToLower(strings.TrimPrefix(end, "PT"))); err != nil {
					return 0, err
				}
				to = from.Add(d)
			}
			list = append(list, period{from, to})
		}
	}
	slices.SortFunc(list, func(x, y period) int { return x.from.Compare(y.from) })
	var busy time.Duration
	counted := june[0]
	for _, p := range list {
		from, to := p.from, p.to
		if from.Before(counted) {
			from = counted
		}
		if to.After(june[1]) {
			to = june[1]
		}
		if from.Before(to) {
			busy, counted = busy+to.Sub(from), to
		}
	}
	return busy, nil
}

func (b *bench) export() func(int) (answer, error) {
	size := 0
	return func(i int) (answer, error) {
		a, err := b.want(http.StatusOK, "GET", benchPath, "")
		if err != nil {
			return a, err
		}
		if i == 0 {
			uids := map[string]bool{}
			for line := range bytes.Lines(a.body) {
				if bytes.HasPrefix(line, []byte("UID:")) {
					uids[string(line)] = true
				}
			}
			if size = len(a.body); len(uids) != len(b.objs) {
				err = fmt.Errorf("%d objects in the export, want %d", len(uids), len(b.objs))
			}
		} else if len(a.body) != size {
			err = fmt.Errorf("%d octets, and %d before", len(a.body), size)
		}
		return a, err
	}
}
