package ical

import "strings"

// Merger writes the components of many calendar objects into one VCALENDAR, each VTIMEZONE once by its TZID. The
// caller writes BEGIN:VCALENDAR with its properties before and END:VCALENDAR after.
type Merger struct {
	w     *Writer
	zones map[string]bool
}

// NewMerger returns a Merger that writes to w.
func NewMerger(w *Writer) *Merger { return &Merger{w: w, zones: map[string]bool{}} }

// Add writes the components of one object.
func (m *Merger) Add(c *Calendar) {
	for _, k := range c.Root.Children {
		if k.Name == "VTIMEZONE" {
			id := ""
			if p := k.Prop("TZID"); p != nil {
				id = strings.TrimSpace(p.Text())
			}
			if m.zones[id] {
				continue
			}
			m.zones[id] = true
		}
		m.w.Component(k)
	}
}
