package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A web server that is restarted closes the pipe behind standard error: a log line is not worth the process.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal has its usual effect: it ends the process at once
	e := env{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Environ: os.Environ}
	os.Exit(report(e.Stderr, run(ctx, e)))
}
