// Package apache holds the example configurations for Apache. They are embedded so that the program can print them,
// and apache_test.go starts the real server with each.
package apache

import "embed"

// Files are the configurations by their file names.
//
//go:embed *.conf htaccess
var Files embed.FS
