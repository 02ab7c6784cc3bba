// Package acl shows who may do what: the properties of RFC 3744 §5. Rights themselves are judged by the engine's one
// gate, from what each resource's Rights says.
//
// Left out so far: the ACL method, ACEs in the store, the reports of RFC 3744 §9; until then everything belongs to
// its owner alone.
package acl
