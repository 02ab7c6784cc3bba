package webdav

import (
	"net/http"
	"reflect"

	"github.com/beevik/etree"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// Module is what a protocol package adds to the engine: its tables. They are the whole catalogue; the DAV: header,
// Allow, supported-report-set and supported-live-property-set are derived from them.
type Module struct {
	Name       string
	Compliance []string // tokens of the DAV: header
	// Roots are the collections for the first path segment; "" is the service's own root.
	Roots map[string]func(*Request) (Collection, error)
	// Provision adds what this module gives to an account; it finds what is there already.
	Provision  func(*Request, *store.Principal) error
	Properties []Property
	Reports    []Report
	Methods    []Method
}

// Method is one HTTP method, or, with a Match, one action of it that goes before the plain method: a GET chosen by
// its query or its Accept header, a POST chosen by its media type.
type Method struct {
	Name     string
	Match    func(*Request) bool
	On       func(Resource) bool // which resources have it (for Allow); nil: all
	Unmapped bool                // it also works on a name that is not taken
	Makes    bool                // it makes what is there: on a mapped URL Run is asked for the refusal, and Allow lacks it
	Body     Body
	Write    bool       // it runs in the writer's turn
	Public   bool       // it shows nothing that needs rights: OPTIONS
	Locks    bool       // it judges the locks itself: LOCK and UNLOCK
	Want     store.Want // what the target is read with
	// Needs names the privileges; it is pure, and runs in the View and again in the Update.
	Needs func(*Request) ([]Need, error)
	// Prepare reads the body of a write, outside any transaction.
	Prepare func(*Request) error
	Run     func(*Request) (Response, error)
}

// Body says what body a method takes.
type Body int

// A method takes no body (415 if one is sent), XML that the engine parses before anything else, or octets that its
// Prepare reads.
const (
	NoBody Body = iota
	XMLBody
	StreamBody
)

// Need is a privilege on the resource at a path; for a name that is not taken, on the collection it would be in. One to
// write also means that the tokens of the locks there have to be submitted (RFC 4918 §7.5).
type Need struct {
	Path Path
	What privilege.Set
	// Member, with bind or unbind, is the name in the collection that comes or goes: its own locks count too, and those
	// of all that is below it. A need of no privilege asks for these locks alone.
	Member string
	// Below: it is also needed on all that lies below the path, as far as the caller has other rights there.
	Below bool
	// Unseen: who lacks it is told that there is nothing at the path.
	Unseen bool
}

// Response is what a method answers.
type Response struct {
	Status int
	Header http.Header
	// Stream writes the body. Of a reading method it runs inside the View and may read the store; of a writing
	// method it runs after the commit and may not.
	Stream func(*Writer) error
}

// Failed is an error that rolls back and still answers with a body: a 207 of a failed PROPPATCH.
type Failed struct{ Response }

func (f *Failed) Error() string { return "failed in part: " + http.StatusText(f.Status) }

// Report is one REPORT (RFC 3253 §3.6).
type Report struct {
	Name   Name
	Run    func(*Request, Resource) (Response, error)
	needs  []privilege.Set // on the resource it is run on; none: to read it
	unseen bool
	on     func(reflect.Type) bool
}

// Needing is the report for those who have each of these privileges on the resource it is run on.
func (r Report) Needing(what ...privilege.Set) Report { r.needs = what; return r }

// Hiding is the report that tells who lacks what it needs that there is no such resource.
func (r Report) Hiding() Report { r.unseen = true; return r }

// ReportOn makes a Report that exists on the resources of type R.
func ReportOn[R Resource](name Name, run func(*Request, R) (Response, error)) Report {
	return Report{Name: name, on: typeIs[R](), Run: func(rq *Request, res Resource) (Response, error) { return run(rq, res.(R)) }}
}

// Prop is one live property of the resources of type R.
type Prop[R Resource] struct {
	Name    Name
	AllProp bool
	Want    store.Want // what Get reads beyond the row; store.Brief: no more of it than that
	// Get writes the content of the element; ErrNoValue for a 404 (what it wrote is cut off again).
	Get func(*Request, R, *Writer) error
	// With is Get for a property whose element in a REPORT carries arguments: it reads them once a request. Such a
	// property exists in REPORTs only (CALDAV:calendar-data, RFC 4791 §9.6).
	With func(rq *Request, el *etree.Element) (get func(*Request, R, *Writer) error, err error)
	// Set takes the new element, nil for a removal; it serves PROPPATCH, MKCOL and MKCALENDAR. Nil: protected.
	Set func(*Request, R, *etree.Element) error
}

// Property is a Prop whose resource type is forgotten.
type Property struct {
	Name    Name
	AllProp bool
	Want    store.Want
	on      func(reflect.Type) bool
	get     getter
	with    func(*Request, *etree.Element) (getter, error)
	set     func(*Request, Resource, *etree.Element) error
}

type getter func(*Request, Resource, *Writer) error

// On makes a Property of a Prop; R decides where it exists, and may be an interface.
func On[R Resource](p Prop[R]) Property {
	out := Property{Name: p.Name, AllProp: p.AllProp, Want: p.Want, on: typeIs[R]()}
	if p.Get != nil {
		out.get = func(rq *Request, res Resource, w *Writer) error { return p.Get(rq, res.(R), w) }
	}
	if p.With != nil {
		out.with = func(rq *Request, el *etree.Element) (getter, error) {
			get, err := p.With(rq, el)
			if err != nil {
				return nil, err
			}
			return func(rq *Request, res Resource, w *Writer) error { return get(rq, res.(R), w) }, nil
		}
	}
	if p.Set != nil {
		out.set = func(rq *Request, res Resource, el *etree.Element) error { return p.Set(rq, res.(R), el) }
	}
	return out
}

func typeIs[R Resource]() func(reflect.Type) bool {
	r := reflect.TypeFor[R]()
	if r.Kind() == reflect.Interface {
		return func(t reflect.Type) bool { return t.Implements(r) }
	}
	return func(t reflect.Type) bool { return t == r }
}
