package webdav

import (
	"net/http"
	"testing"
	"time"

	"caldav-fcgi/store"
)

func TestParseRange(t *testing.T) {
	t.Parallel()
	whole := span{length: 10}
	for _, c := range []struct {
		header string
		want   span
		ok     bool
	}{
		{"bytes=0-0", span{0, 1, true}, true},
		{"bytes=2-4", span{2, 3, true}, true},
		{"bytes=2-", span{2, 8, true}, true},
		{"bytes=9-9", span{9, 1, true}, true},
		{"bytes=0-9", span{0, 10, true}, true},
		{"bytes=5-1000", span{5, 5, true}, true},
		{"bytes=5-99999999999999999999", span{5, 5, true}, true},
		{"bytes=-3", span{7, 3, true}, true},
		{"bytes=-1000", span{0, 10, true}, true},
		{"Bytes=2-4", span{2, 3, true}, true},
		{"bytes= 2-4", span{2, 3, true}, true},
		{"bytes=,2-4 ,", span{2, 3, true}, true},
		{"bytes=10-", span{}, false},
		{"bytes=10-20", span{}, false},
		{"bytes=99999999999999999999-", span{}, false},
		{"bytes=-0", span{}, false},
		{"bytes=0-1,4-5", whole, true},
		{"bytes=4-2", whole, true},
		{"bytes=-", whole, true},
		{"bytes=", whole, true},
		{"bytes", whole, true},
		{"", whole, true},
		{"bytes=a-b", whole, true},
		{"bytes=+1-2", whole, true},
		{"bytes=--1", whole, true},
		{"bytes=1--2", whole, true},
		{"bytes=1 - 2", whole, true},
		{"lines=1-2", whole, true},
	} {
		if got, ok := ParseRange(c.header, 10); got != c.want || ok != c.ok {
			t.Errorf("%q: got %+v %v, want %+v %v", c.header, got, ok, c.want, c.ok)
		}
	}
	if got, ok := ParseRange("bytes=-5", 0); got != (span{}) || !ok {
		t.Errorf("the last octets of nothing: got %+v %v", got, ok)
	}
	if _, ok := ParseRange("bytes=0-", 0); ok {
		t.Error("the first octet of nothing: is there")
	}
}

func FuzzParseRange(f *testing.F) {
	f.Add("bytes=0-499", int64(1000))
	f.Add("bytes=-1,,", int64(0))
	f.Fuzz(func(t *testing.T, header string, size int64) {
		if size < 0 {
			return
		}
		s, ok := ParseRange(header, size)
		switch {
		case s.from < 0 || s.length < 0 || s.from > size-s.length:
			t.Errorf("%q of %d: %+v is outside", header, size, s)
		case ok && s.part && s.length == 0:
			t.Errorf("%q of %d: an empty part", header, size)
		case ok && !s.part && s.length != size:
			t.Errorf("%q of %d: %+v is not the whole", header, size, s)
		}
	})
}

func TestIfRange(t *testing.T) {
	t.Parallel()
	changed := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	rep := Rep{Body: []byte("0123456789"), ETag: `"x-1"`, Modified: changed}
	for _, c := range []struct {
		name, value string
		now         time.Time
		part        bool
	}{
		{"none", "", changed, true},
		{"this version's tag", `"x-1"`, changed, true},
		{"another tag", `"x-2"`, changed, false},
		{"a weak tag", `W/"x-1"`, changed, false},
		{"the tag of what a web server compressed", `"x-1-gzip"`, changed, false},
		{"the date of the change, an hour later", changed.Format(http.TimeFormat), changed.Add(time.Hour), true},
		{"the date of the change, at once", changed.Format(http.TimeFormat), changed, false},
		{"a later date", changed.Add(time.Minute).Format(http.TimeFormat), changed.Add(time.Hour), false},
		{"an earlier date", changed.Add(-time.Minute).Format(http.TimeFormat), changed.Add(time.Hour), false},
		{"rubbish", "x", changed, false},
	} {
		rq := &Request{Method: "GET", Header: http.Header{"Range": {"bytes=2-4"}}, Tx: &store.Tx{Now: c.now}}
		if c.value != "" {
			rq.Header.Set("If-Range", c.value)
		}
		s, err := rq.span(rep)
		if err != nil || s.part != c.part {
			t.Errorf("%s: got %+v, %v, want part %v", c.name, s, err, c.part)
		}
	}
	rq := &Request{Method: "HEAD", Header: http.Header{"Range": {"bytes=2-4"}}}
	if s, err := rq.span(rep); err != nil || s != (span{length: 10}) { // RFC 9110 §14.2
		t.Errorf("HEAD: got %+v, %v", s, err)
	}
}
