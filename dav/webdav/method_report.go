package webdav

import (
	"net/http"
	"reflect"
)

// reportMethod is RFC 3253 §3.6.
func reportMethod(s *Server) Method {
	return Method{Name: "REPORT", Body: XMLBody,
		Needs: func(rq *Request) ([]Need, error) {
			var r *Report
			if rq.Body != nil {
				r = s.reports[NameOf(rq.Body)]
			}
			if r == nil || r.needs == nil {
				return []Need{{Path: rq.Target, What: readNeeded}}, nil
			}
			var needs []Need
			for _, what := range r.needs {
				needs = append(needs, Need{Path: rq.Target, What: what, Unseen: r.unseen})
			}
			return needs, nil
		},
		Run: func(rq *Request) (Response, error) {
			if rq.Body == nil {
				return Response{}, BadRequest("a REPORT needs a body that names it")
			}
			r := s.reports[NameOf(rq.Body)]
			if r == nil || !r.on(reflect.TypeOf(rq.Resource)) {
				return Response{}, ErrSupportedReport.With("there is no report %v on %s", NameOf(rq.Body), rq.Target)
			}
			resp, err := r.Run(rq, rq.Resource)
			if err == nil && resp.Status == 0 {
				resp.Status = http.StatusMultiStatus
			}
			return resp, err
		}}
}
