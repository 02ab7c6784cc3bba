package privilege

// Level is what a shared collection is shared for. The numbers are stored; a lower one gives more.
type Level uint8

const (
	ShareReadWrite Level = iota + 1
	ShareRead
	ShareNoPrivate // read, without private events
	ShareBusyTitle // when, and what it is called
	ShareBusyTime  // when. Objects are shown, reduced to their times: every client can display them
)

// Levels are all, what gives most first.
func Levels() []Level {
	return []Level{ShareReadWrite, ShareRead, ShareNoPrivate, ShareBusyTitle, ShareBusyTime}
}

// Grants is what a share of the level lets its sharee do, and see; nothing for a level that there is not.
func (l Level) Grants() Access {
	switch l {
	case ShareReadWrite:
		return Access{Read | Write | ReadCurrentUser, Full}
	case ShareRead:
		return Access{Read | ReadCurrentUser, Full}
	case ShareNoPrivate:
		return Access{Read | ReadCurrentUser, NoPrivate}
	case ShareBusyTitle:
		return Access{Read | ReadCurrentUser, BusyTitle}
	case ShareBusyTime:
		return Access{Read | ReadCurrentUser, BusyTime}
	}
	return Access{View: BusyTime}
}

// Name is what people call the level; "" for one that there is not.
func (l Level) Name() string {
	switch l {
	case ShareReadWrite:
		return "read-write"
	case ShareRead:
		return "read"
	case ShareNoPrivate:
		return "read-no-private"
	case ShareBusyTitle:
		return "busy-title"
	case ShareBusyTime:
		return "free-busy"
	}
	return ""
}

// LevelNamed is the level of a name, 0 when there is none.
func LevelNamed(name string) Level {
	for _, l := range Levels() {
		if l.Name() == name {
			return l
		}
	}
	return 0
}
