package webdav

import (
	"net/http"
	"strconv"
	"strings"
)

// Accepted is which of the media types offered an Accept header prefers (RFC 9110 §12.5.1): the first of those it gives
// the most weight. Without the header that is the first of all; false when it takes none.
func Accepted(h http.Header, offers ...string) (string, bool) {
	accept := strings.Join(h.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return offers[0], true
	}
	best, most := offers[0], 0.0
	for _, offer := range offers {
		if q := weightOf(accept, offer); q > most {
			best, most = offer, q
		}
	}
	return best, most > 0
}

// weightOf is the weight of the most exact range that a media type falls in, 0 for none.
func weightOf(accept, media string) float64 {
	kind, _, _ := strings.Cut(media, "/")
	exact, weight := 0, 0.0
	for item := range strings.SplitSeq(accept, ",") {
		name, params, _ := strings.Cut(item, ";")
		level := 0
		switch name = strings.TrimSpace(name); {
		case strings.EqualFold(name, media):
			level = 3
		case strings.EqualFold(name, kind+"/*"):
			level = 2
		case name == "*/*":
			level = 1
		}
		if level <= exact {
			continue
		}
		exact, weight = level, 1
		for p := range strings.SplitSeq(params, ";") {
			key, value, _ := strings.Cut(p, "=")
			if strings.EqualFold(strings.TrimSpace(key), "q") {
				if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && q >= 0 && q <= 1 {
					weight = q
				}
			}
		}
	}
	return weight
}
