package nginx_test

import (
	"fmt"
	"strings"
)

// peerOps are the harness's operations with what ours should cost at most of the best peer that answers right.
var peerOps = []struct {
	op, name string
	goal     float64
}{
	{"get-one-c1", opGet, 0.2}, {"get-one-c8", opGet8, 0.2}, {"put-c1", opPut, 0.2}, {"put-c8", opPut8, 0.2}, {"put-update", opUpdate, 0.15},
	{"propfind1", opPropfind, 0.7}, {"sync-initial", opSyncFirst, 0.6}, {onlyWall, opSync, 0.25}, {"query-month", opMonth, 0.05}, {"query-month-etag", opMonthETags, 0.03},
	{"query-month-expand", opExpand, 0.1}, {"query-uid", opUID, 0.03}, {"multiget-100", opMultiget, 0.55}, {"freebusy-month", opBusy, 0.04}, {"export", opExport, 0.17},
	{"delete", opDelete, 0.2}, {"delete-coll", opDeleteAll, 0.65},
}

// onlyWall is measured by the clock on the wall: the harness's figure of its CPU time has the ten changes in it.
const onlyWall = "sync-incremental"

// peersTable writes one table for each size: CPU milliseconds a request, and ours to the best that is right.
func peersTable(sizes []int, reports []loadReport, notes []string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "CPU milliseconds a request of the whole server and nginx before it (of the sync after 10 changes: milliseconds until the answer). *wrong*: not what the data says; –: refused, or not within the time. ")
	fmt.Fprintf(&s, "In parentheses the goal, bold what misses it. Deleting a collection, ours clears away what is left later (see above). %s.\n", machine())
	for _, n := range sizes {
		var run []loadReport
		for _, r := range reports {
			if r.N == n {
				run = append(run, r)
			}
		}
		fmt.Fprintf(&s, "\n| %s objects |", thousands(n))
		for _, r := range run {
			fmt.Fprintf(&s, " %s |", r.Name)
		}
		s.WriteString(" ÷ best right |\n|---|" + strings.Repeat("--:|", len(run)+1) + "\n")
		for _, op := range peerOps {
			fmt.Fprintf(&s, "| %s |", op.name)
			var ours, best float64
			for i, r := range run {
				cell, cost, right := r.cell(op.op)
				fmt.Fprintf(&s, " %s |", cell)
				switch {
				case i == 0 && right:
					ours = cost
				case i > 0 && right && (best == 0 || cost < best):
					best = cost
				}
			}
			writeRatio(&s, ours, best, op.goal)
		}
		var ours, best [2]float64
		rows := [2]string{"| memory at the worst moment, PSS in MB |", "| store ÷ raw data |"}
		for i, r := range run {
			for k, v := range [2]float64{r.memory(), float64(r.Disk) / float64(max(r.Raw, 1))} {
				rows[k] += fmt.Sprintf(" %s |", figure(v))
				if i == 0 {
					ours[k] = v
				} else if best[k] == 0 || v < best[k] {
					best[k] = v
				}
			}
		}
		for k, goal := range [2]float64{0.7, 1} {
			s.WriteString(rows[k])
			writeRatio(&s, ours[k], best[k], goal)
		}
	}
	s.WriteString("\n")
	for _, n := range notes {
		s.WriteString("* " + n + "\n")
	}
	return s.String()
}

func writeRatio(s *strings.Builder, ours, best, most float64) {
	if ours == 0 || best == 0 {
		s.WriteString(" |\n")
		return
	}
	fmt.Fprintf(s, " %s |\n", goal(ours/best, most))
}

func (r loadReport) cell(op string) (text string, cost float64, right bool) {
	for _, x := range r.Results {
		if x.Op != op {
			continue
		}
		if cost = x.CPU; op == onlyWall {
			cost = x.Median
		}
		switch {
		case !x.done():
			return "–", 0, false
		case !x.right():
			return figure(cost) + " *wrong*", cost, false
		}
		return figure(cost), cost, cost > 0
	}
	return "–", 0, false
}

func (r loadReport) memory() (most float64) {
	for _, x := range r.Results {
		most = max(most, float64(x.After.PSS)*1024/1e6)
	}
	return most
}
