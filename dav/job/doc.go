// Package job does what was left for later: rows of the job queue, each written in the transaction that asked for it.
// Any number of processes run jobs beside each other; each job is done by one of them. Start at [Runner].
// One that fails is tried again, after a minute first and then after twice as long each time, up to six hours; it is never
// given up. Meanwhile the others go on.
package job
