package davtest

import (
	"path/filepath"
	"testing"
)

// TestFiles_AreDialogues reads every dialogue, so that a fault in one shows without a server.
func TestFiles_AreDialogues(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"rfc", "clients", "smoke"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "testdata", folder, "*.txtar"))
		if err != nil || len(files) == 0 {
			t.Errorf("testdata/%s: no dialogues (%v)", folder, err)
		}
		for _, file := range files {
			if d, err := Load(file); err != nil {
				t.Error(err)
			} else if len(d.Steps) == 0 {
				t.Errorf("%s: no steps", file)
			}
		}
	}
}
