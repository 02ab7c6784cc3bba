// Package job does what was left for later: rows of the job queue, each written in the transaction that asked for it.
// Any number of processes run jobs beside each other; each job is done by one of them. Start at [Runner].
//
// Left out so far: backing off from a job that fails. It is tried again when the lease of its worker ends.
package job
