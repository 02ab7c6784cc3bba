package dav_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/store/storetest"
)

const persons = `<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop><d:displayname/><c:calendar-user-address-set/></d:prop></d:propfind>`

// as makes a request by a login that says more of a person than a name.
func (w *world) as(c dav.Caller, method, path, body string) *httptest.ResponseRecorder {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, "http://cal.example.com"+path, strings.NewReader(body))
	r.Header.Set("Depth", "0")
	c.ID, c.Realm = idOf(r), "calendar"
	return recorded(w, r.WithContext(dav.WithCaller(r.Context(), c)))
}

func TestAccounts_AreMadeByHandWhereProvisionIsOff(t *testing.T) {
	t.Parallel()
	db := storetest.Open(t)
	w := worldOf(t, db, dav.Options{NoProvision: true})
	for _, method := range []string{"PROPFIND", "GET", "MKCALENDAR", "PUT"} {
		if a := w.do("ann", method, "/calendars/ann/calendar/", "", "Depth", "0"); a.Code != http.StatusForbidden || !strings.Contains(a.Body.String(), "caldav-fcgi user add") {
			t.Errorf("%s: %d %s", method, a.Code, a.Body)
		}
	}
	w.want(401, "", "PROPFIND", "/", "", "Depth", "0")
	if _, err := w.s.Engine().AddAccount(t.Context(), dav.Caller{User: "ann"}); err != nil {
		t.Fatal(err)
	}
	w.want(207, "ann", "PROPFIND", "/calendars/ann/calendar/", "", "Depth", "0")
	w.want(403, "bob", "PROPFIND", "/", "", "Depth", "0")
	// What a later login says of the person is taken all the same.
	if a := w.as(dav.Caller{User: "ann", Claims: map[string]string{"name": "Ann Lee"}}, "PROPFIND", "/principals/users/ann/", persons); !strings.Contains(a.Body.String(), ">Ann Lee<") {
		t.Errorf("%d %s", a.Code, a.Body)
	}
}

// A login gives an account its name and mail address at the first visit and whenever they change; one that says
// nothing takes nothing away.
func TestAccounts_TakeWhatALoginSaysOfThePerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		claims map[string]string
		want   []string
	}{
		{nil, []string{">ann<"}},
		{map[string]string{"name": "Ann Lee", "mail": "ann@example.org"}, []string{">Ann Lee<", "mailto:ann@example.org"}},
		{nil, []string{">Ann Lee<", "mailto:ann@example.org"}},
		{map[string]string{"mail": "lee@example.org"}, []string{">Ann Lee<", "mailto:ann@example.org", "mailto:lee@example.org"}},
		{map[string]string{"name": "Ann Li", "mail": "LEE@example.org"}, []string{">Ann Li<", "mailto:lee@example.org"}},
	} {
		a := w.as(dav.Caller{User: "ann", Claims: c.claims}, "PROPFIND", "/principals/users/ann/", persons)
		for _, want := range c.want {
			if !strings.Contains(a.Body.String(), want) {
				t.Errorf("after %v: no %s in %s", c.claims, want, a.Body)
			}
		}
		if n := strings.Count(strings.ToLower(a.Body.String()), "lee@example.org"); n > 1 {
			t.Errorf("after %v: the address stands %d times", c.claims, n)
		}
	}
}
