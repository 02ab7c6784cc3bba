package fcgi

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// The record types, roles, flags and statuses of the FastCGI 1.0 specification §8.
const (
	typeBegin           = 1
	typeAbort           = 2
	typeEnd             = 3
	typeParams          = 4
	typeStdin           = 5
	typeStdout          = 6
	typeGetValues       = 9
	typeGetValuesResult = 10
	typeUnknown         = 11

	roleResponder = 1
	flagKeepConn  = 1

	endComplete          = 0
	endCantMultiplex     = 1
	endUnknownRole       = 3
	recordVersion        = 1
	headerLen            = 8
	maxContent           = 65528 // the largest content length that needs no padding
	maxParamsPairs       = 2048
	defaultParamsMapSize = 40
)

var (
	errProtocol  = errors.New("fastcgi protocol error")
	errTooLarge  = errors.New("fastcgi parameters too large")
	errAborted   = errors.New("request aborted by the web server")
	errBodyOver  = errors.New("request body longer than CONTENT_LENGTH")
	errAfterDone = errors.New("request already answered")
)

// recordHeader is the head of a record, §3.3.
type recordHeader struct {
	typ     byte
	id      uint16
	content int
	padding int
}

// readHeader consumes a record's head only as a whole: a read deadline that strikes in the middle of it loses nothing.
func readHeader(br *bufio.Reader) (recordHeader, error) {
	b, err := br.Peek(headerLen)
	if err != nil {
		return recordHeader{}, err
	}
	if b[0] != recordVersion {
		return recordHeader{}, fmt.Errorf("%w: record version %d", errProtocol, b[0])
	}
	h := recordHeader{
		typ:     b[1],
		id:      binary.BigEndian.Uint16(b[2:]),
		content: int(binary.BigEndian.Uint16(b[4:])),
		padding: int(b[6]),
	}
	_, err = br.Discard(headerLen)
	return h, err
}

func appendHeader(b []byte, typ byte, id uint16, content, padding int) []byte {
	return append(b, recordVersion, typ, byte(id>>8), byte(id), byte(content>>8), byte(content), byte(padding), 0)
}

// appendStdout frames the parts, one after the other, as STDOUT records padded to 8 bytes. Parts that fit together
// into one record share it.
func appendStdout(b []byte, id uint16, parts ...[]byte) []byte {
	total := 0
	for _, p := range parts {
		total += len(p)
	}
	for total > 0 {
		n := min(total, maxContent)
		total -= n
		pad := -n & 7
		b = appendHeader(b, typeStdout, id, n, pad)
		for n > 0 {
			c := min(n, len(parts[0]))
			b = append(b, parts[0][:c]...)
			parts[0] = parts[0][c:]
			n -= c
			if len(parts[0]) == 0 {
				parts = parts[1:]
			}
		}
		var zero [8]byte
		b = append(b, zero[:pad]...)
	}
	return b
}

// appendEnd closes the STDOUT stream and the request, §5.5.
func appendEnd(b []byte, id uint16, status byte) []byte {
	if status == endComplete {
		b = appendHeader(b, typeStdout, id, 0, 0)
	}
	b = appendHeader(b, typeEnd, id, 8, 0)
	return append(b, 0, 0, 0, 0, status, 0, 0, 0)
}

// nextPair cuts one name-value pair off b, §3.4. Lengths that reach beyond b are an error, never a shorter value.
func nextPair(b []byte) (name, value string, rest []byte, err error) {
	var n [2]uint32
	for i := range n {
		switch {
		case len(b) == 0:
			return "", "", nil, fmt.Errorf("%w: truncated parameter", errProtocol)
		case b[0] < 0x80:
			n[i], b = uint32(b[0]), b[1:]
		case len(b) < 4:
			return "", "", nil, fmt.Errorf("%w: truncated parameter", errProtocol)
		default:
			n[i], b = binary.BigEndian.Uint32(b)&^(1<<31), b[4:]
		}
	}
	if uint64(n[0])+uint64(n[1]) > uint64(len(b)) {
		return "", "", nil, fmt.Errorf("%w: parameter longer than its stream", errProtocol)
	}
	name, b = string(b[:n[0]]), b[n[0]:]
	value, b = string(b[:n[1]]), b[n[1]:]
	return name, value, b, nil
}

func appendPair(b []byte, name, value string) []byte {
	for _, s := range [2]string{name, value} {
		if len(s) < 0x80 {
			b = append(b, byte(len(s)))
		} else {
			b = binary.BigEndian.AppendUint32(b, uint32(len(s))|1<<31)
		}
	}
	b = append(b, name...)
	return append(b, value...)
}

// parseParams reads a whole PARAMS stream. nginx sends a parameter that is set twice twice, and a header that the
// client repeats as two parameters. So the last one counts for what the web server says itself, and a client's
// header is joined (RFC 9110 §5.3).
func parseParams(b []byte) (map[string]string, error) {
	env := make(map[string]string, defaultParamsMapSize)
	for pairs := 0; len(b) > 0; pairs++ {
		if pairs == maxParamsPairs {
			return nil, fmt.Errorf("%w: more than %d", errTooLarge, maxParamsPairs)
		}
		name, value, rest, err := nextPair(b)
		if err != nil {
			return nil, err
		}
		b = rest
		if old := env[name]; old != "" && joins(name) {
			if value == "" {
				continue
			}
			sep := ", "
			if name == "HTTP_COOKIE" {
				sep = "; " // RFC 6265 §5.4
			}
			value = old + sep + value
		}
		env[name] = value
	}
	return env, nil
}

func joins(name string) bool {
	return strings.HasPrefix(name, "HTTP_") && name != "HTTP_HOST"
}
