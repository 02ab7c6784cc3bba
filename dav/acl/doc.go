// Package acl shows who may do what: the properties of RFC 3744 §5, and the reports of §9, those that look for people
// among them. Rights themselves are judged by the engine's one gate, from what each resource's Rights says.
//
// Left out: an access control list that another one inherits as a whole (RFC 3744 §5.7).
package acl
