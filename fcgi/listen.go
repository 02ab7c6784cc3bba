package fcgi

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Mode is how the process was started.
type Mode int

const (
	ModeCommand Mode = iota // by a person or a service manager: the command line decides
	ModeSystemd             // with sockets of systemd: LISTEN_FDS
	ModeStdin               // by mod_fcgid, lighttpd or spawn-fcgi: descriptor 0 is a listening socket
	ModeCGI                 // for one request
)

func (m Mode) String() string {
	switch m {
	case ModeSystemd:
		return "systemd sockets"
	case ModeStdin:
		return "socket on descriptor 0"
	case ModeCGI:
		return "CGI"
	}
	return "command line"
}

// Drain is how long running requests may take after SIGTERM: mod_fcgid kills two seconds and more after it.
func (m Mode) Drain() time.Duration {
	if m == ModeStdin {
		return 2 * time.Second
	}
	return 30 * time.Second
}

// firstFD is where systemd's descriptors begin, sd_listen_fds(3); maxFDs is more than anybody configures.
const (
	firstFD = 3
	maxFDs  = 64
)

// Detect says how the process was started, from its environment and its descriptor 0.
func Detect(getenv func(string) string) Mode {
	return detect(getenv, os.Getpid(), listening)
}

func detect(getenv func(string) string, pid int, listening func(fd int) bool) Mode {
	switch {
	case getenv("LISTEN_PID") == strconv.Itoa(pid) && systemdFDs(getenv) > 0:
		return ModeSystemd
	case listening(0):
		return ModeStdin
	case getenv("GATEWAY_INTERFACE") != "" && getenv("REQUEST_METHOD") != "":
		return ModeCGI
	}
	return ModeCommand
}

func systemdFDs(getenv func(string) string) int {
	n, err := strconv.Atoi(getenv("LISTEN_FDS"))
	if err != nil || n < 0 {
		return 0
	}
	return min(n, maxFDs)
}

func listening(fd int) bool {
	v, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	return err == nil && v != 0
}

// Inherited returns the listeners the process was started with; none in the modes that have none. It takes the
// descriptors over: Detect comes before it. Closing the listeners leaves socket files where they are.
func Inherited(m Mode, getenv func(string) string) ([]net.Listener, error) {
	first, n := 0, 0
	switch m {
	case ModeStdin:
		n = 1
	case ModeSystemd:
		first, n = firstFD, systemdFDs(getenv)
	}
	var ls []net.Listener
	for fd := first; fd < first+n; fd++ {
		l, err := fdListener(fd)
		if err != nil {
			for _, l := range ls {
				l.Close()
			}
			return nil, err
		}
		ls = append(ls, l)
	}
	return ls, nil
}

// fdListener takes a descriptor over: net works on a copy, and the original is closed, so that nobody waits in its
// queue after Close. In the place of descriptor 0 comes the null device: whatever is opened next must not become it.
func fdListener(fd int) (net.Listener, error) {
	if !listening(fd) {
		return nil, fmt.Errorf("descriptor %d is not a listening socket", fd)
	}
	f := os.NewFile(uintptr(fd), "fd:"+strconv.Itoa(fd))
	if fd == 0 {
		f = os.Stdin
	}
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("listen on descriptor %d: %w", fd, err)
	}
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	if fd != 0 {
		err = f.Close()
	} else {
		err = nullStdin()
	}
	if err != nil {
		l.Close()
		return nil, fmt.Errorf("take over descriptor %d: %w", fd, err)
	}
	return l, nil
}

func nullStdin() error {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer null.Close()
	return unix.Dup3(int(null.Fd()), 0, 0)
}

// ListenOptions of Listen.
type ListenOptions struct {
	Mode     os.FileMode  // of a unix socket; 0660 when zero
	Group    string       // name or number of the group a unix socket is given to; "": unchanged
	AllowTCP bool         // the setting -allow-tcp
	Log      *slog.Logger // slog.Default() when nil
}

// Listen opens what the setting -fcgi or -http names: "unix:PATH", "tcp:HOST:PORT" or "fd:N".
func Listen(spec string, opt ListenOptions) (net.Listener, error) {
	kind, rest, _ := strings.Cut(spec, ":")
	switch kind {
	case "unix":
		return listenUnix(rest, opt)
	case "tcp":
		if !opt.AllowTCP {
			return nil, fmt.Errorf("%s: whoever can connect to a TCP port can be any user; use unix:PATH, or say -allow-tcp (allow-tcp = true) when only the web server can reach it", spec)
		}
		l, err := net.Listen("tcp", rest)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w", spec, err)
		}
		orDefault(opt.Log).Warn("listening on TCP: whoever can connect can be any user", "address", l.Addr().String())
		return l, nil
	case "fd":
		fd, err := strconv.Atoi(rest)
		if err != nil || fd < 0 {
			return nil, fmt.Errorf("%s: not a descriptor number", spec)
		}
		return fdListener(fd)
	}
	return nil, fmt.Errorf("%q: want unix:PATH, tcp:HOST:PORT or fd:N", spec)
}

// maxSocketPath is what sockaddr_un holds, unix(7).
const maxSocketPath = 107

func listenUnix(path string, opt ListenOptions) (net.Listener, error) {
	if path == "" || len(path) > maxSocketPath {
		return nil, fmt.Errorf("unix:%s: the path of a socket has 1 to %d bytes, this one %d", path, maxSocketPath, len(path))
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	mode := opt.Mode.Perm()
	if mode == 0 {
		mode = 0o660
	}
	lc := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error {
		// On Linux the file gets the socket's own mode, less the umask: there is no moment in which it is open to all.
		var chmodErr error
		if err := raw.Control(func(fd uintptr) { chmodErr = unix.Fchmod(int(fd), uint32(mode)) }); err != nil {
			return err
		}
		return chmodErr
	}}
	l, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on unix:%s: %w", path, err)
	}
	if err := giveSocket(path, mode, opt.Group); err != nil {
		l.Close()
		return nil, err
	}
	if mode&0o002 != 0 {
		orDefault(opt.Log).Warn("socket is writable for all: whoever can connect can be any user", "path", path, "mode", mode.String())
	}
	return l, nil
}

func giveSocket(path string, mode os.FileMode, group string) error {
	if group != "" {
		gid, err := groupID(group)
		if err != nil {
			return err
		}
		if err := os.Chown(path, -1, gid); err != nil {
			return fmt.Errorf("give the socket to group %s: %w", group, err)
		}
	}
	if err := os.Chmod(path, mode); err != nil { // what the umask took away
		return fmt.Errorf("set the socket's mode: %w", err)
	}
	return nil
}

func groupID(group string) (int, error) {
	if gid, err := strconv.Atoi(group); err == nil {
		return gid, nil
	}
	g, err := user.LookupGroup(group)
	if err != nil {
		return 0, fmt.Errorf("socket group %q: %w", group, err)
	}
	gid, err := strconv.Atoi(g.Gid)
	if err != nil {
		return 0, fmt.Errorf("socket group %q: id %q is not a number", group, g.Gid)
	}
	return gid, nil
}

// removeStale makes way for a socket: one that nobody listens on is removed, anything else stays and is an error.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		switch _, err := os.Stat(filepath.Dir(path)); {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("listen on unix:%s: its folder does not exist: make it first, open to the web server (a systemd unit: RuntimeDirectory=)", path)
		case err != nil:
			return fmt.Errorf("listen on unix:%s: its folder: %w", path, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("listen on unix:%s: %w", path, err)
	}
	if info.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("listen on unix:%s: there is a file that is not a socket; remove it or choose another path", path)
	}
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
		return fmt.Errorf("listen on unix:%s: another process is serving there", path)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("listen on unix:%s: a socket is there already: %w", path, err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the socket of a process that has ended: %w", err)
	}
	return nil
}
