package acl

import (
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
)

// Module is the table of this package.
func Module() webdav.Module {
	return webdav.Module{Name: "acl",
		// The last two are how clients from Apple see that their own searches are understood.
		Compliance: []string{"access-control", "calendarserver-principal-property-search", "calendarserver-principal-search"}, Properties: properties(), Methods: []webdav.Method{aclMethod()},
		Reports: []webdav.Report{
			webdav.ReportOn(webdav.DAV("acl-principal-prop-set"), principalPropSet).Needing(privilege.Read, privilege.ReadACL),
			webdav.ReportOn(webdav.DAV("principal-match"), principalMatch),
			webdav.ReportOn(webdav.DAV("principal-property-search"), propertySearch),
			webdav.ReportOn(webdav.DAV("principal-search-property-set"), searchPropertySet),
			webdav.ReportOn(webdav.Name{Space: webdav.NSCalendarServer, Local: "calendarserver-principal-search"}, tokenSearch),
		}}
}
