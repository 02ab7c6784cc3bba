package webdav

import (
	"errors"
	"net/http"
	"reflect"
	"testing"
	"time"
)

func TestParseDepth_TakesWhatTheRFCNames(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]Depth{"": DepthAbsent, "0": Depth0, "1": Depth1, "infinity": DepthInfinity, "Infinity": DepthInfinity, " 1 ": Depth1} {
		if got, err := ParseDepth(in); err != nil || got != want {
			t.Errorf("ParseDepth(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"2", "-1", "inf", "1;", "0 1"} {
		if _, err := ParseDepth(in); err == nil {
			t.Errorf("ParseDepth(%q) is taken", in)
		}
	}
}

func TestParsePrefer_FirstOfTwoHoldsAndUnknownIsLeftOut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lines []string
		brief string
		want  Prefer
	}{
		{nil, "", Prefer{}},
		{[]string{"return=minimal"}, "", Prefer{Minimal: true}},
		{[]string{"return-minimal"}, "", Prefer{Minimal: true}},
		{[]string{`respond-async, return="representation"; x=1`}, "", Prefer{Representation: true}},
		{[]string{"return=representation, return=minimal"}, "", Prefer{Representation: true}},
		{[]string{"return=minimal", "depth-noroot"}, "", Prefer{Minimal: true, NoRoot: true}},
		{nil, "t", Prefer{Minimal: true}},
		{nil, "f", Prefer{}},
		{[]string{"return=representation"}, "t", Prefer{Representation: true}},
		{[]string{"=;,==,\"", "return"}, "", Prefer{}},
	} {
		h := http.Header{"Prefer": c.lines, "Brief": {c.brief}}
		if got := ParsePrefer(h); got != c.want {
			t.Errorf("Prefer %q, Brief %q: got %+v, want %+v", c.lines, c.brief, got, c.want)
		}
	}
}

func TestParseETags_ReadsListsAndLeavesOutWhatIsNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in   []string
		tags []string
		any  bool
	}{
		{[]string{`"a"`}, []string{"a"}, false},
		{[]string{`"a", W/"b"`, `"c,d"`}, []string{"a", "b", "c,d"}, false},
		{[]string{"*"}, nil, true},
		{[]string{"nothing"}, nil, false},
		{[]string{`nothing, "a"`}, []string{"a"}, false},
		{[]string{`"open`}, nil, false},
		{[]string{""}, nil, false},
	} {
		tags, any := ParseETags(c.in)
		if !reflect.DeepEqual(tags, c.tags) || any != c.any {
			t.Errorf("%q: got %q %v, want %q %v", c.in, tags, any, c.tags, c.any)
		}
	}
}

func TestPrecondition_FollowsRFC9110(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	before, after := at.Add(-time.Hour).Format(http.TimeFormat), at.Add(time.Hour).Format(http.TimeFormat)
	for _, c := range []struct {
		name, method, header, value string
		exists                      bool
		want                        int
	}{
		{"match", "PUT", "If-Match", `"x-1"`, true, 0},
		{"match as gzip made it", "PUT", "If-Match", `"x-1-gzip"`, true, 0},
		{"match as nginx made it", "PUT", "If-Match", `W/"x-1"`, true, 0},
		{"another", "PUT", "If-Match", `"y"`, true, 412},
		{"one of a list", "PUT", "If-Match", `"y", "x-1"`, true, 0},
		{"star on nothing", "PUT", "If-Match", "*", false, 412},
		{"star on something", "DELETE", "If-Match", "*", true, 0},
		{"no tag at all", "PUT", "If-Match", "nothing", true, 412},
		{"none-match star on nothing", "PUT", "If-None-Match", "*", false, 0},
		{"none-match star on something", "PUT", "If-None-Match", "*", true, 412},
		{"none-match reading", "GET", "If-None-Match", `"x-1"`, true, 304},
		{"none-match writing", "PUT", "If-None-Match", `"x-1"`, true, 412},
		{"none-match another", "GET", "If-None-Match", `"z"`, true, 0},
		{"modified since", "GET", "If-Modified-Since", before, true, 0},
		{"not modified since", "GET", "If-Modified-Since", after, true, 304},
		{"unmodified since", "PUT", "If-Unmodified-Since", after, true, 0},
		{"modified since writing", "PUT", "If-Unmodified-Since", before, true, 412},
		{"a date that is none", "PUT", "If-Unmodified-Since", "yesterday", true, 0},
	} {
		etag := `"x-1"`
		if !c.exists {
			etag = ""
		}
		err := precondition(c.method, http.Header{c.header: {c.value}}, c.exists, etag, at)
		got := 0
		var e *Error
		if errors.As(err, &e) {
			got = e.Status
		}
		if got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func FuzzHeaders(f *testing.F) {
	f.Add("infinity", "return=minimal; a=b, depth-noroot", `W/"a", "b"`)
	f.Add("", "=", `"`)
	f.Fuzz(func(t *testing.T, depth, prefer, tags string) {
		if d, err := ParseDepth(depth); err == nil && (d < DepthAbsent || d > DepthInfinity) {
			t.Errorf("depth %d", d)
		}
		if p := ParsePrefer(http.Header{"Prefer": {prefer}}); p.Minimal && p.Representation {
			t.Error("both minimal and representation")
		}
		list, _ := ParseETags([]string{tags})
		for _, tag := range list {
			if !matches(list, false, true, `"`+tag+`"`) {
				t.Errorf("tag %q does not match itself", tag)
			}
		}
	})
}
