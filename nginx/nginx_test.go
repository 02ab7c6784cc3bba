package nginx_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"caldav-fcgi/fcgi/sitetest"
	"caldav-fcgi/nginx"
)

const dialogues = "../testdata/smoke/*.txtar"

func read(t testing.TB, name string) string {
	t.Helper()
	text, err := nginx.Files.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// edit makes the changes that fastcgi.conf and proxy.conf ask for, and those that move everything into the place.
func edit(t testing.TB, place *sitetest.Place, conf, address string) string {
	return sitetest.Edit(t, conf,
		"listen 443 ssl http2;", "listen "+address+" ssl http2;",
		"/etc/ssl/certs/cal.example.org.pem", place.Path("cert.pem"),
		"/etc/ssl/private/cal.example.org.key", place.Path("key.pem"),
		"/run/caldav-fcgi/", place.Path("run")+"/")
}

// fastcgi starts nginx with fastcgi.conf and more changes.
func fastcgi(t testing.TB, place *sitetest.Place, changes ...string) *sitetest.Site {
	params := place.Write(t, "caldav-fcgi.params", read(t, "caldav-fcgi.params"))
	return open(t, place, func(address string) string {
		conf := sitetest.Edit(t, read(t, "fastcgi.conf"), changes...)
		if strings.Contains(conf, "/etc/caldav-fcgi/htpasswd") {
			conf = sitetest.Edit(t, conf, "/etc/caldav-fcgi/htpasswd", place.Path("htpasswd"))
		}
		return edit(t, place, sitetest.Edit(t, conf, "/etc/nginx/caldav-fcgi.params", params), address)
	})
}

// proxy starts nginx with proxy.conf and more changes.
func proxy(t testing.TB, place *sitetest.Place, changes ...string) *sitetest.Site {
	return open(t, place, func(address string) string {
		conf := sitetest.Edit(t, read(t, "proxy.conf"), "/etc/caldav-fcgi/htpasswd", place.Path("htpasswd"))
		return edit(t, place, sitetest.Edit(t, conf, changes...), address)
	})
}

func open(t testing.TB, place *sitetest.Place, conf func(address string) string) *sitetest.Site {
	s := sitetest.Nginx(t, place, conf)
	s.Features = []string{"encoded-slash", "host-root"}
	return s
}

var plain = []string{"-base", "/dav", "-user-header", "X-Remote-User"}

// TestExamples starts nginx with each of the examples and the program behind it.
func TestExamples(t *testing.T) {
	program := sitetest.Build(t)

	t.Run("fastcgi.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		s := fastcgi(t, place).Ready(t)
		s.Check(t, dialogues)
		t.Run("HTTP2", func(t *testing.T) { t.Parallel(); s.CheckHTTP2(t) })
	})
	t.Run("fastcgi.conf with net http fcgi", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI(), "-fcgi-layer", "std")
		fastcgi(t, place).Ready(t).Check(t, dialogues)
	})
	t.Run("auth_request.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		login := loginService(t)
		// It stands in place of the guarded location of fastcgi.conf.
		guarded := regexp.MustCompile(`(?s)    location ~ \^/\(\?:\$\|dav/\) \{.*?\n    \}\n`).FindString(read(t, "fastcgi.conf"))
		fastcgi(t, place, guarded, sitetest.Edit(t, read(t, "auth_request.conf"), "http://127.0.0.1:9091/auth", login)).Ready(t).Check(t, dialogues)
	})
	for _, layer := range []string{"own", "std"} {
		t.Run("devices.conf, "+layer, func(t *testing.T) {
			t.Parallel()
			place := sitetest.NewPlace(t)
			program.Serve(t, place, "-fcgi", place.FCGI(), "-tokens=on", "-fcgi-layer", layer)
			const last = "    # Published calendars:"
			location := strings.ReplaceAll(read(t, "devices.conf"), "/etc/nginx/caldav-fcgi.params", place.Path("caldav-fcgi.params"))
			fastcgi(t, place, last, location+"\n"+last).Ready(t).CheckDevices(t, program)
		})
	}
	t.Run("proxy.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, append(plain, "-http", place.HTTP())...)
		proxy(t, place).Ready(t).Check(t, dialogues)
	})

	t.Run("litmus, fastcgi.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI(), "-files=on")
		fastcgi(t, place).Ready(t).Litmus(t)
	})
	t.Run("litmus, proxy.conf", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, append(plain, "-http", place.HTTP(), "-files=on")...)
		proxy(t, place).Ready(t).Litmus(t)
	})

	t.Run("gzip on", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		fastcgi(t, place, "gzip off;", "gzip on;").Ready(t).CheckGzip(t)
	})
	t.Run("parameters without a login", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		// As a location is that includes nginx's own fastcgi_params: REMOTE_USER is what the client typed.
		fastcgi(t, place, `auth_basic           "calendar";`, "", "auth_basic_user_file /etc/caldav-fcgi/htpasswd;", "", "fastcgi_param AUTH_TYPE   Basic;", "").CheckNobody(t)
	})
	t.Run("reloaded while writing", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		program.Serve(t, place, "-fcgi", place.FCGI())
		fastcgi(t, place).Ready(t).CheckReload(t, syscall.SIGHUP)
	})
	for _, layer := range []string{"own", "std"} {
		t.Run("killed while writing, "+layer, func(t *testing.T) {
			t.Parallel()
			place := sitetest.NewPlace(t)
			args := []string{"-fcgi", place.FCGI(), "-fcgi-layer", layer}
			running := program.Serve(t, place, args...)
			fastcgi(t, place).Ready(t).CheckKill(t, program,
				func() { running.Signal(syscall.SIGKILL); _ = running.Wait(t) },
				func() { running = program.Serve(t, place, args...) })
		})
		t.Run("ended while answering, "+layer, func(t *testing.T) {
			t.Parallel()
			place := sitetest.NewPlace(t)
			running := program.Serve(t, place, "-fcgi", place.FCGI(), "-fcgi-layer", layer)
			s := fastcgi(t, place, "fastcgi_pass caldav_fcgi;", "fastcgi_request_buffering off; fastcgi_pass caldav_fcgi;").Ready(t)
			s.CheckDrain(t, running, place.Path("run/fcgi.sock"))
		})
	}
	t.Run("ended while answering, HTTP", func(t *testing.T) {
		t.Parallel()
		place := sitetest.NewPlace(t)
		running := program.Serve(t, place, append(plain, "-http", place.HTTP())...)
		s := proxy(t, place, "proxy_next_upstream off;", "proxy_request_buffering off; proxy_next_upstream off;").Ready(t)
		s.CheckDrain(t, running, place.Path("run/http.sock"))
	})
}

// loginService is what auth_request.conf asks: 2xx with the user's name in X-User, or 401.
func loginService(t testing.TB) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, password, ok := r.BasicAuth()
		if !ok || password != name || !slices.Contains(sitetest.Users, name) {
			w.Header().Set("WWW-Authenticate", `Basic realm="calendar"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-User", name)
	}))
	t.Cleanup(s.Close)
	return s.URL + "/auth"
}

var mark = regexp.MustCompile(`# ?\((\d)\)`)

// TestExamples_AskForFourChangesAtMost counts the lines that are marked.
func TestExamples_AskForFourChangesAtMost(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"fastcgi.conf", "auth_request.conf", "proxy.conf"} {
		if n := len(mark.FindAllString(read(t, name), -1)); n == 0 || n > 4 {
			t.Errorf("%s: %d lines to change, want 1 to 4", name, n)
		}
	}
}
