package webdav

import (
	"net/http"
	"testing"
)

func TestAccepted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		accept, want string
		ok           bool
	}{
		{"", "text/calendar", true},
		{"*/*", "text/calendar", true},
		{"application/calendar+json", "application/calendar+json", true},
		{"Application/Calendar+JSON; charset=utf-8", "application/calendar+json", true},
		{"application/calendar+json, text/calendar", "text/calendar", true},
		{"application/calendar+json, text/calendar;q=0.9", "application/calendar+json", true},
		{"application/calendar+json;q=0.8, */*;q=0.9", "text/calendar", true},
		{"text/*", "text/calendar", true},
		{"text/calendar;q=0, application/*", "application/calendar+json", true},
		{"text/html", "text/calendar", false},
		{"application/calendar+json;q=x", "application/calendar+json", true},
	} {
		h := http.Header{}
		if c.accept != "" {
			h.Set("Accept", c.accept)
		}
		if got, ok := Accepted(h, "text/calendar", "application/calendar+json"); got != c.want || ok != c.ok {
			t.Errorf("Accept: %s: got %s %v, want %s %v", c.accept, got, ok, c.want, c.ok)
		}
	}
}

func FuzzAccepted(f *testing.F) {
	f.Add("text/calendar;q=0.5, */*;q=0.1")
	f.Fuzz(func(t *testing.T, accept string) {
		got, ok := Accepted(http.Header{"Accept": {accept}}, "text/calendar", "application/calendar+json")
		if got != "text/calendar" && got != "application/calendar+json" {
			t.Fatalf("%q: %q, %v, which was not offered", accept, got, ok)
		}
	})
}
