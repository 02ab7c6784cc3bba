package acl

import "caldav-fcgi/dav/webdav"

// Module is the table of this package.
func Module() webdav.Module {
	return webdav.Module{Name: "acl", Compliance: []string{"access-control"}, Properties: properties(), Methods: []webdav.Method{aclMethod()}}
}
