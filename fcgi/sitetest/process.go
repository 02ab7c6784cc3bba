package sitetest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	patience = 20 * time.Second      // for anything to happen
	pause    = 10 * time.Millisecond // between two looks whether it has
)

// Await looks until done says that what is awaited has happened; an error of done's ends the test at once.
func Await(t testing.TB, what string, done func() (bool, error)) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		ok, err := done()
		if err != nil {
			t.Fatalf("waiting for %s: %v", what, err)
		}
		if ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain for %s", patience, what)
		}
		time.Sleep(pause)
	}
}

// Process is a child process with a group of its own.
type Process struct {
	Name  string
	cmd   *exec.Cmd
	out   output
	ended chan struct{}
	err   error // once ended
}

// output keeps the end of what a process writes.
type output struct {
	mu   sync.Mutex
	text []byte
}

const maxOutput = 8 << 10

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text = append(o.text, p...)
	if len(o.text) > 2*maxOutput {
		o.text = append(o.text[:0], o.text[len(o.text)-maxOutput:]...)
	}
	return len(p), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return string(o.text)
}

// start starts a process that ends with the test, which prints its output, and that of its log file, if it has failed.
func start(t testing.TB, name string, cmd *exec.Cmd, log string) *Process {
	t.Helper()
	p := &Process{Name: name, cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.out, &p.out
	// A group, so that what it has started can be ended with it; and not to outlive a test that is killed.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	go func() {
		p.err = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.stop()
		if t.Failed() {
			t.Logf("%s wrote:\n%s%s", name, &p.out, tail(log))
		}
	})
	return p
}

// tail is the end of a log file.
func tail(path string) string {
	text, _ := os.ReadFile(path)
	if n := len(text) - maxOutput; n > 0 {
		text = text[n:]
	}
	return string(text)
}

// PID is its number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Running says whether it has not ended.
func (p *Process) Running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Signal sends a signal to it alone.
func (p *Process) Signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) }

// Wait waits for its end and returns how it ended.
func (p *Process) Wait(t testing.TB) error {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(patience):
		t.Fatalf("%s has not ended after %v", p.Name, patience)
	}
	return p.err
}

// stop ends it politely, and then it and its group.
func (p *Process) stop() {
	if p.Running() {
		p.Signal(syscall.SIGTERM)
		select {
		case <-p.ended:
		case <-time.After(patience / 2):
		}
	}
	_ = syscall.Kill(-p.PID(), syscall.SIGKILL)
	<-p.ended
}

// Program is the command, built once for a test and its subtests.
type Program struct{ Path string }

// Build builds it.
func Build(t testing.TB) *Program {
	t.Helper()
	noteSources(t)
	path := filepath.Join(t.TempDir(), "caldav-fcgi")
	if out, err := exec.Command("go", "build", "-o", path, "caldav-fcgi/cmd/caldav-fcgi").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return &Program{Path: path}
}

// Serve starts "caldav-fcgi serve" over the database of the place, with args, and waits until its sockets answer.
func (p *Program) Serve(t testing.TB, place *Place, args ...string) *Process {
	t.Helper()
	all := []string{"serve", "-config", place.Path("program.toml"), "-db", place.Path("db/caldav.db")}
	if place.Group != "" {
		all = append(all, "-socket-group", place.Group)
	}
	cmd := exec.Command(p.Path, append(all, args...)...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	process := start(t, "caldav-fcgi", cmd, "")
	for _, arg := range args {
		if socket, ok := strings.CutPrefix(arg, "unix:"); ok {
			Await(t, "the program on "+socket, func() (bool, error) {
				if !process.Running() {
					return false, fmt.Errorf("the program has ended: %w\n%s", errors.Join(process.err), &process.out)
				}
				return answers("unix", socket), nil
			})
		}
	}
	return process
}

// noteSources looks into the folders of the module: what a test has looked at decides whether its result is still good
// the next time, and go test does not see what the go build in it reads.
func noteSources(t testing.TB) {
	t.Helper()
	mod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	err = filepath.WalkDir(filepath.Dir(strings.TrimSpace(string(mod))), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && d.Name() == ".git" {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatalf("look through the module: %v", err)
	}
}

func answers(network, address string) bool {
	c, err := net.DialTimeout(network, address, time.Second)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// listen starts a web server on a free port and waits until it listens there. Between our finding the port and its taking it
// somebody else may: then another one is tried.
func listen(t testing.TB, name, log string, command func(address string) *exec.Cmd) (*Process, string) {
	t.Helper()
	const tries = 3
	for try := 1; ; try++ {
		address := freeAddress(t)
		p := start(t, name, command(address), log)
		ended := false
		Await(t, name+" on "+address, func() (bool, error) {
			if ended = !p.Running(); ended {
				said := p.out.String() + tail(log)
				if try == tries || !bytes.Contains(bytes.ToLower([]byte(said)), []byte("address already in use")) {
					return false, fmt.Errorf("it has ended: %v\n%s", p.err, said)
				}
				return true, nil
			}
			return answers("tcp", address), nil
		})
		if !ended {
			return p, address
		}
	}
}

func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// need skips the test where a command is missing, and finds it in the folders that are not in every PATH.
func need(t testing.TB, pkg string, commands ...string) string {
	t.Helper()
	for _, c := range commands {
		for _, path := range []string{c, "/usr/sbin/" + c, "/usr/local/sbin/" + c} {
			if found, err := exec.LookPath(path); err == nil {
				return found
			}
		}
	}
	t.Skipf("%s is not installed (Debian: apt-get install %s)", commands[0], pkg)
	return ""
}

// Instances are the processes that run a program file: those that mod_fcgid has started of the copy in a place.
func Instances(path string) (pids []int) {
	links, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, link := range links {
		if exe, err := os.Readlink(link); err == nil && exe == path {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(link))); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// bytesRead is how much a process has read so far, from anything.
func bytesRead(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(text), "rchar: ")
	number, _, _ := strings.Cut(rest, "\n")
	return strconv.ParseInt(number, 10, 64)
}

// noRedirect makes an http.Client hand out redirects as they come.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
