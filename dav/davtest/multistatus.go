package davtest

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// response is one DAV:response, its propstats joined by status.
type response struct {
	Href    string
	Partial bool
	Status  string                // of the response itself: "404"
	Error   *element              // of the response itself
	Props   map[string][]*element // status → properties
	Errors  map[string]*element   // status → DAV:error of the propstat
}

var statusText = regexp.MustCompile(`^HTTP/1\.1 ([1-5]\d\d) \S`)

// responses reads a multi-status and says what no client could read.
func (c comparison) responses(ms *element) (found []*response, faults []string) {
	seen := map[string]bool{}
	for _, el := range ms.all("response") {
		hrefs := el.all("href")
		if len(hrefs) == 0 {
			faults = append(faults, "a DAV:response without DAV:href")
			continue
		}
		for _, h := range hrefs { // RFC 4918 §14.24: several hrefs share one status
			r := &response{Href: c.href(h.Text), Partial: el.partial(), Props: map[string][]*element{}, Errors: map[string]*element{}}
			faults = append(faults, r.read(el)...)
			if seen[r.Href] {
				faults = append(faults, fmt.Sprintf("two responses for %s", r.Href))
			}
			seen[r.Href] = true
			found = append(found, r)
		}
	}
	return found, faults
}

func (r *response) read(el *element) (faults []string) {
	if s := el.all("status"); len(s) > 0 {
		r.Status = r.code(s[0].text(), &faults)
	}
	for _, e := range el.all("error") {
		r.Error = e
	}
	propstats := el.all("propstat")
	if (r.Status == "") == (len(propstats) == 0) {
		faults = append(faults, fmt.Sprintf("%s: want either DAV:status or DAV:propstat", r.Href))
	}
	for _, ps := range propstats {
		code := r.code(ps.child("status"), &faults)
		if _, ok := r.Props[code]; !ok {
			r.Props[code] = nil
		}
		for _, prop := range ps.all("prop") {
			r.Props[code] = append(r.Props[code], prop.Children...)
		}
		for _, e := range ps.all("error") {
			r.Errors[code] = e
		}
	}
	return faults
}

// code reads a status line. Some clients compare "HTTP/1.1 200 OK" as a whole.
func (r *response) code(text string, faults *[]string) string {
	m := statusText.FindStringSubmatch(text)
	if m == nil || m[1] == "200" && text != "HTTP/1.1 200 OK" {
		*faults = append(*faults, fmt.Sprintf("%s: status %q", r.Href, text))
		return text
	}
	return m[1]
}

func (c comparison) multistatus(want, got *element) []string {
	wanted, faults := c.responses(want)
	have, more := c.responses(got)
	diffs := append(faults, more...)
	rest := append([]*response(nil), have...)
	for _, w := range wanted {
		found := false
		for i, g := range rest {
			trial := comparison{c.vars.copyOf(), c.origin, c.base}
			if !trial.vars.match(equalEscapes(w.Href), g.Href) {
				continue
			}
			d := trial.response(w, g, want.partial())
			if len(d) > 0 && variable.MatchString(c.vars.show(w.Href)) && i < len(rest)-1 {
				continue // the name was not known: another response may fit
			}
			c.vars.take(trial.vars)
			for _, text := range d {
				diffs = append(diffs, g.Href+": "+text)
			}
			rest = append(rest[:i:i], rest[i+1:]...)
			found = true
			break
		}
		if !found {
			diffs = append(diffs, "no response for "+c.vars.show(w.Href))
		}
	}
	if !want.partial() {
		for _, g := range rest {
			diffs = append(diffs, "a response for "+g.Href+" too much")
		}
	}
	for _, el := range want.Children {
		if !el.is(nsDAV, "response") {
			diffs = append(diffs, c.other(el, got)...)
		}
	}
	for _, el := range got.Children {
		if !el.is(nsDAV, "response") && !el.is(nsDAV, "responsedescription") && !want.partial() && !want.names(el.Name) {
			diffs = append(diffs, short(el.Name)+" too much")
		}
	}
	return diffs
}

func (e *element) names(n xml.Name) bool {
	for _, c := range e.Children {
		if c.Name == n {
			return true
		}
	}
	return false
}

// other compares a child of the multi-status that is no response, such as DAV:sync-token.
func (c comparison) other(want, got *element) []string {
	var least []string
	for _, g := range got.Children {
		if g.Name == want.Name {
			if least = c.element(want, g); len(least) == 0 {
				return nil
			}
		}
	}
	if least == nil {
		least = []string{"lacks " + short(want.Name)}
	}
	return least
}

func (c comparison) response(want, got *response, partial bool) []string {
	partial = partial || want.Partial
	var diffs []string
	if want.Status != got.Status {
		diffs = append(diffs, fmt.Sprintf("got status %q, want %q", got.Status, want.Status))
	}
	diffs = append(diffs, c.optional("DAV:error", want.Error, got.Error)...)
	where := map[xml.Name]string{}
	for code, props := range got.Props {
		for _, p := range props {
			if earlier, ok := where[p.Name]; ok {
				diffs = append(diffs, fmt.Sprintf("%s twice: %s and %s", short(p.Name), earlier, code))
			}
			where[p.Name] = code
		}
	}
	for _, code := range keys(want.Props) {
		if _, ok := got.Props[code]; !ok && len(want.Props[code]) == 0 && !partial {
			diffs = append(diffs, "lacks a propstat "+code)
		}
		diffs = append(diffs, c.optional("propstat "+code+": DAV:error", want.Errors[code], got.Errors[code])...)
		for _, p := range want.Props[code] {
			diffs = append(diffs, c.property(p, code, got, where)...)
			delete(where, p.Name)
		}
	}
	if !partial {
		for name, code := range where {
			diffs = append(diffs, fmt.Sprintf("%s (%s) too much", short(name), code))
		}
	}
	sort.Strings(diffs)
	return diffs
}

func (c comparison) property(want *element, code string, got *response, where map[xml.Name]string) []string {
	in, ok := where[want.Name]
	if !ok {
		return []string{"lacks " + short(want.Name)}
	}
	if in != code {
		return []string{fmt.Sprintf("%s: got propstat %s, want %s", short(want.Name), in, code)}
	}
	for _, g := range got.Props[code] {
		if g.Name == want.Name {
			return c.element(want, g)
		}
	}
	return nil
}

// optional compares DAV:error: what the file does not have is not asked for.
func (c comparison) optional(at string, want, got *element) []string {
	switch {
	case want == nil:
		return nil
	case got == nil:
		return []string{"lacks " + at}
	}
	return c.element(want, got)
}

func keys[V any](m map[string]V) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

// condition is the only element of a DAV:error in the form of the RFCs: "CALDAV:no-uid-conflict".
func condition(e *element) (string, error) {
	var names []string
	for _, c := range e.Children {
		if !c.is(nsDAV, "responsedescription") {
			names = append(names, short(c.Name))
		}
	}
	if !e.is(nsDAV, "error") || len(names) != 1 {
		return strings.Join(names, ", "), fmt.Errorf("%s with %d conditions (%s), want a DAV:error with one", short(e.Name), len(names), strings.Join(names, ", "))
	}
	return names[0], nil
}
