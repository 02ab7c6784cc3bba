package ical

import "strings"

// Merger writes the components of many calendar objects into one VCALENDAR, each VTIMEZONE once by its TZID. The
// caller writes BEGIN:VCALENDAR with its properties before and END:VCALENDAR after.
type Merger struct {
	to     func(*Component)
	zones  map[string]bool
	pieces []copied // storage of Copy
}

// NewMerger returns a Merger that hands each component to a function, such as Writer.Component.
func NewMerger(to func(*Component)) *Merger { return &Merger{to: to, zones: map[string]bool{}} }

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
		m.to(k)
	}
}
