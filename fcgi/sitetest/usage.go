package sitetest

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Start starts any command as a child that ends with the test.
func Start(t testing.TB, name string, cmd *exec.Cmd, log string) *Process {
	t.Helper()
	return start(t, name, cmd, log)
}

// tick is the unit of CPU time in /proc: sysconf(_SC_CLK_TCK), which is 100 wherever Linux runs.
const tick = time.Second / 100

// CPU is what process trees have used, with those of their children that have ended and been waited for.
func CPU(roots ...int) time.Duration {
	var sum time.Duration
	for _, p := range tree(roots) {
		sum += p.cpu
	}
	return sum
}

// PSS is the memory of process trees in bytes; what processes share is counted once (/proc/PID/smaps_rollup).
func PSS(roots ...int) int64 {
	var sum int64
	for pid := range tree(roots) {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
		if err != nil {
			continue // it has ended
		}
		lines := bufio.NewScanner(bytes.NewReader(text))
		for lines.Scan() {
			if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "Pss:" {
				kB, _ := strconv.ParseInt(f[1], 10, 64)
				sum += kB << 10
			}
		}
	}
	return sum
}

type process struct {
	parent int
	cpu    time.Duration
}

// tree finds the processes of roots and below.
func tree(roots []int) map[int]process {
	all := map[int]process{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		// proc(5): the name in parentheses may hold anything; after it state, ppid, …, utime, stime, cutime, cstime.
		f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
		if len(f) < 15 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		parent, _ := strconv.Atoi(f[1])
		var ticks int64
		for _, v := range f[11:15] {
			n, _ := strconv.ParseInt(v, 10, 64)
			ticks += n
		}
		all[pid] = process{parent, time.Duration(ticks) * tick}
	}
	in := map[int]process{}
	for pid := range all {
		for at, depth := pid, 0; at > 1 && depth < 64; at, depth = all[at].parent, depth+1 {
			for _, root := range roots {
				if at == root {
					in[pid] = all[pid]
				}
			}
		}
	}
	return in
}
