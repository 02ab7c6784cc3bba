package webdav

import (
	"reflect"
	"testing"
)

func TestParseIf_Good(t *testing.T) {
	t.Parallel()
	tok := func(s string) ifCondition { return ifCondition{token: s} }
	not := func(c ifCondition) ifCondition { c.not = true; return c }
	for name, c := range map[string]struct {
		in   string
		want []ifList
	}{
		"one token":             {`(<urn:x:1>)`, []ifList{{"", []ifCondition{tok("urn:x:1")}}}},
		"token and etag":        {`(<urn:x:1> ["I am an ETag"]) (["I am another ETag"])`, []ifList{{"", []ifCondition{tok("urn:x:1"), {etag: `"I am an ETag"`}}}, {"", []ifCondition{{etag: `"I am another ETag"`}}}}},
		"not":                   {`(Not <urn:x:1> <urn:x:2>)`, []ifList{{"", []ifCondition{not(tok("urn:x:1")), tok("urn:x:2")}}}},
		"no token can be that":  {`(<urn:x:1>) (Not <DAV:no-lock>)`, []ifList{{"", []ifCondition{tok("urn:x:1")}}, {"", []ifCondition{not(tok("DAV:no-lock"))}}}},
		"tagged":                {`</r1> (<urn:x:1> [W/"A"]) (["B"])`, []ifList{{"/r1", []ifCondition{tok("urn:x:1"), {etag: `W/"A"`}}}, {"/r1", []ifCondition{{etag: `"B"`}}}}},
		"two tags":              {`<http://h/a>(<urn:x:1>)<http://h/b>(<urn:x:2>)`, []ifList{{"http://h/a", []ifCondition{tok("urn:x:1")}}, {"http://h/b", []ifCondition{tok("urn:x:2")}}}},
		"bracket inside a tag":  {`(["a]b"])`, []ifList{{"", []ifCondition{{etag: `"a]b"`}}}}},
		"no blanks":             {`(<urn:x:1>["a"]Not["b"])`, []ifList{{"", []ifCondition{tok("urn:x:1"), {etag: `"a"`}, not(ifCondition{etag: `"b"`})}}}},
		"joined by the front":   {`(<urn:x:1>), (<urn:x:2>)`, []ifList{{"", []ifCondition{tok("urn:x:1")}}, {"", []ifCondition{tok("urn:x:2")}}}},
		"not in lower case":     {`(not <urn:x:1>)`, []ifList{{"", []ifCondition{not(tok("urn:x:1"))}}}},
		"a sync token":          {`(<urn:caldav-fcgi:sync:1-2-ff>)`, []ifList{{"", []ifCondition{tok("urn:caldav-fcgi:sync:1-2-ff")}}}},
		"an empty entity tag":   {`([""])`, []ifList{{"", []ifCondition{{etag: `""`}}}}},
		"white space around it": {"  ( <urn:x:1> )\t", []ifList{{"", []ifCondition{tok("urn:x:1")}}}},
	} {
		got, err := parseIf(c.in)
		if err != nil || got == nil || !reflect.DeepEqual(got.lists, c.want) {
			t.Errorf("%s: %s: got %+v, %v; want %+v", name, c.in, got, err, c.want)
		}
	}
	if h, err := parseIf(" "); h != nil || err != nil {
		t.Errorf("an absent header: %v, %v", h, err)
	}
}

func TestParseIf_Bad(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"x", "(", "()", "( )", "(<urn:x:1>", "(<urn:x:1)", "(<nocolon>)", "(<>)", "(x)", `("a")`, `([a])`, `(["a)`, `(["a"x])`, `([W"a"])`,
		"<urn:x:1>", "</a>", "</a> x", "<> (<urn:x:1>)", "(<urn:x:1>) </a> (<urn:x:2>)", "(Not)", "(Not Not <urn:x:1>)", "(<urn:x:1>) x", ")",
	} {
		if got, err := parseIf(in); err == nil {
			t.Errorf("%q is taken as %+v", in, got)
		} else if outcomeOf(err).status != 400 {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func FuzzParseIf(f *testing.F) {
	f.Add(`</r> (Not <urn:x:1> [W/"A"]) (["B"])`)
	f.Add(`(<urn:x:1>`)
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseIf(s)
		if err != nil || h == nil {
			return
		}
		if len(h.lists) == 0 {
			t.Error("a header without lists")
		}
		for _, l := range h.lists {
			if len(l.conditions) == 0 {
				t.Error("a list without conditions")
			}
			for _, c := range l.conditions {
				if (c.token == "") == (c.etag == "") {
					t.Errorf("condition %+v is not one of the two", c)
				}
			}
		}
	})
}
