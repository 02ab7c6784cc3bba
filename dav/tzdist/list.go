package tzdist

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"caldav-fcgi/dav/zone"
)

const publisher = "IANA Time Zone Database"

// listing is what the list action answers (RFC 7808 §6.2).
type listing struct {
	SyncToken string     `json:"synctoken"`
	Zones     []metadata `json:"timezones"`
}

type metadata struct {
	TZID      string   `json:"tzid"`
	ETag      string   `json:"etag"`
	Modified  string   `json:"last-modified"`
	Publisher string   `json:"publisher"`
	Version   string   `json:"version"`
	Aliases   []string `json:"aliases,omitempty"`
}

func aliasOf(tzid string) string {
	for _, n := range zone.Names() {
		if n.ID == tzid {
			return n.AliasOf
		}
	}
	return ""
}

// list computes every zone's data for its tag, some hundred milliseconds.
func list() *listing {
	l, data := &listing{}, zone.Data()
	at := map[string]int{}
	sum := sha256.New()
	for _, n := range zone.Names() {
		if n.AliasOf != "" {
			continue
		}
		text, ok := calendar(n.ID, time.Time{}, time.Time{})
		if !ok {
			continue
		}
		tag := strings.Trim(tagged(mediaText, text).etag, `"`)
		sum.Write([]byte(n.ID + " " + tag + "\n"))
		at[n.ID] = len(l.Zones)
		l.Zones = append(l.Zones, metadata{TZID: n.ID, ETag: tag, Modified: data.Modified.UTC().Format(time.RFC3339), Publisher: publisher, Version: data.Version})
	}
	for _, n := range zone.Names() {
		if i, ok := at[n.AliasOf]; ok {
			l.Zones[i].Aliases = append(l.Zones[i].Aliases, n.ID)
		}
	}
	l.SyncToken = data.Version + "-" + base64.RawURLEncoding.EncodeToString(sum.Sum(nil)[:12])
	return l
}

// listed is the list action, RFC 7808 §5.2. A token of another state gets everything, as the RFC has it for one not supported.
func (s *Service) listed(query url.Values) (answer, error) {
	since := query["changedsince"]
	if len(since) > 1 {
		return answer{}, refuse(http.StatusBadRequest, "invalid-changedsince", "changedsince stands more than once")
	}
	l := s.list()
	if len(since) == 1 && since[0] == l.SyncToken {
		return asJSON(listing{l.SyncToken, []metadata{}})
	}
	return asJSON(l)
}

// find is RFC 7808 §5.5.
func (s *Service) find(query url.Values) (answer, error) {
	bad := func(why string) error {
		return refuse(http.StatusBadRequest, "invalid-pattern", "pattern %s", why)
	}
	if len(query["pattern"]) > 1 {
		return answer{}, bad("stands more than once")
	}
	match, why := parsePattern(query.Get("pattern"))
	if match == nil {
		return answer{}, bad(why)
	}
	all := s.list()
	out := listing{all.SyncToken, []metadata{}}
	for _, z := range all.Zones {
		hit := match(z.TZID)
		for _, a := range z.Aliases {
			hit = hit || match(a)
		}
		if hit {
			out.Zones = append(out.Zones, z)
		}
	}
	return asJSON(out)
}

// parsePattern reads a pattern of RFC 7808 §5.5: text with "*" at its ends.
func parsePattern(s string) (match func(string) bool, why string) {
	head, tail := strings.HasPrefix(s, "*"), false
	s = strings.TrimPrefix(s, "*")
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
			if i == len(s) || s[i] != '*' && s[i] != '\\' {
				return nil, `has a \ that escapes nothing`
			}
		case '*':
			if i != len(s)-1 {
				return nil, "has a * in the middle"
			}
			tail = true
			continue
		}
		text.WriteByte(s[i])
	}
	if text.Len() == 0 && !head && !tail {
		return nil, "is empty"
	}
	want := fold(text.String())
	return func(id string) bool {
		id = fold(id)
		switch {
		case head && tail:
			return strings.Contains(id, want)
		case head:
			return strings.HasSuffix(id, want)
		case tail:
			return strings.HasPrefix(id, want)
		}
		return id == want
	}, ""
}

// fold makes "_" a blank and lowers ASCII letters.
func fold(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_':
			return ' '
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
