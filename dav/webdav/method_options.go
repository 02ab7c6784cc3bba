package webdav

import (
	"net/http"
	"slices"
	"strings"
)

// optionsMethod is RFC 9110 §9.3.7 with RFC 4918 §10.1. Without a login it tells what the service can do and nothing
// of what is there (RFC 3744 §7.2 has DAV:read for the rest): some sites exempt OPTIONS from the login, and it then always comes anonymous.
func optionsMethod(s *Server) Method {
	return Method{Name: http.MethodOptions, Body: StreamBody, Public: true, Unmapped: true,
		Run: func(rq *Request) (Response, error) {
			methods := s.allMethods()
			if rq.Who.Principal != nil && rq.May(rq.at.deepest, readNeeded) {
				if methods = s.Allow(rq.Resource); rq.Resource == nil && rq.Parent == nil {
					methods = []string{http.MethodOptions}
				}
			}
			return Response{Status: http.StatusOK, Header: http.Header{"Dav": {s.dav}, "Allow": {allow(methods)}}}, nil
		}}
}

func (s *Server) allMethods() []string {
	var all []string
	for name := range s.methods {
		all = append(all, name)
	}
	return all
}

// allow writes an Allow header: HEAD stands beside GET, and the order is the same each time.
func allow(methods []string) string {
	out := make([]string, 0, len(methods)+1)
	for _, m := range methods {
		out = append(out, m)
		if m == http.MethodGet {
			out = append(out, http.MethodHead)
		}
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
