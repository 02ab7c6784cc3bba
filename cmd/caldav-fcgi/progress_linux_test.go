package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestProgress_IsShownOnATerminalOnly(t *testing.T) {
	t.Parallel()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	defer control.Close()
	if err := unix.IoctlSetPointerInt(int(control.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(control.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	defer terminal.Close()
	show, end := progress(terminal, "x.ics")
	show(7)
	end()
	const want = "\rx.ics: 7 objects\r\x1b[K"
	got := make([]byte, len(want))
	if n, err := io.ReadFull(control, got); err != nil || string(got) != want { // it may come in pieces
		t.Errorf("got %q, want %q: %v", got[:n], want, err)
	}

	// Into a file and into a pipe nothing is written.
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	show, end = progress(file, "x.ics")
	show(7)
	end()
	if info, err := file.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("%v octets in a file, %v", info.Size(), err)
	}
	var out bytes.Buffer
	show, end = progress(&out, "x.ics")
	show(7)
	end()
	if out.Len() != 0 {
		t.Errorf("%q in a buffer", out.String())
	}
}
