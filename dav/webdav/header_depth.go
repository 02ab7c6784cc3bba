package webdav

import "strings"

// Depth is the Depth header (RFC 4918 §10.2).
type Depth int

// DepthAbsent means that the request had none.
const (
	DepthAbsent   Depth = -1
	Depth0        Depth = 0
	Depth1        Depth = 1
	DepthInfinity Depth = 2
)

// ParseDepth reads a Depth header; 400 for anything the RFC doesn't name.
func ParseDepth(s string) (Depth, error) {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "":
		return DepthAbsent, nil
	case "0":
		return Depth0, nil
	case "1":
		return Depth1, nil
	case "infinity":
		return DepthInfinity, nil
	}
	return 0, BadRequest("Depth: %q is none of 0, 1, infinity", s)
}

// Depth reads the request's Depth header.
func (rq *Request) Depth() (Depth, error) {
	// Old clients write ",noroot" here, what is depth-noroot of RFC 8144 now: Prefer reads it.
	s, _, _ := strings.Cut(rq.Header.Get("Depth"), ",")
	return ParseDepth(s)
}
