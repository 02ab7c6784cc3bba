package webdav

import (
	"reflect"
	"testing"
)

func TestParsePath_DecodesEachSegmentOnce(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Path{
		"/":              {Slash: true},
		"/a":             {Segments: []string{"a"}},
		"/a/":            {Segments: []string{"a"}, Slash: true},
		"/a%20b/c%2Fd":   {Segments: []string{"a b", "c/d"}},
		"/%25/%2525":     {Segments: []string{"%", "%25"}},
		"/%62%c3%a4":     {Segments: []string{"bä"}},
		"/a+b@c;d,e'f/x": {Segments: []string{"a+b@c;d,e'f", "x"}},
	} {
		if got, err := ParsePath(in); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("ParsePath(%q) = %+v, %v; want %+v", in, got, err, want)
		}
	}
}

func TestParsePath_RefusesWhatAnotherReaderMightResolve(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"", "a", "//", "/a//b", "/a//", "/.", "/a/../b", "/a/%2e%2e/b", "/a/%2E", "/%00", "/%zz", "/%", "/%ff", "/%01"} {
		if p, err := ParsePath(in); err == nil {
			t.Errorf("ParsePath(%q) is taken as %+v", in, p)
		}
	}
}

func TestPath_IsWrittenSoThatItReadsBack(t *testing.T) {
	t.Parallel()
	for _, seg := range []string{"a", "a b", "ä", "%", "a/b", "x&y", "it's", "a;b", "#?", "\"<>", "@+,;=:~"} {
		p := P("calendars", "ann", seg)
		got, err := ParsePath(p.String())
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("%q: %s reads back as %+v, %v", seg, p, got, err)
		}
	}
}

func TestCutBase_StopsAtASegment(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path, base, want string
		ok               bool
	}{
		{"/dav/x", "/dav", "/x", true}, {"/dav", "/dav", "/", true}, {"/dav/", "/dav", "/", true},
		{"/davos", "/dav", "", false}, {"/Dav/x", "/dav", "", false}, {"/x", "", "/x", true}, {"/", "/dav", "", false},
	} {
		if got, ok := CutBase(c.path, c.base); got != c.want || ok != c.ok {
			t.Errorf("CutBase(%q, %q) = %q, %v; want %q, %v", c.path, c.base, got, ok, c.want, c.ok)
		}
	}
}

func TestParseHref_ComparesTheHostAlone(t *testing.T) {
	t.Parallel()
	rq := &Request{Base: "/dav", Host: "cal.example.org:8443", server: &Server{opt: Options{Host: "public.example.org"}}}
	for in, want := range map[string]string{
		"/dav/a/b":                            "/a/b",
		"https://cal.example.org/dav/a/":      "/a/",
		"http://CAL.example.org:80/dav/a":     "/a",
		"https://public.example.org/dav/a%20": "/a%20",
		"/dav/a?x=1#f":                        "/a",
		" /dav/a ":                            "/a",
	} {
		if p, err := rq.ParseHref(in); err != nil || p.String() != want {
			t.Errorf("ParseHref(%q) = %v, %v; want %s", in, p, err, want)
		}
	}
	for in, want := range map[string]int{
		"https://evil.example.org/dav/a": 502, "//evil.example.org/dav/a": 502, "/other/a": 502, "/davos/a": 502,
		"a/b": 400, "": 400, "/dav/../x": 400, "http://[": 400,
	} {
		_, err := rq.ParseHref(in)
		if err == nil || outcomeOf(err).status != want {
			t.Errorf("ParseHref(%q): %v, want %d", in, err, want)
		}
	}
}

func FuzzParsePath(f *testing.F) {
	for _, s := range []string{"/", "/a/b/", "/%2F", "/a%20", "//", "/%e2%82"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParsePath(s)
		if err != nil {
			return
		}
		q, err := ParsePath(p.String())
		if err != nil || !reflect.DeepEqual(p, q) {
			t.Errorf("%q: %+v is written %s and read back %+v, %v", s, p, p, q, err)
		}
	})
}
