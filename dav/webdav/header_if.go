package webdav

import (
	"net/http"
	"strings"

	"caldav-fcgi/store"
)

// ifHeader is a parsed If header (RFC 4918 §10.4): it holds when one of its lists does.
type ifHeader struct {
	lists  []ifList
	tokens []string // every state token in it, whether under Not or not: they count as submitted (§10.4.1)
}

// ifList holds when all its conditions do, for the resource it is tagged with or, untagged, for the request's own.
type ifList struct {
	resource   string // the Resource-Tag's URL; "" for an untagged list
	conditions []ifCondition
}

// ifCondition is a state token or an entity tag, one of the two.
type ifCondition struct {
	not   bool
	token string // without its <>
	etag  string // with its quotes, and W/
}

// The limits of an If header; a web server in front has bounded its length already.
const (
	maxIfLists      = 200
	maxIfConditions = 1000
)

// parseIf reads an If header; nil for none. Anything that is not the grammar of §10.4.2 is 400: a condition that was
// misread would be a write that should not have happened.
func parseIf(s string) (*ifHeader, error) {
	p := ifParser{rest: s}
	if p.skip(); p.rest == "" {
		return nil, nil
	}
	h := &ifHeader{}
	tag, tagged, count := "", false, 0
	for ; p.rest != ""; p.skip() {
		switch p.rest[0] {
		case '<':
			if len(h.lists) > 0 && !tagged {
				return nil, BadRequest("If: a tagged list after untagged ones")
			}
			var ok bool
			if tag, ok = p.until('<', '>'); !ok || tag == "" {
				return nil, BadRequest("If: a resource tag is not closed, or is empty")
			}
			tagged = true
			if p.skip(); p.rest == "" || p.rest[0] != '(' {
				return nil, BadRequest("If: no list after the resource tag <%s>", tag)
			}
		case '(':
			list, err := p.list()
			if err != nil {
				return nil, err
			}
			list.resource = tag
			h.lists = append(h.lists, list)
			if count += len(list.conditions); count > maxIfConditions || len(h.lists) > maxIfLists {
				return nil, BadRequest("If: more than %d lists or %d conditions", maxIfLists, maxIfConditions)
			}
			for _, c := range list.conditions {
				if c.token != "" {
					h.tokens = append(h.tokens, c.token)
				}
			}
		default:
			return nil, BadRequest("If: %q stands where a list or a resource tag should", p.rest[:1])
		}
	}
	return h, nil
}

// tagged finds what each list of the If header is about: nil for a URL that is none of ours or cannot be read.
func (rq *Request) tagged() ([]*spot, error) {
	if rq.states == nil {
		return nil, nil
	}
	found := map[string]*spot{}
	out := make([]*spot, len(rq.states.lists))
	for i, l := range rq.states.lists {
		s, ok := found[l.resource]
		if !ok {
			p := rq.Target
			var err error
			if l.resource != "" {
				p, err = rq.ParseHref(l.resource)
			}
			if err == nil {
				if s, err = rq.spot(p); err != nil {
					return nil, err
				}
			}
			found[l.resource] = s
		}
		out[i] = s
	}
	return out, nil
}

// stateHolds judges the If header: 412 when none of its lists holds (RFC 4918 §10.4.3).
func (rq *Request) stateHolds(tagged []*spot) error {
	if rq.states == nil {
		return nil
	}
	for i, l := range rq.states.lists {
		if tagged[i] == nil { // of whom nothing is known, nothing holds, not even under Not
			continue
		}
		holds := true
		for _, c := range l.conditions {
			is, err := rq.hasState(tagged[i], c)
			if err != nil {
				return err
			}
			if holds = is != c.not; !holds {
				break
			}
		}
		if holds {
			return nil
		}
	}
	if rq.refreshes() {
		return errLockRefresh.With("there is no such lock on %s", rq.Target)
	}
	return &Error{Status: http.StatusPreconditionFailed, Text: "If does not hold: the resource is not in the state the request was made for"}
}

// hasState is RFC 4918 §10.4.4 with RFC 6578 §5. What is not there, and what the caller may not read, has no state.
func (rq *Request) hasState(s *spot, c ifCondition) (bool, error) {
	if !rq.rights(s.at).Has(readNeeded) {
		return false, nil
	}
	if c.etag != "" {
		e, ok := s.at.res.(Entity)
		tags, _ := ParseETags([]string{c.etag})
		return ok && (matches(tags, false, true, e.ETag()) || sameVersion(e.ETag(), tags)), nil
	}
	for _, l := range rq.locks.reaching(s) {
		if l.Token == c.token {
			return true, nil
		}
	}
	sync, ok := s.at.res.(Syncer)
	if _, err := store.ParseToken(c.token); err != nil || !ok {
		return false, nil
	}
	now, err := sync.Token(rq)
	return err == nil && now.String() == c.token, err
}

type ifParser struct{ rest string }

func (p *ifParser) skip() { p.rest = strings.TrimLeft(p.rest, " \t\r\n,") }

// until reads open…end.
func (p *ifParser) until(open, end byte) (string, bool) {
	if p.rest == "" || p.rest[0] != open {
		return "", false
	}
	i := strings.IndexByte(p.rest, end)
	if i < 0 {
		return "", false
	}
	s := p.rest[1:i]
	p.rest = p.rest[i+1:]
	return s, true
}

func (p *ifParser) list() (ifList, error) {
	p.rest = p.rest[1:]
	var l ifList
	for {
		p.rest = strings.TrimLeft(p.rest, " \t\r\n")
		switch {
		case p.rest == "":
			return l, BadRequest("If: a list is not closed")
		case p.rest[0] == ')':
			p.rest = p.rest[1:]
			if len(l.conditions) == 0 {
				return l, BadRequest("If: a list is empty")
			}
			return l, nil
		}
		c, err := p.condition()
		if err != nil {
			return l, err
		}
		l.conditions = append(l.conditions, c)
	}
}

func (p *ifParser) condition() (c ifCondition, err error) {
	if len(p.rest) >= 3 && strings.EqualFold(p.rest[:3], "Not") {
		c.not = true
		p.rest = strings.TrimLeft(p.rest[3:], " \t\r\n")
	}
	switch {
	case strings.HasPrefix(p.rest, "<"):
		var ok bool
		if c.token, ok = p.until('<', '>'); !ok || !strings.Contains(c.token, ":") {
			return c, BadRequest("If: %q is no state token: an absolute URI in <>", c.token)
		}
	case strings.HasPrefix(p.rest, "["):
		if c.etag, err = p.etag(); err != nil {
			return c, err
		}
	default:
		return c, BadRequest("If: a condition is neither <token> nor [\"etag\"]")
	}
	return c, nil
}

// etag reads ["x"] or [W/"x"]; a "]" inside the quotes is part of the tag.
func (p *ifParser) etag() (string, error) {
	bad := BadRequest("If: an entity tag is not of the form [\"x\"]")
	s := p.rest[1:]
	weak := strings.HasPrefix(s, "W/")
	body := strings.TrimPrefix(s, "W/")
	if !strings.HasPrefix(body, `"`) {
		return "", bad
	}
	end := strings.IndexByte(body[1:], '"')
	if end < 0 {
		return "", bad
	}
	tag := body[:end+2]
	rest, ok := strings.CutPrefix(body[end+2:], "]")
	if !ok {
		return "", bad
	}
	p.rest = rest
	if weak {
		tag = "W/" + tag
	}
	return tag, nil
}
