package carddav_test

import (
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"caldav-fcgi/dav"
	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/principal"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
	"caldav-fcgi/store/storetest"
)

// Photos of a megabyte and more come back octet for octet, and the same in the other version.
func TestCard_LargePhoto(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Options{})
	photo := make([]byte, 3<<20)
	for i := range photo {
		photo[i] = byte(rand.Uint32())
	}
	copy(photo, "\xff\xd8\xff\xe0")
	data := base64.StdEncoding.EncodeToString(photo)
	var folded strings.Builder
	line := "PHOTO;ENCODING=b;TYPE=JPEG:" + data
	for len(line) > 74 {
		folded.WriteString(line[:74] + "\r\n ")
		line = line[74:]
	}
	body := card("photo", "FN:Ann", "N:;Ann;;;", folded.String()+line)
	s.do("PUT", book+"photo.vcf", body, 201)
	if got := s.do("GET", book+"photo.vcf", "", 200); got != body {
		t.Error("not as it was sent")
	}
	four := strings.ReplaceAll(s.do("GET", book+"photo.vcf", "", 200, "Accept: text/vcard;version=4.0"), "\r\n ", "")
	if !strings.Contains(four, "\r\nPHOTO:data:image/jpeg;base64,"+data+"\r\n") {
		t.Error("the photo is another one in 4.0")
	}
	s.do("PUT", book+"larger.vcf", card("larger", "FN:x", "NOTE:"+strings.Repeat("x", 10<<20)), 403)
}

// An account that was made before there were address books gets one at its next visit, and one that was deleted stays so.
func TestProvision_AccountsThatExist(t *testing.T) {
	t.Parallel()
	db := storetest.OpenAt(t, storetest.Path(t), store.Options{})
	before, err := webdav.New(db, webdav.Options{}, principal.Module(), caldav.Module(caldav.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := before.AddAccount(t.Context(), webdav.Login{User: "ann"}); err != nil {
		t.Fatal(err)
	}
	s := &server{tb: t, db: db}
	if s.dav, err = dav.New(db, dav.Options{}); err != nil {
		t.Fatal(err)
	}
	if got := s.do("PROPFIND", "/addressbooks/ann/", "", 207, "Depth: 1"); !strings.Contains(got, "<d:href>"+book+"</d:href>") {
		t.Errorf("no book: %s", got)
	}
	s.do("DELETE", book, "", 204)
	if got := s.do("PROPFIND", "/addressbooks/ann/", "", 207, "Depth: 1"); strings.Contains(got, book) {
		t.Errorf("the book came back: %s", got)
	}
}

// The directory shows whom the caller sees, to everybody, and to nobody when it is off.
func TestDirectory(t *testing.T) {
	t.Parallel()
	off := newServer(t, dav.Options{})
	off.do("PROPFIND", "/directory/", "", 404, "Depth: 1")
	s := newServer(t, dav.Options{Directory: true})
	for _, user := range []string{"ann", "bob"} {
		s.as(user, "PROPFIND", "/", "", 207, "Depth: 0")
	}
	list := s.do("PROPFIND", "/directory/", "", 207, "Depth: 1")
	for _, want := range []string{"<card:directory/>", "/directory/user-ann.vcf", "/directory/user-bob.vcf"} {
		if !strings.Contains(list, want) {
			t.Errorf("no %s in %s", want, list)
		}
	}
	if got := s.do("GET", "/directory/user-bob.vcf", "", 200); !strings.Contains(got, "FN:bob\r\n") || !strings.HasPrefix(got, "BEGIN:VCARD\r\nVERSION:3.0\r\n") {
		t.Errorf("bob's card: %s", got)
	}
	found := s.do("REPORT", "/directory/", `<c:addressbook-query `+namespaces+`><d:prop><c:address-data/></d:prop><c:filter><c:prop-filter name="FN"><c:text-match>BO</c:text-match></c:prop-filter></c:filter></c:addressbook-query>`, 207, "Depth: 1")
	if strings.Count(found, "<d:response>") != 1 || !strings.Contains(found, "FN:bob") {
		t.Errorf("found %s", found)
	}
	both := s.do("REPORT", "/directory/", `<c:addressbook-multiget `+namespaces+`><d:prop><c:address-data version="4.0" content-type="text/vcard"/></d:prop><d:href>/directory/user-ann.vcf</d:href><d:href>/directory/user-none.vcf</d:href></c:addressbook-multiget>`, 207)
	if !strings.Contains(both, "VERSION:4.0") || !strings.Contains(both, "404 Not Found") {
		t.Errorf("multiget: %s", both)
	}
	s.do("PUT", "/directory/user-ann.vcf", card("x", "FN:x"), 403)
	s.do("DELETE", "/directory/user-bob.vcf", "", 403)
	for _, path := range []string{"/addressbooks/ann/", "/principals/users/ann/"} {
		got := s.do("PROPFIND", path, `<d:propfind `+namespaces+`><d:prop><c:directory-gateway/></d:prop></d:propfind>`, 207, "Depth: 0")
		if !strings.Contains(got, "<d:href>/directory/</d:href>") {
			t.Errorf("gateway at %s: %s", path, got)
		}
	}
	who := s.do("PROPFIND", "/principals/users/bob/", `<d:propfind `+namespaces+`><d:prop><c:principal-address/></d:prop></d:propfind>`, 207, "Depth: 0")
	if !strings.Contains(who, "/directory/user-bob.vcf") {
		t.Errorf("principal-address: %s", who)
	}
}

// A card that cannot be read is given as it is, but not in another form: that is its own answer (RFC 6352 §8.7.2).
func TestMultiget_CardThatCannotBeConverted(t *testing.T) {
	t.Parallel()
	s := newServer(t, dav.Options{})
	s.fill(0, 2)
	s.update(func(tx *store.Tx, c *store.Collection) error {
		return tx.PutObject(c, &store.Object{Name: "broken.vcf"}, []byte("no card"), store.Index{UID: "broken"})
	})
	ask := func(data string) string {
		return s.do("REPORT", book, strings.Replace(multiget("p0", "broken"), "<c:address-data/>", data, 1), 207)
	}
	if got := ask("<c:address-data/>"); !strings.Contains(got, ">no card<") {
		t.Errorf("as it is stored: %s", got)
	}
	got := ask(`<c:address-data content-type="text/vcard" version="4.0"/>`)
	for _, want := range []string{"VERSION:4.0", "broken.vcf</d:href><d:status>HTTP/1.1 415 Unsupported Media Type</d:status><d:error><card:supported-address-data-conversion></card:supported-address-data-conversion></d:error>"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	s.do("GET", book+"broken.vcf", "", 200)
	s.do("GET", book+"broken.vcf", "", 406, "Accept: application/vcard+json")
	if found := s.query(`<c:filter><c:prop-filter name="NOTE"/></c:filter>`); len(found) != 2 {
		t.Errorf("found %v", found)
	}
	s.do("REPORT", book, `<d:sync-collection `+namespaces+`><d:sync-token/><d:sync-level>1</d:sync-level><d:prop><c:address-data content-type="text/vcard" version="4.0"/></d:prop></d:sync-collection>`, 207)
}
