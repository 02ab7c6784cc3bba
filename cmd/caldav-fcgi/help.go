package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// tagline is what it is, in one line.
const tagline = "a calendar server behind the site's own web server, in one SQLite file"

const aboutSettings = `Every setting is a flag, a key of the configuration file and an environment variable. A flag goes before the environment, that before the file, that before the default. The file is TOML: log = "json", fcgi = ["unix:/run/caldav-fcgi/sock"], strip-realm = true. In the environment a repeatable setting is several values with blanks between them.`

const configHelp = "The settings in effect for the flags, the environment and the file as they are, each with where it comes from. A wrong one is named, with the nearest that exists."

const aboutExit = "0 done, 1 failed, 2 wrong usage."

func help(_ context.Context, c *call) error {
	if c.on("man") {
		writeMan(c.Stdout)
		return nil
	}
	return helpOn(c.Stdout, c.args)
}

// helpOn writes about the commands whose names begin with words.
func helpOn(w io.Writer, words []string) error {
	if len(words) == 0 {
		writeUsage(w)
		return nil
	}
	name := strings.Join(words, " ")
	cmd, rest, err := findCommand(words)
	if err == nil && len(rest) == 0 {
		writeHelp(w, cmd)
		return nil
	}
	found := false
	for _, cmd := range commands() {
		if strings.HasPrefix(cmd.name, name+" ") {
			if found {
				fmt.Fprintln(w)
			}
			writeHelp(w, cmd)
			found = true
		}
	}
	switch {
	case found:
		return nil
	case err == nil:
		return usagef("%s has no command %q", cmd.name, strings.Join(rest, " "))
	}
	return err
}

// writeUsage lists the commands.
func writeUsage(w io.Writer) {
	fmt.Fprintf(w, "%s: %s\n\n", program, tagline)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, cmd := range commands() {
		fmt.Fprintf(tw, "  %s\t%s\n", strings.TrimSpace(cmd.name+" "+cmd.args), cmd.short)
	}
	tw.Flush()
	fmt.Fprintf(w, "\nMore about one: %s help COMMAND. To begin: %s demo\nExit status: %s\n", program, program, aboutExit)
}

// synopsis is the command with its arguments and the flags of its own.
func (cmd *command) synopsis() string {
	s := program + " " + cmd.name
	for _, o := range cmd.options {
		s += " [" + strings.TrimSpace("-"+o.name+" "+o.arg) + "]"
	}
	if cmd.args != "" {
		s += " " + cmd.args
	}
	return s
}

func writeHelp(w io.Writer, cmd *command) {
	fmt.Fprintf(w, "usage: %s\n\n%s.\n", cmd.synopsis(), upperFirst(cmd.short))
	if cmd.long != "" {
		fmt.Fprintf(w, "\n%s\n", wrap(cmd.long, 80))
	}
	fmt.Fprintln(w, "\nFlags:")
	for _, o := range cmd.options {
		entry(w, strings.TrimSpace("-"+o.name+" "+o.arg), o.doc)
	}
	for _, s := range cmd.flags() {
		entry(w, s.flag(), s.sentence())
	}
	if cmd.settings != nil {
		fmt.Fprintf(w, "\n%s\n", wrap(aboutSettings, 80))
	}
}

// flag is the setting as help shows it.
func (s *setting) flag() string {
	if s.isSwitch() && s.arg != "" {
		return "-" + s.name + "=" + s.arg
	}
	return strings.TrimSpace("-" + s.name + " " + s.arg)
}

// sentence is what the setting does, its default and its other names.
func (s *setting) sentence() string {
	text := s.doc
	if def := s.def(); def != "" && (s.arg != "" || def != "off") {
		text += "; default: " + def
	}
	return text + " [" + s.env() + "]"
}

func entry(w io.Writer, head, text string) {
	fmt.Fprintf(w, "  %s\n      %s\n", head, strings.ReplaceAll(wrap(text, 74), "\n", "\n      "))
}

func upperFirst(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// wrap breaks paragraphs at blanks. A line that begins with two blanks stands as it is.
func wrap(text string, width int) string {
	var b strings.Builder
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if strings.HasPrefix(line, "  ") {
			b.WriteString(line)
			continue
		}
		column := 0
		for j, word := range strings.Fields(line) {
			switch {
			case j == 0:
			case column+1+len(word) > width:
				b.WriteByte('\n')
				column = 0
			default:
				b.WriteByte(' ')
				column++
			}
			b.WriteString(word)
			column += len(word)
		}
	}
	return b.String()
}

// writeMan writes the manual page, man(7).
func writeMan(w io.Writer) {
	fmt.Fprintf(w, ".TH CALDAV-FCGI 1 \"\" \"%s\" \"User Commands\"\n", roff(shortVersion()))
	fmt.Fprintf(w, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n", roff(program), roff(tagline))
	list := commands()
	for _, cmd := range list {
		fmt.Fprintf(w, ".B %s\n.br\n", roff(cmd.synopsis()))
	}
	fmt.Fprint(w, ".SH COMMANDS\n")
	for _, cmd := range list {
		fmt.Fprintf(w, ".SS %s\n%s.\n", roff(strings.TrimSpace(cmd.name+" "+cmd.args)), roff(upperFirst(cmd.short)))
		writeManText(w, cmd.long)
		for _, o := range cmd.options {
			fmt.Fprintf(w, ".TP\n.B %s\n%s\n", roff(strings.TrimSpace("-"+o.name+" "+o.arg)), roff(o.doc))
		}
		var also []string
		for _, s := range cmd.flags() {
			also = append(also, "-"+s.name)
		}
		fmt.Fprintf(w, ".PP\nSettings: %s.\n", roff(strings.Join(also, ", ")))
	}
	fmt.Fprint(w, ".SH SETTINGS\n")
	writeManText(w, aboutSettings)
	for i := range settings {
		fmt.Fprintf(w, ".TP\n.B %s\n%s\n", roff(settings[i].flag()), roff(settings[i].sentence()))
	}
	fmt.Fprintf(w, ".SH FILES\n.TP\n.B %s\nthe site's configuration\n", roff(siteConfig))
	fmt.Fprintf(w, ".SH EXIT STATUS\n%s\n", roff(aboutExit))
}

func writeManText(w io.Writer, text string) {
	fixed := false
	for _, line := range strings.Split(text, "\n") {
		if now := strings.HasPrefix(line, "  "); now != fixed {
			fixed = now
			if fixed {
				fmt.Fprint(w, ".PP\n.nf\n")
			} else {
				fmt.Fprint(w, ".fi\n")
			}
		}
		if line != "" {
			if !fixed {
				fmt.Fprint(w, ".PP\n")
			}
			fmt.Fprintln(w, roff(line))
		}
	}
	if fixed {
		fmt.Fprint(w, ".fi\n")
	}
}

// roff keeps text from being taken as a request of the formatter.
func roff(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(s)
	if strings.HasPrefix(s, ".") || strings.HasPrefix(s, "'") {
		s = `\&` + s
	}
	return s
}
