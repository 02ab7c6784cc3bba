package apache_test

import (
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"caldav-fcgi/apache"
	"caldav-fcgi/fcgi/sitetest"
)

const dialogues = "../testdata/smoke/*.txtar"

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := apache.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// vhost starts Apache with one of the virtual hosts and more changes, and the modules that it tells to switch on.
func vhost(t testing.TB, place *sitetest.Place, name string, changes ...string) *sitetest.Site {
	t.Helper()
	example := sitetest.Edit(t, read(t, name), changes...)
	s := sitetest.Apache(t, place, sitetest.Modules(t, example), func(address string) string {
		conf := sitetest.Edit(t, example,
			"<VirtualHost *:443>", "<VirtualHost "+address+">",
			"/etc/ssl/certs/cal.example.org.pem", place.Path("cert.pem"),
			"/etc/ssl/private/cal.example.org.key", place.Path("key.pem"))
		return strings.ReplaceAll(conf, "/etc/caldav-fcgi/htpasswd", place.Path("htpasswd"))
	})
	s.Features = []string{"encoded-slash", "host-root"}
	return s
}

func proxyFCGI(t testing.TB, place *sitetest.Place, changes ...string) *sitetest.Site {
	return vhost(t, place, "proxy_fcgi.conf", append(changes, "/run/caldav-fcgi/", place.Path("run")+"/")...)
}

func proxyHTTP(t testing.TB, place *sitetest.Place, changes ...string) *sitetest.Site {
	return vhost(t, place, "proxy_http.conf", append(changes, "/run/caldav-fcgi/", place.Path("run")+"/")...)
}

// instance is the program as mod_fcgid starts it.
const instance = "lib/dav.fcgi"

func fcgid(t testing.TB, place *sitetest.Place, program *sitetest.Program, changes ...string) *sitetest.Site {
	install(t, place, program, instance)
	return vhost(t, place, "fcgid.conf", append(changes, "/usr/local/lib/caldav-fcgi", place.Path("lib"), "/var/lib/caldav-fcgi/caldav.db", place.Path("db/caldav.db"))...)
}

// topFolder is what htaccess says that another one needs.
var topFolder = regexp.MustCompile(`top folder:\n((?:#   .*\n)+)`)

// htaccess starts Apache as a shared host has it, with the example in a folder of the web space.
func htaccess(t testing.TB, place *sitetest.Place, program *sitetest.Program, changes ...string) *sitetest.Site {
	t.Helper()
	example := read(t, "htaccess")
	install(t, place, program, hosted)
	place.Write(t, "html/calendar/.htaccess", sitetest.Edit(t, sitetest.Edit(t, example, changes...), "/home/USER/public_html/private/htpasswd", place.Path("html/private/htpasswd")))
	top := topFolder.FindStringSubmatch(example)
	if top == nil {
		t.Fatal("the example says nothing of the top folder")
	}
	place.Write(t, "html/.htaccess", strings.ReplaceAll(top[1], "#   ", ""))
	place.Write(t, "html/private/.htaccess", "Require all denied\n")
	passwords, err := os.ReadFile(place.Path("htpasswd"))
	if err != nil {
		t.Fatal(err)
	}
	place.Write(t, "html/private/htpasswd", string(passwords))
	place.Own(t, place.Path("html/private"))
	s := sitetest.Apache(t, place, []string{"ssl", "rewrite", "fcgid"}, func(address string) string {
		return sitetest.Edit(t, `<VirtualHost ADDRESS>
ServerName cal.example.org
SSLEngine on
SSLCertificateFile DIR/cert.pem
SSLCertificateKeyFile DIR/key.pem
# A host that is worth its money: the default of 128 KB is for those who upload nothing.
FcgidMaxRequestLen 26214400
<Directory DIR/html>
  AllowOverride All
  Options -Indexes
</Directory>
</VirtualHost>
`, "ADDRESS", address, "DIR", place.Dir)
	})
	s.Base = "/calendar"
	s.Features = []string{"host-root"}
	return s
}

// hosted is the program on a shared host.
const hosted = "html/calendar/dav.fcgi"

func install(t testing.TB, place *sitetest.Place, program *sitetest.Program, to string) {
	t.Helper()
	binary, err := os.ReadFile(program.Path)
	if err != nil {
		t.Fatal(err)
	}
	place.Write(t, to, string(binary))
	if err := os.Chmod(place.Path(to), 0o755); err != nil {
		t.Fatal(err)
	}
}

var plain = []string{"-base", "/dav", "-user-header", "X-Remote-User"}

// TestExamples starts Apache with each of the examples and the program behind it.
func TestExamples(t *testing.T) {
	program := sitetest.Build(t)

	t.Run("proxy_fcgi.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		proxyFCGI(t, place).Ready(t).Check(t, dialogues)
	})
	t.Run("devices.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI(), "-tokens=on")
		location := strings.ReplaceAll(read(t, "devices.conf"), "/run/caldav-fcgi/", place.Path("run")+"/")
		proxyFCGI(t, place, "</VirtualHost>", location+"</VirtualHost>").Ready(t).CheckDevices(t, program)
	})
	t.Run("proxy_http.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, append(plain, "-http", place.HTTP())...)
		proxyHTTP(t, place).Ready(t).Check(t, dialogues)
	})
	t.Run("litmus, proxy_fcgi.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI(), "-files=on")
		proxyFCGI(t, place).Ready(t).Litmus(t)
	})
	t.Run("litmus, proxy_http.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, append(plain, "-http", place.HTTP(), "-files=on")...)
		proxyHTTP(t, place).Ready(t).Litmus(t)
	})
	t.Run("fcgid.conf", func(t *testing.T) {
		t.Parallel()
		fcgid(t, sitetest.NewPlace(t), program).Ready(t).Check(t, dialogues)
	})
	t.Run("htaccess", func(t *testing.T) {
		t.Parallel()
		s := htaccess(t, sitetest.NewPlace(t), program).Ready(t)
		s.Check(t, dialogues)
		t.Run("private", func(t *testing.T) {
			t.Parallel()
			s.CheckHidden(t, "/private/caldav.db", "/private/htpasswd", "/private/", "/calendar/.htaccess", "/.htaccess")
		})
	})

	t.Run("client certificates", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		// As README.md says it.
		s := proxyFCGI(t, place, "  SSLEngine on\n", "  SSLEngine on\n  SSLVerifyClient optional\n  SSLCACertificateFile "+place.Path("cert.pem")+"\n",
			"    AuthType Basic\n    AuthName \"calendar\"\n    AuthBasicProvider file\n", "    SSLUserName SSL_CLIENT_S_DN_CN\n    SSLOptions +StdEnvVars\n",
			"    # (4) made with: htpasswd -cB FILE NAME\n    AuthUserFile /etc/caldav-fcgi/htpasswd\n", "",
			"    Require valid-user\n", "    Require ssl-verify-client\n")
		s.CheckCertificates(t)
	})

	t.Run("methods allowed by name", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		// A server that allows three methods everywhere.
		proxyFCGI(t, place, "  <Location \"/dav\">\n", "  <Location \"/\">\n    AllowMethods GET POST OPTIONS\n  </Location>\n  <Location \"/dav\">\n",
			" && a2ensite caldav", " allowmethods && a2ensite caldav").Ready(t)
	})

	t.Run("gzip on, proxy_fcgi", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		proxyFCGI(t, place, "SetEnv no-gzip 1", "").Ready(t).CheckGzip(t)
	})
	t.Run("gzip on, fcgid", func(t *testing.T) {
		t.Parallel()
		fcgid(t, sitetest.NewPlace(t), program, "SetEnv no-gzip 1", "").Ready(t).CheckGzip(t)
	})
	t.Run("killed while writing, proxy_fcgi", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		running := program.Serve(t, place, "-fcgi", place.FCGI())
		proxyFCGI(t, place).Ready(t).CheckKill(t, program,
			func() { running.Signal(syscall.SIGKILL); _ = running.Wait(t) },
			func() { running = program.Serve(t, place, "-fcgi", place.FCGI()) })
	})
	t.Run("killed while writing, fcgid", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		fcgid(t, place, program).Ready(t).CheckKill(t, program, func() {
			for _, pid := range sitetest.Instances(place.Path(instance)) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}, nil) // Apache starts it again
	})
	t.Run("reloaded while writing, proxy_fcgi", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		proxyFCGI(t, place).Ready(t).CheckReload(t, syscall.SIGUSR1)
	})
	t.Run("ended while answering, proxy_fcgi", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		running := program.Serve(t, place, "-fcgi", place.FCGI())
		proxyFCGI(t, place).Ready(t).CheckDrain(t, running, place.Path("run/fcgi.sock"))
	})
	t.Run("ended while answering, proxy_http", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		running := program.Serve(t, place, append(plain, "-http", place.HTTP())...)
		proxyHTTP(t, place).Ready(t).CheckDrain(t, running, place.Path("run/http.sock"))
	})
	t.Run("ended while answering, fcgid", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		fcgid(t, place, program).Ready(t).CheckDrainInstances(t, place.Path(instance))
	})
	t.Run("several processes", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		fcgid(t, place, program).Ready(t).CheckInstances(t, place.Path(instance))
	})
}

var mark = regexp.MustCompile(`\((\d)\)`)

// TestExamples_AskForFourChangesAtMost counts the lines that are marked.
func TestExamples_AskForFourChangesAtMost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"proxy_fcgi.conf", "proxy_http.conf", "fcgid.conf", "htaccess"} {
		marks := map[string]bool{}
		for _, m := range mark.FindAllString(read(t, name), -1) {
			marks[m] = true
		}
		if n := len(marks); n == 0 || n > 4 {
			t.Errorf("%s: %d lines to change, want 1 to 4", name, n)
		}
	}
}
