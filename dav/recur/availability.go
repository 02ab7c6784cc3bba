package recur

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"caldav-fcgi/dav/ical"
	"caldav-fcgi/dav/zone"
)

// Available is what the VAVAILABILITYs of one object say: RFC 7953.
type Available struct {
	blocks []block
	budget *Budget
}

// block is one VAVAILABILITY: within its bounds its owner is busy but for its AVAILABLE times.
type block struct {
	from, to int64
	kind     string
	rank     int // 0 is above all others
	free     []*Set
}

// ranks: PRIORITY 1 is the highest and 9 the lowest; 0, and none, are below them (RFC 7953 §3.1, RFC 5545 §3.8.1.9).
const ranks = 10

// Layers is what VAVAILABILITYs of one or several objects say of a stretch of time, by their rank.
type Layers struct {
	away, free [ranks][]Busy
}

// maxAvailable is for the VAVAILABILITYs of an object, and for the UIDs of AVAILABLE in each.
const maxAvailable = 1000

// Availability reads the VAVAILABILITYs of an object. A nil resolver is made, a nil budget is the default.
func Availability(c *ical.Calendar, r *zone.Resolver, b *Budget) (*Available, error) {
	if r == nil {
		r = zone.NewResolver(c, nil)
	}
	a := &Available{budget: b.prepare()}
	a.budget.object()
	for _, k := range c.Root.Kids("VAVAILABILITY") {
		if len(a.blocks) == maxAvailable {
			return nil, &ical.Error{Line: k.Line, Rule: k.Name, Text: "one object has too many", Condition: ical.ConditionData}
		}
		one, err := a.read(c, k, r)
		if err != nil {
			return nil, err
		}
		a.blocks = append(a.blocks, one)
	}
	return a, nil
}

func (a *Available) read(c *ical.Calendar, k *ical.Component, r *zone.Resolver) (block, error) {
	bl := block{from: minUnix, to: maxUnix, kind: busyUnavailable}
	start, hasStart, err := readTime(k, "DTSTART")
	if err != nil {
		return bl, err
	}
	end, hasEnd, err := readTime(k, "DTEND")
	if err != nil {
		return bl, err
	}
	if hasStart {
		bl.from = r.Time(start).Unix()
	}
	switch duration := k.Prop("DURATION"); {
	case hasEnd:
		bl.to = r.Time(end).Unix()
	case duration != nil && hasStart:
		d, err := ical.ParseDuration(duration.Value)
		if err != nil {
			return bl, valueError(duration, err)
		}
		clock := zone.NewClock(r.Of(start))
		length := span{int64(d.NominalDays()) * daySeconds, int64(d.Exact().Seconds())}
		bl.to = length.end(start.Wall.Unix(), bl.from, &clock)
	}
	if p := k.Prop("BUSYTYPE"); p != nil { // §3.2
		switch t := strings.ToUpper(strings.TrimSpace(p.Value)); t {
		case busy, busyTentative:
			bl.kind = t
		}
	}
	bl.rank = ranks - 1
	if p := k.Prop("PRIORITY"); p != nil {
		if n, err := p.Int(); err == nil && n >= 1 && n <= 9 {
			bl.rank = n - 1
		}
	}
	// AVAILABLE recurs as an event does, each UID by itself.
	var uids []string
	byUID := map[string]*ical.Component{}
	for _, av := range k.Kids("AVAILABLE") {
		uid := ""
		if p := av.Prop("UID"); p != nil {
			uid = p.Value
		}
		root := byUID[uid]
		if root == nil {
			if len(uids) == maxAvailable {
				return bl, &ical.Error{Line: av.Line, Rule: av.Name, Text: "one VAVAILABILITY has too many", Condition: ical.ConditionData}
			}
			uids = append(uids, uid)
			root = &ical.Component{Name: "VCALENDAR"}
			byUID[uid] = root
		}
		event := *av
		event.Name = "VEVENT"
		root.Children = append(root.Children, &event)
	}
	for _, uid := range uids {
		set, err := Compile(&ical.Calendar{Raw: c.Raw, Root: byUID[uid]}, r, a.budget)
		if err != nil {
			return bl, err
		}
		bl.free = append(bl.free, set)
	}
	return bl, nil
}

// Add puts what the object says of [from, to) into layers.
func (a *Available) Add(l *Layers, from, to time.Time) error {
	w := newWindow(from, to)
	for _, bl := range a.blocks {
		lo, hi := max(w.lo, bl.from), min(w.hi, bl.to)
		if lo >= hi {
			continue
		}
		l.away[bl.rank] = append(l.away[bl.rank], Busy{wallTime(lo), wallTime(hi), bl.kind})
		for _, set := range bl.free {
			err := set.walk(window{lo, hi}, func(f *found) error {
				if err := a.budget.instance(); err != nil {
					return err
				}
				if start, end := max(lo, f.start), min(hi, f.end); start < end {
					l.free[bl.rank] = append(l.free[bl.rank], Busy{wallTime(start), wallTime(end), ""})
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Busy is when the owner is busy by RFC 7953 §4: what is of a higher rank says all of its time, whatever lies below. Among
// those of one rank, the free time of each is taken from the busy time of all.
func (l *Layers) Busy() []Busy {
	var out []Busy
	for rank := ranks - 1; rank >= 0; rank-- {
		if len(l.away[rank]) == 0 {
			continue
		}
		// Merged, since a thousand blocks over each other would be cut up a thousand times.
		away := Merge(l.away[rank])
		out = append(Subtract(out, away), Subtract(away, l.free[rank])...)
	}
	return out
}

// Merge joins periods of one type that overlap or follow each other, and puts all in order. It uses up the list.
func Merge(all []Busy) []Busy {
	slices.SortFunc(all, func(a, b Busy) int { return cmp.Or(cmp.Compare(a.Type, b.Type), a.Start.Compare(b.Start)) })
	out := all[:0]
	for _, b := range all {
		if n := len(out); n > 0 && out[n-1].Type == b.Type && !b.Start.After(out[n-1].End) {
			if b.End.After(out[n-1].End) {
				out[n-1].End = b.End
			}
			continue
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b Busy) int { return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Type, b.Type)) })
	return out
}

// Subtract takes free time from busy time.
func Subtract(busyTimes, free []Busy) []Busy {
	free = slices.Clone(free)
	slices.SortFunc(free, func(a, b Busy) int { return cmp.Or(a.Start.Compare(b.Start), a.End.Compare(b.End)) })
	var joined []Busy
	for _, f := range free {
		if n := len(joined); n > 0 && !f.Start.After(joined[n-1].End) {
			if f.End.After(joined[n-1].End) {
				joined[n-1].End = f.End
			}
			continue
		}
		joined = append(joined, f)
	}
	var out []Busy
	for _, b := range busyTimes {
		first, _ := slices.BinarySearchFunc(joined, b.Start, func(f Busy, t time.Time) int { return f.End.Compare(t) })
		for _, f := range joined[first:] {
			if !f.Start.Before(b.End) {
				break
			}
			if b.Start.Before(f.Start) {
				out = append(out, Busy{b.Start, f.Start, b.Type})
			}
			if b.Start.Before(f.End) {
				b.Start = f.End
			}
		}
		if b.Start.Before(b.End) {
			out = append(out, b)
		}
	}
	return out
}
