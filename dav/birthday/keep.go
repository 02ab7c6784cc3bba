package birthday

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"caldav-fcgi/dav/caldav"
	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/store"
)

// Job is the kind of the job.
const Job = "birthday"

// Changed asks for a look at the address books of an account.
func Changed(tx *store.Tx, owner int64) error {
	return tx.Enqueue(store.Job{Kind: Job, Key: strconv.FormatInt(owner, 10)})
}

// part is how many cards one transaction looks at.
const part = 200

// Keep makes the calendar of an account say what its cards do.
func Keep(tx *store.Tx, j *store.Job) (more bool, err error) {
	id, err := strconv.ParseInt(j.Key, 10, 64)
	if err != nil {
		return false, fmt.Errorf("birthdays of %q: %w", j.Key, err)
	}
	k := &keeper{tx: tx}
	if k.owner, err = tx.PrincipalByID(id); err == nil {
		more, err = k.look()
	}
	if errors.Is(err, store.ErrNotFound) { // the account is gone, or has no homes
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("birthdays of %s: %w", k.owner.Name, err)
	}
	return more, nil
}

// keeper works on one account in one transaction.
type keeper struct {
	tx       *store.Tx
	owner    *store.Principal
	calendar *store.Collection // nil before the first birthday
	settings map[string]json.RawMessage
	looked   map[string]string // the token up to which a book has been looked at, by its row
}

// setting is the name under which the account's settings keep what has been looked at.
const setting = "birthdays"

func (k *keeper) look() (more bool, err error) {
	books, err := k.tx.Root(k.owner.ID, store.KindAddressHome)
	if err != nil {
		return false, err
	}
	if err := k.load(); err != nil {
		return false, err
	}
	gone := maps.Clone(k.looked)
	var all []*store.Collection
	for book, err := range k.tx.Collections(books.ID) {
		if err != nil {
			return false, err
		}
		if book.Kind == store.KindAddressBook && book.Target == 0 {
			all = append(all, book)
			delete(gone, strconv.FormatInt(book.ID, 10))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(gone)) {
		if more, err = k.forget(id); err != nil || more {
			return more, errors.Join(err, k.save())
		}
		delete(k.looked, id)
	}
	for _, book := range all {
		if more, err = k.book(book); err != nil || more {
			return more, errors.Join(err, k.save())
		}
	}
	return false, k.save()
}

func (k *keeper) load() error {
	k.settings, k.looked = map[string]json.RawMessage{}, map[string]string{}
	if err := json.Unmarshal([]byte(k.owner.Settings), &k.settings); err != nil {
		return err
	}
	if text := k.settings[setting]; text != nil {
		if err := json.Unmarshal(text, &k.looked); err != nil {
			return err
		}
	}
	home, err := k.tx.Root(k.owner.ID, store.KindCalendarHome)
	if err != nil {
		return err
	}
	for c, err := range k.tx.Collections(home.ID) {
		if err != nil {
			return err
		}
		if c.Kind == store.KindBirthdays && c.Target == 0 {
			k.calendar = c
		}
	}
	return nil
}

func (k *keeper) save() error {
	text, err := json.Marshal(k.looked)
	if err != nil {
		return err
	}
	k.settings[setting] = text
	all, err := json.Marshal(k.settings)
	if err != nil || string(all) == k.owner.Settings {
		return err
	}
	k.owner.Settings = string(all)
	return k.tx.SavePrincipal(k.owner)
}

// book looks at what has changed in a book.
func (k *keeper) book(book *store.Collection) (more bool, err error) {
	id := strconv.FormatInt(book.ID, 10)
	var since store.Token
	if text := k.looked[id]; text != "" {
		if since, err = store.ParseToken(text); err != nil {
			return false, err
		}
	}
	changes, next, more, err := k.tx.Changes(book, since, part)
	if errors.Is(err, store.ErrTokenUnknown) { // as after a restore: all over again
		if more, err = k.forget(id); err != nil || more {
			return more, err
		}
		changes, next, more, err = k.tx.Changes(book, store.Token{}, part)
	}
	if err != nil {
		return false, err
	}
	for _, ch := range changes {
		if err := k.card(book, ch.Name, ch.Gone); err != nil {
			return false, fmt.Errorf("card %q: %w", ch.Name, err)
		}
	}
	k.looked[id] = next.String()
	return more, nil
}

// card makes the events of one card be what it says.
func (k *keeper) card(book *store.Collection, name string, gone bool) error {
	wanted := map[kind][]byte{}
	if !gone {
		row, err := k.tx.Object(book.ID, name, store.Body)
		if err != nil {
			return err
		}
		if card, err := vcard.Parse(row.Body); err == nil {
			for _, o := range occasions(card) {
				wanted[o.kind] = event(o, card, row)
			}
		}
	}
	for _, what := range []kind{birthday, anniversary} {
		if err := k.put(eventName(book, name, what), wanted[what]); err != nil {
			return err
		}
	}
	return nil
}

// eventName is one for each day of each card; its beginning is the book's.
func eventName(book *store.Collection, card string, what kind) string {
	sum := sha256.Sum256([]byte(card))
	return fmt.Sprintf("%d-%s-%s.ics", book.ID, hex.EncodeToString(sum[:8]), what)
}

// event writes the calendar object of an occasion.
func event(o occasion, card *vcard.Card, row *store.Object) []byte {
	var b bytes.Buffer
	w := ical.NewWriter(&b)
	first := o.first()
	w.Begin("VCALENDAR")
	w.Property(ical.NewProp("VERSION", "2.0"))
	w.Property(ical.NewProp("PRODID", "-//caldav-fcgi//birthdays//EN"))
	w.Begin("VEVENT")
	w.Property(ical.NewText("UID", string(o.kind)+"-"+strconv.FormatInt(row.ID, 10)+"@"+card.Text("UID")))
	w.Property(ical.NewProp("DTSTAMP", time.Unix(row.Created, 0).UTC().Format("20060102T150405Z")))
	date := ical.Param{Name: "VALUE", Values: []string{"DATE"}}
	w.Property(ical.NewProp("DTSTART", first.Format("20060102"), date))
	w.Property(ical.NewProp("DTEND", first.AddDate(0, 0, 1).Format("20060102"), date))
	w.Property(ical.NewProp("RRULE", o.rule()))
	w.Property(ical.NewText("SUMMARY", o.title(strings.TrimSpace(card.Text("FN")))))
	w.Property(ical.NewProp("TRANSP", "TRANSPARENT"))
	w.End("VEVENT")
	w.End("VCALENDAR")
	return b.Bytes()
}

// put makes an event be there with that body, or with none be gone. One that is there already stays as it is: clients are
// told of nothing.
func (k *keeper) put(name string, body []byte) error {
	if k.calendar == nil {
		if body == nil {
			return nil
		}
		if err := k.create(); err != nil {
			return err
		}
	}
	row, err := k.tx.Object(k.calendar.ID, name, store.Body)
	switch {
	case errors.Is(err, store.ErrNotFound) && body == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		row = &store.Object{Name: name}
	case err != nil:
		return err
	case body == nil:
		return k.tx.DeleteObject(k.calendar, row)
	case bytes.Equal(row.Body, body):
		return nil
	}
	ix, err := caldav.Index(body)
	if err != nil {
		return err
	}
	return k.tx.PutObject(k.calendar, row, body, ix)
}

func (k *keeper) create() error {
	home, err := k.tx.Root(k.owner.ID, store.KindCalendarHome)
	if err != nil {
		return err
	}
	display := "Birthdays"
	c := &store.Collection{Parent: home.ID, Owner: k.owner.ID, Kind: store.KindBirthdays, Name: "birthdays", Display: &display, Components: uint32(ical.VEvent), Transparent: true}
	for n := 2; ; n++ {
		err := k.tx.CreateCollection(c)
		if !errors.Is(err, store.ErrExists) {
			k.calendar = c
			return err
		}
		c.Name = fmt.Sprintf("birthdays-%d", n)
	}
}

// forget takes away the events of a book that is gone.
func (k *keeper) forget(book string) (more bool, err error) {
	if k.calendar == nil {
		return false, nil
	}
	var names []string
	for row, err := range k.tx.Objects(k.calendar.ID, 0) {
		if err != nil {
			return false, err
		}
		if strings.HasPrefix(row.Name, book+"-") {
			names = append(names, row.Name)
		}
		if more = len(names) > part; more {
			break
		}
	}
	for _, name := range names[:min(len(names), part)] {
		if err := k.put(name, nil); err != nil {
			return false, err
		}
	}
	return more, nil
}
