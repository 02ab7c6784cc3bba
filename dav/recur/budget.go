package recur

import (
	"errors"
	"math"
	"time"
)

// ErrBudget means that an expansion took more steps or time or gave more instances than one request, or one object of
// it, may take.
var ErrBudget = errors.New("the recurrences asked for take more than a request may")

// Budget is what is left for one request, shared by all its Sets. At first, zero stands for the default. Not for two
// goroutines at once.
type Budget struct {
	Steps     int64                // periods looked at and instances made; some 20 to 500 ns each
	Instances int64                // instances handed out
	Time      time.Duration        // by Clock; 0: as long as the steps last
	Clock     func() time.Duration // time worked for the request so far; nil: it is not counted
	Share     int64                // percent of each that one object may take; 0: all
	Stop      func() error         // asked while an object is worked on; its error ends the work. nil: nothing does

	whole  limits        // what there was at first
	look   int64         // at so many Steps or fewer there is something to be looked at
	steps  int64         // of Steps: what the object at hand has to leave
	gives  int64         // of Instances: the same
	began  time.Duration // by Clock, when the object at hand was first looked at
	timed  bool          // began is known
	failed error         // nothing more is to be had
}

// limits are those of a request.
type limits struct {
	known            bool
	steps, instances int64
	time             time.Duration
}

const (
	defaultSteps     = 50_000_000
	defaultInstances = 200_000
	// lookEvery is how many steps go by between two looks at the clock: a millisecond.
	lookEvery = 4096
)

func (b *Budget) prepare() *Budget {
	if b == nil {
		b = new(Budget)
	}
	if b.whole.known {
		return b
	}
	if b.Steps == 0 {
		b.Steps = defaultSteps
	}
	if b.Instances == 0 {
		b.Instances = defaultInstances
	}
	b.whole = limits{true, b.Steps, b.Instances, b.Time}
	b.next()
	return b
}

// object begins the share of another object.
func (b *Budget) object() {
	if b.Share == 0 || b.failed != nil {
		return
	}
	b.steps = max(b.Steps-b.share(b.whole.steps), 0)
	b.gives = max(b.Instances-b.share(b.whole.instances), 0)
	b.look, b.timed = max(b.look, b.steps), false
}

// share is what one object may take of a whole.
func (b *Budget) share(whole int64) int64 {
	return max(whole/100*b.Share+whole%100*b.Share/100, 1)
}

// next says when to look again.
func (b *Budget) next() {
	b.look = b.steps
	if b.Clock != nil || b.Stop != nil {
		b.look = max(b.look, b.Steps-lookEvery)
	}
}

// spend takes n steps.
func (b *Budget) spend(n int64) error {
	if b.Steps -= n; b.Steps > b.look {
		return nil
	}
	return b.check()
}

// check looks at everything but the number of instances.
func (b *Budget) check() error {
	switch {
	case b.failed != nil:
		return b.failed
	case b.Steps <= 0:
		return b.fail(ErrBudget)
	case b.Steps <= b.steps:
		return ErrBudget
	}
	if b.Stop != nil {
		if err := b.Stop(); err != nil {
			return b.fail(err)
		}
	}
	if b.Clock != nil && b.Time > 0 {
		now := b.Clock()
		if now >= b.Time {
			return b.fail(ErrBudget)
		}
		if !b.timed {
			b.began, b.timed = now, true
		}
		if b.Share > 0 && int64(now-b.began) >= b.share(int64(b.whole.time)) {
			b.steps = b.Steps // until the next object
			b.look = b.Steps
			return ErrBudget
		}
	}
	b.next()
	return nil
}

// fail ends it for all objects.
func (b *Budget) fail(err error) error {
	b.failed, b.look = err, math.MaxInt64
	return err
}

func (b *Budget) instance() error {
	if b.Instances <= b.gives {
		return ErrBudget
	}
	b.Instances--
	if b.Steps <= b.look {
		return b.check()
	}
	return nil
}

// part is a budget of its own with some of the steps, on the same clock; back returns what it left.
func (b *Budget) part(steps int64) (p *Budget, back func()) {
	p = &Budget{Steps: steps, Instances: 1, Time: b.Time, Clock: b.Clock, Stop: b.Stop}
	return p.prepare(), func() { b.Steps -= min(steps-max(p.Steps, 0), max(b.Steps-1, 0)) }
}
