package main

import (
	"crypto/sha1" //nolint:gosec // the {SHA} form of htpasswd, for tests
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"caldav-fcgi/apache"
	"caldav-fcgi/fcgi/sitetest"
	"caldav-fcgi/nginx"
)

const clientsFolder = "../../.ci/clients"

// TestClients runs the clients of .ci/clients.sh against the program behind real web servers, all at once and each in an
// account of its own. The examples serve plain HTTP here, because a certificate made for the test is one that clients refuse.
func TestClients(t *testing.T) {
	if testing.Short() {
		t.Skip("other people's clients take their time")
	}
	t.Parallel()
	clients := clientNames(t)
	program := sitetest.Build(t)
	for name, front := range map[string]func(testing.TB, *sitetest.Place) string{"nginx": behindNginx, "apache": behindApache} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			place := sitetest.NewPlace(t)
			var passwords strings.Builder
			for _, client := range clients {
				sum := sha1.Sum([]byte("secret"))
				fmt.Fprintf(&passwords, "%s:{SHA}%s\n", clientUser(client), base64.StdEncoding.EncodeToString(sum[:]))
			}
			place.Write(t, "htpasswd", passwords.String())
			program.Serve(t, place, "-fcgi", place.FCGI(), "-files=on")
			address := front(t, place)
			for _, client := range clients {
				t.Run(client, func(t *testing.T) {
					t.Parallel()
					runClient(t, "http://"+address+"/dav/", client)
				})
			}
		})
	}
}

// clientNames are those that have a script. It reads all that the scripts are, so that go test runs again when one has changed.
func clientNames(t testing.TB) (names []string) {
	files := []string{"../../.ci/clients.sh"}
	for _, pattern := range []string{"*.*", "*/*.*"} {
		found, err := filepath.Glob(filepath.Join(clientsFolder, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	for _, file := range files {
		if _, err := os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		name, isScript := strings.CutSuffix(filepath.Base(file), ".sh")
		if isScript && name != "lib" && name != "clients" {
			names = append(names, name)
		}
	}
	return names
}

// clientUser has what login names at a site's identity provider have: a character that stands escaped in URLs.
func clientUser(client string) string { return client + "@example.org" }

func runClient(t *testing.T, url, client string) {
	out, err := exec.Command("../../.ci/clients.sh", url, clientUser(client), "secret", client).CombinedOutput()
	said := string(out)
	if missing, skipped := strings.CutPrefix(said, "skip "+client+": "); skipped {
		missing, _, _ = strings.Cut(missing, "\n")
		t.Skipf("%s is not here: %s", client, missing)
	}
	if err != nil || !strings.Contains(said, "ok "+client+"\n") {
		t.Errorf("%s: %v\n%s", client, err, said)
	}
}

func behindNginx(t testing.TB, place *sitetest.Place) (address string) {
	params, err := nginx.Files.ReadFile("caldav-fcgi.params")
	if err != nil {
		t.Fatal(err)
	}
	example, err := nginx.Files.ReadFile("fastcgi.conf")
	if err != nil {
		t.Fatal(err)
	}
	path := place.Write(t, "caldav-fcgi.params", string(params))
	sitetest.Nginx(t, place, func(at string) string {
		address = at
		return sitetest.Edit(t, string(example),
			"listen 443 ssl http2;", "listen "+at+";",
			"ssl_certificate     /etc/ssl/certs/cal.example.org.pem;", "",
			"ssl_certificate_key /etc/ssl/private/cal.example.org.key;", "",
			"/etc/nginx/caldav-fcgi.params", path,
			"/etc/caldav-fcgi/htpasswd", place.Path("htpasswd"),
			"/run/caldav-fcgi/", place.Path("run")+"/")
	})
	return address
}

func behindApache(t testing.TB, place *sitetest.Place) (address string) {
	example, err := apache.Files.ReadFile("proxy_fcgi.conf")
	if err != nil {
		t.Fatal(err)
	}
	sitetest.Apache(t, place, sitetest.Modules(t, string(example)), func(at string) string {
		address = at
		return sitetest.Edit(t, string(example),
			"<VirtualHost *:443>", "<VirtualHost "+at+">",
			"SSLEngine on", "",
			"SSLCertificateFile    /etc/ssl/certs/cal.example.org.pem", "",
			"SSLCertificateKeyFile /etc/ssl/private/cal.example.org.key", "",
			"/etc/caldav-fcgi/htpasswd", place.Path("htpasswd"),
			"/run/caldav-fcgi/", place.Path("run")+"/")
	})
	return address
}
