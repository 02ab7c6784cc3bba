package davtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"
)

// Dialogue is one parsed file.
type Dialogue struct {
	File  string
	Needs []string // features of the client without which it cannot be held
	Steps []Step
	files map[string][]byte
}

// Step is one exchange: a request and what is expected of its answer.
type Step struct {
	File     string
	Line     int
	User     string // "" is nobody; "ann:secret" with a password of its own
	Method   string
	Path     string
	AtHost   bool // the path is one of the host, not of the service
	Body     string
	Header   []field
	Status   []string
	Checks   []check
	contents map[string][]byte
}

type field struct{ Name, Value string }

type checkKind int

const (
	bodyEqual    checkKind = iota // canonical form of the file Arg
	bodySame                      // octets of the file Arg
	bodyHas                       // contains Arg
	bodyLacks                     // does not contain Arg
	errorIs                       // DAV:error with the condition Arg
	headerIs                      // field Name matches Arg
	headerAbsent                  // no field Name
	headerHas                     // list field Name has all of Arg
	headerLacks                   // and none of Arg
	hrefHas                       // multi-status names Arg, with Status when given
	hrefNot                       // multi-status does not name Arg
	hrefCount                     // multi-status has N responses
)

type check struct {
	Line      int
	Kind      checkKind
	Name, Arg string
	N         int
}

// maxInclude bounds how deep dialogues may include one another.
const maxInclude = 4

// Load reads and checks a dialogue and those it includes.
func Load(file string) (*Dialogue, error) { return load(file, 0) }

func load(file string, depth int) (*Dialogue, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("dialogue: %w", err)
	}
	return parse(file, data, func(name string) (*Dialogue, error) {
		if depth == maxInclude {
			return nil, errors.New("included too deep")
		}
		return load(filepath.Join(filepath.Dir(file), name), depth+1)
	})
}

// Parse reads a dialogue that includes no other.
func Parse(file string, data []byte) (*Dialogue, error) {
	return parse(file, data, func(string) (*Dialogue, error) { return nil, errors.New("include: no folder to look in") })
}

var (
	requestLine = regexp.MustCompile(`^([A-Z][A-Z-]*) (\^?(?:/|\{\{)\S*)(?: < (\S+|\{\{event \d+\}\}))?$`)
	headerLine  = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*):(?: (.*))?$`)
	statusLine  = regexp.MustCompile(`^([1-5](?:xx|\d\d)(?:\|[1-5]\d\d)*)(?: ((?:DAV|CALDAV|CARDDAV|CS):[a-z-]+))?(?: (==|=|~) (.+))?$`)
	expectLine  = regexp.MustCompile(`^> (!)?([A-Za-z][A-Za-z0-9-]*)(?:: (.*)| (has|lacks) (.+))?$`)
	fileName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
)

// parser is where reading a script has got to.
type parser struct {
	d       *Dialogue
	user    string
	step    *Step // a request whose status has not been read
	include func(string) (*Dialogue, error)
}

func parse(file string, data []byte, include func(string) (*Dialogue, error)) (*Dialogue, error) {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if string(bytes.TrimRight(line, "\r")) == "-- --" { // txtar.Parse panics on it
			return nil, fmt.Errorf("%s:%d: a file without a name", file, i+1)
		}
	}
	archive := txtar.Parse(data)
	p := &parser{d: &Dialogue{File: file, files: map[string][]byte{}}, include: include}
	own := map[string]bool{}
	for _, f := range archive.Files {
		if !fileName.MatchString(f.Name) {
			return nil, fmt.Errorf("%s: file name %q: want letters, digits, dot, underline and hyphen", file, f.Name)
		}
		if own[f.Name] {
			return nil, fmt.Errorf("%s: two files are called %s", file, f.Name)
		}
		own[f.Name] = true
		p.d.files[f.Name] = f.Data
	}
	for i, line := range strings.Split(string(archive.Comment), "\n") {
		if err := p.line(i+1, strings.TrimRight(line, " \t\r")); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
	}
	if err := p.d.verify(own); err != nil {
		return nil, err
	}
	return p.d, nil
}

func (p *parser) line(n int, line string) error {
	if p.step != nil {
		return p.inRequest(n, line)
	}
	word, rest, _ := strings.Cut(line, " ")
	switch {
	case line == "" || line[0] == '#':
		return nil
	case word == "as":
		p.user = strings.TrimSpace(rest)
		if p.user == "nobody" {
			p.user = ""
		}
		return nil
	case word == "needs":
		p.d.Needs = append(p.d.Needs, rest)
		return nil
	case word == "include":
		in, err := p.include(rest)
		if err != nil {
			return fmt.Errorf("include %s: %w", rest, err)
		}
		p.d.Needs = append(p.d.Needs, in.Needs...)
		p.d.Steps = append(p.d.Steps, in.Steps...)
		for name, data := range in.files {
			if _, taken := p.d.files[name]; !taken {
				p.d.files[name] = data
			}
		}
		return nil
	}
	if m := requestLine.FindStringSubmatch(line); m != nil {
		p.step = &Step{File: p.d.File, Line: n, User: p.user, Method: m[1], Path: strings.TrimPrefix(m[2], "^"),
			AtHost: m[2][0] == '^', Body: m[3], contents: p.d.files}
		return nil
	}
	if len(p.d.Steps) == 0 {
		return fmt.Errorf("%q is neither a request nor a directive", line)
	}
	checks, err := parseCheck(n, uncomment(line))
	if err != nil {
		return err
	}
	last := &p.d.Steps[len(p.d.Steps)-1]
	last.Checks = append(last.Checks, checks)
	return nil
}

// inRequest reads the header fields of a request up to its status.
func (p *parser) inRequest(n int, line string) error {
	if line == "" || line[0] == '#' {
		return fmt.Errorf("%s %s: the header fields and the status follow without a blank line or comment", p.step.Method, p.step.Path)
	}
	if m := statusLine.FindStringSubmatch(uncomment(line)); m != nil {
		p.step.Status = strings.Split(m[1], "|")
		if m[2] != "" {
			p.step.Checks = append(p.step.Checks, check{Line: n, Kind: errorIs, Arg: m[2]})
		}
		if m[3] != "" {
			kind := map[string]checkKind{"=": bodyEqual, "==": bodySame, "~": bodyHas}[m[3]]
			p.step.Checks = append(p.step.Checks, check{Line: n, Kind: kind, Arg: m[4]})
		}
		p.d.Steps = append(p.d.Steps, *p.step)
		p.step = nil
		return nil
	}
	if m := headerLine.FindStringSubmatch(line); m != nil {
		p.step.Header = append(p.step.Header, field{m[1], m[2]})
		return nil
	}
	return fmt.Errorf("%q is neither a header field nor a status", line)
}

func uncomment(line string) string {
	text, _, _ := strings.Cut(line, "  #")
	return strings.TrimRight(text, " ")
}

func parseCheck(n int, line string) (check, error) {
	word, rest, _ := strings.Cut(line, " ")
	c := check{Line: n, Arg: rest}
	switch {
	case word == ">":
		m := expectLine.FindStringSubmatch(line)
		if m == nil || (m[1] != "") != (m[3] == "" && m[4] == "" && !strings.HasSuffix(line, ":")) {
			return c, fmt.Errorf("%q: want > Name: value, > !Name, > Name has a, b or > Name lacks a, b", line)
		}
		c.Name, c.Arg = m[2], m[3]
		switch {
		case m[1] != "":
			c.Kind = headerAbsent
		case m[4] == "has":
			c.Kind, c.Arg = headerHas, m[5]
		case m[4] == "lacks":
			c.Kind, c.Arg = headerLacks, m[5]
		default:
			c.Kind = headerIs
		}
	case word == "=":
		c.Kind = bodyEqual
	case word == "==":
		c.Kind = bodySame
	case word == "~" && rest != "":
		c.Kind = bodyHas
	case word == "!~" && rest != "":
		c.Kind = bodyLacks
	case word == "has":
		c.Kind = hrefHas
		if href, status, ok := strings.Cut(rest, " "); ok {
			code, err := strconv.Atoi(status)
			if err != nil {
				return c, fmt.Errorf("%q: want has HREF or has HREF STATUS", line)
			}
			c.Arg, c.N = href, code
		}
	case word == "not":
		c.Kind = hrefNot
	case word == "count":
		count, err := strconv.Atoi(rest)
		if err != nil {
			return c, fmt.Errorf("%q: want count NUMBER", line)
		}
		c.Kind, c.N = hrefCount, count
	default:
		return c, fmt.Errorf("%q is neither a request, nor a directive, nor an expectation", line)
	}
	return c, nil
}

// verify finds what would make a run fail whatever the server answers.
func (d *Dialogue) verify(own map[string]bool) error {
	known := map[string]bool{}
	for name := range predefined("", "") {
		known[name] = true
	}
	for i := range d.Steps {
		s := &d.Steps[i]
		texts := []string{s.Path}
		for _, h := range s.Header {
			texts = append(texts, h.Value)
		}
		if s.Body != "" {
			body, err := s.content(s.Body)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", s.File, s.Line, err)
			}
			if d.File == s.File {
				delete(own, s.Body)
			}
			texts = append(texts, string(body))
		}
		for _, name := range variables(texts...) {
			if !known[name] {
				return fmt.Errorf("%s:%d: {{%s}} is used before it is captured", s.File, s.Line, name)
			}
		}
		for _, c := range s.Checks {
			if d.File == s.File {
				delete(own, c.Arg)
			}
			captured, err := c.verify(s)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", s.File, c.Line, err)
			}
			for _, name := range captured {
				known[name] = true
			}
		}
	}
	for name := range own {
		return fmt.Errorf("%s: no step uses the file %s", d.File, name)
	}
	return nil
}

// verify checks the file that c compares with and returns the variables that c may capture.
func (c check) verify(s *Step) ([]string, error) {
	if c.Kind != bodyEqual && c.Kind != bodySame {
		return variables(c.Arg), nil
	}
	want, err := s.content(c.Arg)
	if err != nil {
		return nil, err
	}
	if c.Kind == bodySame {
		return nil, nil
	}
	switch path.Ext(c.Arg) {
	case ".xml":
		if _, err := readXML(want); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Arg, err)
		}
	case ".ics", ".vcf":
		if _, err := readICal(string(want)); err != nil {
			return nil, fmt.Errorf("%s: %w", c.Arg, err)
		}
	}
	return variables(string(want)), nil
}

var eventName = regexp.MustCompile(`^\{\{event (\d+)\}\}$`)

// content is the octets that name stands for, before variables are put in.
func (s *Step) content(name string) ([]byte, error) {
	if m := eventName.FindStringSubmatch(name); m != nil {
		n, err := strconv.Atoi(m[1])
		if err != nil || n < minEvent || n > maxEvent {
			return nil, fmt.Errorf("%s: want a size from %d to %d", name, minEvent, maxEvent)
		}
		return event(n), nil
	}
	data, ok := s.contents[name]
	if !ok {
		return nil, fmt.Errorf("the archive has no file %s", name)
	}
	if ext := path.Ext(name); ext == ".ics" || ext == ".vcf" {
		data = bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))
	}
	return data, nil
}

const (
	minEvent = 400
	maxEvent = 32 << 20
)

// event is a calendar object of exactly n octets.
func event(n int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example Corp.//CalDAV Client//EN\r\nBEGIN:VEVENT\r\n"+
		"UID:event-%d@example.com\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:20260102T100000Z\r\nDURATION:PT1H\r\nSUMMARY:An event of %d octets\r\nDESCRIPTION:x", n, n)
	const end = "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	const fold = "\r\n 0123456789012345678901234567890123456789012345678901234567890123456789"
	fill := n - b.Len() - len(end)
	for ; fill >= len(fold)+4; fill -= len(fold) {
		b.WriteString(fold)
	}
	if fill > 3 {
		b.WriteString("\r\n ")
		fill -= 3
	}
	b.WriteString(strings.Repeat("x", fill))
	b.WriteString(end)
	return b.Bytes()
}
