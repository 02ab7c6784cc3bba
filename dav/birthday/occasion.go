package birthday

import (
	"strconv"
	"strings"
	"time"

	"caldav-fcgi/dav/vcard"
)

// kind is what comes back every year; it is a part of the event's name.
type kind string

const (
	birthday    kind = "birthday"
	anniversary kind = "anniversary"
)

// occasion is a day of a card. Year is 0 when nobody knows it.
type occasion struct {
	kind             kind
	year, month, day int
}

// occasions are the first birthday and the first anniversary of a card that say a day.
func occasions(c *vcard.Card) []occasion {
	var list []occasion
	seen := map[kind]bool{}
	for _, p := range c.Props {
		var k kind
		switch {
		case p.Name == "BDAY":
			k = birthday
		case p.Name == "ANNIVERSARY", p.Name == "X-ANNIVERSARY", p.Name == "X-ABDATE" && strings.EqualFold(c.Label(p), "anniversary"):
			k = anniversary
		default:
			continue
		}
		if o, ok := dayOf(p); ok && !seen[k] {
			o.kind, seen[k] = k, true
			list = append(list, o)
		}
	}
	return list
}

// unknownYear is what Apple's clients write into 3.0, which has no date without a year, and name in a parameter.
const omitYear = "X-APPLE-OMIT-YEAR"

// dayOf reads the forms of RFC 6350 §4.3.1 that have a month and a day, and those of RFC 2426 §4; a time of day is left
// aside.
func dayOf(p *vcard.Property) (occasion, bool) {
	date, _, _ := strings.Cut(strings.TrimSpace(p.Value), "T")
	year, rest := "", ""
	switch date = strings.ReplaceAll(strings.Replace(date, "--", "~", 1), "-", ""); {
	case strings.HasPrefix(date, "~"):
		rest = date[1:]
	case len(date) > 4:
		year, rest = date[:4], date[4:]
	}
	if len(rest) != 4 || strings.EqualFold(p.Param("VALUE"), "text") {
		return occasion{}, false
	}
	n, err := strconv.ParseUint(year+rest, 10, 32)
	if err != nil {
		return occasion{}, false
	}
	o := occasion{year: int(n / 10000), month: int(n / 100 % 100), day: int(n % 100)}
	if year != "" && p.Param(omitYear) == year {
		o.year = 0
	}
	t := o.first()
	return o, year != "0000" && t.Month() == time.Month(o.month) && t.Day() == o.day
}

// someYear is where an event begins whose year is not known: a leap year, so that every day exists.
const someYear = 2000

func (o occasion) first() time.Time {
	year := o.year
	if year == 0 {
		year = someYear
	}
	return time.Date(year, time.Month(o.month), o.day, 0, 0, 0, 0, time.UTC)
}

// rule: on the last of February in a year that has no 29th.
func (o occasion) rule() string {
	if o.month == 2 && o.day == 29 {
		return "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1"
	}
	return "FREQ=YEARLY"
}

func (o occasion) title(name string) string {
	text := map[kind]string{birthday: "Birthday of ", anniversary: "Anniversary of "}[o.kind] + name
	if o.year != 0 {
		text += " (" + strconv.Itoa(o.year) + ")"
	}
	return text
}
