package recur

import "errors"

// ErrBudget means that an expansion took more steps or gave more instances than one request may take.
var ErrBudget = errors.New("the recurrences asked for take more steps than a request may")

// Budget is what is left for one request, shared by all its Sets. Zero stands for the default. Not for two goroutines
// at once.
type Budget struct {
	Steps     int64 // periods looked at and instances made; some 20 to 500 ns each
	Instances int64 // instances handed out
}

const (
	defaultSteps     = 50_000_000
	defaultInstances = 200_000
)

func (b *Budget) prepare() *Budget {
	if b == nil {
		b = new(Budget)
	}
	if b.Steps == 0 {
		b.Steps = defaultSteps
	}
	if b.Instances == 0 {
		b.Instances = defaultInstances
	}
	return b
}

// spend takes n steps. Once used up it stays so: zero would be the default again.
func (b *Budget) spend(n int64) error {
	if b.Steps <= n {
		b.Steps = -1
		return ErrBudget
	}
	b.Steps -= n
	return nil
}

func (b *Budget) instance() error {
	if b.Instances < 0 {
		return ErrBudget
	}
	if b.Instances--; b.Instances == 0 {
		b.Instances = -1
	}
	return nil
}
