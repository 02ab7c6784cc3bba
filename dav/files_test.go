package dav_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/store/storetest"
)

// HEAD says what GET would, field by field, and no more: RFC 9110 §9.3.2.
func TestHead_SaysWhatGetSays(t *testing.T) {
	t.Parallel()
	s := serviceWith(t, dav.Options{Files: true})
	do(s, "PUT", "/files/ann/small", "some text")
	do(s, "PUT", "/files/ann/empty", "")
	do(s, "PUT", "/files/ann/large", strings.Repeat("0123456789abcdef", 20_000))
	for _, path := range []string{
		"/", "/principals/users/ann/", "/calendars/ann/", "/calendars/ann/calendar/", "/calendars/ann/calendar/?export", "/calendars/ann/calendar/none.ics",
		"/files/", "/files/ann/", "/files/ann", "/files/ann/small", "/files/ann/empty", "/files/ann/large", "/files/ann/none",
	} {
		get, head := do(s, "GET", path, ""), do(s, "HEAD", path, "")
		if get.Code != head.Code {
			t.Errorf("%s: GET %d, HEAD %d", path, get.Code, head.Code)
		}
		for name, want := range get.Header() {
			if got := head.Header()[name]; !slices.Equal(got, want) {
				t.Errorf("%s: %s: HEAD says %q, GET %q", path, name, got, want)
			}
		}
		for name := range head.Header() {
			if get.Header()[name] == nil {
				t.Errorf("%s: only HEAD says %s", path, name)
			}
		}
	}
}

// Without the setting nothing of the tree is there.
func TestFiles_AreOffUnlessSwitchedOn(t *testing.T) {
	t.Parallel()
	s := service(t)
	for _, path := range []string{"/files/", "/files/ann/", "/files/ann/f"} {
		for _, method := range []string{"GET", "PUT", "PROPFIND", "MKCOL"} {
			if w := do(s, method, path, ""); w.Code < 400 {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
	if w := propfind(s, "/", "1"); strings.Contains(w.Body.String(), "files") {
		t.Error("the root lists it")
	}
}

// Switched on later, it is there for those who have been there before.
func TestFiles_ExistingAccountsGetThem(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	for _, on := range []bool{false, true, false, true} {
		s, err := dav.New(db, dav.Options{Files: on, SpoolDir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		want := http.StatusNotFound
		if on {
			want = http.StatusMultiStatus
		}
		if w := propfind(s, "/files/ann/", "0"); w.Code != want {
			t.Errorf("files %v: PROPFIND answers %d, want %d", on, w.Code, want)
		}
	}
}

func TestFiles_EveryMethodAllowedIsAnswered(t *testing.T) {
	t.Parallel()
	with := func() *dav.Server {
		s := serviceWith(t, dav.Options{Files: true})
		do(s, "PUT", "/files/ann/f", "x")
		return s
	}
	for _, path := range []string{"/files/", "/files/ann/", "/files/ann/f", "/files/ann/free"} {
		for m := range strings.SplitSeq(do(with(), "OPTIONS", path, "").Header().Get("Allow"), ", ") {
			if code := do(with(), m, path, "").Code; code == http.StatusMethodNotAllowed || code == http.StatusNotImplemented || code >= 500 {
				t.Errorf("%s %s is in Allow and answered with %d", m, path, code)
			}
		}
	}
}

func propfind(s http.Handler, path, depth string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("PROPFIND", path, nil)
	r.Header.Set("Depth", depth)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r.WithContext(dav.WithCaller(r.Context(), dav.Caller{User: "ann"})))
	return w
}
