package webdav

import (
	"io"
	"iter"
	"time"

	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/store"
)

// Resource is anything with a URL: *principal.User, *caldav.Home, *caldav.Calendar …
type Resource interface {
	Name() string  // its last path segment
	Types() []Name // DAV:resourcetype; empty for a plain member
	// Rights says what the caller may do here.
	Rights(*Request) privilege.Set
}

// Collection is a resource with members.
type Collection interface {
	Resource
	// Child finds one member; store.ErrNotFound when the name is not taken.
	Child(rq *Request, name string, want store.Want) (Resource, error)
	// Members yields the members with these names, all of them for nil. A value is valid until the next step.
	Members(rq *Request, names []string, want store.Want) iter.Seq2[Resource, error]
}

// Container is a collection that clients make members in.
type Container interface {
	Collection
	// Prepare reads and judges the body of a PUT or POST outside any transaction, and returns what Put needs.
	Prepare(rq *Request, name string) (any, error)
	// Put stores rq.Upload under name; ErrStale when Prepare looked at what has changed since.
	Put(rq *Request, name string) (Stored, error)
	// Make returns a collection of these types, unsaved until its Save: MKCOL and MKCALENDAR set properties on it first.
	Make(rq *Request, name string, types []Name) (Resource, error)
	Remove(rq *Request, name string) error
	// Copy makes a new resource like from. What stood under name is replaced.
	Copy(rq *Request, from Resource, name string) (Stored, error)
	// Move keeps the resource's identity: row, dead properties, history.
	Move(rq *Request, from Resource, name string) (Stored, error)
	// NewName invents a name for a member that comes by POST (RFC 5995).
	NewName(rq *Request) string
}

// Copier is a Container that takes copies of whole collections. They are made in many transactions, ahead of the one in
// which Copy makes them visible: rq.Upload is a *store.Copy then.
type Copier interface {
	Container
	// PlanCopy judges whether from can be copied to name, and says what is to be copied; nil: Copy does it all.
	PlanCopy(rq *Request, from Resource, name string) (*store.CopyPlan, error)
}

// Stored is what became of a resource that was put, copied or moved.
type Stored struct {
	Created bool
	AsSent  bool // the stored octets are those sent: only then may PUT answer with an ETag
	ETag    string
}

// Entity is a resource that has one body of its own; its values come from the row, without the body.
type Entity interface {
	Resource
	ETag() string
	ContentType() string
	Size() int64
}

// Dated is a resource that knows when it was made and last changed.
type Dated interface {
	Resource
	Created() time.Time
	Modified() time.Time
}

// Object is an entity whose body can be read.
type Object interface {
	Entity
	Represent(*Request) (Rep, error)
}

// Varied is an object with several representations. ETag is that of what is stored; each other has the same with "-" and
// its own name added, so that any of them names the version.
type Varied interface {
	Object
	// Variant is the tag of the representation that the request gets, and the header fields that decide.
	Variant(*Request) (etag, vary string)
}

// Rep is one representation of a resource.
type Rep struct {
	Type     string
	Body     []byte
	ETag     string
	Modified time.Time
	Filename string
	Vary     string // the header fields that decide which representation this is
	// Read writes length octets from an offset on, where the body is too large for Body; Size is that of the whole. It
	// runs inside the transaction.
	Read func(w io.Writer, from, length int64) error
	Size int64
}

// Displayed is a resource whose DAV:displayname is a column.
type Displayed interface {
	Resource
	DisplayName() string
	SetDisplayName(string)
}

// Saver writes its row: once, after the last property was set.
type Saver interface{ Save(*Request) error }

// DeadKeeper is a resource that keeps dead properties, under the key it gives; object is 0 for a collection.
type DeadKeeper interface {
	DeadKey() (collection, object int64)
}

// Syncer is a collection that RFC 6578 can be asked of.
type Syncer interface {
	Collection
	Token(*Request) (store.Token, error)
	Changes(rq *Request, since store.Token, limit int) (changes []store.Change, next store.Token, more bool, err error)
}

// DeepSyncer is a Syncer that can be asked of all depths: what changed in a collection of its own has Change.In. One
// that holds no collections is asked of its members alone.
type DeepSyncer interface {
	Syncer
	ChangesBelow(rq *Request, since store.Token, limit int) (changes []store.Change, next store.Token, more bool, err error)
}

// Mount is a collection that may show the members of another.
type Mount interface {
	Collection
	Mounted() bool
	Shared() int64 // the row of that other
}

// TokenRefuser is a Syncer that says with which status it refuses a sync token.
type TokenRefuser interface {
	Syncer
	RefusesTokens(*Request) int
}

// AbsentRights is a collection in which a name that is not taken gives other rights than the collection itself: so
// that existing and absent look alike where the caller may see neither.
type AbsentRights interface {
	AbsentRights(rq *Request, name string) privilege.Set
}

// HasType says whether one of r's types is n.
func HasType(r Resource, n Name) bool {
	for _, t := range r.Types() {
		if t == n {
			return true
		}
	}
	return false
}
