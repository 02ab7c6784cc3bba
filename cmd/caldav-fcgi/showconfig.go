package main

import (
	"context"
	"fmt"
	"text/tabwriter"
)

// effective is a setting as config -json shows it.
type effective struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"`
}

func showConfig(_ context.Context, c *call) error {
	var list []effective
	for i := range settings {
		s := &settings[i]
		from := c.from[s.name]
		if from == "" {
			from = "default"
			if s.name == "config" && c.Config != "" {
				from = "found there"
			}
		}
		list = append(list, effective{s.name, s.show(c.config), from})
	}
	if c.on("json") {
		return writeJSON(c.Stdout, list)
	}
	tw := tabwriter.NewWriter(c.Stdout, 0, 0, 2, ' ', 0)
	for _, e := range list {
		fmt.Fprintf(tw, "%s\t%s\t%s\n", e.Name, e.Value, e.From)
	}
	return tw.Flush()
}
