package ical

import "strings"

// Kind is a set of component kinds. The bits are stored in the database: they never change.
type Kind uint16

const (
	VEvent        Kind = 1 << 0
	VTodo         Kind = 1 << 1
	VJournal      Kind = 1 << 2
	VFreeBusy     Kind = 1 << 3
	VAvailability Kind = 1 << 4
	VTimezone     Kind = 1 << 5
	VPoll         Kind = 1 << 6
	Other         Kind = 1 << 15 // X- and unknown ones
)

var kindNames = []struct {
	kind Kind
	name string
}{
	{VEvent, "VEVENT"}, {VTodo, "VTODO"}, {VJournal, "VJOURNAL"}, {VFreeBusy, "VFREEBUSY"},
	{VAvailability, "VAVAILABILITY"}, {VTimezone, "VTIMEZONE"}, {VPoll, "VPOLL"},
}

// KindOf returns the bit of a component name in any case, Other for an unknown one.
func KindOf(name string) Kind {
	for _, k := range kindNames {
		if strings.EqualFold(k.name, name) {
			return k.kind
		}
	}
	return Other
}

// Names returns the component names of the set, in the order of the bits; Other has none.
func (k Kind) Names() []string {
	var names []string
	for _, n := range kindNames {
		if k&n.kind != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

func (k Kind) String() string {
	names := k.Names()
	if k&Other != 0 {
		names = append(names, "other")
	}
	return strings.Join(names, ",")
}
