package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"caldav-fcgi/dav/ical"
)

const importHelp = `FILE is an exported calendar, of any program, as iCalendar or as jCal (RFC 7265), or a file of contacts; - reads standard input. It is cut up by UID: a series and its exceptions are one object, with the time zones that it names. Several calendars in one file are taken together. Events go into "calendar" and tasks into "tasks", or into the first calendar that takes that kind; all into one with -to.
It can be repeated: an object that is there already, as it is in the file, is not touched; one that has changed in the file is replaced, one that is newer in the calendar is kept (-overwrite replaces it). Nothing is ever deleted.
Contacts are vCards of any version, as many as there are, and go into "addressbook" or where -to says. vCard 2.1 becomes 3.0, and quoted-printable and other character sets are decoded; everything else is stored as it stands in the file.
METHOD is dropped. An entry without a UID gets one made from its content, so that it is found again next time. What cannot be taken is named with its line and the reason, the rest is taken, and the exit status is 1.
  caldav-fcgi import -user ann -dry-run calendar.ics
  caldav-fcgi import -user ann -to work calendar.ics
  caldav-fcgi import -user ann contacts.vcf`

// maxImport is far above any person's calendar.
const maxImport = 1 << 30

func importFile(ctx context.Context, c *call) error {
	user := c.options["user"]
	if user == "" {
		return usagef("import: into whose account? want -user NAME")
	}
	name := c.args[0]
	raw, err := readImport(name, c.Stdin)
	if err != nil {
		return err
	}
	if name == "-" {
		name = "standard input"
	}
	jcal := isJCal(raw)
	if jcal {
		if raw, err = ical.FromJCal(bytes.TrimPrefix(raw, []byte("\ufeff"))); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return c.with(mustHave, func(s *service) error {
		im := &importing{service: s, user: user, to: c.options["to"], dryRun: c.on("dry-run"), overwrite: c.on("overwrite"), limit: c.MaxResource}
		tasks := im.tasks(raw)
		if err := im.prepare(ctx); err != nil {
			return err
		}
		show, end := progress(c.Stderr, name)
		res, err := im.run(ctx, tasks, show)
		end()
		for _, v := range res.notes {
			place := fmt.Sprintf("%s:%d", name, v.line)
			if jcal { // the lines are those of what was made of it
				place = name
			}
			fmt.Fprintf(c.Stderr, "%s: %s: %s\n", place, v.what, v.note)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		fmt.Fprintf(c.Stdout, "%s: %s\n", name, res.summary(im.dryRun))
		if n := res.count[fateRefused]; n > 0 {
			return fmt.Errorf("%s not taken, for the reasons above", plural(int64(n), "object"))
		}
		return nil
	})
}

// isJCal says whether a file begins as JSON does: no line of iCalendar does.
func isJCal(raw []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(bytes.TrimPrefix(raw, []byte("\ufeff")), " \t\r\n"), []byte("["))
}

func readImport(name string, stdin io.Reader) ([]byte, error) {
	in := stdin
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, fmt.Errorf("import: %w", err)
		}
		defer f.Close()
		in = f
	}
	raw, err := io.ReadAll(io.LimitReader(in, maxImport+1))
	if err != nil {
		return nil, fmt.Errorf("import: read %s: %w", name, err)
	}
	if len(raw) > maxImport {
		return nil, fmt.Errorf("import: %s is larger than %s", name, writeSize(maxImport))
	}
	return raw, nil
}

// summary is the last line.
func (r *result) summary(dryRun bool) string {
	total := 0
	for _, n := range r.count {
		total += n
	}
	s := plural(int64(total), "object") + ":"
	sep := " "
	for f, word := range [fates]string{"new", "changed", "as they were", "newer here and kept", "refused"} {
		if n := r.count[f]; n > 0 || f == int(fateNew) {
			s += fmt.Sprintf("%s%d %s", sep, n, word)
			sep = ", "
		}
	}
	if dryRun {
		s += " (nothing was written)"
	}
	return s
}

// progressEvery keeps a terminal readable.
const progressEvery = 100 * time.Millisecond

// progress returns what shows a line that counts, on a terminal only, and what removes it.
func progress(w io.Writer, name string) (show func(int), end func()) {
	f, ok := w.(*os.File)
	if !ok {
		return func(int) {}, func() {}
	}
	if _, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS); err != nil {
		return func(int) {}, func() {}
	}
	var last time.Time
	show = func(n int) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			fmt.Fprintf(f, "\r%s: %d objects", name, n)
		}
	}
	return show, func() { fmt.Fprint(f, "\r\x1b[K") }
}
