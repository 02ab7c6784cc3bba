package webdav

import (
	"net"
	"net/url"
	"strings"
)

// ParseHref reads an href that a client sent, in a body or in Destination: an absolute path or an absolute URI,
// below our base path. The scheme and the port are not compared: behind a proxy the client's are the right ones and
// ours are not (RFC 4918 §8.3 lets either form stand).
func (rq *Request) ParseHref(href string) (Path, error) {
	href = strings.TrimSpace(href)
	if !strings.HasPrefix(href, "/") || strings.HasPrefix(href, "//") {
		u, err := url.Parse(href)
		if err != nil || u.Host == "" && !strings.HasPrefix(u.EscapedPath(), "/") {
			return Path{}, BadRequest("href %q: neither an absolute path nor a URL", href)
		}
		if u.Host != "" && !rq.ourHost(u.Host) {
			return Path{}, errElsewhere.With("href %q is on another host", href)
		}
		href = u.EscapedPath()
		if href == "" {
			href = "/"
		}
	} else if i := strings.IndexAny(href, "?#"); i >= 0 {
		href = href[:i]
	}
	rest, ok := CutBase(href, rq.Base)
	if !ok {
		return Path{}, errElsewhere.With("href %q is not below %s/", href, rq.Base)
	}
	return ParsePath(rest)
}

func (rq *Request) ourHost(host string) bool {
	return hostOnly(host) == hostOnly(rq.Host) || rq.server.opt.Host != "" && hostOnly(host) == hostOnly(rq.server.opt.Host)
}

func hostOnly(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
}

// CutBase strips the base path at a segment boundary: "/dav" is cut from "/dav" and "/dav/x", not from "/davos".
func CutBase(escaped, base string) (string, bool) {
	rest, ok := strings.CutPrefix(escaped, base)
	switch {
	case !ok:
		return "", false
	case rest == "":
		return "/", true
	case rest[0] != '/':
		return "", false
	}
	return rest, true
}
