// Package nginx holds the example configurations for nginx. They are embedded so that the program can print them, and
// nginx_test.go starts the real server with each.
package nginx

import "embed"

// Files are the configurations by their file names.
//
//go:embed *.conf caldav-fcgi.params
var Files embed.FS
