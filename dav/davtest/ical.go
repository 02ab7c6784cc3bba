package davtest

import (
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
)

// component is an iCalendar component, or a vCard, as its unfolded, canonical lines. It is read without the service's own
// parser, so that a fault there cannot hide itself.
type component struct {
	Name     string
	Lines    []string
	Children []*component
}

var errNoCalendar = errors.New("not one VCALENDAR or VCARD")

// maxDepth bounds the nesting of components and of XML elements.
const maxDepth = 64

func readICal(text string) (*component, error) {
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\uFEFF")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\n ", ""), "\n\t", "")
	root := &component{}
	stack := []*component{root}
	for i, line := range strings.Split(text, "\n") {
		top := stack[len(stack)-1]
		name, value, _ := strings.Cut(line, ":")
		switch name = strings.ToUpper(strings.TrimSpace(name)); {
		case strings.TrimSpace(line) == "":
		case name == "BEGIN":
			if len(stack) == maxDepth {
				return nil, fmt.Errorf("unfolded line %d: nested too deep", i+1)
			}
			child := &component{Name: strings.ToUpper(strings.TrimSpace(value))}
			top.Children = append(top.Children, child)
			stack = append(stack, child)
		case name == "END":
			if len(stack) == 1 || top.Name != strings.ToUpper(strings.TrimSpace(value)) {
				return nil, fmt.Errorf("unfolded line %d: END:%s does not close %s", i+1, value, top.Name)
			}
			stack = stack[:len(stack)-1]
		case len(stack) == 1:
			return nil, fmt.Errorf("unfolded line %d: %q stands outside a component", i+1, line)
		default:
			top.Lines = append(top.Lines, periods(canonicalLine(line))...)
		}
	}
	if len(stack) != 1 || len(root.Children) != 1 || root.Children[0].Name != "VCALENDAR" && root.Children[0].Name != "VCARD" {
		return nil, errNoCalendar
	}
	return root.Children[0], nil
}

// canonicalLine has the name in capitals and the parameters in order, without needless quotes.
func canonicalLine(line string) string {
	var parts []string
	quoted, start, end := false, 0, -1
	for i := 0; i < len(line) && end < 0; i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == ';':
			parts, start = append(parts, line[start:i]), i+1
		case c == ':':
			parts, end = append(parts, line[start:i]), i
		}
	}
	if end < 0 {
		return line
	}
	params := parts[1:]
	for i, p := range params {
		name, value, _ := strings.Cut(p, "=")
		if inner := strings.Trim(value, `"`); !strings.ContainsAny(inner, `";:,`) {
			value = inner
		}
		params[i] = strings.ToUpper(name) + "=" + value
	}
	sort.Strings(params)
	return strings.ToUpper(parts[0]) + strings.Join(append([]string{""}, params...), ";") + line[end:]
}

// periods makes one line of each period of a FREEBUSY, from start to end: a server may join them and
// may write lengths or ends. FBTYPE=BUSY is what is meant without it.
func periods(line string) []string {
	if !strings.HasPrefix(line, "FREEBUSY") {
		return []string{line}
	}
	name, list, _ := strings.Cut(strings.Replace(line, ";FBTYPE=BUSY:", ":", 1), ":")
	var lines []string
	for _, period := range strings.Split(list, ",") {
		from, to, _ := strings.Cut(period, "/")
		start, err := time.Parse("20060102T150405Z", from)
		length := durationForm.FindStringSubmatch(to)
		if err == nil && length != nil {
			for i, unit := range []time.Duration{7 * 24 * time.Hour, 24 * time.Hour, time.Hour, time.Minute, time.Second} {
				n, _ := strconv.Atoi(strings.TrimRight(length[i+1], "WDHMS"))
				start = start.Add(time.Duration(n) * unit)
			}
			period = from + "/" + start.Format("20060102T150405Z")
		}
		lines = append(lines, name+":"+period)
	}
	return lines
}

var durationForm = regexp.MustCompile(`^P(\d{1,4}W)?(\d{1,4}D)?(?:T(\d{1,4}H)?(\d{1,4}M)?(\d{1,5}S)?)?$`)

// String is the component with sorted lines, for failures.
func (c *component) String() string {
	var b strings.Builder
	c.write(&b, "")
	return b.String()
}

func (c *component) write(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%sBEGIN:%s\n", indent, c.Name)
	lines := append([]string(nil), c.Lines...)
	sort.Strings(lines)
	for _, line := range lines {
		fmt.Fprintf(b, "%s  %s\n", indent, line)
	}
	for _, child := range c.Children {
		child.write(b, indent+"  ")
	}
	fmt.Fprintf(b, "%sEND:%s\n", indent, c.Name)
}

// compare lists how got differs from want; partial allows more lines and components.
func (want *component) compare(got *component, v vars, partial bool) []string {
	if want.Name != got.Name {
		return []string{fmt.Sprintf("got component %s, want %s", got.Name, want.Name)}
	}
	var diffs []string
	rest := append([]string(nil), got.Lines...)
	var missing []string
	for _, line := range want.Lines {
		found := false
		for i, have := range rest {
			if found = v.match(line, have); found {
				rest = append(rest[:i:i], rest[i+1:]...)
				break
			}
		}
		if !found {
			missing = append(missing, line)
		}
	}
	for _, line := range missing {
		diffs = append(diffs, fmt.Sprintf("%s lacks %q", want.Name, v.show(line)))
	}
	if !partial {
		for _, line := range rest {
			diffs = append(diffs, fmt.Sprintf("%s has %q too much", want.Name, line))
		}
	}
	return append(diffs, want.compareChildren(got, v, partial)...)
}

func (want *component) compareChildren(got *component, v vars, partial bool) []string {
	rest := append([]*component(nil), got.Children...)
	var diffs []string
	for _, child := range want.Children {
		best, least := -1, []string(nil)
		for i, have := range rest {
			if have.Name != child.Name {
				continue
			}
			trial := v.copyOf()
			d := child.compare(have, trial, partial)
			if len(d) == 0 {
				v.take(trial)
			}
			if best < 0 || len(d) < len(least) {
				best, least = i, d
			}
			if len(d) == 0 {
				break
			}
		}
		if best < 0 {
			diffs = append(diffs, fmt.Sprintf("%s lacks a %s", want.Name, child.Name))
			continue
		}
		diffs = append(diffs, least...)
		rest = append(rest[:best:best], rest[best+1:]...)
	}
	if !partial {
		for _, have := range rest {
			diffs = append(diffs, fmt.Sprintf("%s has a %s too much", want.Name, have.Name))
		}
	}
	return diffs
}
