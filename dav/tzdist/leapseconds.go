package tzdist

import (
	"strings"

	"caldav-fcgi/dav/zone"
)

// The days from which UTC was one second further behind TAI, by the IERS; the first is the beginning of UTC, with 10.
const leapDays = `1972-01-01 1972-07-01 1973-01-01 1974-01-01 1975-01-01 1976-01-01 1977-01-01 1978-01-01 1979-01-01 1980-01-01
	1981-07-01 1982-07-01 1983-07-01 1985-07-01 1988-01-01 1990-01-01 1991-01-01 1992-07-01 1993-07-01 1994-07-01
	1996-01-01 1997-07-01 1999-01-01 2006-01-01 2009-01-01 2012-07-01 2015-07-01 2017-01-01`

// leapExpires is the last day that the list of tzdata zone.Version is good for.
const leapExpires = "2026-06-28"

// leapSeconds is RFC 7808 §5.6.
func leapSeconds() (answer, error) {
	type second struct {
		Offset int    `json:"utc-offset"`
		Onset  string `json:"onset"`
	}
	var list []second
	for i, day := range strings.Fields(leapDays) {
		list = append(list, second{10 + i, day})
	}
	return asJSON(struct {
		Expires   string   `json:"expires"`
		Publisher string   `json:"publisher"`
		Version   string   `json:"version"`
		Seconds   []second `json:"leapseconds"`
	}{leapExpires, publisher, zone.Version, list})
}
