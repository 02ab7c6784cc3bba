package main

import (
	"fmt"
	"strings"
)

// call is a command line, read.
type call struct {
	env
	*loaded
	cmd     *command
	args    []string          // what is not a flag
	options map[string]string // of the command; a switch that is given is "on"
	help    bool
}

// on says whether a switch of the command was given.
func (c *call) on(option string) bool { return c.options[option] != "" }

// read takes the flags, which may stand before and after the arguments, as -name VALUE, -name=VALUE and with two dashes;
// a switch is -name, -name=on or -name=off. After "--" everything is an argument.
func (cmd *command) read(e env, args []string) (*call, error) {
	c := &call{env: e, cmd: cmd, options: map[string]string{}}
	var flags []given
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			c.args = append(c.args, args...)
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			c.args = append(c.args, arg)
			continue
		}
		if isHelp(arg) {
			c.help = true
			return c, nil
		}
		name, value, has := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		opt, set := cmd.option(name), findSetting(name)
		if set != nil && !cmd.takes(set) {
			set = nil
		}
		isSwitch := false
		switch {
		case opt != nil:
			isSwitch = opt.arg == ""
		case set != nil:
			isSwitch = set.isSwitch()
		default:
			return nil, usagef("%s has no flag -%s%s; see caldav-fcgi help %s", cmd.name, name, didYouMean(name, cmd.flagNames()), cmd.name)
		}
		switch {
		case has:
		case isSwitch:
			value = "on"
		case len(args) == 0:
			return nil, usagef("-%s needs a value; see caldav-fcgi help %s", name, cmd.name)
		default:
			value, args = args[0], args[1:]
		}
		if opt == nil {
			flags = appendGiven(flags, name, value)
			continue
		}
		if isSwitch {
			on, err := readSwitch(value)
			if err != nil {
				return nil, usagef("-%s: %v", name, err)
			}
			if value = "on"; !on {
				value = ""
			}
		}
		c.options[name] = value
	}
	if err := cmd.count(c.args); err != nil {
		return nil, err
	}
	var err error
	c.loaded, err = load(flags, e.Getenv)
	return c, err
}

func appendGiven(flags []given, name, value string) []given {
	for i := range flags {
		if flags[i].name == name {
			flags[i].values = append(flags[i].values, value)
			return flags
		}
	}
	return append(flags, given{name, []string{value}})
}

func (cmd *command) takes(s *setting) bool {
	for _, f := range cmd.flags() {
		if f == s {
			return true
		}
	}
	return false
}

func (cmd *command) flagNames() (names []string) {
	for _, o := range cmd.options {
		names = append(names, o.name)
	}
	for _, s := range cmd.flags() {
		names = append(names, s.name)
	}
	return names
}

func (cmd *command) count(args []string) error {
	switch {
	case len(args) < cmd.min:
		return usagef("%s: want %s; see caldav-fcgi help %s", cmd.name, cmd.args, cmd.name)
	case cmd.max >= 0 && len(args) > cmd.max:
		extra := fmt.Sprintf("%q", args[cmd.max])
		if cmd.args == "" {
			return usagef("%s takes no arguments, but there is %s; see caldav-fcgi help %s", cmd.name, extra, cmd.name)
		}
		return usagef("%s: want %s, but there is also %s; a name with blanks needs quotes", cmd.name, cmd.args, extra)
	}
	return nil
}
