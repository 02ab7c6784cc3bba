package page_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/page"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store/storetest"
)

func get(t *testing.T, login webdav.Login, path string) *httptest.ResponseRecorder {
	t.Helper()
	s, err := webdav.New(storetest.Open(t), webdav.Options{}, principal.Module(), caldav.Module(caldav.Options{}), page.Module(page.Options{Version: "1.2.3"}))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r.WithContext(webdav.WithLogin(r.Context(), login)))
	return w
}

func TestPage_ShowsWhoCollectionsAndAddresses(t *testing.T) {
	t.Parallel()
	w := get(t, webdav.Login{User: "ann", Base: "/dav", Scheme: "https", Claims: map[string]string{"name": "Ann <Lee>", "mail": "ann@example.org"}}, "/")
	body := w.Body.String()
	for _, want := range []string{
		"Calendars of Ann &lt;Lee&gt;", "<strong>ann</strong>, ann@example.org", "https://example.com/dav/calendars/ann/calendar/",
		"https://example.com/dav/calendars/ann/tasks/", "0 events", "0 tasks", "https://example.com/dav/principals/users/ann/", "Thunderbird", "1.2.3",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(body, "falls short") {
		t.Error("the page complains of a configuration that is in order")
	}
	if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("policy: %s", csp)
	}
}

func TestPage_SaysWhereTheConfigurationFallsShort(t *testing.T) {
	t.Parallel()
	body := get(t, webdav.Login{User: "ann", Scheme: "http", Notes: []string{"the base path was guessed"}}, "/calendars/ann/").Body.String()
	for _, want := range []string{"falls short", "without TLS", "the base path was guessed", "no mail address"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestPage_NeedsALogin(t *testing.T) {
	t.Parallel()
	w := get(t, webdav.Login{Realm: "our calendar", Notes: []string{"REMOTE_USER came without AUTH_TYPE"}}, "/")
	if w.Code != 401 || !strings.Contains(w.Header().Get("WWW-Authenticate"), `realm="our calendar"`) {
		t.Errorf("%d, %s", w.Code, w.Header().Get("WWW-Authenticate"))
	}
	if !strings.Contains(w.Body.String(), "without AUTH_TYPE") {
		t.Errorf("the 401 does not say why: %s", w.Body)
	}
}
