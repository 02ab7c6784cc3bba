package vcard

import (
	"encoding/base64"
	"net/url"
	"strings"

	govcard "github.com/emersion/go-vcard"
)

// families are the media types that a TYPE of 3.0 names without saying so, and octets without one that a name would help.
var families = map[string]string{
	govcard.FieldPhoto: "image", govcard.FieldLogo: "image", govcard.FieldSound: "audio", govcard.FieldKey: "application",
}

// irregular are the types of RFC 2426 §3.1.4, §3.6.6 and §3.7.2 that are not called what they are.
var irregular = map[string]string{
	"JPG": "image/jpeg", "SVG": "image/svg+xml", "WAVE": "audio/wav", "MP3": "audio/mpeg",
	"X509": "application/pkix-cert", "PGP": "application/pgp-keys",
}

const octets = "application/octet-stream" // stands for "no TYPE"

// notMedia are TYPE values that these properties take beside it (RFC 6350 §5.6).
func notMedia(v string) bool {
	switch strings.ToLower(v) {
	case "home", "work", "pref", "":
		return true
	}
	return false
}

// mediaOf finds the TYPE that names a media type.
func mediaOf(p *Property) (kind, media string) {
	for _, q := range p.Params {
		if q.Name != govcard.ParamType {
			continue
		}
		for _, v := range q.Values {
			switch up := strings.ToUpper(v); {
			case notMedia(v):
			case irregular[up] != "":
				return v, irregular[up]
			case strings.Contains(v, "/"):
				return v, strings.ToLower(strings.TrimSpace(v))
			default:
				return v, families[p.Name] + "/" + strings.ToLower(strings.TrimSpace(v))
			}
		}
	}
	return "", ""
}

// typeOf is the TYPE for a media type, "" for none.
func typeOf(media string) string {
	media, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(media)), ";")
	if media == octets {
		return ""
	}
	for kind, m := range irregular {
		if m == media && kind != "JPG" {
			return kind
		}
	}
	_, kind, _ := strings.Cut(media, "/")
	return strings.ToUpper(kind)
}

// sniffed are the first letters of pictures in base64.
var sniffed = []struct{ prefix, media string }{
	{"/9j/", "image/jpeg"}, {"iVBORw0KGg", "image/png"}, {"R0lGOD", "image/gif"}, {"UklGR", "image/webp"}, {"Qk", "image/bmp"},
}

// media4: binary data is a data: URI in 4.0 (RFC 6350 §6.2.4), and a URI says its type by MEDIATYPE.
func media4(p *Property) *Property {
	kind, media := mediaOf(p)
	switch enc := p.Param(paramEncoding); {
	case strings.EqualFold(enc, "b"), strings.EqualFold(enc, "base64"):
		data := strings.Map(notBlank, p.Value)
		if media == "" {
			media = octets
			for _, s := range sniffed {
				if strings.HasPrefix(data, s.prefix) {
					media = s.media
					break
				}
			}
		}
		params := without(p.Params, paramEncoding, govcard.ParamValue)
		if kind != "" {
			params = withoutType(params, kind)
		}
		return NewProp(p.Group, p.Name, "data:"+media+";base64,"+data, params...)
	case strings.EqualFold(p.Param(govcard.ParamValue), "uri") && kind != "":
		return withParams(p, append(withoutType(p.Params, kind), one(govcard.ParamMediaType, media)))
	}
	return p
}

func notBlank(r rune) rune {
	if r == ' ' || r == '\t' {
		return -1
	}
	return r
}

// media3 is the way back. 3.0 takes a value for base64 when nothing says that it is a URI (RFC 2426 §3.1.4).
func media3(p *Property) *Property {
	if strings.EqualFold(p.Param(govcard.ParamValue), "text") {
		return p
	}
	media, data, ok := dataURI(p.Value)
	params := without(p.Params, govcard.ParamValue, govcard.ParamMediaType)
	if ok {
		params = append(params, one(paramEncoding, "b"))
	} else {
		media, data = p.Param(govcard.ParamMediaType), p.Value
		params = append(params, one(govcard.ParamValue, "uri"))
	}
	if kind := typeOf(media); kind != "" {
		params = append([]Param{one(govcard.ParamType, kind)}, params...) // the first is the one that is read
	}
	return NewProp(p.Group, p.Name, data, params...)
}

// dataURI takes a data: URI apart (RFC 2397): its media type, and its octets in base64.
func dataURI(v string) (media, data string, ok bool) {
	rest, ok := cutFold(strings.TrimSpace(v), "data:")
	if !ok {
		return "", "", false
	}
	head, data, ok := strings.Cut(rest, ",")
	if !ok {
		return "", "", false
	}
	if media, ok = strings.CutSuffix(head, ";base64"); ok {
		return media, data, true
	}
	plain, err := url.PathUnescape(data)
	if err != nil {
		return "", "", false
	}
	return head, base64.StdEncoding.EncodeToString([]byte(plain)), true
}
