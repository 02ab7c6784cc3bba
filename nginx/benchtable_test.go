package nginx_test

import (
	"fmt"
	"strings"
)

// goals are what a figure should be at most, as a ratio to the limit: the hello, SQLite's share, 1 ms for each MB of the
// answer, and 4 µs for each instance that is made.
var goals = map[string]float64{
	opGet: 2.5, opGet8: 2.5, opPut: 3, opPut8: 3, opUpdate: 3, opUpdate8: 3, opPropfind: 2, opSyncFirst: 2, opSync: 3, opMonth: 3, opMonthETags: 3,
	opExpand: 3, opUID: 4, opMultiget: 2.3, opBusy: 5, opExport: 2.7, opDelete: 2.5, opDeleteAll: 3,
}

// flat are the operations that must not cost more in a large calendar.
var flat = map[string]bool{opGet: true, opPut: true, opDelete: true, opSync: true, opMultiget: true, opUID: true}

const growth = 1.3

// benchTable writes the runs, from the smallest to the largest, as Markdown. What misses its goal is bold.
func benchTable(runs []*bench) string {
	var s strings.Builder
	main := runs[0] // that of 10,000, by which the goals are meant
	for _, r := range runs {
		if r.n <= 10_000 {
			main = r
		}
	}
	fmt.Fprintf(&s, "Behind nginx over a unix socket, login by nginx, every write durable. CPU milliseconds a request of program and nginx together, by objects in the calendar; ")
	fmt.Fprintf(&s, "ratios, wall-clock time and rate at %s: to a FastCGI hello of 2 KB behind the same nginx (%.3f ms; on 8 connections %.3f ms, %.0f/s), to the same rows in SQLite alone, ", thousands(main.n), main.helloCPU[1], main.helloCPU[8], main.helloRate[8])
	fmt.Fprintf(&s, "and to the limit: both together, 1 ms for each MB of the answer and 4 µs for each expanded instance. In parentheses the goal, bold what misses it. %s.\n\n", machine())
	s.WriteString("| operation |")
	for _, r := range runs {
		fmt.Fprintf(&s, " %s |", thousands(r.n))
	}
	s.WriteString(" growth | ÷ hello | ÷ SQLite | ÷ limit | ms | a second |\n|---|")
	s.WriteString(strings.Repeat("--:|", len(runs)+6) + "\n")
	for _, op := range main.results {
		fmt.Fprintf(&s, "| %s |", op.name)
		var first, last float64
		for i, r := range runs {
			cpu := r.result(op.name).cpu
			fmt.Fprintf(&s, " %s |", figure(cpu))
			if last = cpu; i == 0 {
				first = cpu
			}
		}
		limit := main.helloCPU[op.conns] + op.floor + float64(op.bytes)/1e6 + 0.004*float64(op.instances)
		grown := ""
		if flat[op.name] {
			grown = goal(last/first, growth)
		}
		fmt.Fprintf(&s, " %s | %s | %s | %s | %s | %.0f |\n", grown, figure(op.cpu/main.helloCPU[op.conns]), figure(op.cpu/op.floor), goal(op.cpu/limit, goals[op.name]), figure(op.median), op.rate)
	}
	s.WriteString("\n")
	get8 := main.result(opGet8)
	fmt.Fprintf(&s, "* GET on 8 connections reaches %s of the hello's rate (goal ≥ 0.5); 8 writers write %s times as fast as one (goal ≥ 2).\n", figure(get8.rate/main.helloRate[8]), figure(main.result(opUpdate8).rate/main.result(opUpdate).rate))
	if least, most := runs[0], runs[len(runs)-1]; least != most {
		var list []string
		for _, op := range most.results {
			if flat[op.name] {
				list = append(list, op.name+" "+goal(op.cpu/least.result(op.name).cpu, growth))
			}
		}
		fmt.Fprintf(&s, "* From %s to %s objects a request costs so many times as much: %s.\n", thousands(least.n), thousands(most.n), strings.Join(list, ", "))
	}
	for _, r := range runs {
		export := r.result(opExport)
		fmt.Fprintf(&s, "* %s objects: memory (PSS of program and nginx) %.0f MB at rest after all this (goal ≤ 30), %.0f MB at the worst moment (≤ 60); store %.2f × the raw %.1f MB (≤ 1.5), a write-ahead log of 4 MB besides while something is written; export of %.1f MB: first byte after %.1f ms (≤ 10).\n",
			thousands(r.n), float64(r.rest)/1e6, float64(r.worst)/1e6, float64(r.store)/float64(r.raw), float64(r.raw)/1e6, float64(export.bytes)/1e6, export.first)
		for _, n := range r.notes {
			s.WriteString("* " + n + "\n")
		}
	}
	return s.String()
}

func (b *bench) result(name string) result {
	for _, r := range b.results {
		if r.name == name {
			return r
		}
	}
	return result{}
}

func goal(v, most float64) string {
	if v > most {
		return fmt.Sprintf("**%s** (%g)", figure(v), most)
	}
	return fmt.Sprintf("%s (%g)", figure(v), most)
}

func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

func thousands(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
