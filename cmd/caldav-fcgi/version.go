package main

import (
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"runtime/debug"

	sqlite3 "github.com/mattn/go-sqlite3"

	"caldav-fcgi/dav/zone"
)

//go:embed CHANGES.md
var changes string

// build is what the linker knows.
type build struct{ version, revision, date string }

func thisBuild() build {
	b := build{version: "devel"}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.version = v
	}
	modified := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.revision = s.Value
		case "vcs.time":
			b.date = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	if modified {
		b.revision += " and changes since"
	}
	return b
}

// shortVersion is for pages and logs.
func shortVersion() string { return program + " " + thisBuild().version }

func showVersion(_ context.Context, c *call) error {
	if c.on("changes") {
		_, err := fmt.Fprint(c.Stdout, changes)
		return err
	}
	b := thisBuild()
	fmt.Fprintln(c.Stdout, program, b.version)
	if b.revision != "" {
		fmt.Fprintln(c.Stdout, "revision", b.revision, b.date)
	}
	sqlite, _, _ := sqlite3.Version()
	fmt.Fprintln(c.Stdout, "SQLite", sqlite)
	fmt.Fprintln(c.Stdout, "time zones", zone.Data())
	_, err := fmt.Fprintln(c.Stdout, runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return err
}
