package webdav

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// ParseETags reads a list of entity tags (RFC 9110 §13.1.1): the tags as opaque strings, or any for "*". What is
// no tag is left out, so that `If-Match: nothing` matches nothing.
func ParseETags(lines []string) (tags []string, any bool) {
	s := strings.Join(lines, ",")
	for {
		s = strings.TrimLeft(s, " \t,")
		if s == "" {
			return tags, any
		}
		if s[0] == '*' {
			any, s = true, s[1:]
			continue
		}
		rest := strings.TrimPrefix(s, "W/")
		if rest == "" || rest[0] != '"' {
			if i := strings.IndexByte(s, ','); i >= 0 {
				s = s[i:]
				continue
			}
			return tags, any
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return tags, any
		}
		tags = append(tags, rest[1:1+end])
		s = rest[end+2:]
	}
}

// sameTag compares our own tag with one that came back. A web server that compresses on the way out makes "x" into
// W/"x" or "x-gzip": the client can only return what it was given.
func sameTag(ours, theirs string) bool {
	ours = strings.Trim(ours, `"`)
	if ours == theirs {
		return true
	}
	for _, suffix := range []string{"-gzip", "-br", "-zstd", "-deflate", ";gzip", "--gzip"} {
		if t, ok := strings.CutSuffix(theirs, suffix); ok && t == ours {
			return true
		}
	}
	return false
}

// sameVersion reports whether one of the tags is that of another representation of the version that etag names (Varied).
func sameVersion(etag string, tags []string) bool {
	ours := strings.Trim(etag, `"`) + "-"
	return len(ours) > 1 && slices.ContainsFunc(tags, func(theirs string) bool { return strings.HasPrefix(theirs, ours) })
}

func matches(tags []string, any, exists bool, etag string) bool {
	if any {
		return exists
	}
	for _, t := range tags {
		if etag != "" && sameTag(etag, t) {
			return true
		}
	}
	return false
}

// precondition judges RFC 9110 §13.2.2 for a resource that exists or not, with its tag and date where it has them.
func precondition(method string, h http.Header, exists bool, etag string, modified time.Time) error {
	failed := func(header string) error {
		return &Error{Status: http.StatusPreconditionFailed, Text: header + " does not hold: the resource is not in the state the request was made for", Header: etagHeader(etag)}
	}
	reading := method == "GET" || method == "HEAD"
	unmodified := func() error { // RFC 9110 §15.4.5: with what the 200 would have said of caching
		out := http.Header{"Cache-Control": {"private, no-cache"}}
		maps.Copy(out, etagHeader(etag))
		return &Error{Status: http.StatusNotModified, Header: out}
	}
	if lines := h.Values("If-Match"); len(lines) > 0 {
		if tags, any := ParseETags(lines); !matches(tags, any, exists, etag) && !(exists && sameVersion(etag, tags)) {
			return failed("If-Match")
		}
	} else if t, ok := dateIn(h, "If-Unmodified-Since"); ok && exists && !modified.IsZero() {
		if modified.Truncate(time.Second).After(t) {
			return failed("If-Unmodified-Since")
		}
	}
	if lines := h.Values("If-None-Match"); len(lines) > 0 {
		if tags, any := ParseETags(lines); matches(tags, any, exists, etag) {
			if reading {
				return unmodified()
			}
			return failed("If-None-Match")
		}
	} else if t, ok := dateIn(h, "If-Modified-Since"); reading && ok && exists && !modified.IsZero() {
		if !modified.Truncate(time.Second).After(t) {
			return unmodified()
		}
	}
	return nil
}

// dateIn is the date that a header gives. Most requests have none, and an error would be made for each form that nothing has.
func dateIn(h http.Header, name string) (time.Time, bool) {
	v := h.Get(name)
	if v == "" {
		return time.Time{}, false
	}
	t, err := http.ParseTime(v)
	return t, err == nil
}

func etagHeader(etag string) http.Header {
	if etag == "" {
		return nil
	}
	return http.Header{"Etag": {etag}}
}

// conditional judges the request's preconditions on its target.
func (rq *Request) conditional() error {
	var etag string
	var modified time.Time
	if e, ok := rq.Resource.(Entity); ok {
		etag = e.ETag()
	}
	if d, ok := rq.Resource.(Dated); ok {
		modified = d.Modified()
	}
	if rq.Method == "GET" || rq.Method == "HEAD" {
		if _, ok := rq.Resource.(Entity); !ok {
			return nil // a collection's representations have tags of their own: Conditional judges them
		}
		if v, ok := rq.Resource.(Varied); ok {
			return rq.conditionalVariant(v, modified)
		}
	}
	err := precondition(rq.Method, rq.Header, rq.Resource != nil, etag, modified)
	if e := (*Error)(nil); errors.As(err, &e) && rq.Resource != nil && !rq.May(rq.Resource, readNeeded) {
		delete(e.Header, "Etag") // who may write and not read has to know it already
	}
	return err
}

// Conditional judges a GET's preconditions for a representation with this tag, where the resource itself has none.
func (rq *Request) Conditional(etag string) error {
	return precondition(rq.Method, rq.Header, true, etag, time.Time{})
}

// conditionalVariant judges those of a GET of one of several representations. Its date says nothing of the others.
func (rq *Request) conditionalVariant(v Varied, modified time.Time) error {
	etag, vary := v.Variant(rq)
	if etag != v.ETag() {
		modified = time.Time{}
	}
	err := precondition(rq.Method, rq.Header, true, etag, modified)
	var unmodified *Error
	if errors.As(err, &unmodified) && unmodified.Status == http.StatusNotModified {
		unmodified.Header.Set("Vary", vary)
	}
	return err
}
