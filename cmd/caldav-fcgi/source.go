package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"

	"caldav-fcgi/fcgi"
)

const (
	siteConfig    = "/etc/caldav-fcgi/config.toml"
	maxConfigFile = 1 << 20
)

// given is a setting that came with the command line.
type given struct {
	name   string
	values []string
}

// loaded is a config with where each value comes from: "-log", "CALDAV_FCGI_LOG", "config.toml line 3"; no entry for a
// default.
type loaded struct {
	*config
	from map[string]string
}

// load reads the settings: a flag goes before the environment, that before the file, that before the default.
func load(flags []given, getenv func(string) string) (*loaded, error) {
	l := &loaded{config: newConfig(), from: map[string]string{}}
	over := &loaded{config: newConfig(), from: map[string]string{}} // what goes before the file, to find it
	for _, name := range []string{"db", "config"} {
		if err := over.fromOutside(findSetting(name), flags, getenv); err != nil {
			return nil, err
		}
	}
	if err := l.file(over, getenv); err != nil {
		return nil, err
	}
	for i := range settings {
		if err := l.fromOutside(&settings[i], flags, getenv); err != nil {
			return nil, err
		}
	}
	if l.DB == "" {
		l.DB = defaultDB(getenv)
	}
	return l, nil
}

// fromOutside takes a setting from the environment and then from the flags.
func (l *loaded) fromOutside(s *setting, flags []given, getenv func(string) string) error {
	if v := getenv(s.env()); v != "" {
		values := []string{v}
		if s.isList() {
			values = strings.Fields(v)
		}
		if err := s.set(l.config, values...); err != nil {
			return usagef("environment variable %s: %v", s.env(), err)
		}
		l.from[s.name] = s.env()
	}
	for _, g := range flags {
		if g.name != s.name {
			continue
		}
		if !s.isList() {
			g.values = g.values[len(g.values)-1:]
		}
		if err := s.set(l.config, g.values...); err != nil {
			return usagef("-%s: %v", s.name, err)
		}
		l.from[s.name] = "-" + s.name
	}
	return nil
}

// file reads the configuration file, if there is one.
func (l *loaded) file(over *loaded, getenv func(string) string) error {
	path := over.Config
	if path == "" {
		db := over.DB
		if db == "" {
			db = defaultDB(getenv)
		}
		for _, path = range []string{siteConfig, filepath.Join(filepath.Dir(db), "config.toml")} {
			_, err := os.Stat(path)
			if err == nil {
				break
			}
			if !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("configuration file: %w", err)
			}
			path = ""
		}
		if path == "" {
			return nil
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("configuration file: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxConfigFile+1))
	if err != nil {
		return fmt.Errorf("configuration file %s: %w", path, err)
	}
	if len(text) > maxConfigFile {
		return usagef("configuration file %s: larger than %s", path, writeSize(maxConfigFile))
	}
	l.Config = path
	return l.toml(path, string(text))
}

// toml takes every key of the file, or says which one and why not.
func (l *loaded) toml(path, text string) error {
	var tree map[string]any
	if _, err := toml.Decode(text, &tree); err != nil {
		if pe, ok := errors.AsType[toml.ParseError](err); ok {
			return usagef("%s line %d: %s", path, pe.Position.Line, pe.Message)
		}
		return usagef("%s: %v", path, err)
	}
	keys := make([]string, 0, len(tree))
	lines := keyLines(text)
	for k := range tree {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool { return lines[keys[i]] < lines[keys[j]] })
	for _, k := range keys {
		at := fmt.Sprintf("%s line %d", path, max(1, lines[k]))
		s := findSetting(k)
		if s == nil || s.name == "config" {
			return usagef("%s: no setting %q%s", at, k, didYouMean(k, settingNames()))
		}
		values, err := tomlValues(tree[k])
		if err == nil {
			err = s.set(l.config, values...)
		}
		if err != nil {
			return usagef("%s: %s: %v", at, k, err)
		}
		l.from[s.name] = at
	}
	return nil
}

// tomlValues brings a value into the form it has on a command line.
func tomlValues(v any) ([]string, error) {
	switch v := v.(type) {
	case string:
		return []string{v}, nil
	case bool, int64:
		return []string{fmt.Sprint(v)}, nil
	case []any:
		list := []string{}
		for _, e := range v {
			one, err := tomlValues(e)
			if err != nil || len(one) != 1 {
				return nil, errors.New("want a list of texts")
			}
			list = append(list, one[0])
		}
		return list, nil
	}
	return nil, errors.New("want a text, a number, true or false, or a list of texts")
}

// keyLines finds the first line on which each key of the first level stands, which the decoder does not tell.
func keyLines(text string) map[string]int {
	lines := map[string]int{}
	no := 0
	for line := range strings.Lines(text) {
		no++
		line = strings.TrimLeft(line, " \t[")
		key, _, _ := strings.Cut(line, "=")
		if line != "" && (line[0] == '"' || line[0] == '\'') {
			key, _, _ = strings.Cut(line[1:], line[:1])
		} else if i := strings.IndexAny(key, " \t.]"); i >= 0 {
			key = key[:i]
		}
		if lines[key] == 0 {
			lines[key] = no
		}
	}
	return lines
}

func findSetting(name string) *setting {
	i := slices.IndexFunc(settings, func(s setting) bool { return s.name == name })
	if i < 0 {
		return nil
	}
	return &settings[i]
}

func settingNames() []string {
	var names []string
	for _, s := range settings {
		if s.name != "config" {
			names = append(names, s.name)
		}
	}
	return names
}

// privateDir is beside the program's folder, on a shared host.
const privateDir = "private"

// defaultDB is where the database is when nobody says it. A program in a site's own folder (a shared host) keeps it in a
// folder beside that one, which the web server does not show; the shell finds it there too, once it is made.
func defaultDB(getenv func(string) string) string {
	if dirs := getenv("STATE_DIRECTORY"); dirs != "" {
		dir, _, _ := strings.Cut(dirs, ":")
		return filepath.Join(dir, "caldav.db")
	}
	private := ""
	if exe, err := os.Executable(); err == nil {
		private = filepath.Join(filepath.Dir(filepath.Dir(exe)), privateDir, "caldav.db")
	}
	mode := fcgi.Detect(getenv)
	started := mode == fcgi.ModeStdin || mode == fcgi.ModeCGI
	data, home := getenv("XDG_DATA_HOME"), getenv("HOME")
	switch {
	case filepath.IsAbs(data):
		return filepath.Join(data, "caldav-fcgi", "caldav.db")
	case private != "" && (started || home == "" || isFile(private)):
		return private
	case home != "":
		return filepath.Join(home, ".local", "share", "caldav-fcgi", "caldav.db")
	}
	return "caldav.db"
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// didYouMean names the known word nearest to one that is not known, or nothing.
func didYouMean(word string, known []string) string {
	best, at := "", len(word)/2+1
	for _, k := range known {
		if d := distance(word, k); d < at {
			best, at = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %s?)", best)
}

// distance is Levenshtein's.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		left := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := left
			if a[i] != b[j] {
				cost = 1 + min(left, row[j], row[j+1])
			}
			left, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
