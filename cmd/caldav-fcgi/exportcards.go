package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"

	"caldav-fcgi/dav/vcard"
	"caldav-fcgi/store"
)

// exportCards writes the cards of all address books, or of one, as they are stored.
func exportCards(ctx context.Context, c *call, user, only string) error {
	return c.with(mustHave, func(s *service) error {
		list, err := s.exported(ctx, user, only, bookShelf)
		if err != nil {
			return err
		}
		out := bufio.NewWriterSize(c.Stdout, 64<<10)
		for _, col := range list {
			err := s.eachObject(ctx, col.ID, func(o *store.Object) error {
				text := vcard.Clean(o.Body)
				_, err := out.Write(text)
				if err == nil && !bytes.HasSuffix(text, []byte("\n")) {
					_, err = out.WriteString("\r\n")
				}
				return err
			})
			if err != nil {
				return fmt.Errorf("write: %w", err)
			}
		}
		if err := out.Flush(); err != nil {
			return fmt.Errorf("write: %w", err)
		}
		return nil
	})
}
