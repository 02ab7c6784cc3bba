package sitetest

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
)

// suites are litmus' own with the number of tests that each has in litmus 0.13: one that ended early did not pass.
var suites = []struct {
	name  string
	tests int
}{{"basic", 16}, {"copymove", 13}, {"props", 30}, {"locks", 41}, {"http", 4}}

// Litmus runs the suite of that name on ann's folder of plain files, through a tunnel into the site's TLS: of HTTPS
// litmus leaves a test out.
func (s *Site) Litmus(t *testing.T) {
	Litmus(t, "http://"+s.tunnel(t)+s.Base+"/files/ann/", "ann", "ann")
}

// Litmus runs the suite of that name on a folder, in which it makes another one. Every test has to pass without a
// warning, and none may be skipped.
func Litmus(t *testing.T, folder, user, password string) {
	path := need(t, "litmus", "litmus")
	for _, suite := range suites {
		t.Run(suite.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
			defer cancel()
			cmd := exec.CommandContext(ctx, path, folder, user, password)
			cmd.Dir = t.TempDir() // it writes a log where it stands
			cmd.Env = append(os.Environ(), "TESTS="+suite.name)
			out, err := cmd.CombinedOutput()
			passed, faults := readLitmus(out)
			for _, f := range faults {
				t.Error(f)
			}
			if err != nil || passed < suite.tests {
				t.Errorf("%d tests passed, want %d (%v)", passed, suite.tests, err)
			}
			if t.Failed() {
				t.Logf("litmus said:\n%s\nand its log ends with:\n%s", out, tail(filepath.Join(cmd.Dir, "debug.log")))
			}
		})
	}
}

// litmusLine is a line of litmus' report, such as " 3. put_get............... pass"; a warning has more lines.
var litmusLine = regexp.MustCompile(`^ *(?:[0-9]+\. ([a-z0-9_]+))?\.* +(pass|FAIL|WARNING|SKIPPED|XFAIL)(.*)$`)

// readLitmus counts what passed and lists what did not, or not without a word.
func readLitmus(out []byte) (passed int, faults []string) {
	name := ""
	for line := range bytes.Lines(bytes.ReplaceAll(out, []byte("\r"), []byte("\n"))) {
		m := litmusLine.FindSubmatch(bytes.TrimRight(line, "\n "))
		if m == nil {
			continue
		}
		if len(m[1]) > 0 {
			name = string(m[1])
		}
		switch word, rest := string(m[2]), string(m[3]); {
		case word == "pass" && rest == "":
			passed++
		case word != "pass": // "pass (with 1 warning)" follows the warning
			faults = append(faults, fmt.Sprintf("%s: %s%s", name, word, rest))
		}
	}
	return passed, faults
}

// tunnel is an address at which the site can be spoken to without TLS.
func (s *Site) tunnel(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	t.Cleanup(func() { l.Close(); running.Wait() })
	running.Go(func() {
		for {
			here, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer here.Close()
				there, err := tls.Dial("tcp", s.address, s.tls())
				if err != nil {
					return
				}
				defer there.Close()
				running.Go(func() {
					_, _ = io.Copy(there, here)
					_ = there.CloseWrite()
				})
				_, _ = io.Copy(here, there)
			})
		}
	})
	return l.Addr().String()
}
