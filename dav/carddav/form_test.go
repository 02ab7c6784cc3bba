package carddav

import (
	"net/http"
	"testing"
)

func TestAccepted(t *testing.T) {
	t.Parallel()
	v3, v4 := []byte("BEGIN:VCARD\r\nVERSION:3.0\r\n"), []byte("BEGIN:VCARD\r\nversion:4.0\r\n")
	for _, test := range []struct {
		accept string
		stored []byte
		want   form
	}{
		{"", v3, formStored},
		{"text/vcard", v4, formStored},
		{"text/vcard; version=4.0", v3, formV4},
		{"text/vcard; version=4.0, text/vcard; version=3.0", v3, formV3}, // of equal ones, what need not be converted
		{"text/vcard; version=3.0, text/vcard; version=4.0", v4, formV4},
		{"text/vcard; version=4.0, text/vcard; version=3.0; q=0.9", v3, formV4},
		{"application/vcard+json, text/vcard; version=3.0", v4, formJCard},
		{"text/html, */*;q=0.1", v3, formStored},
	} {
		got, err := accepted(http.Header{"Accept": {test.accept}}, test.stored)
		if err != nil || got != test.want {
			t.Errorf("%q of %q: %v, %v, want %v", test.accept, test.stored, got, err, test.want)
		}
	}
	if _, err := accepted(http.Header{"Accept": {"text/vcard; version=5.0"}}, v3); err == nil {
		t.Error("version 5.0 is given")
	}
}
