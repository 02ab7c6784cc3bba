package vcard

import "strings"

// basicTime turns the extended format of ISO 8601 into the basic one, which RFC 6350 §4.3 asks for; what is not a date or
// a time, and a reduced "1985-04", which has no basic form, stays.
func basicTime(v string) string {
	date, clock, timed := cutTime(strings.TrimSpace(v))
	switch {
	case timed && clock == "", !dateForm(date) && (date != "" || !timed):
		return v
	case shaped(date, "dddd-dd-dd"), shaped(date, "--dd-dd"):
		mark := ""
		if strings.HasPrefix(date, "--") {
			mark, date = "--", date[2:]
		}
		date = mark + strings.ReplaceAll(date, "-", "")
	}
	if !timed {
		return date
	}
	return date + "T" + strings.ReplaceAll(clock, ":", "")
}

// extendedTime undoes basicTime, for 3.0 and for jCard (RFC 7095 §3.5.3 to §3.5.7).
func extendedTime(v string) string {
	date, clock, timed := cutTime(strings.TrimSpace(v))
	switch {
	case timed && clock == "", !dateForm(date) && (date != "" || !timed):
		return v
	case shaped(date, "dddddddd"):
		date = date[:4] + "-" + date[4:6] + "-" + date[6:]
	case shaped(date, "--dddd"):
		date = date[:4] + "-" + date[4:]
	}
	if !timed {
		return date
	}
	return date + "T" + extendedClock(clock)
}

// extendedClock puts colons into a time of day and its offset: "102200-0500". One that is truncated has a minus first.
func extendedClock(s string) string {
	start := 0
	for start < len(s) && s[start] == '-' {
		start++
	}
	zone := len(s)
	if i := strings.IndexAny(s[start:], "+-Zz"); i >= 0 {
		zone = start + i
	}
	clock, offset := s[start:zone], s[zone:]
	if shaped(offset, "+dddd") || shaped(offset, "-dddd") {
		offset = offset[:3] + ":" + offset[3:]
	}
	whole, fraction := clock, ""
	if i := strings.IndexAny(clock, ".,"); i >= 0 {
		whole, fraction = clock[:i], clock[i:]
	}
	switch {
	case shaped(whole, "dddddd"):
		whole = whole[:2] + ":" + whole[2:4] + ":" + whole[4:]
	case shaped(whole, "dddd"):
		whole = whole[:2] + ":" + whole[2:]
	}
	return s[:start] + whole + fraction + offset
}

func cutTime(v string) (date, clock string, timed bool) {
	i := strings.IndexByte(v, 'T')
	if i < 0 {
		return v, "", false
	}
	clock = v[i+1:]
	if strings.Trim(clock, "0123456789:.,+-Zz") != "" {
		return v, "", true // a word with a T in it
	}
	return v[:i], clock, true
}

// dateForm: the forms of RFC 6350 §4.3.1, and the extended ones of RFC 2426 §4.
func dateForm(s string) bool {
	for _, form := range []string{"dddddddd", "dddd-dd-dd", "dddd-dd", "dddd", "--dddd", "--dd-dd", "--dd", "---dd"} {
		if shaped(s, form) {
			return true
		}
	}
	return false
}

// shaped compares with a form in which d is a digit.
func shaped(s, form string) bool {
	if len(s) != len(form) {
		return false
	}
	for i := range len(s) {
		if form[i] == 'd' && (s[i] < '0' || s[i] > '9') || form[i] != 'd' && s[i] != form[i] {
			return false
		}
	}
	return true
}

// isOffset: RFC 2426 §3.4.1 and RFC 6350 §4.7.
func isOffset(s string) bool {
	for _, form := range []string{"+dd:dd", "-dd:dd", "+dddd", "-dddd", "+dd", "-dd"} {
		if shaped(s, form) {
			return true
		}
	}
	return false
}
