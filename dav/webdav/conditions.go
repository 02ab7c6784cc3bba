package webdav

import "net/http"

// The pre- and postconditions of RFC 3253, 3744, 4331, 4918, 5689 and 6578 that the engine itself finds violated.
var (
	ErrSupportedReport     = &Condition{DAV("supported-report"), http.StatusForbidden}                 // RFC 3253 §3.6
	ErrNeedPrivileges      = &Condition{DAV("need-privileges"), http.StatusForbidden}                  // RFC 3744 §7.1.1
	ErrNoExternalEntities  = &Condition{DAV("no-external-entities"), http.StatusForbidden}             // RFC 4918 §16
	ErrFiniteDepth         = &Condition{DAV("propfind-finite-depth"), http.StatusForbidden}            // RFC 4918 §16
	ErrProtectedProperty   = &Condition{DAV("cannot-modify-protected-property"), http.StatusForbidden} // RFC 4918 §16
	ErrValidResourceType   = &Condition{DAV("valid-resourcetype"), http.StatusForbidden}               // RFC 5689 §3.3
	ErrValidSyncToken      = &Condition{DAV("valid-sync-token"), http.StatusForbidden}                 // RFC 6578 §3.2
	ErrSyncTraversal       = &Condition{DAV("sync-traversal-supported"), http.StatusForbidden}         // RFC 6578 §3.3
	ErrMatchesWithinLimits = &Condition{DAV("number-of-matches-within-limits"), http.StatusForbidden}  // RFC 6578 §3.2, RFC 3744 §9.5
	ErrSufficientDiskSpace = &Condition{DAV("sufficient-disk-space"), http.StatusInsufficientStorage}  // RFC 4331 §6
	ErrQuotaNotExceeded    = &Condition{DAV("quota-not-exceeded"), http.StatusInsufficientStorage}     // RFC 4331 §6
	ErrMustBeNull          = &Condition{DAV("resource-must-be-null"), http.StatusForbidden}            // RFC 3253 §3.5, RFC 4791 §5.3.1.2
	ErrLockTokenSubmitted  = &Condition{DAV("lock-token-submitted"), http.StatusLocked}                // RFC 4918 §16
	ErrNoConflictingLock   = &Condition{DAV("no-conflicting-lock"), http.StatusLocked}                 // RFC 4918 §16
	ErrLockTokenMatches    = &Condition{DAV("lock-token-matches-request-uri"), http.StatusConflict}    // RFC 4918 §16
	errElsewhere           = &Condition{DAV("cross-server"), http.StatusBadGateway}                    // RFC 4918 §9.8.5
	errLockRefresh         = &Condition{ErrLockTokenMatches.Name, http.StatusPreconditionFailed}       // RFC 4918 §9.10.6
)
