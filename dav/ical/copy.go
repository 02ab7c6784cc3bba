package ical

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"
)

// Copy hands on the components of one object as octets, without taking their lines apart: nearly every object that is
// stored can be written as it is, and then this does what Parse, Add and Writer.Component do at a tenth of their cost.
// False means that something about the object is unusual; nothing has been handed on then, and those have to decide. What
// is handed on is a part of raw.
func (m *Merger) Copy(raw []byte, to func([]byte)) bool {
	c := copier{src: raw, pieces: m.pieces[:0]}
	ok := c.object()
	m.pieces = c.pieces
	if !ok {
		return false
	}
	from, end := 0, 0 // pieces that follow each other are one
	for _, p := range c.pieces {
		if p.zone {
			if m.zones[string(p.id)] {
				continue
			}
			m.zones[string(p.id)] = true
		}
		if p.start != end {
			if from < end {
				to(raw[from:end])
			}
			from = p.start
		}
		end = p.end
	}
	if from < end {
		to(raw[from:end])
	}
	return true
}

// copied is a component of the VCALENDAR.
type copied struct {
	start, end int
	zone       bool
	id         []byte // TZID of a zone
}

// copier reads a body that is in every line as Writer would write it, but for where lines are folded. It takes nothing
// that Parse refuses or repairs; where it is not certain, it gives up.
type copier struct {
	src    []byte
	pos    int
	pieces []copied
	open   [maxDepth][]byte
	long   []byte // a line whose parameters are folded
}

// maxCopied is below what Parse bounds: lines of an object, and in a line parameters with all their values.
const (
	maxCopiedLines  = maxProps
	maxCopiedParams = 100
)

func (c *copier) object() bool {
	depth, named := 0, false
	for n := 0; n < maxCopiedLines; n++ {
		start := c.pos
		text, ok := c.line()
		if !ok || text[0] == ' ' || text[0] == '\t' {
			return false
		}
		name, end := head(text)
		folded := c.pos < len(c.src) && (c.src[c.pos] == ' ' || c.src[c.pos] == '\t')
		if folded {
			c.long = append(c.long[:0], text...)
			for c.pos < len(c.src) && (c.src[c.pos] == ' ' || c.src[c.pos] == '\t') {
				more, ok := c.line()
				if n++; !ok {
					return false
				}
				if end < 0 {
					c.long = append(c.long, more[1:]...)
				}
			}
			if end < 0 {
				name, end = head(c.long)
			}
		}
		begins, ends := equalFold(name, "BEGIN"), equalFold(name, "END")
		zone := depth == 2 && !named && equalFold(name, "TZID") && c.pieces[len(c.pieces)-1].zone
		if end < 0 || folded && (begins || ends || zone) {
			return false
		}
		switch {
		case begins:
			kind := text[end:]
			if end != len("BEGIN:") || string(name) != "BEGIN" || !upperName(kind) || depth == maxDepth || (depth == 0) != (string(kind) == "VCALENDAR" && start == 0) {
				return false
			}
			if depth == 1 {
				c.pieces = append(c.pieces, copied{start: start, zone: string(kind) == "VTIMEZONE"})
				named = false
			}
			c.open[depth] = kind
			depth++
		case ends:
			if end != len("END:") || string(name) != "END" || depth == 0 || !bytes.Equal(text[end:], c.open[depth-1]) {
				return false
			}
			switch depth--; depth {
			case 0:
				return c.pos == len(c.src)
			case 1:
				c.pieces[len(c.pieces)-1].end = c.pos
			}
		case depth == 0:
			return false
		case zone:
			id := text[end:]
			if bytes.IndexByte(id, '\\') >= 0 {
				return false
			}
			named, c.pieces[len(c.pieces)-1].id = true, bytes.TrimSpace(id)
		}
	}
	return false
}

// line reads a physical line. It is not empty, ends in CRLF, and holds what a line may hold (line.check).
func (c *copier) line() ([]byte, bool) {
	n := bytes.IndexByte(c.src[c.pos:], '\n')
	if n < 2 {
		return nil, false
	}
	text := c.src[c.pos : c.pos+n-1]
	if c.src[c.pos+n-1] != '\r' {
		return nil, false
	}
	c.pos += n + 1
	return text, fit(text)
}

// head is the name of a line and where its value begins; -1 when that is not in text, or not certain. It takes less than
// lexer.split does.
func head(text []byte) (name []byte, value int) {
	i := nameEnd(text, 0)
	name = text[:i]
	if i == 0 || i > maxName {
		return name, -1
	}
	for count := 0; i < len(text); count++ {
		if text[i] == ':' {
			return name, i + 1
		}
		if text[i] != ';' || count == maxCopiedParams {
			return name, -1
		}
		begin := i + 1
		i = nameEnd(text, begin)
		key := text[begin:i]
		if len(key) == 0 || len(key) > maxName || i == len(text) || text[i] != '=' {
			return name, -1
		}
		for more := true; more; count++ {
			i++
			if i < len(text) && text[i] == '"' {
				n := bytes.IndexByte(text[i+1:], '"')
				if n < 0 {
					return name, -1
				}
				i += n + 2
			} else {
				for i < len(text) && text[i] != ';' && text[i] != ':' && text[i] != ',' {
					if text[i] == '"' {
						return name, -1
					}
					i++
				}
			}
			if i == len(text) || count >= maxCopiedParams {
				return name, -1
			}
			if more = text[i] == ','; more && equalFold(key, "TZID") {
				return name, -1
			}
		}
	}
	return name, -1
}

func nameEnd(text []byte, i int) int {
	for i < len(text) && nameByte(text[i]) {
		i++
	}
	return i
}

// equalFold compares with a word of capital letters.
func equalFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range b {
		if b[i]&^0x20 != word[i] {
			return false
		}
	}
	return true
}

func upperName(b []byte) bool {
	for _, c := range b {
		if !nameByte(c) || c >= 'a' && c <= 'z' {
			return false
		}
	}
	return len(b) > 0 && len(b) <= maxName
}

// fit is line.check, eight octets at a time.
func fit(text []byte) bool {
	const ones, high = 0x0101010101010101, 0x8080808080808080
	var odd uint64 // a high bit is set where an octet is a control character, or not ASCII
	at := 0
	for ; at+8 <= len(text); at += 8 {
		x := binary.LittleEndian.Uint64(text[at:])
		del := x ^ 0x7f*ones
		odd |= ((x - ' '*ones) &^ x) | ((del - ones) &^ del) | x
	}
	if odd&high == 0 {
		for ; at < len(text); at++ {
			if b := text[at]; b < ' ' || b >= 0x7f {
				odd = high
			}
		}
	}
	if odd&high == 0 {
		return true
	}
	for _, b := range text {
		if b < ' ' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return utf8.Valid(text) && !bytes.Contains(text, []byte("\ufffe")) && !bytes.Contains(text, []byte("\uffff"))
}
