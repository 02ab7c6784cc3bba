package zone

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Version names the tzdata release inside the program.
const Version = "2025c"

// Source is the data that zones are made of here.
type Source struct {
	Version  string    // of the release, such as "2025c"; "unknown" where the system does not say
	Folder   string    // of the system; "" for the data inside the program
	Modified time.Time // when it was put on this machine, for all that can be known
}

func (s Source) String() string {
	if s.Folder == "" {
		return s.Version
	}
	return s.Version + " of " + s.Folder + ", " + Version + " inside"
}

// Data is what time.LoadLocation reads: the system's, which is updated with the system, or where there is none the data
// inside the program.
func Data() Source { return data() }

var data = sync.OnceValue(func() Source { return sourceIn(folders()) })

// folders are those that package time looks into, in its order.
func folders() []string {
	list := []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo"}
	if own := os.Getenv("ZONEINFO"); own != "" {
		list = append([]string{own}, list...)
	}
	return list
}

func sourceIn(folders []string) Source {
	for _, folder := range folders {
		some, err := os.Stat(filepath.Join(folder, "America", "New_York"))
		if err != nil {
			continue
		}
		s := Source{Version: "unknown", Folder: folder, Modified: some.ModTime()}
		for _, name := range []string{"tzdata.zi", "+VERSION"} { // the latter where zoneinfo comes as in BSD
			version, changed := versionIn(filepath.Join(folder, name))
			if version != "" {
				s.Version, s.Modified = version, changed
				break
			}
		}
		return s
	}
	s := Source{Version: Version}
	if program, err := os.Executable(); err == nil {
		if info, err := os.Stat(program); err == nil {
			s.Modified = info.ModTime()
		}
	}
	return s
}

// versionIn reads the first line of a file that names the release: "2025c", or "# version 2025c".
func versionIn(name string) (version string, changed time.Time) {
	f, err := os.Open(name)
	if err != nil {
		return "", changed
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", changed
	}
	lines := bufio.NewScanner(f)
	if !lines.Scan() {
		return "", changed
	}
	version = strings.TrimSpace(strings.TrimPrefix(lines.Text(), "# version "))
	if len(version) < len("2025c") || len(version) > 20 || strings.ContainsFunc(version, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }) {
		return "", changed
	}
	return version, info.ModTime()
}
