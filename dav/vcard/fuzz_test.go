package vcard_test

import (
	"encoding/json"
	"slices"
	"testing"

	"caldav-fcgi/dav/vcard"
)

func seed(f *testing.F) {
	for _, kind := range []string{"valid", "broken", "import"} {
		for _, raw := range files(f, kind) {
			f.Add(raw)
		}
	}
}

// What is read can be written, and is then read the same; so in the other version and as jCard.
func FuzzParse(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := vcard.Parse(raw)
		if err != nil {
			return
		}
		again, err := vcard.Parse(c.Bytes())
		if err != nil {
			t.Fatalf("what was written cannot be read: %v\n%q", err, c.Bytes())
		}
		if got, want := canonical(again), canonical(c); !slices.Equal(got, want) {
			t.Errorf("got\n%q\nwant\n%q", got, want)
		}
		if _, err := vcard.Validate(c); err != nil {
			return
		}
		other := vcard.V3
		if c.Version == vcard.V3 {
			other = vcard.V4
		}
		converted, err := vcard.Parse(c.To(other).Bytes())
		if err != nil {
			t.Fatalf("as %s: %v", other, err)
		}
		if _, err := vcard.Validate(converted); err != nil {
			t.Errorf("as %s: %v", other, err)
		}
		// What one conversion has lost is lost; another loses nothing more.
		once := c.To(vcard.V4).To(vcard.V3).To(vcard.V4)
		if got, want := canonical(once.To(vcard.V3).To(vcard.V4)), canonical(once); !slices.Equal(got, want) {
			t.Errorf("4 → 3 → 4: got\n%q\nwant\n%q", got, want)
		}
		j := vcard.JCard(c)
		if !json.Valid(j) {
			t.Errorf("not JSON: %q", j)
		}
	})
}

func FuzzJCard(f *testing.F) {
	f.Add([]byte(b1JCard))
	for _, raw := range files(f, "valid") {
		f.Add(vcard.JCard(parse(f, string(raw))))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		text, err := vcard.FromJCard(raw)
		if err != nil {
			return
		}
		if c, err := vcard.Parse(text); err == nil && !json.Valid(vcard.JCard(c)) {
			t.Errorf("not JSON: %q", vcard.JCard(c))
		}
	})
}

// What the import hands on can be stored.
func FuzzImport(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		for p := range vcard.Import(raw) {
			if p.Err != nil {
				continue
			}
			c, err := vcard.Parse(p.Body)
			if err != nil {
				t.Fatalf("%v\n%q", err, p.Body)
			}
			if info, err := vcard.Validate(c); err != nil || info.UID != p.UID {
				t.Errorf("%v, UID %q and %q", err, info.UID, p.UID)
			}
		}
	})
}
