package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// importing is one import under way.
type importing struct {
	service   *service
	user      string
	shelf     shelf
	targets   []target
	to        string // "" by kind
	dryRun    bool
	overwrite bool
	limit     int64
}

// shelf is what a file goes into: calendars, or address books.
type shelf struct {
	root, called, def string
	list              func(*store.Tx, *store.Principal) ([]*store.Collection, error)
}

var (
	calendarShelf = shelf{"calendars", "calendar", "calendar", calendars}
	bookShelf     = shelf{"addressbooks", "address book", "addressbook", books}
)

// target is a calendar, or an address book, that takes objects.
type target struct {
	id   int64
	name string
	path webdav.Path
	kind ical.Kind // 0: all
}

// fate is what became of an object.
type fate int

const (
	fateNew fate = iota
	fateChanged
	fateSame
	fateKept
	fateRefused
	fates
)

// verdict is what is to be said of one object.
type verdict struct {
	fate fate
	line int
	what string
	note string // why it is refused, or what was done to it
}

// result of an import.
type result struct {
	count [fates]int
	notes []verdict // in the order of the file
}

// importWorkers at a time: so many writes can share a commit.
const importWorkers = 8

// prepare finds the account, and its calendars or address books. An account from before there were address books gets its
// own now, as at a visit.
func (im *importing) prepare(ctx context.Context) error {
	err := im.look(ctx)
	if err == nil && len(im.targets) == 0 && !im.dryRun {
		if err = im.service.do(ctx, im.user, http.MethodOptions, webdav.P(im.shelf.root), nil, nil); err == nil {
			err = im.look(ctx)
		}
	}
	return err
}

func (im *importing) look(ctx context.Context) error {
	return im.service.db.View(ctx, func(tx *store.Tx) error {
		p, err := im.service.account(tx, im.user)
		if err != nil {
			return err
		}
		if p.Disabled {
			return hint(fmt.Errorf("user %q is disabled", im.user), "%s user enable %s", program, quoteArg(im.user))
		}
		list, err := im.shelf.list(tx, p)
		if err != nil {
			return err
		}
		var names []string
		for _, c := range list {
			names = append(names, c.Name)
			im.targets = append(im.targets, target{id: c.ID, name: c.Name, path: webdav.P(im.shelf.root, p.Name, c.Name), kind: ical.Kind(c.Components)})
		}
		if im.to != "" && !slices.Contains(names, im.to) {
			return fmt.Errorf("no %s %q of %s (there are: %s)", im.shelf.called, im.to, im.user, strings.Join(names, ", "))
		}
		return nil
	})
}

// tasks are the objects of a file; it says what they go into.
func (im *importing) tasks(raw []byte) iter.Seq2[task, error] {
	if isCards(raw) {
		im.shelf = bookShelf
		return im.cards(raw)
	}
	im.shelf = calendarShelf
	return im.entries(raw)
}

// task takes one object in. An error is one of the store: it ends the import.
type task func(context.Context) (verdict, error)

// run takes the objects in. done is told how many are through. An error of the sequence ends it, too.
func (im *importing) run(ctx context.Context, tasks iter.Seq2[task, error], done func(int)) (result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	waiting := make(chan task)
	var (
		mu  sync.Mutex
		res result
		n   int
		wg  sync.WaitGroup
	)
	add := func(v verdict) {
		mu.Lock()
		defer mu.Unlock()
		res.count[v.fate]++
		if v.note != "" {
			res.notes = append(res.notes, v)
		}
		n++
		done(n)
	}
	for range importWorkers {
		wg.Go(func() {
			for take := range waiting {
				v, err := take(ctx)
				if err != nil {
					cancel(err)
					continue // the feeder sees it, and closes waiting
				}
				add(v)
			}
		})
	}
	var fileErr error
feed:
	for take, err := range tasks {
		if err != nil {
			fileErr = err
			break
		}
		select {
		case waiting <- take:
		case <-ctx.Done():
			break feed
		}
	}
	close(waiting)
	wg.Wait()
	slices.SortStableFunc(res.notes, func(a, b verdict) int { return a.line - b.line })
	if err := context.Cause(ctx); err != nil {
		return res, fmt.Errorf("import stopped after %s: %w (it can be repeated)", plural(int64(n), "object"), err)
	}
	return res, fileErr
}

// entries are the objects of a calendar file.
func (im *importing) entries(raw []byte) iter.Seq2[task, error] {
	return func(yield func(task, error) bool) {
		for p, err := range ical.Split(raw) {
			take := func(ctx context.Context) (verdict, error) { return im.take(ctx, p) }
			switch {
			case err != nil && p.Component == "":
				yield(nil, err)
				return
			case err != nil:
				bad := verdict{fate: fateRefused, line: p.Line, what: named(p), note: noteOf(p, withoutLine(err.Error()))}
				take = func(context.Context) (verdict, error) { return bad, nil }
			}
			if !yield(take, nil) {
				return
			}
		}
	}
}

// named is how a message calls an object.
func named(p ical.Part) string {
	if p.UID == "" {
		return cut(p.Component, 40)
	}
	return fmt.Sprintf("%s %q", cut(p.Component, 40), cut(p.UID, 120))
}

// noteOf keeps an error to a line that does not name the component twice.
func noteOf(p ical.Part, text string) string {
	return cut(strings.TrimPrefix(text, p.Component+": "), 300)
}

// cut keeps a message to a line: what a file holds has no bounds, and may hold what a terminal obeys.
func cut(s string, runes int) string {
	var b strings.Builder
	for _, r := range s {
		if runes--; runes < 0 {
			return b.String() + "…"
		}
		if !unicode.IsPrint(r) {
			r = '\ufffd'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// take takes one object in. An error is one of the store: it ends the import.
func (im *importing) take(ctx context.Context, p ical.Part) (verdict, error) {
	v := verdict{line: p.Line, what: named(p)}
	body, uid, shift, err := identified(p)
	if err != nil {
		return v.refuse(p, shift, err), nil
	}
	if p.UID == "" {
		v.note = "has no UID; taken with one made from its content, " + uid
	}
	info, err := im.judge(body)
	if err != nil {
		return v.refuse(p, shift, err), nil
	}
	to, err := im.choose(info)
	if err != nil {
		return v.refuse(p, shift, err), nil
	}
	refused, err := im.put(ctx, &v, to, object{uid: info.UID, body: body, media: "text/calendar; charset=utf-8", extension: ".ics", newer: newer})
	if refused != nil {
		return v.refuse(p, shift, refused), nil
	}
	return v, err
}

// object is one that can be stored.
type object struct {
	uid, media, extension string
	body                  []byte
	newer                 func(there, here []byte) bool
}

// put stores an object if it has to be, and says in the verdict what became of it. refused is a fault of the object.
func (im *importing) put(ctx context.Context, v *verdict, to target, o object) (refused, err error) {
	name, there, err := im.find(ctx, to, o)
	if err != nil {
		return nil, err
	}
	switch {
	case there == nil:
		v.fate = fateNew
	case bytes.Equal(there, o.body):
		v.fate, v.note = fateSame, ""
		return nil, nil
	case !im.overwrite && o.newer(there, o.body):
		v.fate, v.note = fateKept, ""
		return nil, nil
	default:
		v.fate = fateChanged
	}
	if im.dryRun {
		return nil, nil
	}
	err = im.service.do(ctx, im.user, http.MethodPut, to.path.Child(name, false), http.Header{"Content-Type": {o.media}}, o.body)
	switch {
	case err == nil:
		return nil, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	for _, ours := range []error{store.ErrFull, store.ErrBusy, store.ErrClosed, store.ErrReplaced, store.ErrIncompatible} {
		if errors.Is(err, ours) {
			return nil, err
		}
	}
	if errors.Is(err, store.ErrQuota) {
		err = fmt.Errorf("%s may hold no more (caldav-fcgi user quota)", im.user)
	}
	return err, nil
}

// refuse says why, in lines of the file.
func (v verdict) refuse(p ical.Part, shift int, err error) verdict {
	fileLine := func(digits string) int {
		n, err := strconv.Atoi(digits)
		if err != nil {
			return p.Line
		}
		if shift > 0 && n > shift {
			n--
		}
		return p.FileLine(n)
	}
	v.fate, v.note = fateRefused, err.Error()
	if m := linePattern.FindStringSubmatchIndex(v.note); m != nil {
		v.line = fileLine(v.note[m[2]:m[3]])
		v.note = v.note[:m[0]] + v.note[m[1]:]
	}
	v.note = otherLine.ReplaceAllStringFunc(v.note, func(s string) string {
		words := strings.SplitAfter(s, "line ")
		return words[0] + strconv.Itoa(fileLine(words[1]))
	})
	v.note = noteOf(p, v.note)
	return v
}

// linePattern is how an error of package ical begins, perhaps behind the name of a precondition; otherLine names a
// second place.
var (
	linePattern = regexp.MustCompile(`\bline ([0-9]{1,9}): `)
	otherLine   = regexp.MustCompile(`\b(of|as) line [0-9]{1,9}\b`)
)

func withoutLine(s string) string {
	if m := linePattern.FindStringIndex(s); m != nil && m[0] == 0 {
		return s[m[1]:]
	}
	return s
}

// identified returns the body with a UID. One without gets a UID made from its octets, so that it is the same next time;
// shift is the line after which it was put in, 0 when there was one.
func identified(p ical.Part) (body []byte, uid string, shift int, err error) {
	if p.UID != "" {
		return p.Body, p.UID, 0, nil
	}
	cal, err := ical.Parse(p.Body)
	if err != nil {
		return nil, "", 0, err
	}
	i := slices.IndexFunc(cal.Root.Children, func(c *ical.Component) bool { return c.Name != "VTIMEZONE" })
	if i < 0 {
		return p.Body, "", 0, nil
	}
	comp := cal.Root.Children[i]
	if len(comp.Props) == 0 || comp.Prop("UID") != nil {
		return p.Body, "", 0, nil // for the checks to refuse
	}
	sum := sha256.Sum256(comp.Raw(cal))
	uid = "import-" + hex.EncodeToString(sum[:16])
	eol := "\r\n"
	if !bytes.Contains(p.Body, []byte("\n")) {
		eol = "\r"
	}
	at := comp.Props[0].Start
	body = slices.Concat(p.Body[:at], []byte("UID:"+uid+eol), p.Body[at:])
	return body, uid, comp.Props[0].Line, nil
}

// judge makes the checks that the service will make, to say what is wrong with its line.
func (im *importing) judge(body []byte) (ical.Info, error) {
	if im.limit > 0 && int64(len(body)) > im.limit {
		return ical.Info{}, fmt.Errorf("has %s; at most %s are taken (-max-resource)", roundSize(int64(len(body))), writeSize(im.limit))
	}
	return examine(body)
}

// choose finds the calendar for a kind of object.
func (im *importing) choose(info ical.Info) (target, error) {
	order := []string{"calendar", "tasks"}
	if info.Kind == ical.VTodo {
		order = []string{"tasks", "calendar"}
	}
	if im.to != "" {
		order = []string{im.to}
	}
	takes := func(t target) bool { return t.kind == 0 || info.Kind&^t.kind == 0 }
	for _, name := range order {
		if i := slices.IndexFunc(im.targets, func(t target) bool { return t.name == name && takes(t) }); i >= 0 {
			return im.targets[i], nil
		}
	}
	if im.to != "" {
		return target{}, fmt.Errorf("the calendar %s does not take %s", im.to, info.Component)
	}
	if i := slices.IndexFunc(im.targets, takes); i >= 0 {
		return im.targets[i], nil
	}
	return target{}, fmt.Errorf("%s has no calendar that takes %s", im.user, info.Component)
}

// find looks for an object with that UID: its name and octets, or a free name and nil.
func (im *importing) find(ctx context.Context, to target, obj object) (name string, there []byte, err error) {
	err = im.service.db.View(ctx, func(tx *store.Tx) error {
		for o, err := range tx.ObjectsByUID(to.id, obj.uid, store.Body) {
			if err != nil {
				return err
			}
			name, there = o.Name, bytes.Clone(o.Body)
			return nil
		}
		name = objectName(obj.uid, obj.extension)
		if _, err := tx.Object(to.id, name, 0); err == nil {
			name = hashName(obj.uid, obj.extension) // the name is that of another UID
		} else if !errors.Is(err, store.ErrNotFound) {
			return err
		}
		return nil
	})
	return name, there, err
}

// maxPlainName is short enough for the file names of clients that keep objects as files.
const maxPlainName = 120

// objectName is the UID where it makes a tame name, as most clients have it.
func objectName(uid, extension string) string {
	if uid == "" || len(uid) > maxPlainName || uid[0] == '.' ||
		strings.Trim(uid, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.@") != "" {
		return hashName(uid, extension)
	}
	return uid + extension
}

func hashName(uid, extension string) string {
	sum := sha256.Sum256([]byte(uid))
	return hex.EncodeToString(sum[:16]) + extension
}

// newer says whether a is a later version of the object than b: a higher SEQUENCE, else a later LAST-MODIFIED. Where one
// of them does not say, it is not.
func newer(a, b []byte) bool {
	sa, ma, ok := versionOf(a)
	sb, mb, ok2 := versionOf(b)
	switch {
	case !ok || !ok2:
		return false
	case sa != sb:
		return sa > sb
	}
	return ma.After(mb) && !mb.IsZero()
}

func versionOf(body []byte) (sequence int, modified time.Time, ok bool) {
	cal, err := ical.Parse(body)
	if err != nil {
		return 0, modified, false
	}
	for _, comp := range cal.Root.Children {
		if comp.Name == "VTIMEZONE" {
			continue
		}
		if p := comp.Prop("SEQUENCE"); p != nil {
			if n, err := p.Int(); err == nil {
				sequence = max(sequence, n)
			}
		}
		if p := comp.Prop("LAST-MODIFIED"); p != nil {
			if t, err := ical.ParseTime(p); err == nil && t.Wall.After(modified) {
				modified = t.Wall
			}
		}
	}
	return sequence, modified, true
}
