package tzdist

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"caldav-fcgi/dav/zone"
)

// The days from which UTC was one second further behind TAI, by the IERS; the first is the beginning of UTC, with 10.
const leapDays = `1972-01-01 1972-07-01 1973-01-01 1974-01-01 1975-01-01 1976-01-01 1977-01-01 1978-01-01 1979-01-01 1980-01-01
	1981-07-01 1982-07-01 1983-07-01 1985-07-01 1988-01-01 1990-01-01 1991-01-01 1992-07-01 1993-07-01 1994-07-01
	1996-01-01 1997-07-01 1999-01-01 2006-01-01 2009-01-01 2012-07-01 2015-07-01 2017-01-01`

// leapExpires is the last day that they are all for: IERS Bulletin C 70, of July 2025.
const leapExpires = "2026-06-28"

// leapList is a list of leap seconds.
type leapList struct {
	Expires   string       `json:"expires"`
	Publisher string       `json:"publisher"`
	Version   string       `json:"version"`
	Seconds   []leapSecond `json:"leapseconds"`
}

type leapSecond struct {
	Offset int    `json:"utc-offset"`
	Onset  string `json:"onset"`
}

// leapSeconds is RFC 7808 §5.6.
func leapSeconds() (answer, error) { return asJSON(leaps()) }

// leaps is the list of the system, which is kept up to date with it, where that reaches further than ours.
var leaps = sync.OnceValue(func() leapList {
	data := zone.Data()
	if data.Folder != "" {
		if text, err := os.ReadFile(filepath.Join(data.Folder, "leap-seconds.list")); err == nil {
			if l, ok := parseLeaps(text); ok && l.Expires > leapExpires {
				l.Publisher, l.Version = publisher, data.Version
				return l
			}
		}
	}
	return ownLeaps()
})

func ownLeaps() leapList {
	l := leapList{Expires: leapExpires, Publisher: publisher, Version: zone.Version}
	for i, day := range strings.Fields(leapDays) {
		l.Seconds = append(l.Seconds, leapSecond{10 + i, day})
	}
	return l
}

// ntpEpoch is what a list counts its seconds from.
var ntpEpoch = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)

// maxLeaps is for some centuries.
const maxLeaps = 1000

// parseLeaps reads the list of the IERS in the form of NIST: "2272060800 10 # 1 Jan 1972", and when it ends, "#@ 3991593600".
func parseLeaps(text []byte) (l leapList, ok bool) {
	day := func(s string) (string, bool) {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 0 || n > 1<<40 {
			return "", false
		}
		return time.Unix(ntpEpoch.Unix()+n, 0).UTC().Format(time.DateOnly), true
	}
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		switch {
		case len(fields) == 2 && fields[0] == "#@":
			l.Expires, _ = day(fields[1])
		case len(fields) < 2 || fields[0][0] == '#':
		default:
			onset, good := day(fields[0])
			offset, err := strconv.Atoi(fields[1])
			if !good || err != nil || len(l.Seconds) == maxLeaps {
				return l, false
			}
			l.Seconds = append(l.Seconds, leapSecond{offset, onset})
		}
	}
	return l, l.Expires != "" && len(l.Seconds) > 0
}
