package dav_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const module = "caldav-fcgi/"

// layers reads the picture in doc.go: package → layer, and its place within the layer.
func layers(t *testing.T) (layer, place map[string]int) {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	layer, place = map[string]int{}, map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^//\t *(\d) +(\S.*)$`).FindAllStringSubmatch(string(text), -1) {
		n, _ := strconv.Atoi(m[1])
		for i, p := range strings.Fields(m[2]) {
			layer[p], place[p] = n, i
		}
	}
	if len(layer) < 20 {
		t.Fatalf("doc.go's picture names %d packages only", len(layer))
	}
	return layer, place
}

func TestImports_ArrowsPointDown(t *testing.T) {
	t.Parallel()
	layer, place := layers(t)
	// Data that is embedded by the packages that use it, not code that knows anything.
	data := map[string]bool{"testdata/demo": true, "apache": true, "nginx": true}
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		pkg := filepath.ToSlash(filepath.Dir(strings.TrimPrefix(path, ".."+string(filepath.Separator))))
		from, known := layer[pkg]
		testing := strings.HasSuffix(pkg, "test")
		switch {
		case data[pkg] || testing || strings.HasPrefix(pkg, "testdata"):
			return nil
		case !known:
			t.Errorf("%s: package %s is not in doc.go's picture", path, pkg)
			return nil
		}
		seen++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, imp := range f.Imports {
			p, _ := strconv.Unquote(imp.Path.Value)
			to, ours := strings.CutPrefix(p, module)
			if !ours || data[to] {
				continue
			}
			n, ok := layer[to]
			switch {
			case !ok:
				t.Errorf("%s imports %s, which is not in doc.go's picture", path, to)
			case n < from, n == 0 && from == 0 && allowedWithin0(pkg, to, place):
			default:
				t.Errorf("%s (layer %d) imports %s (layer %d): arrows point down only", path, from, to, n)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 20 {
		t.Errorf("only %d files were looked at", seen)
	}
}

func allowedWithin0(from, to string, place map[string]int) bool { return place[to] < place[from] }
