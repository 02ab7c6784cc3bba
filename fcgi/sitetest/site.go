package sitetest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"caldav-fcgi/dav/davtest"
)

// Site is a running web server with the service at Base.
type Site struct {
	Place    *Place
	Base     string   // "/dav"
	Features []string // for the dialogues: "encoded-slash", "host-root"
	Web      *Process
	Program  *Process // nil where the web server starts the program
	address  string   // where the web server listens
	host     string   // Host and port
}

// Nginx starts nginx with a configuration of http level, conf, made by the caller for the address to listen at.
func Nginx(t testing.TB, place *Place, conf func(address string) string) *Site {
	t.Helper()
	path := need(t, "nginx", "nginx")
	place.Own(t, place.Folder(t, "nginx"))
	user := ""
	if place.Group != "" {
		user = "user " + place.User + " " + place.Group + ";"
	}
	log := place.Path("nginx/error.log")
	web, address := listen(t, "nginx", log, func(address string) *exec.Cmd {
		// Compression as sites have it: the examples must switch it off for themselves.
		main := place.Write(t, "nginx/nginx.conf", Edit(t, `daemon off;
worker_processes 2;
pid DIR/nginx.pid;
error_log DIR/error.log info;
USER
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path DIR/body;
    fastcgi_temp_path DIR/fastcgi;
    proxy_temp_path DIR/proxy;
    uwsgi_temp_path DIR/uwsgi;
    scgi_temp_path DIR/scgi;
    gzip on;
    gzip_types *;
    gzip_proxied any;
    include SITE;
}
`, "DIR", place.Path("nginx"), "USER", user, "SITE", place.Write(t, "nginx/site.conf", conf(address))))
		return exec.Command(path, "-p", place.Path("nginx"), "-e", log, "-c", main)
	})
	return newSite(t, place, web, address)
}

// Apache starts Apache with a configuration of server level, conf, made by the caller for the address to listen at, and
// with modules besides those that are on after Debian's installation.
func Apache(t testing.TB, place *Place, modules []string, conf func(address string) string) *Site {
	t.Helper()
	path := need(t, "apache2", "apache2", "httpd")
	dir := place.Folder(t, "apache")
	place.Own(t, dir)
	place.Own(t, place.Folder(t, "apache/fcgid"))
	place.Write(t, "apache/mime.types", "text/html html\n")
	place.Folder(t, "html")
	place.Write(t, "html/index.html", "<title>the site's own page</title>")
	user := ""
	if place.Group != "" {
		user = "User " + place.User + "\nGroup " + place.Group
	}
	log := place.Path("apache/error.log")
	web, address := listen(t, "apache2", log, func(address string) *exec.Cmd {
		main := place.Write(t, "apache/apache2.conf", Edit(t, `ServerRoot DIR
DefaultRuntimeDir DIR
PidFile DIR/apache2.pid
ErrorLog DIR/error.log
LogLevel warn
Listen ADDRESS
ServerName HOST
USER
MODULES
TypesConfig DIR/mime.types
<IfModule mod_ssl.c>
  SSLSessionCache shmcb:DIR/ssl_scache(512000)
</IfModule>
<IfModule mod_fcgid.c>
  FcgidIPCDir DIR/fcgid
  FcgidProcessTableFile DIR/fcgid/shm
</IfModule>
# As Debian has it: compression, folders closed unless opened.
AddOutputFilterByType DEFLATE text/html text/plain text/xml application/xml text/calendar
<Directory />
  Options FollowSymLinks
  AllowOverride None
  Require all denied
</Directory>
DocumentRoot ROOT
<Directory ROOT>
  Require all granted
</Directory>
AccessFileName .htaccess
<FilesMatch "^\.ht">
  Require all denied
</FilesMatch>
StartServers 1
ServerLimit 4
ThreadsPerChild 16
MaxRequestWorkers 64
MinSpareThreads 8
MaxSpareThreads 64
Include SITE
`, "DIR", dir, "ADDRESS", address, "HOST", Host, "USER", user, "MODULES", loadModules(t, modules), "ROOT", place.Path("html"),
			"SITE", place.Write(t, "apache/site.conf", conf(address))))
		return exec.Command(path, "-d", dir, "-f", main, "-DFOREGROUND")
	})
	return newSite(t, place, web, address)
}

// debianModules are on after Debian's installation.
var debianModules = strings.Fields("mpm_event authn_core authz_core access_compat alias auth_basic authn_file authz_host authz_user autoindex " +
	"filter deflate dir env mime negotiation reqtimeout setenvif status")

// dependencies are what a2enmod switches on besides.
var dependencies = map[string]string{"ssl": "socache_shmcb"}

const moduleDir = "/usr/lib/apache2/modules"

// loadModules writes the LoadModule lines, in an order in which each module finds those it uses.
func loadModules(t testing.TB, more []string) string {
	t.Helper()
	var b strings.Builder
	loaded := map[string]bool{}
	load := func(name string) {
		if loaded[name] {
			return
		}
		loaded[name] = true
		file := moduleDir + "/mod_" + name + ".so"
		if _, err := os.Stat(file); err != nil {
			pkg := "apache2"
			if name == "fcgid" {
				pkg = "libapache2-mod-fcgid"
			}
			t.Skipf("there is no %s (Debian: apt-get install %s)", file, pkg)
		}
		fmt.Fprintf(&b, "LoadModule %s_module %s\n", name, file)
	}
	for _, name := range append(debianModules[:len(debianModules):len(debianModules)], more...) {
		if d := dependencies[name]; d != "" {
			load(d)
		}
		load(name)
	}
	return b.String()
}

var a2enmod = regexp.MustCompile(`(?m)^#   a2enmod (.*?)(?: &&.*)?$`)

// Modules are those that an example for Apache tells to switch on.
func Modules(t testing.TB, example string) []string {
	t.Helper()
	m := a2enmod.FindStringSubmatch(example)
	if m == nil {
		t.Fatal("the example does not say which modules it needs (a2enmod …)")
	}
	return strings.Fields(m[1])
}

func newSite(t testing.TB, place *Place, web *Process, address string) *Site {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return &Site{Place: place, Base: "/dav", Web: web, address: address, host: Host + ":" + port}
}

// Ready waits until the service answers, and makes ann's account.
func (s *Site) Ready(t testing.TB) *Site {
	t.Helper()
	last := ""
	client := s.Client()
	defer client.CloseIdleConnections()
	deadline := time.Now().Add(patience)
	for {
		status, name, err := s.Who(client, "ann", "/")
		if err == nil && status == http.StatusMultiStatus && name == "ann" {
			return s
		}
		last = fmt.Sprintf("status %d, user %q, error %v", status, name, err)
		if time.Now().After(deadline) || !s.Web.Running() {
			t.Fatalf("the service behind %s does not answer: %s", s.Web.Name, last)
		}
		time.Sleep(pause)
	}
}

// Origin is the address of the host.
func (s *Site) Origin() string { return "https://" + s.host }

// URL is the address of a path below the base.
func (s *Site) URL(path string) string { return s.Origin() + s.Base + path }

func (s *Site) tls() *tls.Config {
	return &tls.Config{RootCAs: s.Place.roots, ServerName: Host}
}

func (s *Site) transport() *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, s.address)
		},
		TLSClientConfig:       s.tls(),
		DisableCompression:    true,
		ExpectContinueTimeout: 2 * time.Second,
		MaxIdleConnsPerHost:   8,
	}
}

// Client is a new HTTP/1.1 client with connections of its own.
func (s *Site) Client() *http.Client {
	return &http.Client{Transport: s.transport(), Timeout: patience, CheckRedirect: noRedirect}
}

// Dialogues holds those that match pattern and need nothing that this site has not.
func (s *Site) Dialogues(t *testing.T, pattern string) {
	newClient := func(t *testing.T) davtest.Client {
		c := davtest.NewSite(s.URL(""), nil)
		c.Features, c.HTTP = s.Features, s.Client()
		t.Cleanup(c.HTTP.CloseIdleConnections)
		return c
	}
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogue matches %s (%v)", pattern, err)
	}
	has := newClient(t).Has
	for _, file := range files {
		d, err := davtest.Load(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if slices.ContainsFunc(d.Needs, func(feature string) bool { return !has(feature) }) {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			davtest.Run(t, newClient, file)
		})
	}
}

// Do makes one exchange with a path below the base and reads the answer. user is "" for nobody, "ann:secret" with
// a password of its own.
func (s *Site) Do(c *http.Client, user, method, path string, header map[string]string, body io.Reader) (*http.Response, string, error) {
	return s.do(c, user, method, s.URL(path), header, body)
}

func (s *Site) do(c *http.Client, user, method, url string, header map[string]string, body io.Reader) (*http.Response, string, error) {
	rq, err := http.NewRequest(method, url, body)
	if err != nil {
		return nil, "", err
	}
	if user != "" {
		name, password, given := strings.Cut(user, ":")
		if !given {
			password = name
		}
		rq.SetBasicAuth(name, password)
	}
	for k, v := range header {
		rq.Header[k] = []string{v} // as it is written, underscores too
	}
	answer, err := c.Do(rq)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	return answer, string(text), err
}

const whoBody = `<D:propfind xmlns:D="DAV:"><D:prop><D:current-user-principal/></D:prop></D:propfind>`

var (
	principal    = regexp.MustCompile(`/principals/users/([^/<]+)/`)
	whoHeader    = map[string]string{"Depth": "0", "Content-Type": "application/xml"}
	eventHeader  = map[string]string{"Content-Type": "text/calendar; charset=utf-8"}
	isServerDown = map[int]bool{http.StatusInternalServerError: true, http.StatusBadGateway: true, http.StatusServiceUnavailable: true, http.StatusGatewayTimeout: true}
)

// Who asks who is asking: the user, as the service writes him in URLs.
func (s *Site) Who(c *http.Client, user, path string) (status int, name string, err error) {
	return s.whoWith(c, user, s.URL(path), nil)
}

func (s *Site) whoWith(c *http.Client, user, url string, more map[string]string) (status int, name string, err error) {
	header := map[string]string{}
	for k, v := range whoHeader {
		header[k] = v
	}
	for k, v := range more {
		header[k] = v
	}
	answer, text, err := s.do(c, user, "PROPFIND", url, header, strings.NewReader(whoBody))
	if err != nil {
		return 0, "", err
	}
	return answer.StatusCode, whoIn(text), nil
}

func whoIn(text string) string {
	if m := principal.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// dial opens a TLS connection for requests that net/http would not send.
func (s *Site) dial(t testing.TB) *tls.Conn {
	t.Helper()
	c, err := (&tls.Dialer{NetDialer: &net.Dialer{Timeout: patience, Control: smallBuffer}, Config: s.tls()}).Dial("tcp", s.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c.(*tls.Conn)
}

// smallBuffer keeps the kernel from taking a long answer for a client that does not read.
func smallBuffer(_, _ string, raw syscall.RawConn) error {
	var err error
	if e := raw.Control(func(fd uintptr) {
		err = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10)
	}); e != nil {
		return e
	}
	return err
}

// raw sends a request as it is written, with CRLF for each line end, and reads the answer.
func (s *Site) raw(t testing.TB, text string) (*http.Response, string) {
	t.Helper()
	c := s.dial(t)
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatalf("%.200q: %v", text, err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, string(body)
}
