package tzdist

import "caldav-fcgi/dav/zone"

type parameter struct {
	Name     string `json:"name"`
	Required bool   `json:"required"`
	Multi    bool   `json:"multi"`
}

type action struct {
	Name       string      `json:"name"`
	Template   string      `json:"uri-template"`
	Parameters []parameter `json:"parameters"`
}

// capabilities is RFC 7808 §5.1. Zones can be cut anywhere.
func capabilities(prefix string) (answer, error) {
	type truncated struct {
		Any         bool `json:"any"`
		Untruncated bool `json:"untruncated"`
	}
	type info struct {
		Source    string    `json:"primary-source"`
		Formats   []string  `json:"formats"`
		Truncated truncated `json:"truncated"`
	}
	one := func(required bool, names ...string) []parameter {
		list := []parameter{}
		for _, n := range names {
			list = append(list, parameter{Name: n, Required: required})
		}
		return list
	}
	return asJSON(struct {
		Version int      `json:"version"`
		Info    info     `json:"info"`
		Actions []action `json:"actions"`
	}{
		Version: 1,
		Info:    info{"IANA:" + zone.Data().Version, []string{"text/calendar", mediaJCal}, truncated{true, true}},
		Actions: []action{
			{"capabilities", prefix + "/capabilities", one(false)},
			{"list", prefix + "/zones{?changedsince}", one(false, "changedsince")},
			{"get", prefix + "/zones{/tzid}{?start,end}", one(false, "start", "end")},
			{"expand", prefix + "/zones{/tzid}/observances{?start,end}", one(true, "start", "end")},
			{"find", prefix + "/zones{?pattern}", one(true, "pattern")},
			{"leapseconds", prefix + "/leapseconds", one(false)},
		},
	})
}
