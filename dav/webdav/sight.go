package webdav

import "caldav-fcgi/store"

// People is a setting: whom users see of each other.
type People string

// Everybody, who is in one of one's own groups, or nobody. Whoever has granted or delegated something to somebody, or he
// to them, they see in any case; rooms and resources everybody sees, and administrators see everybody.
const (
	Everybody People = "all"
	OwnGroups People = "groups"
	Nobody    People = "none"
)

// Sight is whom the caller sees of the others.
func (rq *Request) Sight() (store.Sight, error) {
	if rq.Who.Principal == nil {
		return store.Sight{}, nil
	}
	people := rq.server.opt.People
	if people == "" || people == Everybody {
		return store.Sight{All: true}, nil
	}
	ties, err := rq.Identities()
	if err != nil {
		return store.Sight{}, err
	}
	admin, err := rq.Admin()
	if err != nil {
		return store.Sight{}, err
	}
	s := store.Sight{All: admin, Self: rq.Who.Principal.ID, Ties: ties}
	for _, g := range rq.subject.groups {
		if g.Kind == store.Group {
			s.Known = append(s.Known, g.ID)
		}
	}
	if people == OwnGroups {
		s.Within = s.Known
	}
	return s, nil
}
