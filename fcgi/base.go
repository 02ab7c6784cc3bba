package fcgi

import (
	"fmt"
	"net/url"
	"strings"

	"caldav-fcgi/dav"
)

// CleanBase checks a base path and brings it into the form of dav.Caller: "/dav", and "" for the root. It is
// taken as it stands in a URL; characters that cannot stand there are escaped.
func CleanBase(s string) (string, error) {
	base := strings.TrimRight(s, "/")
	if base == "" {
		return "", nil
	}
	if base[0] != '/' {
		return "", fmt.Errorf("base path %q: want a path such as /dav", s)
	}
	if len(base) > 1024 || strings.ContainsAny(base, "?#") {
		return "", fmt.Errorf("base path %q: not the path of a URL", s)
	}
	path, err := url.PathUnescape(base)
	if err != nil {
		return "", fmt.Errorf("base path %q: %w", s, err)
	}
	for _, seg := range strings.Split(path[1:], "/") {
		if seg == "" || seg == "." || seg == ".." || strings.ContainsFunc(seg, notInName) {
			return "", fmt.Errorf("base path %q: segment %q", s, seg)
		}
	}
	// EscapedPath keeps an escaping that is a right one.
	return (&url.URL{Path: path, RawPath: base}).EscapedPath(), nil
}

// fixedBase is the setting; a wrong one is for the command line to refuse, with CleanBase.
func (d *identifier) fixedBase() string {
	base, err := CleanBase(d.Base)
	if err != nil {
		d.once("base path ignored", d.Base, "error", err)
	}
	return base
}

// base finds the base path: the setting, what the web server passes, or a guess. path is the escaped path of the request.
func (d *identifier) base(env map[string]string, path string, c *dav.Caller) string {
	if d.Base != "" {
		return d.fixedBase()
	}
	if s := env["CALDAV_BASE"]; s != "" {
		base, err := CleanBase(s)
		if err == nil {
			return base
		}
		d.once("CALDAV_BASE ignored", s, "error", err)
	}
	base := guessBase(env["SCRIPT_NAME"], env["PATH_INFO"], path)
	const note = "base path guessed: set it with -base, or let the web server pass CALDAV_BASE"
	d.once(note, base, "base", base+"/")
	c.Notes = append(c.Notes, note)
	return base
}

// guessBase knows two forms: SCRIPT_NAME is a beginning of the path and PATH_INFO the rest (a CGI alias, lighttpd,
// nginx with a split), or SCRIPT_NAME is a program beside the paths that are rewritten to it (an .htaccess). Both are
// decoded and the path is not, so segments are counted and taken from the path. Where the web server passes the whole path as
// SCRIPT_NAME nothing can be told: the root.
func guessBase(script, info, path string) string {
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return ""
	}
	if strings.HasPrefix(info, "/") && script+info == decoded {
		return leading(path, strings.TrimRight(script, "/"))
	}
	if strings.HasSuffix(script, ".fcgi") || strings.HasSuffix(script, ".cgi") {
		dir := script[:strings.LastIndexByte(script, '/')+1]
		if strings.HasPrefix(decoded, dir) || decoded+"/" == dir {
			return leading(path, strings.TrimRight(dir, "/"))
		}
	}
	return ""
}

// leading cuts as many segments off the escaped path as prefix has.
func leading(path, prefix string) string {
	end := 0
	for range strings.Count(prefix, "/") {
		next := strings.IndexByte(path[end+1:], '/')
		if next < 0 {
			end = len(path)
			break
		}
		end += 1 + next
	}
	base, err := CleanBase(path[:end])
	if err != nil {
		return ""
	}
	return base
}
