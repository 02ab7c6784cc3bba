package feed

import "caldav-fcgi/dav/webdav"

// Module is the table of this package.
func Module() webdav.Module {
	return webdav.Module{Name: "feed", Methods: []webdav.Method{exportMethod(), bookMethod()}}
}
