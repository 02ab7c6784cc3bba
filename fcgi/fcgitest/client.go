// Package fcgitest is a FastCGI client for tests: it speaks as web servers do, and as they never would.
package fcgitest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"
)

// Record types, FastCGI 1.0 §8.
const (
	Begin           = 1
	Abort           = 2
	End             = 3
	Params          = 4
	Stdin           = 5
	Stdout          = 6
	Stderr          = 7
	GetValues       = 9
	GetValuesResult = 10
	Unknown         = 11
)

// Param is one parameter; a list keeps order and repetitions.
type Param struct{ Name, Value string }

// Request returns the parameters of a request as Apache passes them, followed by more, given as name, value, name, value …
func Request(method, uri string, more ...string) []Param {
	path, query, _ := strings.Cut(uri, "?")
	p := []Param{
		{"GATEWAY_INTERFACE", "CGI/1.1"}, {"SERVER_PROTOCOL", "HTTP/1.1"}, {"SERVER_NAME", "cal.example.org"},
		{"SERVER_PORT", "80"}, {"REMOTE_ADDR", "192.0.2.7"}, {"REMOTE_PORT", "40000"}, {"HTTP_HOST", "cal.example.org"},
		{"REQUEST_METHOD", method}, {"REQUEST_URI", uri}, {"SCRIPT_NAME", path}, {"QUERY_STRING", query},
	}
	for i := 0; i+1 < len(more); i += 2 {
		p = append(p, Param{more[i], more[i+1]})
	}
	return p
}

// Options of a request. The zero value is what Apache sends.
type Options struct {
	KeepConn bool   // leave the connection open for the next Do
	ID       uint16 // 1 when zero
	Chunked  bool   // pass no CONTENT_LENGTH
	Piece    int    // bytes of body in a record; 8000 when zero
}

// Response is an answer, its body read whole.
type Response struct {
	Status    int
	Reason    string
	Header    http.Header
	Body      []byte
	Stderr    []byte
	AppStatus uint32
	Protocol  byte // protocolStatus of END_REQUEST
}

// Client is one connection. It is not safe for concurrent use.
type Client struct {
	net.Conn
	br *bufio.Reader
}

// Timeout bounds every exchange, so that a test fails instead of hanging.
const Timeout = 10 * time.Second

// Dial connects to a FastCGI server.
func Dial(network, addr string) (*Client, error) {
	c, err := net.DialTimeout(network, addr, Timeout)
	if err != nil {
		return nil, err
	}
	return New(c), nil
}

// New speaks FastCGI over c.
func New(c net.Conn) *Client { return &Client{Conn: c, br: bufio.NewReader(c)} }

// Do sends a request and reads its answer. CONTENT_LENGTH is added when body is not nil, of a kind whose length is
// known, and params do not have it.
func (c *Client) Do(params []Param, body io.Reader, opt Options) (*Response, error) {
	if opt.ID == 0 {
		opt.ID = 1
	}
	if l, ok := body.(interface{ Len() int }); ok && !opt.Chunked && !has(params, "CONTENT_LENGTH") {
		params = append(params[:len(params):len(params)], Param{"CONTENT_LENGTH", strconv.Itoa(l.Len())})
	}
	if opt.Chunked {
		params = append(params[:len(params):len(params)], Param{"HTTP_TRANSFER_ENCODING", "chunked"})
	}
	if err := c.SetDeadline(time.Now().Add(Timeout)); err != nil {
		return nil, err
	}
	sent := make(chan error, 1)
	go func() { sent <- c.send(params, body, opt) }()
	resp, err := c.ReadResponse(opt.ID)
	if err != nil {
		c.Close() // frees the sender
		return nil, errors.Join(err, <-sent)
	}
	return resp, <-sent
}

func has(params []Param, name string) bool {
	for _, p := range params {
		if p.Name == name {
			return true
		}
	}
	return false
}

func (c *Client) send(params []Param, body io.Reader, opt Options) error {
	start := AppendBegin(nil, opt.ID, opt.KeepConn)
	start = AppendRecord(start, Params, opt.ID, EncodeParams(params))
	start = AppendRecord(start, Params, opt.ID, nil)
	if body == nil {
		start = AppendRecord(start, Stdin, opt.ID, nil)
	}
	if _, err := c.Write(start); err != nil || body == nil {
		return err
	}
	piece := make([]byte, max(opt.Piece, 1))
	if opt.Piece == 0 {
		piece = make([]byte, 8000)
	}
	for {
		n, err := body.Read(piece)
		if n > 0 {
			if err := c.Send(Stdin, opt.ID, piece[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return c.Send(Stdin, opt.ID, nil)
		}
		if err != nil {
			return err
		}
	}
}

// Send writes one record.
func (c *Client) Send(typ byte, id uint16, content []byte) error {
	_, err := c.Write(AppendRecord(nil, typ, id, content))
	return err
}

// SendBegin writes the BEGIN record of a responder request.
func (c *Client) SendBegin(id uint16, keep bool) error {
	_, err := c.Write(AppendBegin(nil, id, keep))
	return err
}

// AppendBegin appends the BEGIN record of a responder request.
func AppendBegin(b []byte, id uint16, keep bool) []byte {
	flags := byte(0)
	if keep {
		flags = 1
	}
	return AppendRecord(b, Begin, id, []byte{0, 1, flags, 0, 0, 0, 0, 0})
}

// AppendRecord appends one record without padding.
func AppendRecord(b []byte, typ byte, id uint16, content []byte) []byte {
	b = append(b, 1, typ, byte(id>>8), byte(id), byte(len(content)>>8), byte(len(content)), 0, 0)
	return append(b, content...)
}

// EncodeParams returns the content of a PARAMS stream.
func EncodeParams(params []Param) []byte {
	var b []byte
	for _, p := range params {
		for _, s := range [2]string{p.Name, p.Value} {
			if len(s) < 0x80 {
				b = append(b, byte(len(s)))
			} else {
				b = binary.BigEndian.AppendUint32(b, uint32(len(s))|1<<31)
			}
		}
		b = append(append(b, p.Name...), p.Value...)
	}
	return b
}

// Record is one record as it came.
type Record struct {
	Type    byte
	ID      uint16
	Content []byte
}

// ReadRecord reads the next record.
func (c *Client) ReadRecord() (Record, error) {
	var h [8]byte
	if _, err := io.ReadFull(c.br, h[:]); err != nil {
		return Record{}, err
	}
	if h[0] != 1 {
		return Record{}, fmt.Errorf("record version %d", h[0])
	}
	r := Record{Type: h[1], ID: binary.BigEndian.Uint16(h[2:]), Content: make([]byte, binary.BigEndian.Uint16(h[4:]))}
	if _, err := io.ReadFull(c.br, r.Content); err != nil {
		return Record{}, fmt.Errorf("record content: %w", err)
	}
	if _, err := c.br.Discard(int(h[6])); err != nil {
		return Record{}, fmt.Errorf("record padding: %w", err)
	}
	return r, nil
}

// ReadResponse reads records up to the END of the request id.
func (c *Client) ReadResponse(id uint16) (*Response, error) {
	resp := &Response{}
	var out bytes.Buffer
	for {
		r, err := c.ReadRecord()
		if err != nil {
			return nil, fmt.Errorf("read answer: %w", err)
		}
		if r.ID != id {
			return nil, fmt.Errorf("record of type %d for request %d, want %d", r.Type, r.ID, id)
		}
		switch r.Type {
		case Stdout:
			out.Write(r.Content)
		case Stderr:
			resp.Stderr = append(resp.Stderr, r.Content...)
		case End:
			if len(r.Content) != 8 {
				return nil, fmt.Errorf("END record of %d bytes", len(r.Content))
			}
			resp.AppStatus, resp.Protocol = binary.BigEndian.Uint32(r.Content), r.Content[4]
			return resp, resp.parse(out.Bytes())
		default:
			return nil, fmt.Errorf("record of type %d in an answer", r.Type)
		}
	}
}

// parse reads a CGI answer, RFC 3875 §6.
func (resp *Response) parse(out []byte) error {
	if len(out) == 0 {
		return nil // an aborted or refused request
	}
	br := bufio.NewReader(bytes.NewReader(out))
	h, err := textproto.NewReader(br).ReadMIMEHeader()
	if err != nil {
		return fmt.Errorf("answer's header: %w", err)
	}
	resp.Header = http.Header(h)
	code, reason, _ := strings.Cut(resp.Header.Get("Status"), " ")
	if resp.Status, err = strconv.Atoi(code); err != nil {
		return fmt.Errorf("answer's Status: %w", err)
	}
	resp.Reason = reason
	resp.Header.Del("Status")
	resp.Body, err = io.ReadAll(br)
	return err
}
