package tzdist

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/dav/zone"
)

func TestParseLeaps(t *testing.T) {
	t.Parallel()
	l, ok := parseLeaps([]byte("#$\t3960835200\n#@\t3991593600\n2272060800\t10\t# 1 Jan 1972\n2287785600\t11\t# 1 Jul 1972\n#h 1 2\n"))
	if want := []leapSecond{{10, "1972-01-01"}, {11, "1972-07-01"}}; !ok || l.Expires != "2026-06-28" || !slices.Equal(l.Seconds, want) {
		t.Errorf("%v %+v", ok, l)
	}
	for _, bad := range []string{"", "#@ 3991593600\n", "2272060800 10\n", "#@ 3991593600\nx 10\n", "#@ 3991593600\n1 x\n", "#@ 3991593600\n-1 10\n",
		"#@ 3991593600\n" + strings.Repeat("1 1\n", maxLeaps+1)} {
		if l, ok := parseLeaps([]byte(bad)); ok {
			t.Errorf("%.60q is taken: %+v", bad, l)
		}
	}
}

// Our own list is that of the system as long as both are of one year, and the one that reaches further is handed out.
func TestLeaps_AgreeWithTheSystem(t *testing.T) {
	t.Parallel()
	own := ownLeaps()
	if n := len(own.Seconds); n != 28 || own.Seconds[n-1] != (leapSecond{37, "2017-01-01"}) {
		t.Errorf("%d, the last %+v", n, own.Seconds[n-1])
	}
	text, err := os.ReadFile("/usr/share/zoneinfo/leap-seconds.list")
	if err != nil {
		t.Skip(err)
	}
	system, ok := parseLeaps(text)
	if !ok {
		t.Fatal("the system's list cannot be read")
	}
	n := min(len(own.Seconds), len(system.Seconds))
	if !slices.Equal(own.Seconds[:n], system.Seconds[:n]) {
		t.Errorf("ours\n%v\nthe system's\n%v", own.Seconds, system.Seconds)
	}
	if system.Expires == own.Expires && len(system.Seconds) != len(own.Seconds) {
		t.Errorf("up to %s ours has %d, the system's %d", own.Expires, len(own.Seconds), len(system.Seconds))
	}
	if zone.Data().Folder == "/usr/share/zoneinfo" && leaps().Expires != max(own.Expires, system.Expires) {
		t.Errorf("handed out is one up to %s", leaps().Expires)
	}
}

// What is said of the data is what is known of it: where it is read from, its own version, and when it came here.
func TestList_SaysWhatIsKnownOfTheData(t *testing.T) {
	t.Parallel()
	data := zone.Data()
	for _, z := range list().Zones {
		if z.Version != data.Version || z.Modified != data.Modified.UTC().Format(time.RFC3339) {
			t.Fatalf("%+v, the data is %+v", z, data)
		}
	}
	if !data.Modified.After(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) || data.Modified.After(time.Now()) {
		t.Errorf("modified at %v", data.Modified)
	}
}
