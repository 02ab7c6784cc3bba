package ical

import (
	"strings"
	"unicode/utf8"
)

// line is one content line, unfolded.
type line struct {
	text       string
	no         int  // physical line it begins on, from 1
	start, end int  // octets in the body, line end included
	plain      bool // every physical line ends in CRLF, no blank line inside, folded between letters
	gap        bool // blank lines stand before it
}

// scanner cuts a body into content lines (RFC 5545 §3.1). It also reads bare LF, CR alone throughout (old Macintosh
// files), blank lines, and a last line without an end.
type scanner struct {
	src string
	pos int
	no  int  // physical lines read so far
	max int  // physical lines allowed
	eol byte // '\n', or '\r' in a body that has no '\n'
}

const bom = "\ufeff"

func newScanner(src string, max int) *scanner {
	s := &scanner{src: src, max: max, eol: '\n'}
	if strings.HasPrefix(src, bom) {
		s.pos = len(bom)
	}
	if strings.IndexByte(src, '\n') < 0 && strings.IndexByte(src, '\r') >= 0 {
		s.eol = '\r'
	}
	return s
}

// physical reads the next physical line from pos: its text without the line end, where the next begins, and whether it
// ends in exactly CRLF.
func (s *scanner) physical(pos int) (text string, next int, crlf bool) {
	end := strings.IndexByte(s.src[pos:], s.eol)
	if end < 0 {
		end, next = len(s.src), len(s.src)
	} else {
		end += pos
		next = end + 1
	}
	text = s.src[pos:end]
	if s.eol == '\n' {
		n := len(text)
		for n > 0 && text[n-1] == '\r' { // some mailers turn CRLF into CRCRLF
			n--
		}
		crlf = next > end && len(text)-n == 1
		text = text[:n]
	}
	return text, next, crlf
}

// next returns the next content line; ok is false at the end.
func (s *scanner) next() (l line, ok bool, err *Error) {
	var text string
	var next int
	for {
		if s.pos >= len(s.src) {
			return line{}, false, nil
		}
		text, next, l.plain = s.physical(s.pos)
		s.no++
		if text != "" {
			break
		}
		s.pos, l.gap = next, true
		if s.no > s.max {
			return line{}, false, s.tooMany()
		}
	}
	l.no, l.start = s.no, s.pos

	// Continuation lines: find how far they go first, so that the text is put together in one allocation.
	end, size, folds := next, len(text), 0
	for pos, no := next, s.no; pos < len(s.src); {
		more, after, crlf := s.physical(pos)
		no++
		if no > s.max {
			break // reported when that line is reached
		}
		if more == "" { // a blank line inside a folded value belongs to it only when the folding goes on after it
			pos = after
			continue
		}
		if more[0] != ' ' && more[0] != '\t' {
			break
		}
		if no != s.no+1 || !crlf {
			l.plain = false
		}
		s.no = no
		size += len(more) - 1
		folds++
		pos, end = after, after
	}
	l.end = end
	if folds > 0 {
		var whole strings.Builder
		whole.Grow(size)
		whole.WriteString(text)
		valid := utf8.ValidString(text)
		for pos := next; pos < end; {
			more, after, _ := s.physical(pos)
			if more != "" {
				whole.WriteString(more[1:])
				valid = valid && utf8.ValidString(more)
			}
			pos = after
		}
		text = whole.String()
		l.plain = l.plain && valid
	}
	s.pos = end
	if s.no > s.max {
		return line{}, false, s.tooMany()
	}
	l.text = text
	return l, true, l.check()
}

func (s *scanner) tooMany() *Error {
	return dataError(s.no, "syntax", "more than %d lines", s.max)
}

// check looks for what no line may hold: control characters (RFC 5545 §3.1), other encodings than UTF-8, and the two
// code points that XML 1.0 cannot carry, since the body goes into REPORT answers.
func (l *line) check() *Error {
	var high byte
	for i := 0; i < len(l.text); i++ {
		b := l.text[i]
		if b < ' ' && b != '\t' || b == 0x7f {
			return dataError(l.no, "syntax", "control character 0x%02x", b)
		}
		high |= b
	}
	if high < utf8.RuneSelf {
		return nil
	}
	if !utf8.ValidString(l.text) {
		return dataError(l.no, "syntax", "not UTF-8: %s", quote(strings.ToValidUTF8(l.text, "?")))
	}
	if strings.Contains(l.text, "\ufffe") || strings.Contains(l.text, "\uffff") {
		return dataError(l.no, "syntax", "holds U+FFFE or U+FFFF, which are not characters")
	}
	return nil
}
