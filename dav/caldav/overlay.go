package caldav

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/privilege"
	"caldav-fcgi/dav/webdav"
	"caldav-fcgi/store"
)

// Of a calendar that somebody has accepted as a share, the alarms are his own: those of its owner, who is waked by them,
// are not shown to him, and his are shown to nobody else. They lie beside the object, by the component they belong to.

// alarms are the octets of VALARMs by the RECURRENCE-ID of their component; that of the master is "".
type alarms map[string]string

// stored is nil for none.
func (a alarms) stored() ([]byte, error) {
	if len(a) == 0 {
		return nil, nil
	}
	return json.Marshal(a)
}

// instanceOf is the key of a component.
func instanceOf(c *ical.Component) string {
	id := c.Prop("RECURRENCE-ID")
	if id == nil {
		return ""
	}
	return strings.TrimSpace(id.Param("TZID") + ":" + strings.TrimSpace(id.Value))
}

// split takes the alarms out of calendar text; the octets of all else stay as they are.
func split(body []byte) (bare []byte, own alarms, err error) {
	cal, err := ical.Parse(body)
	if err != nil {
		return nil, nil, err
	}
	own = alarms{}
	at := 0
	for _, c := range cal.Root.Children {
		for _, k := range c.Kids("VALARM") {
			own[instanceOf(c)] += string(k.Raw(cal))
			bare = append(bare, cal.Raw[at:k.Start]...)
			at = k.End
		}
	}
	return append(bare, cal.Raw[at:]...), own, nil
}

// with puts alarms into calendar text that has none, at the end of the components they belong to.
func (a alarms) with(bare []byte) ([]byte, error) {
	if len(a) == 0 {
		return bare, nil
	}
	cal, err := ical.Parse(bare)
	if err != nil {
		return nil, err
	}
	var out []byte
	at := 0
	for _, c := range cal.Root.Children {
		own := a[instanceOf(c)]
		if own == "" || c.Name == "VTIMEZONE" {
			continue
		}
		end := c.Start + bytes.LastIndexByte(bytes.TrimRight(c.Raw(cal), "\r\n"), '\n') + 1 // its END line
		out = append(append(out, cal.Raw[at:end]...), own...)
		at = end
	}
	return append(out, cal.Raw[at:]...), nil
}

// overlaid reads the caller's own alarms on all objects, once.
func (c *Calendar) overlaid(rq *webdav.Request) (map[int64]store.Overlay, error) {
	if c.overlays == nil {
		all, err := rq.Tx.Overlays(c.Data.ID, c.Row.Owner)
		if err != nil {
			return nil, err
		}
		c.overlays = all
	}
	return c.overlays, nil
}

// ownAlarms puts the caller's alarms in the place of the owner's.
func (o *Object) ownAlarms(rq *webdav.Request) error {
	all, err := o.calendar.overlaid(rq)
	if err != nil {
		return err
	}
	own, has := all[o.Row.ID]
	if !has && o.Row.Flags&flagAlarm == 0 {
		return nil
	}
	o.alarms = alarmsName(own)
	if o.Row.Body == nil {
		o.Row.Size = -1
		return nil
	}
	bare, _, err := split(o.Row.Body)
	if err != nil { // as it is stored, then
		return nil
	}
	var mine alarms
	if has {
		if err := json.Unmarshal(own.Alarms, &mine); err != nil {
			return fmt.Errorf("alarms on %q: %w", o.Row.Name, err)
		}
	}
	if bare, err = mine.with(bare); err != nil {
		return fmt.Errorf("alarms on %q: %w", o.Row.Name, err)
	}
	o.Row.Body, o.Row.Size = bare, int64(len(bare))
	return nil
}

// alarmsName is a part of the tag.
func alarmsName(own store.Overlay) string { return "alarms" + hex.EncodeToString(own.ETag) }

// putShared stores what somebody has written into a calendar shared with him: his alarms beside it, the owner's in it.
func (c *Calendar) putShared(rq *webdav.Request, name string, up *upload) (webdav.Stored, error) {
	bare, mine, err := split(up.body)
	if err != nil {
		return webdav.Stored{}, condition(err)
	}
	row := &store.Object{Name: name}
	created := true
	var theirs alarms
	old, err := c.Standing(rq, name, store.Body)
	switch {
	case err != nil:
		return webdav.Stored{}, err
	case old != nil:
		created, row = false, old
		if row.UID != up.index.UID {
			return webdav.Stored{}, c.UIDConflict(rq, c.home.rules(), up.index.UID, row, 0)
		}
		if _, theirs, err = split(row.Body); err != nil {
			theirs = nil
		}
	}
	body, err := theirs.with(bare)
	if err != nil {
		return webdav.Stored{}, condition(err)
	}
	ix, err := c.judge(body)
	if err != nil {
		return webdav.Stored{}, err
	}
	if err := c.Taken(rq, c.home.rules(), rq.Tx.PutObject(c.Data, row, body, ix)); err != nil {
		return webdav.Stored{}, err
	}
	text, err := mine.stored()
	if err != nil {
		return webdav.Stored{}, err
	}
	own, err := rq.Tx.SetOverlay(row.ID, c.Row.Owner, text)
	if err != nil {
		return webdav.Stored{}, err
	}
	c.overlays = nil
	shown, err := mine.with(bare)
	if err != nil {
		return webdav.Stored{}, err
	}
	tag := row.Tag("")
	if len(text) > 0 || row.Flags&flagAlarm != 0 {
		tag = row.Tag(alarmsName(own))
	}
	return webdav.Stored{Created: created, AsSent: !up.converted && bytes.Equal(shown, up.body), ETag: tag}, nil
}

// Personal says whether objects look otherwise to the caller than they are stored.
func (c *Calendar) Personal() bool { return c.Mounted() || c.View() != privilege.Full }
