package sitetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Host is the host name of the examples, and of every site here.
const Host = "cal.example.org"

// Users can log in, with their names as passwords.
var Users = []string{"ann", "bob", "jürgen@example.org"}

// Place is the folder of one site. Its path is short, for the sockets in it, and open to the web server's user.
type Place struct {
	Dir   string
	User  string // of the web server; "" unless we are root
	Group string // the same
	uid   int
	gid   int
	host  tls.Certificate
	roots *x509.CertPool
}

// NewPlace makes a place with the folders run and db, a password file and a certificate.
func NewPlace(t testing.TB) *Place {
	t.Helper()
	dir, err := os.MkdirTemp("", "site")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	p := &Place{Dir: dir, uid: os.Getuid(), gid: os.Getgid()}
	if p.uid == 0 {
		p.findUser(t)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	p.Folder(t, "run")
	p.Own(t, p.Folder(t, "db"))
	var passwords strings.Builder
	for _, u := range Users {
		sum := sha1.Sum([]byte(u))
		fmt.Fprintf(&passwords, "%s:{SHA}%s\n", u, base64.StdEncoding.EncodeToString(sum[:]))
	}
	p.Write(t, "htpasswd", passwords.String())
	p.Write(t, "program.toml", "")
	p.certificate(t)
	return p
}

// findUser finds the user that web servers run as on this system.
func (p *Place) findUser(t testing.TB) {
	for _, name := range []string{"www-data", "nginx", "apache", "http", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		g, err := user.LookupGroupId(u.Gid)
		if err != nil {
			continue
		}
		p.User, p.Group = u.Username, g.Name
		p.uid, _ = strconv.Atoi(u.Uid)
		p.gid, _ = strconv.Atoi(u.Gid)
		return
	}
	t.Skip("we are root and there is no user for a web server (www-data)")
}

// Path is a path in the place.
func (p *Place) Path(name string) string { return filepath.Join(p.Dir, name) }

// FCGI is the -fcgi of the examples' socket.
func (p *Place) FCGI() string { return "unix:" + p.Path("run/fcgi.sock") }

// HTTP is the -http of the examples' socket.
func (p *Place) HTTP() string { return "unix:" + p.Path("run/http.sock") }

// Folder makes a folder and those above it.
func (p *Place) Folder(t testing.TB, name string) string {
	t.Helper()
	path := p.Path(name)
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// Own gives a path to the web server's user.
func (p *Place) Own(t testing.TB, path string) {
	t.Helper()
	if p.Group == "" {
		return
	}
	if err := os.Chown(path, p.uid, p.gid); err != nil {
		t.Fatal(err)
	}
}

// Write writes a file that the web server can read.
func (p *Place) Write(t testing.TB, name, text string) string {
	t.Helper()
	path := p.Path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// certificate makes the key and the certificate of the host, which signs itself and those of users.
func (p *Place) certificate(t testing.TB) {
	t.Helper()
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: Host},
		DNSNames:              []string{Host},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	p.host = sign(t, template, nil)
	p.roots = x509.NewCertPool()
	p.roots.AddCert(p.host.Leaf)
	secret, err := x509.MarshalPKCS8PrivateKey(p.host.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	p.Write(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.host.Certificate[0]})))
	p.Write(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})))
}

// UserCertificate makes a certificate by which a user can log in.
func (p *Place) UserCertificate(t testing.TB, user string) tls.Certificate {
	t.Helper()
	return sign(t, &x509.Certificate{Subject: pkix.Name{CommonName: user}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, &p.host)
}

// sign makes a key and its certificate, signed by an issuer or by itself.
func sign(t testing.TB, template *x509.Certificate, issuer *tls.Certificate) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	parent, signer := template, any(key)
	if issuer != nil {
		parent, signer = issuer.Leaf, issuer.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// Edit makes the changes that an example asks for: old, new, old, new … Each old text must be there, so that an example
// that has changed is noticed here.
func Edit(t testing.TB, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(text, pairs[i]) {
			t.Fatalf("the example has no %q", pairs[i])
		}
		text = strings.ReplaceAll(text, pairs[i], pairs[i+1])
	}
	return text
}
