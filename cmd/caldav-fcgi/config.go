package main

import (
	"fmt"
	"math"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"caldav-fcgi/fcgi"
)

// config holds a value for each setting; newConfig has the defaults.
type config struct {
	DB             string
	Config         string
	AllowNetworkFS bool

	FCGI         []string
	HTTP         []string
	FCGILayer    string
	AllowTCP     bool
	SocketMode   string
	SocketGroup  string
	AllowUID     []string
	Htpasswd     string
	UserHeader   string
	TrustedProxy []string

	Base                                string
	Host                                string
	Realm                               string
	StripRealm                          bool
	LowerUser                           bool
	GroupsParam                         string
	Htgroup                             string
	Admin                               []string
	People                              string
	Tokens                              bool
	Invitations                         string
	Provision                           bool
	MaxResource                         int64
	MaxSteps, MaxInstances, MaxExpanded int64
	MaxTime                             time.Duration
	ObjectShare                         int64
	Birthdays, Directory                bool
	Files                               bool
	MaxFile                             int64
	Quota                               string
	SpoolDir                            string
	Log                                 string
}

func newConfig() *config {
	return &config{FCGILayer: "own", SocketMode: "0660", Realm: "calendar", GroupsParam: "OIDC_CLAIM_groups", People: "all", Invitations: "ask", Birthdays: true, Provision: true, MaxResource: 10 << 20, MaxSteps: 50_000_000, MaxTime: 5 * time.Second, MaxInstances: 200_000, MaxExpanded: 256 << 20, ObjectShare: 50, MaxFile: 100 << 20, Quota: "none", Log: "text"}
}

// setting is one line of the table: a flag, a key of the configuration file and an environment variable in one.
type setting struct {
	name    string // the flag and the key
	arg     string // what help calls its value; "" for a switch
	words   string // what help says of a default that is not fixed
	doc     string // one line
	to      func(*config) any
	choices []string
	check   func(string) error // of a value, of each one of a list
}

// settings is the one list of them.
var settings = []setting{
	{name: "db", arg: "FILE", words: "$STATE_DIRECTORY/caldav.db, else $XDG_DATA_HOME/caldav-fcgi/caldav.db, else ~/.local/share/caldav-fcgi/caldav.db; started by a web server, ../private/caldav.db beside the program", doc: "the database", to: func(c *config) any { return &c.DB }},
	{name: "config", arg: "FILE", words: "/etc/caldav-fcgi/config.toml, else config.toml beside the database, if there is one", doc: "the configuration file; not a key of the file itself", to: func(c *config) any { return &c.Config }},
	{name: "allow-network-fs", doc: "allow the database on a network file system; right only when one host alone uses it", to: func(c *config) any { return &c.AllowNetworkFS }},

	{name: "fcgi", arg: "unix:PATH|tcp:HOST:PORT|fd:N", doc: "serve FastCGI there; repeatable", to: func(c *config) any { return &c.FCGI }, check: checkFCGI},
	{name: "http", arg: "HOST:PORT|unix:PATH", doc: "serve plain HTTP there, for trying out or behind a reverse proxy; repeatable", to: func(c *config) any { return &c.HTTP }, check: checkHTTP},
	{name: "fcgi-layer", arg: "own|std", doc: "the implementation of FastCGI: ours, or Go's net/http/fcgi", to: func(c *config) any { return &c.FCGILayer }, choices: []string{"own", "std"}},
	{name: "allow-tcp", doc: "allow -fcgi tcp: though whoever can connect to it can be any user", to: func(c *config) any { return &c.AllowTCP }},
	{name: "socket-mode", arg: "MODE", doc: "permissions of unix sockets, octal", to: func(c *config) any { return &c.SocketMode }, check: checkMode},
	{name: "socket-group", arg: "GROUP", doc: "group that unix sockets are given to, such as www-data", to: func(c *config) any { return &c.SocketGroup }},
	{name: "allow-uid", arg: "UID", words: "all who may open the socket", doc: "user number that may connect to FastCGI sockets; repeatable", to: func(c *config) any { return &c.AllowUID }, check: checkUID},
	{name: "htpasswd", arg: "FILE", doc: "passwords for -http: lines of htpasswd -B", to: func(c *config) any { return &c.Htpasswd }},
	{name: "user-header", arg: "NAME", doc: "for -http: the header in which a reverse proxy names the user; believed on a unix socket or from -trusted-proxy", to: func(c *config) any { return &c.UserHeader }, check: checkHeader},
	{name: "trusted-proxy", arg: "ADDRESS", doc: "address or network (10.0.0.0/8) of the proxy that sets -user-header; repeatable", to: func(c *config) any { return &c.TrustedProxy }, check: checkProxy},

	{name: "base", arg: "/PATH", words: "what the web server passes as CALDAV_BASE, else a guess", doc: "base path of the service in the site's URLs, such as /dav", to: func(c *config) any { return &c.Base }, check: checkBase},
	{name: "host", arg: "NAME", words: "what the request says", doc: "public host name of the site", to: func(c *config) any { return &c.Host }},
	{name: "realm", arg: "TEXT", doc: "realm that clients show when they ask for a password", to: func(c *config) any { return &c.Realm }, check: checkLine},
	{name: "strip-realm", doc: "ann@EXAMPLE.ORG, as Kerberos names her, is ann", to: func(c *config) any { return &c.StripRealm }},
	{name: "lower-user", doc: "Ann is ann", to: func(c *config) any { return &c.LowerUser }},
	{name: "groups-param", arg: "NAME", doc: "parameter in which the web server passes the user's groups", to: func(c *config) any { return &c.GroupsParam }, check: checkParam},
	{name: "htgroup", arg: "FILE", doc: "file with the groups of users, as Apache has it: lines of GROUP: USER USER", to: func(c *config) any { return &c.Htgroup }},
	{name: "admin", arg: "NAME|@GROUP", doc: "user, or group behind @, who may do everything; repeatable", to: func(c *config) any { return &c.Admin }, check: checkAdmin},
	{name: "people", arg: "all|groups|none", doc: "whom users see of each other: all, who is in a group with them, or nobody they have nothing to do with", to: func(c *config) any { return &c.People }, choices: []string{"all", "groups", "none"}},
	{name: "tokens", arg: "on|off", doc: "take the passwords that caldav-fcgi token new has made for single devices", to: func(c *config) any { return &c.Tokens }},
	{name: "invitations", arg: "ask|accept", doc: "what becomes of a calendar that is shared with somebody: he is asked by his client, or has it at once; right where many clients cannot answer", to: func(c *config) any { return &c.Invitations }, choices: []string{"ask", "accept"}},
	{name: "provision", arg: "on|off", doc: "make an account at a user's first visit; off: only caldav-fcgi user add makes them", to: func(c *config) any { return &c.Provision }},
	{name: "max-resource", arg: "SIZE", doc: "largest event, task or contact that is taken, such as 10MB", to: func(c *config) any { return &c.MaxResource }},
	{name: "max-steps", arg: "NUMBER", doc: "what one search may take to find out when repeating events happen, in steps of some 50 ns; above it is 403 or 507", to: func(c *config) any { return &c.MaxSteps }},
	{name: "max-time", arg: "TIME", doc: "what one search may take for it in processor time, such as 5s or 500ms", to: func(c *config) any { return &c.MaxTime }},
	{name: "max-instances", arg: "NUMBER", doc: "how many instances of repeating events one search may give", to: func(c *config) any { return &c.MaxInstances }},
	{name: "max-expanded", arg: "SIZE", doc: "what the instances in one answer may amount to", to: func(c *config) any { return &c.MaxExpanded }},
	{name: "object-share", arg: "PERCENT", doc: "how much of what one search may cost a single event may take", to: func(c *config) any { return &c.ObjectShare }, check: checkPercent},
	{name: "birthdays", arg: "on|off", doc: "keep a calendar of the birthdays and anniversaries in an account's address books", to: func(c *config) any { return &c.Birthdays }},
	{name: "directory", arg: "on|off", doc: "show the site's people as an address book that everybody can search and nobody can write", to: func(c *config) any { return &c.Directory }},
	{name: "files", arg: "on|off", doc: "give every account a folder for files of any kind, /files/NAME/ below the base path", to: func(c *config) any { return &c.Files }},
	{name: "max-file", arg: "SIZE", doc: "largest file that -files takes, such as 500MB; the web server's own limit has to be as large", to: func(c *config) any { return &c.MaxFile }},
	{name: "quota", arg: "SIZE|none", doc: "how much each account may hold, such as 500MB; caldav-fcgi user quota sets one account's own", to: func(c *config) any { return &c.Quota }, check: checkQuota},
	{name: "spool-dir", arg: "DIR", words: "the folder of the database", doc: "folder for long answers that wait for their client, without names", to: func(c *config) any { return &c.SpoolDir }},
	{name: "log", arg: "text|json", doc: "form of the log on standard error", to: func(c *config) any { return &c.Log }, choices: []string{"text", "json"}},
}

// common are taken by every command.
var common = []string{"db", "config", "allow-network-fs"}

// env is the setting's environment variable.
func (s *setting) env() string {
	return "CALDAV_FCGI_" + strings.ToUpper(strings.ReplaceAll(s.name, "-", "_"))
}

// isSwitch says whether the flag can stand alone.
func (s *setting) isSwitch() bool { _, ok := s.to(newConfig()).(*bool); return ok }

// isList says whether the flag can be repeated.
func (s *setting) isList() bool { _, ok := s.to(newConfig()).(*[]string); return ok }

// def is the default as help shows it, "" for none.
func (s *setting) def() string {
	if s.words != "" {
		return s.words
	}
	return s.show(newConfig())
}

// show is the value as it could be written on the command line.
func (s *setting) show(c *config) string {
	switch v := s.to(c).(type) {
	case *bool:
		if *v {
			return "on"
		}
		return "off"
	case *int64:
		return writeSize(*v)
	case *time.Duration:
		return v.String()
	case *[]string:
		return strings.Join(*v, " ")
	case *string:
		return *v
	}
	return ""
}

// set puts one value, or the values of a list, into c.
func (s *setting) set(c *config, values ...string) error {
	for _, v := range values {
		if s.choices != nil && !slices.Contains(s.choices, v) {
			return fmt.Errorf("%q: want %s", v, strings.Join(s.choices, " or "))
		}
		if s.check != nil && v != "" {
			if err := s.check(v); err != nil {
				return err
			}
		}
	}
	to := s.to(c)
	if list, ok := to.(*[]string); ok {
		*list = values
		return nil
	}
	if len(values) != 1 {
		return fmt.Errorf("want one value, not %d", len(values))
	}
	var err error
	switch to := to.(type) {
	case *string:
		*to = values[0]
	case *bool:
		*to, err = readSwitch(values[0])
	case *int64:
		*to, err = readSize(values[0])
	case *time.Duration:
		*to, err = readTime(values[0])
	}
	return err
}

func readSwitch(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "on", "true", "yes", "1":
		return true, nil
	case "off", "false", "no", "0":
		return false, nil
	}
	return false, fmt.Errorf("%q: want on or off", s)
}

// sizeUnits are powers of 1024, as files are counted.
var sizeUnits = []struct {
	name  string
	bytes int64
}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"kB", 1 << 10}}

func readSize(s string) (int64, error) {
	number, unit := strings.TrimSpace(s), int64(1)
	for _, u := range sizeUnits {
		if n := len(number) - len(u.name); n > 0 && strings.EqualFold(number[n:], u.name) {
			number, unit = strings.TrimSpace(number[:n]), u.bytes
			break
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("%q: want a size such as 10MB", s)
	}
	return n * unit, nil
}

func readTime(s string) (time.Duration, error) {
	d, err := time.ParseDuration(strings.TrimSpace(s))
	if err != nil || d <= 0 {
		return 0, fmt.Errorf("%q: want a time such as 5s or 500ms", s)
	}
	return d, nil
}

func checkPercent(s string) error {
	if n, err := strconv.Atoi(s); err != nil || n < 1 || n > 100 {
		return fmt.Errorf("%q: want a number from 1 to 100", s)
	}
	return nil
}

func checkQuota(s string) error {
	_, err := readQuota(s)
	return err
}

// readQuota reads a size, or "none" as 0.
func readQuota(s string) (int64, error) {
	if strings.EqualFold(s, "none") {
		return 0, nil
	}
	n, err := readSize(s)
	if err != nil {
		err = fmt.Errorf("%q: want a size such as 500MB, or none", s)
	}
	return n, err
}

func writeSize(n int64) string {
	for _, u := range sizeUnits {
		if n >= u.bytes && n%u.bytes == 0 {
			return strconv.FormatInt(n/u.bytes, 10) + u.name
		}
	}
	return strconv.FormatInt(n, 10)
}

func checkFCGI(s string) error {
	kind, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" || kind != "unix" && kind != "tcp" && kind != "fd" {
		return fmt.Errorf("%q: want unix:PATH, tcp:HOST:PORT or fd:N", s)
	}
	return nil
}

func checkHTTP(s string) error {
	if kind, rest, _ := strings.Cut(s, ":"); kind == "unix" && rest != "" {
		return nil
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return fmt.Errorf("%q: want HOST:PORT, such as 127.0.0.1:8080, or unix:PATH", s)
	}
	if n, err := strconv.ParseUint(s[i+1:], 10, 16); err != nil {
		return fmt.Errorf("%q: want HOST:PORT with a port from 0 to 65535, such as 127.0.0.1:8080, not %d", s, n)
	}
	return nil
}

// checkParam refuses the name of a header: what clients send says nothing of who they are.
func checkParam(s string) error {
	if strings.HasPrefix(strings.ToUpper(s), "HTTP_") {
		return fmt.Errorf("%q is what clients send: want a parameter that only the web server can set", s)
	}
	return checkLine(s)
}

func checkAdmin(s string) error {
	if strings.Trim(s, "@ ") == "" {
		return fmt.Errorf("%q: want the name of a user, or @ and that of a group", s)
	}
	return checkLine(s)
}

func checkMode(s string) error {
	_, err := readMode(s)
	return err
}

func readMode(s string) (os.FileMode, error) {
	m, err := strconv.ParseUint(s, 8, 32)
	if err != nil || m == 0 || m > 0o777 {
		return 0, fmt.Errorf("%q: want permissions such as 0660", s)
	}
	return os.FileMode(m), nil
}

func checkUID(s string) error {
	if _, err := strconv.ParseUint(s, 10, 32); err != nil {
		return fmt.Errorf("%q: want the number of a user (id -u www-data)", s)
	}
	return nil
}

func checkProxy(s string) error {
	_, err := readPrefix(s)
	return err
}

func readPrefix(s string) (netip.Prefix, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		a = a.Unmap().WithZone("")
		return netip.PrefixFrom(a, a.BitLen()), nil
	}
	p, err := netip.ParsePrefix(s)
	if err != nil {
		return p, fmt.Errorf("%q: want an address or a network, such as 127.0.0.1 or 10.0.0.0/8", s)
	}
	return p.Masked(), nil
}

func checkBase(s string) error {
	_, err := fcgi.CleanBase(s)
	return err
}

// checkHeader takes a token, RFC 9110 §5.1.
func checkHeader(s string) error {
	for _, r := range s {
		if r > '~' || !strings.ContainsRune("!#$%&'*+-.^_`|~", r) && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return fmt.Errorf("%q: not the name of a header", s)
		}
	}
	return nil
}

func checkLine(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r == '"' || r == '\\' }) {
		return fmt.Errorf("%q: want text without quotes and control characters", s)
	}
	return nil
}
