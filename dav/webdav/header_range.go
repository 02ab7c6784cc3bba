package webdav

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// span is which octets of a representation are sent.
type span struct {
	from, length int64
	part         bool // it was asked for: 206
}

// ParseRange reads a Range header (RFC 9110 §14.2) for a representation of size octets. What is no byte range, or asks
// for several, counts for nothing, as §14.2 allows: the whole is sent. ok is false when no octet is in the range.
func ParseRange(header string, size int64) (s span, ok bool) {
	whole := span{length: size}
	unit, list, found := strings.Cut(header, "=")
	if !found || !strings.EqualFold(strings.TrimSpace(unit), "bytes") {
		return whole, true
	}
	var spec string
	for item := range strings.SplitSeq(list, ",") {
		item = strings.Trim(item, " \t")
		switch {
		case item == "": // §5.6.1.2: empty elements of a list are passed over
		case spec != "":
			return whole, true
		default:
			spec = item
		}
	}
	first, last, found := strings.Cut(spec, "-")
	from, okFrom := octet(first)
	to, okTo := octet(last)
	switch {
	case !found || first == "" && last == "" || !okFrom || !okTo:
		return whole, true
	case first == "": // the last octets
		if to == 0 {
			return span{}, false
		}
		to = min(to, size)
		return span{from: size - to, length: to, part: size > 0}, true
	case last != "" && to < from:
		return whole, true
	case from >= size:
		return span{}, false
	case last == "" || to >= size:
		to = size - 1
	}
	return span{from: from, length: to - from + 1, part: true}, true
}

// octet reads a position; "" is 0. One that no number holds is beyond the end of everything.
func octet(s string) (int64, bool) {
	if strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	if s == "" {
		return 0, true
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		n = 1<<63 - 1
	}
	return n, true
}

// span is what this GET wants of a representation. RFC 9110 §14.2: any other method knows no ranges.
func (rq *Request) span(rep Rep) (span, error) {
	header := rq.Header.Get("Range")
	if rq.Method != http.MethodGet || header == "" || !rq.ifRange(rep) {
		return span{length: rep.size()}, nil
	}
	s, ok := ParseRange(header, rep.size())
	if !ok { // §15.5.17
		return s, &Error{Status: http.StatusRequestedRangeNotSatisfiable, Text: "the range lies behind the end",
			Header: http.Header{"Content-Range": {"bytes */" + strconv.FormatInt(rep.size(), 10)}, "Etag": {rep.ETag}}}
	}
	return s, nil
}

// ifRange is RFC 9110 §13.1.5: the part is for whoever has the other parts of this very version. Tags are compared
// strongly, without the leniency of sameTag: part of what was compressed on the way is another part. A date decides
// only a second after the change, since until then two versions may have the same.
func (rq *Request) ifRange(rep Rep) bool {
	v := strings.TrimSpace(rq.Header.Get("If-Range"))
	if v == "" {
		return true
	}
	if t, err := http.ParseTime(v); err == nil {
		m := rep.Modified.Truncate(time.Second)
		return !m.IsZero() && t.Equal(m) && rq.Tx.Now.Sub(m) > time.Second
	}
	return v == rep.ETag
}
