package feed

import (
	"net/http"
	"strconv"
	"strings"
)

// wantsPage says whether an Accept header (RFC 9110 §12.5.1) is that of a browser: it names text/html, and gives it more
// weight than a calendar, or as much without naming text/calendar.
func wantsPage(h http.Header) bool {
	page, calendar := -1.0, -1.0
	any, anyText := 0.0, 0.0
	for item := range strings.SplitSeq(strings.Join(h.Values("Accept"), ","), ",") {
		media, params, _ := strings.Cut(item, ";")
		switch strings.ToLower(strings.TrimSpace(media)) {
		case "text/html":
			page = weight(params)
		case "text/calendar":
			calendar = weight(params)
		case "text/*":
			anyText = weight(params)
		case "*/*":
			any = weight(params)
		}
	}
	if calendar < 0 {
		return page > 0 && page >= max(any, anyText)
	}
	return page > calendar
}

// weight reads the q of a media range; 1 where there is none or it is no number.
func weight(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && q >= 0 && q <= 1 {
			return q
		}
	}
	return 1
}
