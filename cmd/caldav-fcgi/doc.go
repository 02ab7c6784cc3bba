// Command caldav-fcgi is the calendar server: what the web server starts, and the tool for the shell beside it.
//
// Start with command.go, the one table of commands, and config.go, the one table of settings. Flags, the configuration
// file, the environment, help, the man page and the completion of shells are derived from these two; a test fails
// for an entry without a text or without a script in testdata/script.
//
//   - main.go, run.go: the process, and one command of it without a process, which is what tests run.
//   - command.go, flag.go, help.go, complete.go: the table, its reading of a command line, what is derived from it.
//   - config.go, source.go: the settings; where their values come from.
//   - a file for each command; importing.go is the work of import, which demo does, too.
//
// Every command takes -db and -config and works beside a running server: SQLite and the lock beside the database keep
// processes apart. What changes a calendar goes through webdav.Server.Do, as a client's request does.
//
// Errors say what is wrong, with what, and what to do. What a command was asked for goes to standard output, all else
// to standard error. Exit status: 0 done, 1 failed, 2 wrong usage.
package main
