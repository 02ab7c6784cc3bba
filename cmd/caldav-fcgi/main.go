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
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals // whoever asks again does not want to wait
		os.Exit(exitFailed)
	}()
	e := env{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Getenv: os.Getenv, Environ: os.Environ}
	os.Exit(report(e.Stderr, run(ctx, e)))
}
