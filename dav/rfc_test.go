package dav_test

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated files anew")

// citation finds "RFC 4791 §7.8.1", and the further sections of "RFC 4791 §5.2.1, §6.2" and "RFC 4918 §6-7".
var citation = regexp.MustCompile(`RFC (\d{4}) ((?:§[\d.A-Z]+[, and-]*(?:appendix )?)+)`)
var section = regexp.MustCompile(`§([\dA-Z][\d.A-Z]*)`)

// TestRFC_IndexIsFresh generates RFC.md: which file serves which section of which standard.
func TestRFC_IndexIsFresh(t *testing.T) {
	t.Parallel()
	files := map[string]map[string][]string{} // RFC → section → files
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), "../")
		for _, m := range citation.FindAllSubmatch(text, -1) {
			for _, s := range section.FindAllSubmatch(m[2], -1) {
				rfc, sec := string(m[1]), strings.TrimRight(string(s[1]), ".")
				if files[rfc] == nil {
					files[rfc] = map[string][]string{}
				}
				if !slices.Contains(files[rfc][sec], name) {
					files[rfc][sec] = append(files[rfc][sec], name)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	out.WriteString("# Which file serves which section\n\nGenerated from the comments by `go test ./dav -update`; do not edit.\n")
	for _, rfc := range sorted(files) {
		fmt.Fprintf(&out, "\n## RFC %s\n\n| section | files |\n|---|---|\n", rfc)
		secs := sorted(files[rfc])
		slices.SortFunc(secs, compareSections)
		for _, s := range secs {
			slices.Sort(files[rfc][s])
			fmt.Fprintf(&out, "| §%s | %s |\n", s, strings.Join(files[rfc][s], ", "))
		}
	}
	if *update {
		if err := os.WriteFile("RFC.md", out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile("RFC.md")
	if err != nil || !bytes.Equal(have, out.Bytes()) {
		t.Errorf("RFC.md is not what the comments say: go test ./dav -run TestRFC -update (%v)", err)
	}
}

func sorted[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// compareSections sorts 5.2 before 5.10, and appendices last.
func compareSections(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, xerr := strconv.Atoi(as[i])
		y, yerr := strconv.Atoi(bs[i])
		switch {
		case xerr == nil && yerr == nil && x != y:
			return x - y
		case (xerr == nil) != (yerr == nil):
			if xerr == nil {
				return -1
			}
			return 1
		case as[i] != bs[i] && xerr != nil:
			return strings.Compare(as[i], bs[i])
		}
	}
	return len(as) - len(bs)
}
