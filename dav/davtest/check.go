package davtest

import (
	"bytes"
	"fmt"
	"net/http"
	"path"
	"strings"
)

// check lists how an answer fails one expectation.
func (r *runner) check(s *Step, c check, a *answer) []string {
	switch c.Kind {
	case bodyEqual:
		return r.bodyEqual(s, c, a)
	case bodySame:
		want, err := s.content(c.Arg)
		if err != nil {
			return []string{err.Error()}
		}
		text, err := r.vars.expand(string(want))
		if err != nil {
			return []string{err.Error()}
		}
		if !bytes.Equal([]byte(text), a.body) {
			return []string{fmt.Sprintf("the body has %d octets and differs from %s with %d octets%s", len(a.body), c.Arg, len(text), firstDifference(text, string(a.body)))}
		}
		return nil
	case bodyHas, bodyLacks:
		if r.vars.match("**"+c.Arg+"**", string(a.body)) != (c.Kind == bodyHas) {
			return []string{fmt.Sprintf("the body %s %q", map[bool]string{true: "lacks", false: "contains"}[c.Kind == bodyHas], r.vars.show(c.Arg))}
		}
		return nil
	case errorIs:
		if a.root == nil {
			return []string{fmt.Sprintf("want the condition %s: %v", c.Arg, a.bad)}
		}
		if got, err := condition(a.root); err == nil && got != c.Arg {
			return []string{fmt.Sprintf("got the condition %s, want %s", got, c.Arg)}
		} else if err != nil {
			return []string{err.Error()}
		}
		return nil
	case headerIs, headerAbsent, headerHas, headerLacks:
		return r.header(c, a)
	}
	return r.hrefs(c, a)
}

func firstDifference(want, got string) string {
	for i := 0; i < len(want) && i < len(got); i++ {
		if want[i] != got[i] {
			return fmt.Sprintf(" from octet %d on", i)
		}
	}
	return ""
}

func (r *runner) bodyEqual(s *Step, c check, a *answer) []string {
	want, err := s.content(c.Arg)
	if err != nil {
		return []string{err.Error()}
	}
	switch path.Ext(c.Arg) {
	case ".xml":
		root, err := readXML(want)
		if err != nil {
			return []string{fmt.Sprintf("%s: %v", c.Arg, err)}
		}
		if a.root == nil {
			return []string{fmt.Sprintf("the body: %v", a.bad)}
		}
		return r.comparison().element(root, a.root)
	case ".ics", ".vcf":
		wantCal, err := readICal(string(want))
		if err != nil {
			return []string{fmt.Sprintf("%s: %v", c.Arg, err)}
		}
		gotCal, err := readICal(string(a.body))
		if err != nil {
			return []string{fmt.Sprintf("the body: %v", err)}
		}
		return wantCal.compare(gotCal, r.vars, false)
	}
	if got := strings.TrimSpace(string(a.body)); !r.vars.match(strings.TrimSpace(string(want)), got) {
		return []string{fmt.Sprintf("the body differs from %s", c.Arg)}
	}
	return nil
}

func (r *runner) header(c check, a *answer) []string {
	values, present := a.Header[http.CanonicalHeaderKey(c.Name)]
	got := strings.Join(values, ", ")
	switch c.Kind {
	case headerAbsent:
		if present {
			return []string{fmt.Sprintf("%s: got %q, want none", c.Name, got)}
		}
	case headerIs:
		if c.Name == "Location" || c.Name == "Content-Location" {
			got = r.cutBase(got)
		}
		if !present || !r.vars.match(c.Arg, got) {
			return []string{fmt.Sprintf("%s: got %q, want %q", c.Name, got, r.vars.show(c.Arg))}
		}
	default:
		have := map[string]bool{}
		for _, item := range strings.Split(got, ",") {
			have[strings.TrimSpace(item)] = true
		}
		var diffs []string
		for _, item := range strings.Split(c.Arg, ",") {
			if item = strings.TrimSpace(item); have[item] != (c.Kind == headerHas) {
				diffs = append(diffs, fmt.Sprintf("%s: got %q, which %s %s", c.Name, got, map[bool]string{true: "has", false: "lacks"}[have[item]], item))
			}
		}
		return diffs
	}
	return nil
}

// cutBase makes a path of the host one of the service; the origin stays, so that a dialogue can ask for a relative one.
func (r *runner) cutBase(location string) string {
	if rest, ok := strings.CutPrefix(location, r.client.Base()); ok && strings.HasPrefix(rest, "/") {
		return rest
	}
	return location
}

func (r *runner) hrefs(c check, a *answer) []string {
	if a.root == nil || !a.root.is(nsDAV, "multistatus") {
		return []string{fmt.Sprintf("no multi-status: %v", a.bad)}
	}
	found, _ := r.comparison().responses(a.root)
	if c.Kind == hrefCount {
		if len(found) != c.N {
			return []string{fmt.Sprintf("got %d responses, want %d", len(found), c.N)}
		}
		return nil
	}
	want := equalEscapes(c.Arg)
	for _, f := range found {
		if !r.vars.match(want, f.Href) {
			continue
		}
		if c.Kind == hrefNot {
			return []string{"a response for " + f.Href}
		}
		if status := fmt.Sprint(c.N); c.N != 0 && f.Status != status {
			return []string{fmt.Sprintf("%s: got status %q, want %s", f.Href, f.Status, status)}
		}
		if c.N == 0 && f.Status != "" && f.Status != "200" {
			return []string{fmt.Sprintf("%s: got status %s, want properties", f.Href, f.Status)}
		}
		return nil
	}
	if c.Kind == hrefHas {
		return []string{"no response for " + r.vars.show(c.Arg)}
	}
	return nil
}
