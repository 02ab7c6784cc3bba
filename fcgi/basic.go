package fcgi

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/tg123/go-htpasswd"
)

// Basic checks passwords against an htpasswd file, for plain HTTP (RFC 7617). A request without credentials passes as
// anonymous: the service asks for them where it needs them, and well-known and OPTIONS work without.
type Basic struct {
	// Devices says that passwords which look like those of devices are left for Identity to check.
	Devices bool

	file  string
	realm string
	log   *slog.Logger
	slots chan struct{} // passwords checked at a time: bcrypt is meant to be costly

	mu      sync.Mutex
	users   *htpasswd.File
	stand   string // a user whose password is tried in place of an unknown user's
	stamp   fileStamp
	key     []byte                          // of remembered; new with each version of the file
	known   map[[sha256.Size]byte]time.Time // HMAC of user and password → until when
	nowFunc func() time.Time
}

const (
	rememberFor  = 5 * time.Minute
	maxKnown     = 4096
	maxHtpasswd  = 8 << 20
	maxPassword  = 1024
	maxBasicWait = 10 * time.Second
)

// fileStamp tells versions of a file apart.
type fileStamp struct {
	size    int64
	changed time.Time
	info    os.FileInfo
}

func (a fileStamp) same(b fileStamp) bool {
	return a.size == b.size && a.changed.Equal(b.changed) && os.SameFile(a.info, b.info)
}

// NewBasic reads an htpasswd file: bcrypt, {SHA} and apr1. It is read again when it changes.
func NewBasic(file, realm string, log *slog.Logger) (*Basic, error) {
	b := &Basic{
		file:    file,
		realm:   realm,
		log:     orDefault(log),
		slots:   make(chan struct{}, runtime.NumCPU()),
		nowFunc: time.Now,
	}
	stamp, err := stampOf(file)
	if err != nil {
		return nil, fmt.Errorf("password file: %w", err)
	}
	if err := b.load(stamp); err != nil {
		return nil, err
	}
	return b, nil
}

func stampOf(file string) (fileStamp, error) {
	info, err := os.Stat(file)
	if err != nil {
		return fileStamp{}, err
	}
	if !info.Mode().IsRegular() {
		return fileStamp{}, fmt.Errorf("%s is not a file", file)
	}
	return fileStamp{size: info.Size(), changed: info.ModTime(), info: info}, nil
}

// load takes the file over and forgets what was remembered of the old one. Called under mu, or before b is shared.
func (b *Basic) load(stamp fileStamp) error {
	f, err := os.Open(b.file)
	if err != nil {
		return fmt.Errorf("password file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxHtpasswd+1))
	if err != nil {
		return fmt.Errorf("read password file: %w", err)
	}
	if len(text) > maxHtpasswd {
		return fmt.Errorf("password file %s is larger than %d bytes", b.file, maxHtpasswd)
	}
	var usable bytes.Buffer
	stand := ""
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if user, hash, ok := strings.Cut(line, ":"); ok && user != "" && supported(hash) {
			usable.WriteString(line + "\n")
			if stand == "" {
				stand = user
			}
			continue
		}
		b.log.Warn("line of the password file ignored: want NAME:HASH with a bcrypt, {SHA} or $apr1$ hash (htpasswd -B)", "file", b.file, "line", i+1)
	}
	users, err := htpasswd.NewFromReader(&usable, parsers(), nil)
	if err != nil {
		return fmt.Errorf("password file %s: %w", b.file, err)
	}
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails: crypto/rand ends the process instead
	b.users, b.stand, b.stamp, b.key = users, stand, stamp, key
	b.known = make(map[[sha256.Size]byte]time.Time)
	return nil
}

func parsers() []htpasswd.PasswdParser {
	return []htpasswd.PasswdParser{htpasswd.AcceptBcrypt, htpasswd.AcceptSha, htpasswd.AcceptMd5}
}

func supported(hash string) bool {
	for _, p := range parsers() {
		if m, err := p(hash); err == nil && m != nil {
			return true
		}
	}
	return false
}

// Handler verifies credentials where there are some, for Identity.Handler.
func (b *Basic) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			next.ServeHTTP(w, r)
			return
		}
		user, password, ok := r.BasicAuth()
		if b.Devices && ok && deviceForm(password) {
			next.ServeHTTP(w, r)
			return
		}
		if ok {
			var err error
			if ok, err = b.verify(r.Context(), user, password); err != nil {
				w.Header().Set("Retry-After", "5")
				writeError(w, http.StatusServiceUnavailable, "")
				return
			}
		}
		if !ok {
			challenge(w, b.realm)
			return
		}
		next.ServeHTTP(w, r.WithContext(withVerified(r.Context(), user)))
	})
}

// errBusy says that too many passwords are being checked already.
var errBusy = errors.New("too many logins at a time")

// verify checks a password. A right one is remembered for some minutes, as a keyed hash: clients send it with every
// request, and bcrypt takes longer than the request.
func (b *Basic) verify(ctx context.Context, user, password string) (bool, error) {
	if user == "" || len(user) > maxUser || len(password) > maxPassword {
		return false, nil
	}
	b.reload()
	b.mu.Lock()
	users, stand, key := b.users, b.stand, b.key
	mark := keyed(key, user, password)
	until, seen := b.known[mark]
	fresh := seen && b.nowFunc().Before(until)
	b.mu.Unlock()
	if fresh {
		return true, nil
	}
	select {
	case b.slots <- struct{}{}:
		defer func() { <-b.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	case <-time.After(maxBasicWait):
		return false, errBusy
	}
	if !users.Exists(user) {
		users.Match(stand, password) // an unknown name takes as long as a known one
		return false, nil
	}
	if !users.Match(user, password) {
		b.log.Warn("wrong password", "user", user)
		return false, nil
	}
	b.remember(key, mark)
	return true, nil
}

func keyed(key []byte, user, password string) [sha256.Size]byte {
	h := hmac.New(sha256.New, key)
	h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(user))))
	h.Write([]byte(user))
	h.Write([]byte(password))
	return [sha256.Size]byte(h.Sum(nil))
}

// remember does nothing when the file has changed since key was current.
func (b *Basic) remember(key []byte, mark [sha256.Size]byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !hmac.Equal(key, b.key) {
		return
	}
	now := b.nowFunc()
	if len(b.known) >= maxKnown {
		for m, until := range b.known {
			if !now.Before(until) {
				delete(b.known, m)
			}
		}
	}
	if len(b.known) >= maxKnown {
		clear(b.known)
	}
	b.known[mark] = now.Add(rememberFor)
}

// reload reads the file again when it is another one. While it is missing or wrong the old one counts.
func (b *Basic) reload() {
	stamp, err := stampOf(b.file)
	b.mu.Lock()
	defer b.mu.Unlock()
	if err == nil && !stamp.same(b.stamp) {
		err = b.load(stamp)
	}
	if err != nil {
		b.log.Warn("password file not read again, the old one counts", "error", err)
	}
}
