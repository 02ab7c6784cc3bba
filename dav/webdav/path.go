package webdav

import (
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// Path is a resource's place below the base path: a list of segments, each percent-decoded once. A "/" inside a
// segment is data.
type Path struct {
	Segments []string
	Slash    bool // it ended in "/": written so for collections
}

// MaxSegments is how deep a path may lead.
const MaxSegments = 32

const (
	maxSegment = 1024 // octets
)

// ParsePath reads the escaped path of a request target or href. An empty, "." or ".." segment, a NUL, bad escapes and
// invalid UTF-8 are refused: a web server in front has judged the cleaned path, so we take only clean ones.
func ParsePath(escaped string) (Path, error) {
	if !strings.HasPrefix(escaped, "/") {
		return Path{}, BadRequest("path %q does not begin with a slash", escaped)
	}
	rest := escaped[1:]
	if rest == "" {
		return Path{Slash: true}, nil
	}
	p := Path{}
	if strings.HasSuffix(rest, "/") {
		p.Slash, rest = true, rest[:len(rest)-1]
	}
	raw := strings.Split(rest, "/")
	if len(raw) > MaxSegments {
		return Path{}, BadRequest("path has %d segments, more than %d", len(raw), MaxSegments)
	}
	p.Segments = make([]string, len(raw))
	for i, s := range raw {
		seg, err := url.PathUnescape(s)
		switch {
		case err != nil:
			return Path{}, BadRequest("path segment %q: bad escape", s)
		case seg == "":
			return Path{}, BadRequest("path has an empty segment")
		case seg == "." || seg == "..":
			return Path{}, BadRequest("path has a %q segment", seg)
		case len(seg) > maxSegment:
			return Path{}, BadRequest("a path segment is longer than %d octets", maxSegment)
		case strings.IndexByte(seg, 0) >= 0 || !utf8.ValidString(seg) || !xmlText(seg):
			return Path{}, BadRequest("path segment %q: not text", s)
		}
		p.Segments[i] = seg
	}
	return p, nil
}

// xmlText says whether s can be written in XML 1.0 at all (§2.2): a name that can't could never be listed.
func xmlText(s string) bool {
	for _, r := range s {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return false
		}
	}
	return true
}

// Child returns the path of a member.
func (p Path) Child(name string, slash bool) Path {
	return Path{Segments: append(slices.Clip(p.Segments), name), Slash: slash}
}

// rename makes p, which Child has returned, the path of another member: for one that is not kept.
func (p Path) rename(name string) { p.Segments[len(p.Segments)-1] = name }

// Parent returns the path of the collection p lies in; of "/" itself, "/".
func (p Path) Parent() Path {
	if len(p.Segments) == 0 {
		return Path{Slash: true}
	}
	return Path{Segments: p.Segments[:len(p.Segments)-1], Slash: true}
}

// Last returns the last segment, "" of "/".
func (p Path) Last() string {
	if len(p.Segments) == 0 {
		return ""
	}
	return p.Segments[len(p.Segments)-1]
}

// Same says whether p and o name one resource: the slash at the end makes no difference.
func (p Path) Same(o Path) bool { return slices.Equal(p.Segments, o.Segments) }

// Within says whether p is o or lies below it.
func (p Path) Within(o Path) bool {
	return len(p.Segments) >= len(o.Segments) && slices.Equal(p.Segments[:len(o.Segments)], o.Segments)
}

// String returns the path escaped, as in an href without the base.
func (p Path) String() string { return string(p.append(nil)) }

func (p Path) append(b []byte) []byte {
	for _, s := range p.Segments {
		b = append(b, '/')
		b = appendSegment(b, s)
	}
	if p.Slash || len(p.Segments) == 0 {
		b = append(b, '/')
	}
	return b
}

// P returns the path of a collection with these segments, for code that makes hrefs.
func P(segments ...string) Path { return Path{Segments: segments, Slash: true} }

const hexDigits = "0123456789ABCDEF"

// appendSegment escapes all but the characters RFC 3986 §3.3 lets stand in a segment, and of these also "&", "'" and
// ";", which small clients trip over in XML or in URLs.
func appendSegment(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		if c := s[i]; !plainInSegment[c] {
			b = append(append(b, s[from:i]...), '%', hexDigits[c>>4], hexDigits[c&15])
			from = i + 1
		}
	}
	return append(b, s[from:]...)
}

var plainInSegment = func() (set [256]bool) {
	for _, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$()*+,=:@") {
		set[c] = true
	}
	return set
}()
