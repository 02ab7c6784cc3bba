// Package acl says who may do what, and lets it be changed: the properties of RFC 3744 §5, the ACL method (§8.1), and the
// reports of §9, those that look for people among them. Rights themselves are judged by the engine's one gate
// (webdav/authorize.go), from what each resource's Rights says; what a method needs stands with it, as RFC 3744 appendix B
// has it.
//
// Homes, what lies in them, and each single object have lists of their own. Entries grant and deny, to a principal, to all,
// to who has logged in or has not, to the owner, or to all but one of these, in any order; a resource's own go before those of what it
// lies in, and of all that apply the first that names a privilege decides it (§6). Protected are the owner's entry, those of
// his delegates, and those that a share has brought, which package share changes. Whatever is granted to everybody, nobody
// changes anything without a login.
//
// Left out: lists that others inherit as a whole (RFC 3744 §5.7); lists of principals and of what belongs to nobody, which are
// shown and cannot be changed.
package acl
