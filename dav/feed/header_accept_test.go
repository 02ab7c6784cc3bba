package feed

import (
	"net/http"
	"testing"
)

func TestWantsPage_ByWeight(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"":                              false,
		"*/*":                           false,
		"text/calendar":                 false,
		"text/*":                        false,
		"text/html":                     true,
		"TEXT/HTML; charset=utf-8":      true,
		"text/html,*/*;q=0.8":           true,
		"text/html, */*":                true,
		"text/html;q=0.1, */*":          false,
		"text/html;q=0":                 false,
		"text/calendar, text/html":      false,
		"text/calendar;q=0.5,text/html": true,
		"text/calendar,text/html;q=0.9": false,
		"text/html;q=x":                 true,
		";;,,q=1":                       false,
	} {
		if got := wantsPage(http.Header{"Accept": {accept}}); got != want {
			t.Errorf("%q: %v, want %v", accept, got, want)
		}
	}
	if !wantsPage(http.Header{"Accept": {"text/html", "*/*;q=0.8"}}) {
		t.Error("two lines are one list")
	}
}

func FuzzWantsPage(f *testing.F) {
	f.Add("text/html;q=0.5, */*")
	f.Fuzz(func(t *testing.T, accept string) { wantsPage(http.Header{"Accept": {accept}}) })
}
