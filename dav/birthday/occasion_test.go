package birthday

import (
	"testing"

	"caldav-fcgi/dav/vcard"
)

func TestOccasions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		lines, title, rule, first string // "" for none
	}{
		{"BDAY:19800309", "Birthday of Ann (1980)", "FREQ=YEARLY", "19800309"},
		{"BDAY:1980-03-09", "Birthday of Ann (1980)", "FREQ=YEARLY", "19800309"},
		{"BDAY;VALUE=date-time:1980-03-09T10:00:00Z", "Birthday of Ann (1980)", "FREQ=YEARLY", "19800309"},
		{"BDAY:--0309", "Birthday of Ann", "FREQ=YEARLY", "20000309"},
		{"BDAY:--03-09", "Birthday of Ann", "FREQ=YEARLY", "20000309"},
		{"BDAY;X-APPLE-OMIT-YEAR=1604:1604-03-09", "Birthday of Ann", "FREQ=YEARLY", "20000309"},
		{"BDAY:19840229", "Birthday of Ann (1984)", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "19840229"},
		{"BDAY:--0229", "Birthday of Ann", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1", "20000229"},
		{"BDAY:19830229", "", "", ""},
		{"BDAY:1980", "", "", ""},
		{"BDAY:1980-03", "", "", ""},
		{"BDAY:---09", "", "", ""},
		{"BDAY:00000309", "", "", ""},
		{"BDAY;VALUE=text:circa 1800", "", "", ""},
		{"BDAY;VALUE=text:19800309", "", "", ""},
		{"BDAY:19801309", "", "", ""},
		{"BDAY:", "", "", ""},
		{"ANNIVERSARY:20050716", "Anniversary of Ann (2005)", "FREQ=YEARLY", "20050716"},
		{"X-ANNIVERSARY:2005-07-16", "Anniversary of Ann (2005)", "FREQ=YEARLY", "20050716"},
		{"item1.X-ABDATE;type=pref:2005-07-16\r\nitem1.X-ABLABEL:_$!<Anniversary>!$_", "Anniversary of Ann (2005)", "FREQ=YEARLY", "20050716"},
		{"item1.X-ABDATE:2005-07-16\r\nitem1.X-ABLABEL:anniversary", "Anniversary of Ann (2005)", "FREQ=YEARLY", "20050716"},
		{"item1.X-ABDATE:2005-07-16\r\nitem1.X-ABLABEL:graduation", "", "", ""},
	} {
		card, err := vcard.Parse([]byte("BEGIN:VCARD\r\nVERSION:3.0\r\nUID:x\r\nFN:Ann\r\n" + test.lines + "\r\nEND:VCARD\r\n"))
		if err != nil {
			t.Errorf("%s: %v", test.lines, err)
			continue
		}
		list := occasions(card)
		if len(list) == 0 {
			list = append(list, occasion{})
		}
		var title, rule, first string
		if o := list[0]; o.kind != "" {
			title, rule, first = o.title("Ann"), o.rule(), o.first().Format("20060102")
		}
		if title != test.title || rule != test.rule || first != test.first {
			t.Errorf("%s: %q %q %q, want %q %q %q", test.lines, title, rule, first, test.title, test.rule, test.first)
		}
	}
}
