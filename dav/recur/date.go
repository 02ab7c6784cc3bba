package recur

// Days are counted from 1970-01-01, seconds from its midnight, both on a wall clock without zones.

const (
	daySeconds  = 24 * 60 * 60
	weekSeconds = 7 * daySeconds

	minWall = -62135596800 // 0001-01-01T00:00:00
	maxWall = 253402300799 // 9999-12-31T23:59:59
)

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// dayOf is the day number of a date. The year is made to begin in March, so that the leap day comes last.
func dayOf(year int64, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := floorDiv(year, 400)
	y := year - era*400
	inYear := int64(153*(month-3)+2)/5 + int64(day) - 1
	return era*146097 + y*365 + y/4 - y/100 + inYear - 719468
}

// date is a day taken apart.
type date struct {
	day               int64
	year              int64
	month, monthday   int
	yearday           int // from 1
	yearLen, monthLen int
	weekday           int // 0 is Monday
}

func dateOf(day int64) date {
	z := day + 719468
	era := floorDiv(z, 146097)
	e := z - era*146097
	y := (e - e/1460 + e/36524 - e/146096) / 365
	inYear := e - (365*y + y/4 - y/100)
	m := (5*inYear + 2) / 153
	d := date{day: day, year: y + era*400, monthday: int(inYear-(153*m+2)/5) + 1, weekday: weekdayOf(day)}
	if d.month = int(m) + 3; d.month > 12 {
		d.month -= 12
		d.year++
	}
	d.yearLen, d.monthLen = yearLen(d.year), monthLen(d.year, d.month)
	d.yearday = int(day-dayOf(d.year, 1, 1)) + 1
	return d
}

func weekdayOf(day int64) int { return int(((day+3)%7 + 7) % 7) }

func leap(year int64) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

func yearLen(year int64) int {
	if leap(year) {
		return 366
	}
	return 365
}

func monthLen(year int64, month int) int {
	switch month {
	case 2:
		if leap(year) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}
