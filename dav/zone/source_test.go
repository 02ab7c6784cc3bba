package zone

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestSource_IsTheFolderThatIsRead(t *testing.T) {
	t.Parallel()
	then := time.Date(2025, 8, 24, 10, 0, 0, 0, time.UTC)
	folder := func(files map[string]string) string {
		dir := t.TempDir()
		for name, text := range files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, then, then); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	const some = "America/New_York"
	empty, debian, bsd, silent := folder(nil), folder(map[string]string{some: "", "tzdata.zi": "# version 2025b\n# ddeps\n"}), folder(map[string]string{some: "", "+VERSION": "2024a\n"}), folder(map[string]string{some: "", "tzdata.zi": ""})
	for _, c := range []struct {
		folders         []string
		version, folder string
	}{
		{[]string{empty, debian, bsd}, "2025b", debian},
		{[]string{bsd}, "2024a", bsd},
		{[]string{silent}, "unknown", silent},
	} {
		if s := sourceIn(c.folders); s.Version != c.version || s.Folder != c.folder || !s.Modified.Equal(then) {
			t.Errorf("%+v", s)
		}
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	if s := sourceIn([]string{empty, "/nowhere"}); s.Version != Version || s.Folder != "" || !s.Modified.Equal(info.ModTime()) {
		t.Errorf("inside the program: %+v", s)
	}
}

// Package time keeps its list of folders to itself. It reads from where Data says.
func TestData_IsWhatPackageTimeReads(t *testing.T) {
	t.Parallel()
	s := Data()
	if s.Folder == "" {
		t.Skip("no zoneinfo folder on this machine")
	}
	text, err := os.ReadFile(filepath.Join(s.Folder, "Europe", "Berlin"))
	if err != nil {
		t.Skip(err)
	}
	want, err := time.LoadLocationFromTZData("Europe/Berlin", text)
	if err != nil {
		t.Fatal(err)
	}
	got, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for year := 1970; year < 2100; year++ {
		at := time.Date(year, 7, 1, 0, 0, 0, 0, time.UTC)
		if a, b := at.In(got).Format(time.RFC3339), at.In(want).Format(time.RFC3339); a != b {
			t.Errorf("%s and %s", a, b)
		}
	}
}
