package main

import (
	"context"
	"slices"
	"strings"
)

// command is one line of the table.
type command struct {
	name     string // "user add": the first word may be shared
	args     string // as help shows them
	min, max int    // how many arguments; max < 0: any number
	short    string // one line, no full stop
	long     string // paragraphs; a line that begins with two blanks stands as it is
	options  []option
	settings []string // of the table of settings, besides the common ones
	run      func(context.Context, *call) error
}

// option is a flag of one command, which no configuration file can hold.
type option struct {
	name string
	arg  string // what help calls its value; "" for a switch
	doc  string
}

var jsonOption = option{"json", "", "print JSON"}

// personOptions are those of whatever has a name and an address.
var personOptions = []option{{"name", "TEXT", "the name that people see, such as 'Ann Lee'"}, {"mail", "ADDRESS", "the address invitations go to"}}

// commands is the one list of them, in the order of help. It is a function because help, among them, prints it.
func commands() []*command {
	return []*command{
		{name: "serve", short: "answer requests: what a web server or a service manager starts", long: serveHelp, settings: serveSettings, run: serve},
		{name: "demo", short: "try it out: a temporary store with two users on http://127.0.0.1:8080/", long: demoHelp,
			options: []option{{"http", "HOST:PORT", "serve there instead"}}, settings: []string{"base", "log"}, run: demonstrate},

		{name: "user add", args: "NAME", min: 1, max: 1, short: "make an account with its calendars", long: userAddHelp,
			options: personOptions, settings: []string{"lower-user"}, run: userAdd},
		{name: "user list", short: "list accounts with what they hold", long: "One line an account: name, number of calendars, of objects, their size, the name that people see.", options: []option{jsonOption}, run: userList},
		{name: "user show", args: "NAME", min: 1, max: 1, short: "show one account and its calendars", long: "The paths are those below the base path of the service.", options: []option{jsonOption}, run: userShow},
		{name: "user rename", args: "OLD NEW", min: 2, max: 2, short: "give an account another login name", long: userRenameHelp, run: userRename},
		{name: "user quota", args: "NAME SIZE|none|default", min: 2, max: 2, short: "set how much an account may hold", long: userQuotaHelp, run: userQuota},
		{name: "user disable", args: "NAME", min: 1, max: 1, short: "refuse a user, and keep everything", long: "Every request of that user is refused with 403 from now on. caldav-fcgi user enable takes it back.", run: userDisable},
		{name: "user enable", args: "NAME", min: 1, max: 1, short: "let a disabled user in again", long: "The opposite of caldav-fcgi user disable.", run: userEnable},
		{name: "user delete", args: "NAME", min: 1, max: 1, short: "remove an account with all its calendars", long: userDeleteHelp, options: []option{{"yes", "", "also when there is something in its calendars"}}, run: userDelete},

		{name: "group add", args: "NAME", min: 1, max: 1, short: "make a group", long: groupAddHelp, options: personOptions, run: groupAdd},
		{name: "group list", short: "list groups with their members", long: groupListHelp, options: []option{jsonOption}, run: groupList},
		{name: "group member", args: "add|remove GROUP NAME…", min: 3, max: -1, short: "take users and groups into a group, or out of it", long: groupMemberHelp, run: groupMember},
		{name: "group delete", args: "NAME", min: 1, max: 1, short: "remove a group", long: groupDeleteHelp, options: []option{{"yes", "", "also when it has members"}}, run: groupDelete},

		{name: "room add", args: "NAME", min: 1, max: 1, short: "make a room, or a resource that can be booked", long: roomAddHelp, options: roomOptions, run: roomAdd},
		{name: "room list", short: "list rooms and resources", long: "One line each: name, kind, mail address, the name that people see.", options: []option{jsonOption}, run: roomList},
		{name: "room delete", args: "NAME", min: 1, max: 1, short: "remove a room or resource", long: roomDeleteHelp, run: roomDelete},

		{name: "proxy add", args: "OWNER DELEGATE", min: 2, max: 2, short: "let somebody stand in for an account", long: proxyAddHelp,
			options: []option{{"read", "", "to read; that is what it does when neither is given"}, {"write", "", "to change, too"}, proxyRoom}, run: proxyAdd},
		{name: "proxy list", args: "[OWNER]", max: 1, short: "list who stands in for whom", long: proxyListHelp, options: []option{proxyRoom, jsonOption}, run: proxyList},
		{name: "proxy remove", args: "OWNER DELEGATE", min: 2, max: 2, short: "end a delegation", long: proxyRemoveHelp, options: []option{proxyRoom}, run: proxyRemove},

		{name: "share list", args: "[USER[/CALENDAR]]", max: 1, short: "list what is shared with whom", long: shareListHelp, options: []option{jsonOption}, run: shareList},
		{name: "share add", args: "USER/CALENDAR WITH…", min: 2, max: -1, short: "share a calendar", long: shareAddHelp,
			options: []option{levelOption, {"accept", "", "they have it without being asked"}}, settings: []string{"invitations"}, run: shareAdd},
		{name: "share revoke", args: "USER/CALENDAR WITH…", min: 2, max: -1, short: "end a share", long: shareRevokeHelp, run: shareRevoke},
		{name: "share who", args: "USER/CALENDAR", min: 1, max: 1, short: "show who can see a calendar, and why", long: shareWhoHelp, options: []option{jsonOption}, settings: []string{"admin"}, run: shareWho},

		{name: "token new", short: "make a password for one device", long: tokenNewHelp, options: []option{tokenUser, tokenName, {"days", "NUMBER", "how long it is good for; for ever when not given"}}, settings: []string{"tokens"}, run: tokenNew},
		{name: "token list", short: "list the passwords of devices", long: tokenListHelp, options: []option{{"user", "NAME", "those of that user alone"}, jsonOption}, run: tokenList},
		{name: "token revoke", short: "end the password of a device", long: tokenRevokeHelp, options: []option{tokenUser, tokenName}, run: tokenRevoke},

		{name: "import", args: "FILE|-", min: 1, max: 1, short: "take an exported calendar or address book into an account", long: importHelp,
			options: []option{{"user", "NAME", "whose account; needed"}, {"to", "NAME", "into that calendar or address book, instead of calendar and tasks by kind, or addressbook"},
				{"dry-run", "", "say what would be done and do nothing"}, {"overwrite", "", "also replace what is newer here than in the file"}}, settings: []string{"max-resource", "quota"}, run: importFile},
		{name: "export", short: "write an account's calendars as one iCalendar file, or its contacts as one of vCards", long: exportHelp,
			options: []option{{"user", "NAME", "whose; needed"}, {"calendar", "CALENDAR", "that one alone"}, {"contacts", "", "the address books instead"}, {"book", "BOOK", "that address book alone"}}, run: export},
		{name: "check", short: "read everything and say what is wrong", long: checkHelp,
			options: []option{{"zones", "", "list what moved with a change of time zones"}}, run: check},
		{name: "prune", short: "give back the space of changes that are years old", long: pruneHelp,
			options: []option{{"older", "AGE", "than that: 5y, 18m (months), 90d; 5y when not given"}, {"yes", "", "also what is younger than five years"}}, run: prune},

		{name: "reindex", short: "index anew what an older version has stored", long: reindexHelp, run: reindex},

		{name: "config", short: "show the settings in effect, and where each comes from", long: configHelp, options: []option{jsonOption}, settings: serveSettings, run: showConfig},
		{name: "version", short: "show the version, and that of SQLite and of the time zones", long: "Name these lines when you report a fault.", options: []option{{"changes", "", "show what each release has changed"}}, run: showVersion},
		{name: "completion", args: "bash|zsh|fish", min: 1, max: 1, short: "print the completion of commands for a shell", long: completionHelp, run: completion},
		{name: "help", args: "[COMMAND]", max: 2, short: "show the commands, or one of them", long: "caldav-fcgi help config lists every setting. With -man it prints the manual page: caldav-fcgi help -man | man -l -", options: []option{{"man", "", "print the manual page"}}, run: help},
	}
}

// findCommand finds the command that args begin with and returns the rest.
func findCommand(args []string) (*command, []string, error) {
	list := commands()
	for words := min(2, len(args)); words > 0; words-- {
		name := strings.Join(args[:words], " ")
		if i := slices.IndexFunc(list, func(c *command) bool { return c.name == name }); i >= 0 {
			return list[i], args[words:], nil
		}
	}
	if strings.HasPrefix(args[0], "-") {
		return nil, nil, usagef("%s stands before the command: want %s COMMAND %s", args[0], program, strings.Join(args, " "))
	}
	var first, second []string // words that can stand there
	for _, c := range list {
		group, word, _ := strings.Cut(c.name, " ")
		if group == args[0] {
			second = append(second, word)
		}
		if !slices.Contains(first, group) {
			first = append(first, group)
		}
	}
	if len(second) == 0 {
		return nil, nil, usagef("no command %q%s; caldav-fcgi help lists them", args[0], didYouMean(args[0], first))
	}
	if len(args) == 1 {
		return nil, nil, usagef("%s: want one of %s", args[0], strings.Join(second, ", "))
	}
	if isHelp(args[1]) {
		return groupHelp(args[0]), nil, nil
	}
	return nil, nil, usagef("no command %q%s; there are %s", args[0]+" "+args[1], didYouMean(args[1], second), strings.Join(second, ", "))
}

func isHelp(arg string) bool { return arg == "-h" || arg == "-help" || arg == "--help" }

// groupHelp stands for "user -h".
func groupHelp(group string) *command {
	return &command{name: group, run: func(_ context.Context, c *call) error { return helpOn(c.Stdout, []string{group}) }}
}

// flags are all that the command takes: its settings first.
func (cmd *command) flags() (list []*setting) {
	for i := range settings {
		if slices.Contains(common, settings[i].name) || slices.Contains(cmd.settings, settings[i].name) {
			list = append(list, &settings[i])
		}
	}
	return list
}

func (cmd *command) option(name string) *option {
	if i := slices.IndexFunc(cmd.options, func(o option) bool { return o.name == name }); i >= 0 {
		return &cmd.options[i]
	}
	return nil
}
