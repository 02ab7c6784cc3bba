package sitetest

import (
	"slices"
	"testing"
)

func TestReadLitmus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, out string
		passed    int
		faults    []string
	}{
		{"good", " 0. init.................. \r 0. init.................. pass\n 1. begin................. pass\n<- summary for `basic': of 2 tests run: 2 passed, 0 failed. 100.0%\n", 2, nil},
		{"a failure", " 3. put_get............... FAIL (PUT of `/dav/res' failed: 500)\n", 0, []string{"put_get: FAIL (PUT of `/dav/res' failed: 500)"}},
		{"a warning", " 2. options............... WARNING: no Class 2\n    ...................... pass (with 1 warning)\n 3. cond_put_corrupt_token \n 3. cond_put_corrupt_token pass\n", 1, []string{"options: WARNING: no Class 2"}},
		{"a second warning", " 2. options............... WARNING: one\n    ...................... WARNING: two\n", 0, []string{"options: WARNING: one", "options: WARNING: two"}},
		{"a skip", " 3. precond............... SKIPPED (locking tests skipped,\nserver does not claim Class 2 compliance)\n", 0, []string{"precond: SKIPPED (locking tests skipped,"}},
	} {
		if passed, faults := readLitmus([]byte(c.out)); passed != c.passed || !slices.Equal(faults, c.faults) {
			t.Errorf("%s: got %d, %q, want %d, %q", c.name, passed, faults, c.passed, c.faults)
		}
	}
}
