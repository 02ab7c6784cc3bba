package fcgi

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/fcgi/fcgitest"
)

func TestDetect(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		env   map[string]string
		stdin bool
		want  Mode
	}{
		{"shell", nil, false, ModeCommand},
		{"systemd", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "1"}, false, ModeSystemd},
		{"systemd before descriptor 0", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "2"}, true, ModeSystemd},
		{"systemd's sockets of another process", map[string]string{"LISTEN_PID": "41", "LISTEN_FDS": "1"}, false, ModeCommand},
		{"no sockets", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "0"}, false, ModeCommand},
		{"nonsense", map[string]string{"LISTEN_PID": "42", "LISTEN_FDS": "-3"}, false, ModeCommand},
		{"mod_fcgid", nil, true, ModeStdin},
		{"descriptor 0 before CGI", map[string]string{"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"}, true, ModeStdin},
		{"CGI", map[string]string{"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET"}, false, ModeCGI},
		{"half of CGI", map[string]string{"GATEWAY_INTERFACE": "CGI/1.1"}, false, ModeCommand},
	} {
		getenv := func(name string) string { return tt.env[name] }
		if got := detect(getenv, 42, func(fd int) bool { return fd == 0 && tt.stdin }); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
	if ModeStdin.Drain() > 2*time.Second || ModeSystemd.Drain() != 30*time.Second {
		t.Error("drain times")
	}
}

func TestListen_Unix(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	l, err := Listen("unix:"+path, ListenOptions{Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o660 {
		t.Errorf("mode %v, %v; want 0660", info.Mode(), err)
	}
	if _, err := Listen("unix:"+path, ListenOptions{}); err == nil || !strings.Contains(err.Error(), "another process is serving") {
		t.Errorf("a second listener: %v", err)
	}
	if _, err := fcgitest.Dial("unix", path); err != nil {
		t.Errorf("after the second try: %v", err)
	}
	l.Close()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		t.Errorf("after Close: %v, want our file removed", err)
	}
}

func TestListen_UnixModeAndGroup(t *testing.T) {
	t.Parallel()
	var log logBuffer
	path := socketPath(t)
	l, err := Listen("unix:"+path, ListenOptions{Mode: 0o666, Group: strconv.Itoa(os.Getgid()), Log: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o666 {
		t.Errorf("mode %v, %v; want 0666", info.Mode(), err)
	}
	if !strings.Contains(log.String(), "writable for all") {
		t.Errorf("log %q", log.String())
	}
	if _, err := Listen("unix:"+socketPath(t), ListenOptions{Group: "no-such-group-here"}); err == nil || !strings.Contains(err.Error(), "no-such-group-here") {
		t.Error(err)
	}
}

func TestListen_UnixStale(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	l, err := Listen("unix:"+path, ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
}

func TestListen_Refused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ spec, want string }{
		{"unix:" + file, "not a socket"},
		{"unix:" + link, "not a socket"},
		{"unix:" + dir, "not a socket"},
		{"unix:" + filepath.Join(dir, "none", "s"), "its folder"},
		{"unix:", "1 to 107 bytes"},
		{"unix:/" + strings.Repeat("x", 107), "1 to 107 bytes"},
		{"tcp:127.0.0.1:0", "-allow-tcp"},
		{"fd:x", "not a descriptor number"},
		{"fd:-1", "not a descriptor number"},
		{"fd:1000", "not a listening socket"},
		{"/run/s", "want unix:PATH"},
		{"", "want unix:PATH"},
	} {
		l, err := Listen(tt.spec, ListenOptions{})
		if err == nil {
			l.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %q", tt.spec, err, tt.want)
		}
	}
	if b, err := os.ReadFile(file); err != nil || string(b) != "precious" {
		t.Errorf("the file: %q, %v", b, err)
	}
}

func TestListen_TCPWhenAllowed(t *testing.T) {
	t.Parallel()
	var log logBuffer
	l, err := Listen("tcp:127.0.0.1:0", ListenOptions{AllowTCP: true, Log: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if !strings.Contains(log.String(), "any user") {
		t.Errorf("log %q", log.String())
	}
}

// childEnv says what the test binary is started for.
const childEnv = "FCGI_TEST_CHILD"

// TestMain lets the test binary also be the program that a web server starts.
func TestMain(m *testing.M) {
	if os.Getenv(childEnv) == "" {
		os.Exit(m.Run())
	}
	os.Exit(child())
}

// child serves as the program would and ends with 0 after one request to /end.
func child() int {
	os.Setenv("LISTEN_PID", strings.Replace(os.Getenv("LISTEN_PID"), "self", strconv.Itoa(os.Getpid()), 1))
	ls, err := Inherited(Detect(os.Getenv), os.Getenv)
	if err != nil || len(ls) != 1 {
		println(len(ls), err)
		return 3
	}
	return serveUntilEnd(ls[0])
}

func TestInherited(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		env  []string
		mode string
	}{
		{"descriptor 0", nil, "socket on descriptor 0"},
		{"systemd", []string{"LISTEN_PID=self", "LISTEN_FDS=1"}, "systemd sockets"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			path := socketPath(t)
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			f, err := l.File()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(tt.env, childEnv+"=1")
			cmd.Stderr = os.Stderr
			if tt.env == nil {
				cmd.Stdin = f
			} else {
				cmd.ExtraFiles = []*os.File{f}
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			f.Close()
			c := dial(t, path)
			want(t, do(t, c, fcgitest.Request("GET", "/"), nil, keep), 200, tt.mode)
			want(t, do(t, c, fcgitest.Request("GET", "/end"), nil, fcgitest.Options{}), 200, tt.mode)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			if _, err := os.Lstat(path); err != nil {
				t.Errorf("a socket passed in was removed: %v", err)
			}
		})
	}
}
