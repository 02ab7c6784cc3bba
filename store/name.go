package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxName is what every file system and every client takes for one path segment, with room for names of other servers.
const maxName = 1024

// usableName looks at a path segment after decoding. A slash is data here.
func usableName(name string) error {
	switch {
	case name == "":
		return fmt.Errorf("%w: empty", ErrBadName)
	case len(name) > maxName:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrBadName, len(name), maxName)
	case !utf8.ValidString(name), strings.ContainsRune(name, 0):
		return fmt.Errorf("%w: %q", ErrBadName, name)
	}
	return nil
}

// jsonNames binds any number of names as one value, so that the statement has one text. Names that cannot exist and repetitions
// are left out: JSON would turn the former into others.
func jsonNames(names []string) (string, error) {
	seen := make(map[string]bool, len(names))
	list := make([]string, 0, len(names))
	for _, n := range names {
		if !seen[n] && usableName(n) == nil {
			seen[n] = true
			list = append(list, n)
		}
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func jsonIDs(ids []int64) (string, error) {
	if ids == nil {
		ids = []int64{}
	}
	b, err := json.Marshal(ids)
	return string(b), err
}
