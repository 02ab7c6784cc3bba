package recur

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/ical"
)

// libical builds testdata/recur/libical.c.
func libical(t *testing.T) (program string) {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler: install gcc")
	}
	program = filepath.Join(t.TempDir(), "expand")
	if out, err := exec.Command(cc, "-O1", "-o", program, "../../testdata/recur/libical.c", "-lical").CombinedOutput(); err != nil {
		if bytes.Contains(out, []byte("libical/ical.h")) {
			t.Skip("no libical: install libical-dev")
		}
		t.Fatalf("compile the libical driver: %v\n%s", err, out)
	}
	return program
}

// plainRule is a rule that people write. Left out is what libical 3.0.16 is known to do otherwise than RFC 5545: negative days
// with DAILY, weeks by number, ordinals mixed with plain weekdays, WKST with INTERVAL, and every so many weeks on Sundays
// alone, which it begins in the wrong week; and what is rare.
func plainRule(rnd *rand.Rand) string {
	some := func(chance int) bool { return rnd.IntN(100) < chance }
	list := func(n int, one func() string) string {
		seen := map[string]bool{}
		var all []string
		for range n {
			if s := one(); !seen[s] {
				seen[s] = true
				all = append(all, s)
			}
		}
		return strings.Join(all, ",")
	}
	day := func() string { return []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}[rnd.IntN(7)] }
	month := func() string { return fmt.Sprint(1 + rnd.IntN(12)) }
	f := rnd.IntN(4)
	parts := []string{"FREQ=" + []string{"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}[f]}
	if some(40) {
		parts = append(parts, fmt.Sprintf("INTERVAL=%d", 2+rnd.IntN(4)))
	}
	switch f {
	case 0:
		if some(30) {
			parts = append(parts, "BYMONTH="+list(1+rnd.IntN(3), month))
		}
		if some(40) {
			parts = append(parts, "BYDAY="+list(1+rnd.IntN(4), day))
		}
	case 1:
		if some(70) {
			if days := list(1+rnd.IntN(4), day); days != "SU" || len(parts) == 1 {
				parts = append(parts, "BYDAY="+days)
			}
		}
	case 2:
		switch rnd.IntN(4) {
		case 0:
			parts = append(parts, "BYMONTHDAY="+list(1+rnd.IntN(3), func() string { return fmt.Sprint([]int{1, 2, 10, 15, 28, 30, 31, -1, -2}[rnd.IntN(9)]) }))
		case 1:
			parts = append(parts, "BYDAY="+list(1+rnd.IntN(2), func() string { return fmt.Sprint([]int{1, 2, 3, 4, -1, -2}[rnd.IntN(6)]) + day() }))
		case 2:
			parts = append(parts, "BYDAY=MO,TU,WE,TH,FR", fmt.Sprintf("BYSETPOS=%d", []int{1, 2, -1, -2}[rnd.IntN(4)]))
		}
	case 3:
		parts = append(parts, "BYMONTH="+list(1+rnd.IntN(2), month))
		switch rnd.IntN(3) {
		case 0:
			parts = append(parts, fmt.Sprintf("BYMONTHDAY=%d", 1+rnd.IntN(28)))
		case 1:
			parts = append(parts, "BYDAY="+fmt.Sprint([]int{1, 2, 3, 4, -1}[rnd.IntN(5)])+day())
		}
	}
	if some(25) {
		parts = append(parts, fmt.Sprintf("COUNT=%d", 1+rnd.IntN(30)))
	}
	return strings.Join(parts, ";")
}

// Plain rules have the instances that libical gives them, as far as it has its first hundred.
func TestRule_PlainAgainstLibical(t *testing.T) {
	t.Parallel()
	program := libical(t)
	n, rnd := pairs(t, 2000)
	n = min(n, 20_000)
	const layout = "20060102T150405"
	type question struct {
		start, end time.Time
		rule       string
	}
	var asked []question
	var in bytes.Buffer
	for range n {
		start := time.Date(1990+rnd.IntN(40), time.Month(1+rnd.IntN(12)), 1+rnd.IntN(28), rnd.IntN(24), rnd.IntN(4)*15, 0, 0, time.UTC)
		q := question{start, start.AddDate(6, 0, 0), plainRule(rnd)}
		// Where the rule does not generate DTSTART, COUNT counts it (RFC 5545 §3.8.5.3) with us, and not with libical: so
		// that such a rule begins on itself.
		if endless, _, counts := strings.Cut(q.rule, ";COUNT="); counts {
			r, err := parseRule(endless, ical.Time{Wall: start})
			if err != nil {
				t.Fatalf("%s: %v", q.rule, err)
			}
			r.scan(start.Unix(), maxWall, new(Budget).prepare(), func(w int64) bool {
				q.start = wallTime(w)
				return false
			})
		}
		asked = append(asked, q)
		fmt.Fprintln(&in, q.start.Format(layout), q.rule, q.end.Format(layout))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program)
	cmd.Stdin = &in
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("run libical: %v", err)
	}
	answers := strings.Split(string(out), "\n")
	if len(answers) != n+1 {
		t.Fatalf("%d answers of libical, want %d", len(answers)-1, n)
	}
	instances, wrong := 0, 0
	for i, q := range asked {
		want := strings.Fields(answers[i])
		r, err := parseRule(q.rule, ical.Time{Wall: q.start})
		if err != nil {
			t.Fatalf("%s: %v", q.rule, err)
		}
		var got []string
		err = r.scan(q.start.Unix(), q.end.Unix()-1, new(Budget).prepare(), func(w int64) bool {
			got = append(got, wallTime(w).Format(layout))
			return len(got) < 100
		})
		if err != nil {
			t.Fatalf("%s: %v", q.rule, err)
		}
		instances += len(want)
		if strings.Join(got, " ") == strings.Join(want, " ") {
			continue
		}
		if wrong++; wrong <= 10 {
			t.Errorf("DTSTART %s %s\ngot  %v\nwant %v", q.start.Format(layout), q.rule, got, want)
		}
	}
	t.Logf("%d rules, %d instances, %d differ", n, instances, wrong)
}
