package nginx_test

import (
	"bufio"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"caldav-fcgi/fcgi/sitetest"
)

// Debian's other calendar servers beside ours, each behind nginx and on its own, under a load harness that is given by
// path: DAVLOAD knows the right answers and says what each server returned. "make bench-peers" runs this.
const (
	peersEnv   = "CALDAV_PEERS" // file that the table is written to
	davloadEnv = "DAVLOAD"
	sizesEnv   = "PEERS_N" // "1000 10000"
)

// peer is one server that has been started.
type peer struct {
	origin     string // http://127.0.0.1:port of the nginx in front
	collection string
	export     string // what an export adds to the collection's address
	store      string // folder
	pids       []int  // of the roots of its process trees
	have       int    // of the objects are there already, and the collection too
}

// peers are started one at a time. An error says why one is left out.
var peers = []struct {
	name  string
	start func(t *testing.T, load string, place *sitetest.Place, n int) (peer, error)
}{
	{"caldav-fcgi", startOurs},
	{"Radicale", startRadicale},
	{"Cyrus", startCyrus},
	{"php-sabre-dav", startSabre},
}

func TestPeers(t *testing.T) {
	out, load := os.Getenv(peersEnv), os.Getenv(davloadEnv)
	if out == "" || load == "" {
		t.Skip("make bench-peers runs this")
	}
	sizes := []int{1_000, 10_000}
	if text := os.Getenv(sizesEnv); text != "" {
		sizes = nil
		for f := range strings.FieldsSeq(text) {
			n, err := strconv.Atoi(f)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, n)
		}
	}
	var reports []loadReport
	var notes []string
	for _, n := range sizes {
		for _, p := range peers {
			t.Run(fmt.Sprintf("%s %d", p.name, n), func(t *testing.T) {
				place := sitetest.NewPlace(t)
				running, err := p.start(t, load, place, n)
				var r loadReport
				if err == nil {
					r, err = runLoad(t, load, place, p.name, running, n)
				}
				if err != nil {
					notes = append(notes, fmt.Sprintf("%s at %s is left out: %v", p.name, thousands(n), err))
					t.Log(notes[len(notes)-1])
					return
				}
				reports = append(reports, r)
			})
		}
	}
	table := peersTable(sizes, reports, notes)
	if err := os.WriteFile(out, []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
}

// startOurs is the site of TestBench without its yardstick.
func startOurs(t *testing.T, _ string, place *sitetest.Place, _ int) (peer, error) {
	running := sitetest.Build(t).Serve(t, place, "-fcgi", place.FCGI())
	address := ""
	site := sitetest.Nginx(t, place, func(at string) string { address = at; return withoutTLS(t, place, at) })
	return peer{origin: "http://" + address, collection: "/dav/calendars/ann/bench/", store: place.Path("db"), pids: []int{running.PID(), site.Web.PID()}}, nil
}

// proxied starts nginx before a server that speaks HTTP.
func proxied(t *testing.T, place *sitetest.Place, backend, login string) (origin string, web *sitetest.Process) {
	site := sitetest.Nginx(t, place, func(at string) string {
		origin = "http://" + at
		return sitetest.Edit(t, `upstream backend { server BACKEND; keepalive 8; }
server {
    listen ADDRESS;
    client_max_body_size 25m;
    client_body_buffer_size 256k;
    gzip off;
    location / {
        LOGIN
        proxy_pass http://backend;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_read_timeout 600s;
    }
}
`, "BACKEND", backend, "ADDRESS", at, "LOGIN", login)
	})
	return origin, site.Web
}

func loginByNginx(place *sitetest.Place) string {
	return `auth_basic "calendar"; auth_basic_user_file ` + place.Path("htpasswd") + ";"
}

// answering waits until an address answers a login as ann with one of some statuses.
func answering(url string, process *sitetest.Process, want ...int) error {
	client := &http.Client{Timeout: 5 * time.Second}
	last := errors.New("no answer")
	for began := time.Now(); time.Since(began) < 20*time.Second && process.Running(); time.Sleep(50 * time.Millisecond) {
		rq, err := http.NewRequest("PROPFIND", url, strings.NewReader(etagBody))
		if err != nil {
			return err
		}
		rq.Header.Set("Depth", "0")
		rq.Header.Set("Content-Type", "application/xml")
		rq.SetBasicAuth("ann", "ann")
		rs, err := client.Do(rq)
		if err != nil {
			last = err
			continue
		}
		text, _ := io.ReadAll(io.LimitReader(rs.Body, 300))
		rs.Body.Close()
		if slices.Contains(want, rs.StatusCode) {
			return nil
		}
		last = fmt.Errorf("%s: status %d: %s", url, rs.StatusCode, strings.Join(strings.Fields(string(text)), " "))
	}
	return fmt.Errorf("it does not start: %w", last)
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// installed finds a command of a Debian package.
func installed(pkg, pattern string) (string, error) {
	if found, _ := filepath.Glob(pattern); len(found) > 0 {
		return found[len(found)-1], nil
	}
	return "", fmt.Errorf("%s is not installed (apt-get install %s)", pattern, pkg)
}

// startRadicale starts Radicale, which believes nginx who is asking. Filling it by PUT takes a time that grows with the
// square of the number, so nearly all objects of a large calendar are put there as files.
func startRadicale(t *testing.T, load string, place *sitetest.Place, n int) (peer, error) {
	path, err := installed("radicale", "/usr/bin/radicale")
	if err != nil {
		return peer{}, err
	}
	backend, err := freePort()
	if err != nil {
		return peer{}, err
	}
	p := peer{collection: "/ann/bench/", store: place.Folder(t, "radicale")}
	if n > 2000 {
		p.have = n - 60
		folder := place.Folder(t, "radicale/collection-root/ann/bench")
		place.Write(t, "radicale/collection-root/ann/bench/.Radicale.props", `{"tag": "VCALENDAR"}`)
		if out, err := exec.Command(load, "gen", "-n", strconv.Itoa(p.have), "-dir", folder).CombinedOutput(); err != nil {
			return p, fmt.Errorf("%w: %s", err, out)
		}
	}
	conf := place.Write(t, "radicale.conf", sitetest.Edit(t, `[server]
hosts = ADDRESS
[auth]
type = http_x_remote_user
[rights]
type = owner_only
[storage]
filesystem_folder = DIR
[logging]
level = warning
`, "ADDRESS", backend, "DIR", p.store))
	running := sitetest.Start(t, "radicale", exec.Command(path, "--config", conf), "")
	var web *sitetest.Process
	p.origin, web = proxied(t, place, backend, loginByNginx(place)+" proxy_set_header X-Remote-User $remote_user;")
	p.pids = []int{running.PID(), web.PID()}
	if err := answering(p.origin+"/ann/", running, http.StatusMultiStatus); err != nil || p.have == 0 {
		return p, err
	}
	// It reads each file once before it can answer anything: that is not what is measured.
	rq, err := http.NewRequest("GET", p.origin+p.collection, nil)
	if err != nil {
		return p, err
	}
	rq.SetBasicAuth("ann", "ann")
	rs, err := (&http.Client{Timeout: 3 * time.Minute}).Do(rq)
	if err != nil {
		return p, fmt.Errorf("its first answer: %w", err)
	}
	return p, rs.Body.Close()
}

// startCyrus starts Cyrus, which checks passwords itself, by its sasldb.
func startCyrus(t *testing.T, _ string, place *sitetest.Place, _ int) (peer, error) {
	p := peer{collection: "/dav/calendars/user/ann/bench/", store: place.Folder(t, "cyrus")}
	master, err := installed("cyrus-imapd", "/usr/lib/cyrus/bin/master")
	if err == nil {
		_, err = installed("cyrus-caldav", "/usr/lib/cyrus/bin/httpd")
	}
	if err == nil {
		_, err = installed("sasl2-bin", "/usr/sbin/saslpasswd2")
	}
	if err != nil {
		return p, err
	}
	owner, err := user.Lookup("cyrus")
	if err != nil || os.Getuid() != 0 {
		return p, errors.New("it starts as root only, and needs its user cyrus")
	}
	backend, err := freePort()
	if err != nil {
		return p, err
	}
	imap, err := freePort()
	if err != nil {
		return p, err
	}
	for _, dir := range []string{"conf", "conf/socket", "spool", "run", "run/proc", "run/lock"} {
		place.Folder(t, "cyrus/"+dir)
	}
	conf := place.Write(t, "cyrus/imapd.conf", sitetest.Edit(t, `configdirectory: DIR/conf
servername: HOST
defaultdomain: HOST
proc_path: DIR/run/proc
mboxname_lockpath: DIR/run/lock
idlesocket: DIR/conf/socket/idle
lmtpsocket: DIR/conf/socket/lmtp
notifysocket: DIR/conf/socket/notify
defaultpartition: default
partition-default: DIR/spool
unixhierarchysep: yes
altnamespace: no
admins: cyrus
allowplaintext: yes
httpmodules: caldav
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: DIR/sasldb2
sasl_mech_list: PLAIN
`, "DIR", p.store, "HOST", sitetest.Host))
	services := place.Write(t, "cyrus/cyrus.conf", sitetest.Edit(t, `START {
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C CONF -r"
}
SERVICES {
  http cmd="/usr/lib/cyrus/bin/httpd -C CONF -U 1000" listen="ADDRESS" prefork=2 maxchild=20
  imap cmd="/usr/lib/cyrus/bin/imapd -C CONF" listen="IMAP" prefork=0 maxchild=2
}
EVENTS {
  checkpoint cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C CONF -c" period=30
}
`, "CONF", conf, "ADDRESS", backend, "IMAP", imap))
	for _, name := range []string{"ann", "cyrus"} {
		cmd := exec.Command("/usr/sbin/saslpasswd2", "-p", "-c", "-f", p.store+"/sasldb2", "-u", sitetest.Host, name)
		cmd.Stdin = strings.NewReader(name)
		if out, err := cmd.CombinedOutput(); err != nil {
			return p, fmt.Errorf("saslpasswd2: %w: %s", err, out)
		}
	}
	if out, err := exec.Command("chown", "-R", owner.Uid+":"+owner.Gid, p.store).CombinedOutput(); err != nil {
		return p, fmt.Errorf("chown: %w: %s", err, out)
	}
	running := sitetest.Start(t, "cyrus", exec.Command(master, "-C", conf, "-M", services, "-p", p.store+"/run/master.pid"), "")
	if err := makeMailbox(imap, running); err != nil {
		return p, err
	}
	var web *sitetest.Process
	p.origin, web = proxied(t, place, backend, "")
	p.pids = []int{running.PID(), web.PID()}
	return p, answering(p.origin+"/dav/calendars/user/ann/", running, http.StatusMultiStatus)
}

// makeMailbox makes ann's account, which for Cyrus is a mailbox, over IMAP.
func makeMailbox(imap string, running *sitetest.Process) error {
	var c net.Conn
	var err error
	for began := time.Now(); time.Since(began) < 10*time.Second && running.Running(); time.Sleep(50 * time.Millisecond) {
		if c, err = net.DialTimeout("tcp", imap, time.Second); err == nil {
			break
		}
	}
	if c == nil {
		return fmt.Errorf("its IMAP does not start: %w", errors.Join(err, errors.New("no connection")))
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return err
	}
	answers := bufio.NewScanner(c)
	for _, line := range []string{"a LOGIN cyrus cyrus", "b CREATE user/ann", "c LOGOUT"} {
		if _, err := fmt.Fprintf(c, "%s\r\n", line); err != nil {
			return err
		}
		for answers.Scan() {
			if text := answers.Text(); strings.HasPrefix(text, line[:2]) {
				if !strings.HasPrefix(text[2:], "OK") {
					return fmt.Errorf("IMAP %s: %s", line, text)
				}
				break
			}
		}
		if err := answers.Err(); err != nil {
			return err
		}
	}
	return nil
}

// startSabre starts sabre/dav with PHP-FPM over SQLite, with the plug-ins that its calendar server's example has, and ACL and export.
func startSabre(t *testing.T, _ string, place *sitetest.Place, _ int) (peer, error) {
	p := peer{collection: "/calendars/ann/bench/", export: "?export", store: place.Folder(t, "sabre/data")}
	fpm, err := installed("php-fpm", "/usr/sbin/php-fpm*")
	if err == nil {
		_, err = installed("php-sabre-dav", "/usr/share/php/Sabre/autoload.php")
	}
	if err != nil {
		return p, err
	}
	db, err := sql.Open("sqlite3", "file:"+p.store+"/db.sqlite")
	if err != nil {
		return p, err
	}
	defer db.Close()
	for _, name := range []string{"calendars", "principals"} {
		schema, err := os.ReadFile("/usr/share/doc/php-sabre-dav/examples/sql/sqlite." + name + ".sql")
		if err == nil {
			_, err = db.Exec(string(schema))
		}
		if err != nil {
			return p, fmt.Errorf("its tables: %w", err)
		}
	}
	if _, err := db.Exec(`INSERT INTO principals(uri, email, displayname) VALUES('principals/ann', 'ann@example.org', 'ann'); CREATE UNIQUE INDEX calendarobjects_uri ON calendarobjects(calendarid, uri)`); err != nil {
		return p, err
	}
	place.Own(t, p.store)
	place.Own(t, p.store+"/db.sqlite")
	script := place.Write(t, "sabre/server.php", sitetest.Edit(t, `<?php
error_reporting(E_ALL & ~E_DEPRECATED & ~E_NOTICE & ~E_WARNING & ~E_STRICT);
date_default_timezone_set('UTC');
require_once '/usr/share/php/Sabre/autoload.php';
$pdo = new PDO('sqlite:DIR/db.sqlite');
$pdo->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$pdo->setAttribute(PDO::ATTR_TIMEOUT, 60);
$principals = new \Sabre\DAVACL\PrincipalBackend\PDO($pdo);
$calendars = new \Sabre\CalDAV\Backend\PDO($pdo);
$server = new \Sabre\DAV\Server([
    new \Sabre\CalDAV\Principal\Collection($principals),
    new \Sabre\CalDAV\CalendarRootNode($principals, $calendars),
]);
$server->setBaseUri('/');
$server->addPlugin(new \Sabre\DAV\Auth\Plugin(new \Sabre\DAV\Auth\Backend\Apache(), 'calendar'));
$server->addPlugin(new \Sabre\DAVACL\Plugin());
$server->addPlugin(new \Sabre\CalDAV\Plugin());
$server->addPlugin(new \Sabre\CalDAV\ICSExportPlugin());
$server->exec();
`, "DIR", p.store))
	conf := place.Write(t, "sabre/fpm.conf", sitetest.Edit(t, `[global]
error_log = DIR/fpm.log
daemonize = no
[www]
USER
listen = DIR/run/php.sock
listen.mode = 0666
pm = static
pm.max_children = 8
catch_workers_output = yes
php_admin_value[opcache.enable] = 1
php_admin_value[memory_limit] = 1G
php_admin_value[max_execution_time] = 600
`, "DIR", place.Dir, "USER", fpmUser(place)))
	running := sitetest.Start(t, "php-fpm", exec.Command(fpm, "-F", "-y", conf), place.Path("fpm.log"))
	site := sitetest.Nginx(t, place, func(at string) string {
		p.origin = "http://" + at
		return sitetest.Edit(t, `server {
    listen ADDRESS;
    client_max_body_size 25m;
    client_body_buffer_size 256k;
    gzip off;
    location / {
        LOGIN
        fastcgi_param REMOTE_USER     $remote_user;
        fastcgi_param SCRIPT_FILENAME SCRIPT;
        fastcgi_param SCRIPT_NAME     /server.php;
        fastcgi_param REQUEST_METHOD  $request_method;
        fastcgi_param REQUEST_URI     $request_uri;
        fastcgi_param QUERY_STRING    $query_string;
        fastcgi_param CONTENT_TYPE    $content_type;
        fastcgi_param CONTENT_LENGTH  $content_length;
        fastcgi_param SERVER_PROTOCOL $server_protocol;
        fastcgi_param HTTP_HOST       $http_host;
        fastcgi_read_timeout 600s;
        fastcgi_buffers 16 64k;
        fastcgi_buffer_size 64k;
        fastcgi_pass unix:DIR/run/php.sock;
    }
}
`, "ADDRESS", at, "LOGIN", loginByNginx(place), "SCRIPT;", script+";", "DIR", place.Dir)
	})
	p.pids = []int{running.PID(), site.Web.PID()}
	return p, answering(p.origin+"/calendars/ann/", running, http.StatusMultiStatus)
}

func fpmUser(place *sitetest.Place) string {
	if place.User == "" {
		return ""
	}
	return "user = " + place.User + "\ngroup = " + place.Group
}

// loadReport is what the harness writes, as far as it is wanted here.
type loadReport struct {
	Name    string       `json:"name"`
	N       int          `json:"n"`
	Raw     int64        `json:"raw_bytes"`
	Disk    int64        `json:"disk_bytes"`
	Results []loadResult `json:"results"`
}

type loadResult struct {
	Op              string  `json:"op"`
	Times           int     `json:"reps"`
	Errors          int     `json:"errors"`
	Error           string  `json:"error"`
	Over            bool    `json:"over_limit"`
	Median          float64 `json:"median_ms"`
	CPU             float64 `json:"cpu_ms_per_op"`
	Objects         int     `json:"objects"`
	Expect          int     `json:"expect"`
	Instances       int     `json:"instances"`
	ExpectInstances int     `json:"expect_instances"`
	Busy            int     `json:"busy_min"`
	ExpectBusy      int     `json:"expect_busy_min"`
	Missing         int     `json:"n_missing"`
	Extra           int     `json:"n_extra"`
	After           struct {
		PSS int64 `json:"pss_kb"`
	} `json:"after"`
}

func (r loadResult) done() bool { return r.Times > 0 && r.Errors < r.Times && (!r.Over || r.Times > 1) }

func (r loadResult) right() bool {
	return r.Errors == 0 && r.Missing+r.Extra == 0 && (r.Expect < 0 || r.Objects == r.Expect) && (r.ExpectInstances == 0 || r.Instances == r.ExpectInstances) &&
		(r.ExpectBusy == 0 || r.Busy == r.ExpectBusy)
}

// bounds of a run: of a cell and of the whole.
const (
	cellBound = 30 * time.Second
	runBound  = 5 * time.Minute
)

func runLoad(t *testing.T, load string, place *sitetest.Place, name string, p peer, n int) (r loadReport, err error) {
	var pids []string
	for _, pid := range p.pids {
		pids = append(pids, strconv.Itoa(pid))
	}
	file := place.Path("load.json")
	args := []string{"run", "-name", name, "-n", strconv.Itoa(n), "-url", p.origin, "-coll", p.collection, "-user", "ann", "-pass", "ann", "-pid", strings.Join(pids, ","),
		"-du", p.store, "-json", file, "-limit", cellBound.String(), "-total", runBound.String(), "-time", "1.5s", "-have", strconv.Itoa(p.have), "-export", p.export}
	if p.have > 0 {
		args = append(args, "-mk", "none", "-c1", "20")
	}
	cmd := exec.Command(load, args...)
	cmd.Stderr = os.Stderr
	said, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return r, err
	}
	last := ""
	for lines := bufio.NewScanner(said); lines.Scan(); {
		last = lines.Text()
		t.Log(last)
	}
	if err := cmd.Wait(); err != nil {
		return r, fmt.Errorf("the load harness: %w: %s", err, last)
	}
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	return r, err
}
