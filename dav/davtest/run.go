package davtest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 64 << 20

// Run holds the dialogue in file with a client of its own.
func Run(t *testing.T, newClient func(t *testing.T) Client, file string) {
	t.Helper()
	d, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	client := newClient(t)
	for _, feature := range d.Needs {
		if !client.Has(feature) {
			t.Skipf("%s: needs %s", file, feature)
		}
	}
	r := &runner{client: client, vars: predefined(client.Origin(), client.Base())}
	for i := range d.Steps {
		s := &d.Steps[i]
		report, err := r.step(s)
		if err != nil {
			t.Fatalf("%s:%d: %s %s: %v", s.File, s.Line, s.Method, s.Path, err)
		}
		if report != "" {
			t.Error(report)
		}
	}
}

// RunAll holds every dialogue that matches pattern, each as a parallel subtest with a client of its own.
func RunAll(t *testing.T, newClient func(t *testing.T) Client, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogue matches %s (%v)", pattern, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			Run(t, newClient, file)
		})
	}
}

type runner struct {
	client Client
	vars   vars
}

// answer is what came back, the body read and unpacked.
type answer struct {
	*http.Response
	body []byte
	root *element // of an XML body
	bad  error    // why there is no root
}

// step makes one exchange and reports how the answer differs from what is expected; an error ends the dialogue.
func (r *runner) step(s *Step) (string, error) {
	rq, err := r.request(s)
	if err != nil {
		return "", err
	}
	user, err := r.vars.expand(s.User)
	if err != nil {
		return "", err
	}
	raw, err := r.client.Do(user, rq)
	if err != nil {
		return "", err
	}
	a, err := read(raw)
	if err != nil {
		return "", err
	}
	var diffs []string
	if !statusIs(s.Status, a.StatusCode) {
		diffs = append(diffs, fmt.Sprintf("got status %d, want %s", a.StatusCode, strings.Join(s.Status, " or ")))
	}
	diffs = append(diffs, r.always(a)...)
	for _, c := range s.Checks {
		for _, d := range r.check(s, c, a) {
			diffs = append(diffs, fmt.Sprintf("line %d: %s", c.Line, d))
		}
	}
	if len(diffs) == 0 {
		return "", nil
	}
	return r.report(s, a, diffs), nil
}

var hrefStart = regexp.MustCompile(`(<(?:[A-Za-z0-9_.-]+:)?href(?:\s[^<>]*)?>\s*)/`)

func (r *runner) request(s *Step) (*http.Request, error) {
	target, err := r.vars.expand(s.Path)
	if err != nil {
		return nil, err
	}
	base := r.client.Base()
	if !s.AtHost {
		target = base + target
	}
	var body []byte
	if s.Body != "" {
		raw, err := s.content(s.Body)
		if err != nil {
			return nil, err
		}
		text, err := r.vars.expand(string(raw))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", s.Body, err)
		}
		if path.Ext(s.Body) == ".xml" {
			text = hrefStart.ReplaceAllString(text, "${1}"+base+"/")
		}
		body = []byte(text)
	}
	rq, err := http.NewRequest(s.Method, r.client.Origin()+target, nil)
	if err != nil {
		return nil, err
	}
	if s.Body != "" {
		rq.Body, rq.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		if len(body) == 0 {
			rq.Body = http.NoBody
		}
		switch {
		case path.Ext(s.Body) == ".xml":
			rq.Header.Set("Content-Type", `application/xml; charset="utf-8"`)
		case path.Ext(s.Body) == ".ics", eventName.MatchString(s.Body):
			rq.Header.Set("Content-Type", "text/calendar; charset=utf-8")
		case path.Ext(s.Body) == ".vcf":
			rq.Header.Set("Content-Type", "text/vcard; charset=utf-8")
		}
	}
	for _, h := range s.Header {
		value, err := r.vars.expand(h.Value)
		if err != nil {
			return nil, err
		}
		r.setHeader(rq, http.CanonicalHeaderKey(h.Name), value, body)
	}
	return rq, nil
}

func (r *runner) setHeader(rq *http.Request, name, value string, body []byte) {
	switch {
	case name == "Host":
		rq.Host = value
	case name == "Transfer-Encoding":
		rq.TransferEncoding, rq.ContentLength = []string{value}, -1
		rq.Body = io.NopCloser(unsized{bytes.NewReader(body)})
	case name == "Content-Type" && value == "none":
		rq.Header.Del(name)
	case name == "Destination" && strings.HasPrefix(value, "/"):
		rq.Header.Set(name, r.client.Base()+value)
	case name == "Content-Type":
		rq.Header.Set(name, value)
	default:
		rq.Header.Add(name, value)
	}
}

func read(raw *http.Response) (*answer, error) {
	defer raw.Body.Close()
	var in io.Reader = raw.Body
	if raw.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("gzip of the answer: %w", err)
		}
		in = z
	}
	body, err := io.ReadAll(io.LimitReader(in, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	a := &answer{Response: raw, body: body}
	if len(body) > 0 && strings.Contains(raw.Header.Get("Content-Type"), "xml") {
		a.root, a.bad = readXML(body)
	} else {
		a.bad = fmt.Errorf("not XML: %q", raw.Header.Get("Content-Type"))
	}
	return a, nil
}

func statusIs(want []string, got int) bool {
	for _, w := range want {
		if w == fmt.Sprint(got) || strings.HasSuffix(w, "xx") && w[0] == fmt.Sprint(got)[0] {
			return true
		}
	}
	return false
}

func (r *runner) comparison() comparison {
	return comparison{r.vars, r.client.Origin(), r.client.Base()}
}

// always is what holds for every answer, whatever the dialogue asks for.
func (r *runner) always(a *answer) (diffs []string) {
	switch {
	case a.StatusCode == http.StatusMultiStatus && a.root == nil:
		diffs = append(diffs, fmt.Sprintf("207 without a body that can be read: %v", a.bad))
	case a.StatusCode == http.StatusMultiStatus && a.root.is(nsDAV, "multistatus"):
		_, faults := r.comparison().responses(a.root)
		diffs = append(diffs, faults...)
	case a.StatusCode == http.StatusUnauthorized && !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), `Basic realm="`):
		diffs = append(diffs, fmt.Sprintf("401 with WWW-Authenticate %q, want a Basic challenge", a.Header.Get("WWW-Authenticate")))
	case a.root != nil && a.root.is(nsDAV, "error"):
		if _, err := condition(a.root); err != nil {
			diffs = append(diffs, err.Error())
		}
	}
	return diffs
}

// maxShown bounds what a failure prints of a body.
const maxShown = 6000

func (r *runner) report(s *Step, a *answer, diffs []string) string {
	var b strings.Builder
	user := s.User
	if user == "" {
		user = "nobody"
	}
	fmt.Fprintf(&b, "%s:%d: %s %s as %s:\n", s.File, s.Line, s.Method, r.vars.show(s.Path), user)
	for _, d := range diffs {
		fmt.Fprintf(&b, "  %s\n", d)
	}
	fmt.Fprintf(&b, "got: %d\n", a.StatusCode)
	for _, name := range keys(a.Header) {
		fmt.Fprintf(&b, "  %s: %s\n", name, strings.Join(a.Header[name], ", "))
	}
	b.WriteString(cut(a.canonical()))
	for _, c := range s.Checks {
		if c.Kind == bodyEqual {
			if want, err := s.content(c.Arg); err == nil {
				fmt.Fprintf(&b, "want %s:\n%s", c.Arg, cut(r.vars.show(canonical(want))))
			}
		}
	}
	return b.String()
}

func cut(text string) string {
	if len(text) > maxShown {
		return text[:maxShown] + "…\n"
	}
	return text
}

func (a *answer) canonical() string {
	if a.root != nil {
		return a.root.String()
	}
	return canonical(a.body)
}

// canonical is the form in which bodies of either kind are printed.
func canonical(body []byte) string {
	if root, err := readXML(body); err == nil {
		return root.String()
	}
	if cal, err := readICal(string(body)); err == nil {
		return cal.String()
	}
	return strings.TrimRight(string(body), "\n") + "\n"
}
