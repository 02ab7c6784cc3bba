package davtest

import (
	"fmt"
	"regexp"
	"strings"
)

var variable = regexp.MustCompile(`\{\{([a-z][a-z0-9-]*)\}\}`)

// variables names those in texts, in order.
func variables(texts ...string) []string {
	var names []string
	for _, text := range texts {
		for _, m := range variable.FindAllStringSubmatch(text, -1) {
			names = append(names, m[1])
		}
	}
	return names
}

// vars is what was captured so far.
type vars map[string]string

func predefined(origin, base string) vars {
	_, host, _ := strings.Cut(origin, "://")
	return vars{"origin": origin, "host": host, "url": origin + base, "bom": "\uFEFF"}
}

// expand puts captured values into a request.
func (v vars) expand(text string) (string, error) {
	var missing error
	out := variable.ReplaceAllStringFunc(text, func(m string) string {
		value, ok := v[m[2:len(m)-2]]
		if !ok {
			missing = fmt.Errorf("%s was not captured", m)
		}
		return value
	})
	return out, missing
}

// show puts captured values into an expectation that is printed; what is not captured stays.
func (v vars) show(text string) string {
	return variable.ReplaceAllStringFunc(text, func(m string) string {
		if value, ok := v[m[2:len(m)-2]]; ok {
			return value
		}
		return m
	})
}

var wild = regexp.MustCompile(`\*\*|\{\{[a-z][a-z0-9-]*\}\}`)

// match compares got with a pattern and captures into v; v changes only when it matches.
func (v vars) match(pattern, got string) bool {
	if !strings.Contains(pattern, "**") && !strings.Contains(pattern, "{{") {
		return pattern == got
	}
	var expr strings.Builder
	var groups []string
	expr.WriteString(`(?s)^`)
	at := 0
	for _, m := range wild.FindAllStringIndex(pattern, -1) {
		expr.WriteString(regexp.QuoteMeta(pattern[at:m[0]]))
		at = m[1]
		token := pattern[m[0]:m[1]]
		if token == "**" {
			expr.WriteString(`.*?`)
			continue
		}
		name := token[2 : len(token)-2]
		if value, ok := v[name]; ok {
			expr.WriteString(regexp.QuoteMeta(value))
			continue
		}
		expr.WriteString(`(.+?)`)
		groups = append(groups, name)
	}
	expr.WriteString(regexp.QuoteMeta(pattern[at:]) + `$`)
	re, err := regexp.Compile(expr.String())
	if err != nil {
		return false
	}
	m := re.FindStringSubmatch(got)
	if m == nil {
		return false
	}
	caught := vars{}
	for i, name := range groups {
		if earlier, ok := caught[name]; ok && earlier != m[i+1] {
			return false
		}
		caught[name] = m[i+1]
	}
	for name, value := range caught {
		v[name] = value
	}
	return true
}

// copyOf lets a comparison capture for the time being.
func (v vars) copyOf() vars {
	c := make(vars, len(v))
	for name, value := range v {
		c[name] = value
	}
	return c
}

func (v vars) take(from vars) {
	for name, value := range from {
		v[name] = value
	}
}
