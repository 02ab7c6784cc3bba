package webdav

import "reflect"

// versioningProperties are those of RFC 3253 §3.1 that tell what a resource can do; all are read off the tables.
func versioningProperties(s *Server) []Property {
	return []Property{
		On(Prop[Resource]{Name: DAV("supported-report-set"), // §3.1.5
			Get: func(rq *Request, r Resource, w *Writer) error {
				for _, n := range s.reportsOn(reflect.TypeOf(r)) {
					w.Raw("<d:supported-report><d:report>")
					w.Empty(n)
					w.Raw("</d:report></d:supported-report>")
				}
				return nil
			}}),
		On(Prop[Resource]{Name: DAV("supported-method-set"), // §3.1.3
			Get: func(rq *Request, r Resource, w *Writer) error {
				for _, m := range s.Allow(r) {
					w.Empty(DAV("supported-method"), "name", m)
				}
				return nil
			}}),
		On(Prop[Resource]{Name: DAV("supported-live-property-set"), // §3.1.4
			Get: func(rq *Request, r Resource, w *Writer) error {
				t := reflect.TypeOf(r)
				for _, n := range s.names {
					if p := s.property(n, t); p != nil && p.get != nil {
						w.Raw("<d:supported-live-property><d:prop>")
						w.Empty(n)
						w.Raw("</d:prop></d:supported-live-property>")
					}
				}
				return nil
			}}),
	}
}
