package webdav

import (
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"

	"caldav-fcgi/store"
)

// Options are the settings of the engine.
type Options struct {
	Host        string   // the configured public host, beside the Host header; may be empty
	SpoolDir    string   // where long answers are kept until the client has them; "" for the system's
	Admins      []string // who may do everything: names of users, and of groups behind an "@"
	People      People   // whom users see of each other; Everybody when ""
	NoProvision bool     // refuse a user without an account instead of making one
	Realm       string   // of a 401; the caller's own goes before
	Log         *slog.Logger
	// GiveUp is told when this process can't go on with the database, since a newer program has changed it or another
	// file stands in its place: it should end, and be started anew.
	GiveUp       func(error)
	MaxResponses int // members a PROPFIND or sync may list; 0 for no limit
}

// Server is the engine with its tables: every way in to the DAV resources.
type Server struct {
	db      *store.DB
	opt     Options
	modules []Module
	methods map[string][]*Method // actions first, in the order of the modules
	props   map[Name][]*Property
	names   []Name // of props, sorted
	reports map[Name]*Report
	roots   map[string]func(*Request) (Collection, error)
	dav     string // the DAV: header
	stamp   string // changes when Provision has something new to give
}

// New joins the modules; a name declared twice is a fault of the program and is refused.
func New(db *store.DB, opt Options, modules ...Module) (*Server, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.GiveUp == nil {
		opt.GiveUp = func(error) {}
	}
	s := &Server{db: db, opt: opt, methods: map[string][]*Method{}, props: map[Name][]*Property{}, reports: map[Name]*Report{},
		roots: map[string]func(*Request) (Collection, error){}}
	s.modules = append([]Module{s.engine()}, modules...)
	var tokens []string
	for _, m := range s.modules {
		tokens = append(tokens, m.Compliance...)
		for name, root := range m.Roots {
			if s.roots[name] != nil {
				return nil, fmt.Errorf("module %s: root %q is declared twice", m.Name, name)
			}
			s.roots[name] = root
		}
		for i := range m.Properties {
			p := &m.Properties[i]
			if len(s.props[p.Name]) == 0 {
				s.names = append(s.names, p.Name)
			}
			s.props[p.Name] = append(s.props[p.Name], p)
		}
		for i := range m.Reports {
			r := &m.Reports[i]
			if s.reports[r.Name] != nil {
				return nil, fmt.Errorf("module %s: report %v is declared twice", m.Name, r.Name)
			}
			s.reports[r.Name] = r
		}
		for i := range m.Methods {
			if err := s.addMethod(m.Name, &m.Methods[i]); err != nil {
				return nil, err
			}
		}
		if m.Provision != nil {
			s.stamp += m.Name + " "
		}
	}
	slices.SortFunc(s.names, func(a, b Name) int { return strings.Compare(a.Space+" "+a.Local, b.Space+" "+b.Local) })
	s.dav = strings.Join(tokens, ", ")
	return s, nil
}

func (s *Server) addMethod(module string, m *Method) error {
	list := s.methods[m.Name]
	switch {
	case len(list) > 0 && (list[0].Body != m.Body || list[0].Write != m.Write): // both are decided before the action is
		return fmt.Errorf("module %s: method %s has another body, or writes where others read", module, m.Name)
	case m.Write && m.Public:
		return fmt.Errorf("module %s: method %s writes for nobody", module, m.Name)
	}
	if m.Match == nil {
		if n := len(list); n > 0 && list[n-1].Match == nil {
			return fmt.Errorf("module %s: method %s is declared twice", module, m.Name)
		}
		s.methods[m.Name] = append(list, m)
		return nil
	}
	at := len(list)
	if at > 0 && list[at-1].Match == nil {
		at--
	}
	s.methods[m.Name] = slices.Insert(list, at, m)
	return nil
}

// Modules returns what the service was made of, the engine first.
func (s *Server) Modules() []Module { return s.modules }

// Compliance is the DAV: header (RFC 4918 §10.1).
func (s *Server) Compliance() string { return s.dav }

// Allow lists the methods of a resource, of a name not taken for nil.
func (s *Server) Allow(res Resource) []string {
	var out []string
	for name, list := range s.methods {
		if slices.ContainsFunc(list, func(m *Method) bool { return m.on(res) && !(m.Makes && res != nil) }) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func (m *Method) on(res Resource) bool {
	if res == nil {
		return m.Unmapped
	}
	return m.On == nil || m.On(res)
}

// property finds the live property with that name on resources of type t.
func (s *Server) property(n Name, t reflect.Type) *Property {
	for _, p := range s.props[n] {
		if p.on(t) {
			return p
		}
	}
	return nil
}

func (s *Server) reportsOn(t reflect.Type) []Name {
	var out []Name
	for n, r := range s.reports {
		if r.on(t) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b Name) int { return strings.Compare(a.Space+" "+a.Local, b.Space+" "+b.Local) })
	return out
}
