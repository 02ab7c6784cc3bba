package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

const completionHelp = `To have it in each new shell:
  bash   caldav-fcgi completion bash > ~/.local/share/bash-completion/completions/caldav-fcgi
  zsh    caldav-fcgi completion zsh > "${fpath[1]}/_caldav-fcgi"
  fish   caldav-fcgi completion fish > ~/.config/fish/completions/caldav-fcgi.fish`

func completion(_ context.Context, c *call) error {
	var script string
	switch c.args[0] {
	case "bash":
		script = completeBash()
	case "zsh":
		script = "#compdef caldav-fcgi\nautoload -U +X bashcompinit && bashcompinit\n" + completeBash()
	case "fish":
		script = completeFish()
	default:
		return usagef("%q: want bash, zsh or fish", c.args[0])
	}
	fmt.Fprint(c.Stdout, script)
	return nil
}

// words are what can stand in the first place, and behind each first word that is shared.
func words() (first []string, second map[string][]string) {
	second = map[string][]string{}
	for _, cmd := range commands() {
		group, word, shared := strings.Cut(cmd.name, " ")
		if !slices.Contains(first, group) {
			first = append(first, group)
		}
		if shared {
			second[group] = append(second[group], word)
		}
	}
	return first, second
}

func completeBash() string {
	var b strings.Builder
	first, second := words()
	b.WriteString("_caldav_fcgi() {\n\tlocal cur=${COMP_WORDS[COMP_CWORD]} words=\n")
	b.WriteString("\tif [ \"$COMP_CWORD\" = 1 ]; then words=\"" + strings.Join(first, " ") + "\"\n")
	for _, group := range first {
		if second[group] != nil {
			fmt.Fprintf(&b, "\telif [ \"$COMP_CWORD ${COMP_WORDS[1]}\" = \"2 %s\" ]; then words=\"%s\"\n", group, strings.Join(second[group], " "))
		}
	}
	b.WriteString("\telse case \"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" in\n")
	for _, cmd := range commands() {
		words := cmd.flagNames()
		for i := range words {
			words[i] = "-" + words[i]
		}
		if strings.Contains(cmd.args, "|") {
			words = append(strings.Split(cmd.args, "|"), words...)
		}
		pattern := "\"" + cmd.name + "\"*"
		if !strings.Contains(cmd.name, " ") {
			pattern = cmd.name + "\\ *"
		}
		fmt.Fprintf(&b, "\t%s) words=\"%s\" ;;\n", pattern, strings.Join(words, " "))
	}
	b.WriteString("\tesac; fi\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\ncomplete -o default -F _caldav_fcgi caldav-fcgi\n")
	return b.String()
}

func completeFish() string {
	var b strings.Builder
	first, second := words()
	quote := func(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }
	for _, word := range first {
		text := word + " …"
		if second[word] == nil {
			cmd, _, _ := findCommand([]string{word})
			text = cmd.short
		}
		fmt.Fprintf(&b, "complete -c caldav-fcgi -n __fish_use_subcommand -f -a %s -d %s\n", word, quote(text))
	}
	for _, cmd := range commands() {
		group, word, shared := strings.Cut(cmd.name, " ")
		when := "__fish_seen_subcommand_from " + group
		if shared {
			fmt.Fprintf(&b, "complete -c caldav-fcgi -n %s -f -a %s -d %s\n", quote(when+"; and not __fish_seen_subcommand_from "+strings.Join(second[group], " ")), word, quote(cmd.short))
			when += "; and __fish_seen_subcommand_from " + word
		}
		for _, o := range cmd.options {
			needs := ""
			if o.arg != "" {
				needs = " -r"
			}
			fmt.Fprintf(&b, "complete -c caldav-fcgi -n %s -o %s%s -d %s\n", quote(when), o.name, needs, quote(o.doc))
		}
		for _, s := range cmd.flags() {
			needs := " -r"
			if s.isSwitch() {
				needs = ""
			}
			fmt.Fprintf(&b, "complete -c caldav-fcgi -n %s -o %s%s -d %s\n", quote(when), s.name, needs, quote(s.doc))
		}
	}
	return b.String()
}
