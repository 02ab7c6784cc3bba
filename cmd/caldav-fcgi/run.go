package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"caldav-fcgi/fcgi"
)

// program is what messages begin with.
const program = "caldav-fcgi"

// env is what a process is given.
type env struct {
	Args           []string // without the program's name
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Environ        func() []string // all of it: a CGI request
}

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// usageError is a command line, or a configuration, that cannot be meant.
type usageError struct{ text string }

func (e *usageError) Error() string { return e.text }

func usagef(format string, a ...any) error { return &usageError{fmt.Sprintf(format, a...)} }

// hinted is an error followed by what to do.
type hinted struct {
	error
	hint string
}

func (e *hinted) Error() string { return e.error.Error() + " (" + e.hint + ")" }
func (e *hinted) Unwrap() error { return e.error }

func hint(err error, format string, a ...any) error { return &hinted{err, fmt.Sprintf(format, a...)} }

// report tells a person how a command ended and returns the exit status.
func report(w io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	fmt.Fprintf(w, "%s: %v\n", program, err)
	if _, ok := errors.AsType[*usageError](err); ok {
		return exitUsage
	}
	return exitFailed
}

// run carries out the command that e.Args name. Without arguments it serves, if that is what the process was started
// for.
func run(ctx context.Context, e env) error {
	if len(e.Args) == 0 {
		if fcgi.Detect(e.Getenv) == fcgi.ModeCommand {
			writeUsage(e.Stderr)
			return usagef("no command; a web server starts this program with a socket or as CGI, a person with one of the commands above")
		}
		e.Args = []string{"serve"}
	}
	switch e.Args[0] {
	case "-h", "-help", "--help":
		e.Args[0] = "help"
	case "-version", "--version":
		e.Args[0] = "version"
	}
	cmd, rest, err := findCommand(e.Args)
	if err != nil {
		return err
	}
	c, err := cmd.read(e, rest)
	if err != nil {
		return err
	}
	if c.help {
		writeHelp(e.Stdout, cmd)
		return nil
	}
	return cmd.run(ctx, c)
}
