package fcgi

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"caldav-fcgi/dav"
)

// What the front answers by itself carries the same protection as what the service answers.
func TestErrors_CarryTheHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	want := http.Header{}
	dav.Secure(want)
	panics := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a fault") })
	long := httptest.NewRequest("GET", "/", nil)
	long.Header.Set("X", string(make([]byte, 64<<10)))
	for name, r := range map[string]*http.Request{"a panic": httptest.NewRequest("GET", "/", nil), "too long a header": long} {
		w := httptest.NewRecorder()
		(&Guard{}).Handler(panics).ServeHTTP(w, r)
		if w.Code < 400 {
			t.Fatalf("%s: %d", name, w.Code)
		}
		for field := range want {
			if w.Header().Get(field) != want.Get(field) {
				t.Errorf("%s: %d: %s: %q, want %q", name, w.Code, field, w.Header().Get(field), want.Get(field))
			}
		}
	}
}
