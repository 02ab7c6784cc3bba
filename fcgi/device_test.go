package fcgi

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/fcgi/fcgitest"
)

const devicePassword = "ABCDEFGHIJKLMNOPQRSTUVWX23"

// devices knows ann's phone; dan has guessed too often, and for eve the database is busy.
type devices struct{}

func (devices) Check(_ context.Context, user, password, from string) (bool, time.Duration, error) {
	switch {
	case from != "192.0.2.1" && from != "127.0.0.1":
		return false, 0, fmt.Errorf("from %q", from)
	case user == "dan":
		return false, 1500 * time.Millisecond, nil
	case user == "eve":
		return false, 0, errors.New("busy")
	}
	return user == "ann" && password == devicePassword, 0, nil
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// A password is looked at only where the web server says so by a parameter; there, nothing else says who it is.
func TestIdentity_DeviceLogin(t *testing.T) {
	t.Parallel()
	right := basic("ann", devicePassword)
	for _, tt := range []struct {
		name   string
		give   []string
		user   string
		status int
	}{
		{"right", []string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", right}, "ann", 200},
		{"right, by a web server that withholds the header", []string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", "", "CALDAV_AUTHORIZATION", right}, "ann", 200},
		{"no password", []string{"CALDAV_LOGIN", "token"}, "", 200},
		{"no password, but a name", []string{"CALDAV_LOGIN", "token", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic"}, "", 200},
		{"another name", []string{"CALDAV_LOGIN", "token", "REMOTE_USER", "bob", "AUTH_TYPE", "Basic", "HTTP_AUTHORIZATION", right}, "ann", 200},
		{"wrong", []string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", basic("ann", "x")}, "", 401},
		{"wrong, with a name", []string{"CALDAV_LOGIN", "token", "REMOTE_USER", "ann", "AUTH_TYPE", "Basic", "HTTP_AUTHORIZATION", basic("ann", "x")}, "", 401},
		{"somebody else's", []string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", basic("bob", devicePassword)}, "", 401},
		{"another scheme", []string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", "Bearer " + devicePassword}, "", 401},
		{"rubbish", []string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", "Basic !"}, "", 401},
		{"a name that cannot be", []string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", basic("a/b", devicePassword)}, "", 403},
		{"too often", []string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", basic("dan", devicePassword)}, "", 429},
		{"busy", []string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", basic("eve", devicePassword)}, "", 503},
		{"a location without the parameter", []string{"HTTP_AUTHORIZATION", right}, "", 200},
		{"… with a login of its own", []string{"HTTP_AUTHORIZATION", right, "REMOTE_USER", "bob", "AUTH_TYPE", "Basic"}, "bob", 200},
		{"… with a stray secret", []string{"CALDAV_AUTHORIZATION", right}, "", 200},
		{"the client's word for the parameter", []string{"HTTP_CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", right, "HTTP_CALDAV_AUTHORIZATION", right}, "", 200},
		{"another value", []string{"CALDAV_LOGIN", "tokens", "HTTP_AUTHORIZATION", right}, "", 200},
	} {
		status, got := ask(t, &Identity{Base: "/dav", Log: quiet(), Devices: devices{}}, append(tt.give, "REMOTE_ADDR", "192.0.2.1")...)
		if status != tt.status || got.User != tt.user {
			t.Errorf("%s: %d, user %q, want %d, %q", tt.name, status, got.User, tt.status, tt.user)
		}
		if s := fmt.Sprint(got.header, got.Caller); strings.Contains(s, devicePassword) || strings.Contains(s, right) {
			t.Errorf("%s: the password goes on: %s", tt.name, s)
		}
		// Switched off, such a location is one without a login.
		if status, got := ask(t, &Identity{Base: "/dav", Log: quiet()}, tt.give...); got.User == "ann" || status != 200 {
			t.Errorf("%s, switched off: %d, user %q", tt.name, status, got.User)
		}
	}
	for name, header := range map[string]string{"dan": "Retry-After", "x": "WWW-Authenticate"} {
		r, err := newRequest(t.Context(), envOf(fcgitest.Request("GET", "/dav/", "CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", basic(name, "x"), "REMOTE_ADDR", "192.0.2.1")))
		if err != nil {
			t.Fatal(err)
		}
		if env := fmt.Sprint(Env(r), ProcessEnv(r)); strings.Contains(env, basic(name, "x")) {
			t.Errorf("the password stands in %s", env)
		}
		w := httptest.NewRecorder()
		(&Identity{Log: quiet(), Realm: "calendar", Devices: devices{}}).Handler(http.NotFoundHandler()).ServeHTTP(w, r)
		if w.Header().Get(header) == "" {
			t.Errorf("%s: no %s in %v", name, header, w.Header())
		}
	}
}

// Security: identity is the request's, also where a password says it: nothing of it stays with the connection.
func TestServer_DevicesInTurnOnOneConnection(t *testing.T) {
	t.Parallel()
	id := &Identity{Base: "/", Log: quiet(), Devices: devices{}}
	c := open(t, id.Handler(http.HandlerFunc(showCaller)).ServeHTTP)
	for range 3 {
		for _, turn := range []struct {
			give   []string
			status int
			want   string
		}{
			{[]string{"CALDAV_LOGIN", "token", "HTTP_AUTHORIZATION", basic("ann", devicePassword)}, 200, "ann "},
			{[]string{"CALDAV_LOGIN", "token"}, 200, " "},
			{[]string{"HTTP_AUTHORIZATION", basic("ann", devicePassword)}, 200, " "},
			{[]string{"REMOTE_USER", "bob", "AUTH_TYPE", "Basic"}, 200, "bob "},
			{nil, 200, " "},
		} {
			want(t, do(t, c, fcgitest.Request("GET", "/", append(turn.give, "REMOTE_ADDR", "192.0.2.1")...), nil, keep), turn.status, turn.want)
		}
	}
}

// Over plain HTTP, beside a password file and without one.
func TestBasic_DevicesBeside(t *testing.T) {
	t.Parallel()
	b := newTestBasic(t, "ann:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n") // password
	b.Devices = true
	id := &Identity{Log: quiet(), Realm: "calendar", Devices: devices{}}
	without := id.Handler(http.HandlerFunc(showCaller))
	proxied := &Identity{Log: quiet(), UserHeader: "X-User", Devices: devices{}}
	for _, tt := range []struct {
		name, field string
		h           http.Handler
		status      int
		user        string
	}{
		{"file", basic("ann", "password"), b.Handler(without), 200, "ann "},
		{"device", basic("ann", devicePassword), b.Handler(without), 200, "ann "},
		{"device, as typed", basic("ann", "abcdefg"), b.Handler(without), 401, ""},
		{"device of nobody", basic("bob", devicePassword), b.Handler(without), 401, ""},
		{"wrong", basic("ann", "x"), b.Handler(without), 401, ""},
		{"none", "", b.Handler(without), 200, " "},
		{"device, no file", basic("ann", devicePassword), without, 200, "ann "},
		{"wrong, no file", basic("ann", "secret"), without, 401, ""},
		{"none, no file", "", without, 200, " "},
		{"behind a proxy that logs in", basic("ann", devicePassword), proxied.Handler(http.HandlerFunc(showCaller)), 200, " "},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:1"
		if tt.field != "" {
			r.Header.Set("Authorization", tt.field)
		}
		w := httptest.NewRecorder()
		tt.h.ServeHTTP(w, r)
		if w.Code != tt.status || tt.user != "" && w.Body.String() != tt.user {
			t.Errorf("%s: %d %q, want %d %q", tt.name, w.Code, w.Body, tt.status, tt.user)
		}
		if w.Code == 401 && !strings.Contains(w.Header().Get("WWW-Authenticate"), `realm="calendar"`) {
			t.Errorf("%s: %v", tt.name, w.Header())
		}
	}
}

func TestDeviceForm(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{devicePassword: true, strings.ToLower(devicePassword): true, "ABCDE-FGHIJ-KLMNO-PQRST-UVWX2-3": true,
		"": false, "secret": false, devicePassword + "A": false, devicePassword[1:]: false, devicePassword[1:] + "1": false, devicePassword[1:] + "é": false} {
		if deviceForm(s) != want {
			t.Errorf("%q: %t", s, !want)
		}
	}
}
