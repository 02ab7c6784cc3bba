package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"caldav-fcgi": main, "dav.fcgi": main})
}

// TestScripts runs testdata/script: each command, its help, its failures.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			home := filepath.Join(e.WorkDir, "home")
			e.Setenv("HOME", home)
			e.Setenv("CALDAV_FCGI_CONFIG", "/dev/null") // not that of this machine
			e.Setenv("CALDAV_FCGI_DB", "caldav.db")
			return os.Mkdir(home, 0o755)
		},
		Condition: func(cond string) (bool, error) {
			if path, ok := strings.CutPrefix(cond, "exists:"); ok {
				_, err := os.Stat(path)
				return err == nil, nil
			}
			return false, fmt.Errorf("no condition %q", cond)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":    cmdStatus,
			"listening": cmdListening,
			"port":      cmdPort,
			"count":     cmdCount,
			"visit":     cmdVisit,
		},
	})
}

// cmdStatus checks the exit status of a command: status N COMMAND…
func cmdStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if ee, ok := errors.AsType[*exec.ExitError](err); ok {
		got = ee.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s: exit status %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

// cmdListening waits until somebody accepts on a unix socket.
func cmdListening(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: listening SOCKET")
	}
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		c, err := net.Dial("unix", ts.MkAbs(args[0]))
		if err == nil {
			c.Close()
			return
		}
		select {
		case <-again.C:
		case <-deadline.C:
			ts.Fatalf("nobody listens: %v", err)
		}
	}
}

// cmdPort takes a port until the end of the script: port VARIABLE
func cmdPort(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: port VARIABLE")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv(args[0], l.Addr().String())
}

// cmdVisit asks for the page over a unix socket: visit SOCKET STATUS USER [FILE]. With a file, the first line of that is the
// user's password; without, a proxy names the user.
func cmdVisit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: visit SOCKET STATUS USER [FILE]")
	}
	rq, err := http.NewRequest("GET", "http://cal.example.org/", nil)
	ts.Check(err)
	if len(args) == 4 {
		password, _, _ := strings.Cut(ts.ReadFile(args[3]), "\n")
		rq.SetBasicAuth(args[2], password)
	} else {
		rq.Header.Set("X-User", args[2])
	}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", ts.MkAbs(args[0]))
	}}
	answer, err := transport.RoundTrip(rq)
	ts.Check(err)
	answer.Body.Close()
	if got := strconv.Itoa(answer.StatusCode); got != args[1] {
		ts.Fatalf("status %s, want %s", got, args[1])
	}
}

// cmdCount counts what matches: count FILE N PATTERN
func cmdCount(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: count FILE N PATTERN")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	if got := len(regexp.MustCompile(args[2]).FindAllString(ts.ReadFile(args[0]), -1)); got != want {
		ts.Fatalf("%s matches %d times, want %d", args[2], got, want)
	}
}

// TestTables_EveryEntryIsDocumentedAndHasAScript fails for a new command or setting until it is.
func TestTables_EveryEntryIsDocumentedAndHasAScript(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var scripts strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		scripts.Write(text)
	}
	all := scripts.String()
	oneLine := func(what, text string) {
		if text == "" || strings.Contains(text, "\n") || strings.HasSuffix(text, ".") {
			t.Errorf("%s: %q: want one line without a full stop", what, text)
		}
	}
	seen := map[string]bool{}
	for _, cmd := range commands() {
		oneLine(cmd.name, cmd.short)
		if len(cmd.long) < 20 {
			t.Errorf("command %s has no text", cmd.name)
		}
		if seen[cmd.name] {
			t.Errorf("command %s stands twice in the table", cmd.name)
		}
		seen[cmd.name] = true
		if !strings.Contains(all, "exec caldav-fcgi "+cmd.name) || !strings.Contains(all, "! exec caldav-fcgi "+cmd.name) {
			t.Errorf("command %s has no script in which it works and one in which it fails", cmd.name)
		}
		for _, o := range cmd.options {
			oneLine(cmd.name+" -"+o.name, o.doc)
			if !regexp.MustCompile(`caldav-fcgi ` + cmd.name + `.* -` + o.name + `\b`).MatchString(all) {
				t.Errorf("flag -%s of %s has no script", o.name, cmd.name)
			}
			if findSetting(o.name) != nil && cmd.name != "demo" {
				t.Errorf("flag -%s of %s has the name of a setting", o.name, cmd.name)
			}
		}
		for _, name := range cmd.settings {
			if findSetting(name) == nil {
				t.Errorf("command %s names the setting %s, which does not exist", cmd.name, name)
			}
		}
	}
	for i := range settings {
		s := &settings[i]
		oneLine(s.name, s.doc)
		if s.arg == "" && !s.isSwitch() {
			t.Errorf("setting %s: what is its value called?", s.name)
		}
		if !strings.Contains(all, "serve ") || !regexp.MustCompile(`(?m)(-|^)`+s.name+`\b`).MatchString(all) {
			t.Errorf("setting %s has no script", s.name)
		}
	}
}

func TestSize_ThereAndBack(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{"1": 1, "10MB": 10 << 20, "2 kb": 2 << 10, "1GB": 1 << 30, "1500": 1500} {
		n, err := readSize(text)
		if err != nil || n != want {
			t.Errorf("readSize(%q) = %d, %v; want %d", text, n, err, want)
		}
		if back, err := readSize(writeSize(n)); err != nil || back != n {
			t.Errorf("readSize(writeSize(%d)) = %d, %v", n, back, err)
		}
	}
	for _, text := range []string{"", "MB", "-1", "0", "1TB", "9999999999GB", "1e3"} {
		if n, err := readSize(text); err == nil {
			t.Errorf("readSize(%q) = %d, want an error", text, n)
		}
	}
}

func FuzzConfigFile(f *testing.F) {
	f.Add("log = \"json\"\n")
	f.Add("fcgi = [\"unix:a\", 3]\n[x.y]\nz = 1\n")
	f.Fuzz(func(t *testing.T, text string) {
		l := &loaded{config: newConfig(), from: map[string]string{}}
		if err := l.toml("x.toml", text); err != nil && !strings.HasPrefix(err.Error(), "x.toml") {
			t.Errorf("error does not name the file: %v", err)
		}
	})
}

func TestReadTime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{"5s": 5 * time.Second, " 500ms": 500 * time.Millisecond, "1m": time.Minute} {
		if got, err := readTime(text); err != nil || got != want {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "5", "-1s", "0s", "soon"} {
		if _, err := readTime(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
	for text, ok := range map[string]bool{"1": true, "100": true, "0": false, "101": false, "-1": false, "50%": false} {
		if err := checkPercent(text); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
}
