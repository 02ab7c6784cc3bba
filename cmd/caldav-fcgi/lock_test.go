package main

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each request a process of its own, as CGI has it: a lock that one of them takes holds in all others.
func TestLock_HoldsInProcessesThatComeLater(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "caldav-fcgi") // what TestMain knows the command by
	if err := os.Symlink(exe, program); err != nil {
		t.Fatal(err)
	}
	ask := func(who, method, body string, headers ...string) (status int, answer string) {
		t.Helper()
		const path = "/calendars/ann/calendar/a.ics"
		cmd := exec.CommandContext(t.Context(), program)
		cmd.Env = append(os.Environ(), "GATEWAY_INTERFACE=CGI/1.1", "SERVER_PROTOCOL=HTTP/1.1", "SERVER_NAME=cal.example.org", "SERVER_PORT=443", "REQUEST_METHOD="+method,
			"REQUEST_URI=/dav"+path, "SCRIPT_NAME=/dav", "PATH_INFO="+path, "REMOTE_USER="+who, "AUTH_TYPE=Basic", "CALDAV_BASE=/dav", "HTTP_HOST=cal.example.org", "HTTPS=on", "CALDAV_FCGI_CONFIG=/dev/null", "CALDAV_FCGI_DB="+filepath.Join(dir, "caldav.db"))
		if body != "" {
			cmd.Env = append(cmd.Env, fmt.Sprintf("CONTENT_LENGTH=%d", len(body)), "CONTENT_TYPE=text/calendar")
			cmd.Stdin = strings.NewReader(body)
		}
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			cmd.Env = append(cmd.Env, "HTTP_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+"="+value)
		}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", method, err, &stderr)
		}
		if _, err := fmt.Sscanf(string(out), "Status: %d", &status); err != nil {
			t.Fatalf("%s: %v\n%s", method, err, out)
		}
		return status, string(out)
	}
	const event = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260105T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	const info = `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>`
	status, answer := ask("ann", "LOCK", info, "Timeout: Second-600")
	m := regexp.MustCompile(`Lock-Token: <(urn:uuid:[0-9a-f-]+)>`).FindStringSubmatch(answer)
	if status != http.StatusCreated || m == nil {
		t.Fatalf("LOCK: %s", answer)
	}
	for _, c := range []struct {
		status            int
		who, method, body string
		header            string
	}{
		{423, "ann", "PUT", event, ""},
		{423, "ann", "LOCK", info, ""},
		{403, "bob", "PUT", event, "If: (<" + m[1] + ">)"},
		{403, "bob", "UNLOCK", "", "Lock-Token: <" + m[1] + ">"},
		{201, "ann", "PUT", event, "If: (<" + m[1] + ">)"},
		{423, "ann", "DELETE", "", ""},
		{204, "ann", "UNLOCK", "", "Lock-Token: <" + m[1] + ">"},
		{204, "ann", "DELETE", "", ""},
	} {
		if status, answer := ask(c.who, c.method, c.body, c.header); status != c.status {
			t.Errorf("%s %s %s: %d, want %d\n%s", c.who, c.method, c.header, status, c.status, answer)
		}
	}
}
