package principal

import "caldav-fcgi/dav/webdav"

// Module is the table of this package.
func Module() webdav.Module {
	return webdav.Module{
		Name:       "principal",
		Compliance: []string{"calendar-proxy"}, // apple-caldav-proxy §5.1
		Roots:      map[string]func(*webdav.Request) (webdav.Collection, error){"principals": root},
		Provision:  provision,
		Properties: append(properties(), memberProperties()...),
	}
}
