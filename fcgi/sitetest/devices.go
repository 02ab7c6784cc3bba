package sitetest

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Run runs the command over the database of the place and returns what it prints.
func (p *Program) Run(t testing.TB, place *Place, args ...string) string {
	t.Helper()
	cmd := exec.Command(p.Path, append(args, "-config", place.Path("program.toml"), "-db", place.Path("db/caldav.db"))...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("caldav-fcgi %s: %v", strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

// CheckDevices is for a site with a second location, /devices, that is open to passwords of devices alone.
func (s *Site) CheckDevices(t *testing.T, program *Program) {
	client := s.Client()
	defer client.CloseIdleConnections()
	client.Transport.(*http.Transport).MaxConnsPerHost = 1
	password := program.Run(t, s.Place, "token", "new", "-user", "ann", "-name", "phone")
	devices := *s
	devices.Base = "/devices"
	check := func(what string, at *Site, user string, more map[string]string, status int, want string) {
		t.Helper()
		got, who, err := at.whoWith(client, user, at.URL("/"), more)
		if err != nil || got != status || who != want {
			t.Errorf("%s: status %d, user %q, error %v, want %d, %q", what, got, who, err, status, want)
		}
	}
	for range 2 { // in turn, on one connection
		check("the device", &devices, "ann:"+password, nil, http.StatusMultiStatus, "ann")
		check("nobody", &devices, "", nil, http.StatusUnauthorized, "")
		check("another user with the password", &devices, "bob:"+password, nil, http.StatusUnauthorized, "")
		check("the password of the web server", &devices, "ann:ann", nil, http.StatusUnauthorized, "")
		check("a name alone", &devices, "", map[string]string{"Remote-User": "ann", "REMOTE_USER": "ann"}, http.StatusUnauthorized, "")
		check("the device, where the web server checks", s, "ann:"+password, nil, http.StatusUnauthorized, "")
		check("the client's word for the parameter", s, "ann:"+password, map[string]string{"CALDAV_LOGIN": "token", "Caldav-Login": "token"}, http.StatusUnauthorized, "")
		check("the web server's login", s, "bob", nil, http.StatusMultiStatus, "bob")
	}
	answer, text, err := devices.Do(client, "ann:"+password, "PROPFIND", "/calendars/ann/", map[string]string{"Depth": "1"}, nil)
	if err != nil || answer.StatusCode != http.StatusMultiStatus || !strings.Contains(text, "<d:href>/devices/calendars/ann/calendar/</d:href>") {
		t.Errorf("the home of the device: %v, error %v, %.300s", answer, err, text)
	}
	program.Run(t, s.Place, "token", "revoke", "-user", "ann", "-name", "phone")
	check("revoked", &devices, "ann:"+password, nil, http.StatusUnauthorized, "")
}
