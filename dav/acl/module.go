package acl

import (
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
)

// Module is the table of this package.
func Module() webdav.Module {
	return webdav.Module{Name: "acl", Compliance: []string{"access-control"}, Properties: properties(), Methods: []webdav.Method{aclMethod()},
		Reports: []webdav.Report{
			webdav.ReportOn(webdav.DAV("acl-principal-prop-set"), principalPropSet).Needing(privilege.Read, privilege.ReadACL),
			webdav.ReportOn(webdav.DAV("principal-match"), principalMatch),
			webdav.ReportOn(webdav.DAV("principal-property-search"), propertySearch),
			webdav.ReportOn(webdav.DAV("principal-search-property-set"), searchPropertySet),
			webdav.ReportOn(webdav.Name{Space: webdav.NSCalendarServer, Local: "calendarserver-principal-search"}, tokenSearch),
		}}
}
