package fcgi

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Htgroup is a group file as Apache's mod_authz_groupfile reads it: lines of "group: user user". It is read again when it
// changes; while it is missing or wrong the old one counts.
type Htgroup struct {
	file string
	log  *slog.Logger

	mu     sync.Mutex
	stamp  fileStamp
	groups map[string][]string // by user
}

const maxHtgroup = 8 << 20

// NewHtgroup reads the file.
func NewHtgroup(file string, log *slog.Logger) (*Htgroup, error) {
	h := &Htgroup{file: file, log: orDefault(log)}
	stamp, err := stampOf(file)
	if err == nil {
		err = h.load(stamp)
	}
	if err != nil {
		return nil, fmt.Errorf("group file: %w", err)
	}
	return h, nil
}

// Of are the groups of a user.
func (h *Htgroup) Of(user string) []string {
	stamp, err := stampOf(h.file)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil && !stamp.same(h.stamp) {
		err = h.load(stamp)
	}
	if err != nil {
		h.log.Warn("group file not read again, the old one counts", "error", err)
	}
	return h.groups[user]
}

// load is called under mu, or before h is shared.
func (h *Htgroup) load(stamp fileStamp) error {
	f, err := os.Open(h.file)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxHtgroup+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxHtgroup:
		return fmt.Errorf("%s is larger than %d bytes", h.file, maxHtgroup)
	case !utf8.Valid(text):
		return errors.New(h.file + " is not UTF-8")
	}
	h.groups, h.stamp = h.parse(norm.NFC.String(string(text))), stamp
	return nil
}

func (h *Htgroup) parse(text string) map[string][]string {
	groups := map[string][]string{}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		group, users, ok := strings.Cut(line, ":")
		if group = strings.TrimSpace(group); !ok || group == "" {
			h.log.Warn("line of the group file ignored: want GROUP: USER USER …", "file", h.file, "line", i+1)
			continue
		}
		for _, user := range strings.Fields(users) {
			groups[user] = append(groups[user], group)
		}
	}
	return groups
}
