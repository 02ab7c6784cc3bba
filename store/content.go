package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

const (
	// ChunkSize is how much of a large body lies in one row.
	ChunkSize    = 256 << 10
	chunksAtOnce = 16            // a commit: others who write wait for no more than 4 MB
	uploadTime   = 2 * time.Hour // after which a body that no object has is taken for abandoned
)

// Content is a large body. Objects with the same octets share it; it goes when the last of them does.
type Content struct {
	ID     int64
	Size   int64
	Hash   []byte
	chunks int64
}

// WriteContent stores a large body ahead of the object that PutContent gives it to, in many short commits while it is read: no
// transaction waits for r, and memory does not grow with it. What no object has in the end is emptied by a job of kind "content".
// An error of r is returned as it is, and what had come by then goes.
func (db *DB) WriteContent(ctx context.Context, r io.Reader) (*Content, error) {
	c := &Content{}
	if err := db.writeContent(ctx, c, r); err != nil {
		if c.ID == 0 {
			return nil, err
		}
		dropped := db.Update(context.WithoutCancel(ctx), func(tx *Tx) error { return tx.dropContent(c.ID, tx.Now.Unix()) })
		return nil, errors.Join(err, dropped)
	}
	return c, nil
}

func (db *DB) writeContent(ctx context.Context, c *Content, r io.Reader) error {
	sum := sha256.New()
	buf := make([]byte, chunksAtOnce*ChunkSize)
	for {
		n, err := io.ReadFull(r, buf)
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !ended {
			return err
		}
		sum.Write(buf[:n])
		if err := db.Update(ctx, func(tx *Tx) error { return tx.addChunks(c, buf[:n]) }); err != nil {
			return fmt.Errorf("write a large body: %w", err)
		}
		c.Size += int64(n)
		c.chunks += chunksOf(n)
		if ended {
			c.Hash = sum.Sum(nil)
			return nil
		}
	}
}

func chunksOf(n int) int64 { return int64((n + ChunkSize - 1) / ChunkSize) }

// addChunks writes what follows the chunks that are there. Until the whole is known, a random hash stands for its own.
func (tx *Tx) addChunks(c *Content, data []byte) error {
	id := c.ID
	if id == 0 {
		res, err := tx.exec(`INSERT INTO content(hash, size) VALUES(randomblob(32), 0)`)
		if err != nil {
			return err
		}
		if id, err = res.LastInsertId(); err != nil {
			return err
		}
		if err := tx.dropContent(id, tx.Now.Add(uploadTime).Unix()); err != nil {
			return err
		}
	}
	for n := c.chunks; len(data) > 0; n++ {
		part := data[:min(ChunkSize, len(data))]
		data = data[len(part):]
		if _, err := tx.exec(`INSERT INTO chunk(content, n, data) VALUES(?, ?, ?)`, id, n, part); err != nil {
			return err
		}
	}
	tx.AfterCommit(func() { c.ID = id })
	return nil
}

// dropContent has a job look whether anybody still uses it.
func (tx *Tx) dropContent(id, due int64) error {
	return tx.Enqueue(Job{Kind: "content", Key: strconv.FormatInt(id, 10), Due: due})
}

// settle gives a body that was written its hash, or finds the one with the same octets that is there already. ErrBusy when a job
// took it for abandoned meanwhile.
func (tx *Tx) settle(c *Content) (id int64, err error) {
	err = tx.one([]any{num(&id)}, `SELECT id FROM content WHERE hash=?`, c.Hash)
	if err == nil && id != c.ID { // the octets that were written are not needed
		return id, tx.dropContent(c.ID, tx.Now.Unix())
	}
	if err == nil || !errors.Is(err, ErrNotFound) {
		return id, err
	}
	var chunks int64
	if err := tx.one([]any{num(&chunks)}, `SELECT count(*) FROM chunk WHERE content=?`, c.ID); err != nil {
		return 0, err
	}
	if chunks != c.chunks {
		return 0, fmt.Errorf("%w: %d of %d rows of the body are there", ErrBusy, chunks, c.chunks)
	}
	return c.ID, tx.mustTouch(`UPDATE content SET hash=?, size=? WHERE id=?`, c.Hash, c.Size, c.ID)
}

// PutContent is PutObject for a body that WriteContent wrote, or with the Content of another object for a copy of its body. History
// keeps no large bodies.
func (tx *Tx) PutContent(c *Collection, o *Object, body *Content) error {
	id, err := tx.settle(body)
	if err == nil {
		err = tx.putObject(c, o, stored{content: id, hash: body.Hash[:hashSize], size: body.Size}, Index{})
	}
	if err != nil {
		return fmt.Errorf("put file %q: %w", o.Name, err)
	}
	return nil
}

// ContentOf is the large body of an object; ErrNotFound.
func (tx *Tx) ContentOf(o *Object) (*Content, error) {
	c := &Content{ID: o.Content}
	if err := tx.one([]any{&c.Hash, num(&c.Size)}, `SELECT hash, size FROM content WHERE id=?`, c.ID); err != nil {
		return nil, fmt.Errorf("content of %q: %w", o.Name, err)
	}
	return c, nil
}

// ReadContent writes length octets of a large body from an offset on, a chunk at a time.
func (tx *Tx) ReadContent(id int64, w io.Writer, from, length int64) error {
	var data sql.RawBytes
	var failed error
	skip := from % ChunkSize
	step := func() bool {
		if skip < int64(len(data)) {
			part := data[skip:]
			part = part[:min(int64(len(part)), length)]
			_, failed = w.Write(part)
			length -= int64(len(part))
		}
		skip = 0
		return failed == nil && length > 0
	}
	if length > 0 {
		if err := tx.each([]any{&data}, step, `SELECT data FROM chunk WHERE content=? AND n>=? ORDER BY n`, id, from/ChunkSize); err != nil {
			return fmt.Errorf("read content %d: %w", id, err)
		}
	}
	if failed == nil && length > 0 {
		failed = fmt.Errorf("content %d ends %d octets early", id, length)
	}
	return failed
}

// PurgeContent empties a large body that no object has, at most so many rows a call. more is false when nothing is left to do: it is
// gone, or somebody has it after all.
func (tx *Tx) PurgeContent(id int64, rows int) (more bool, err error) {
	if more, err = tx.purgeContent(id, max(1, rows)); err != nil {
		return false, fmt.Errorf("purge content %d: %w", id, err)
	}
	return more, nil
}

func (tx *Tx) purgeContent(id int64, rows int) (more bool, err error) {
	if used, err := tx.has(`SELECT id FROM object WHERE content=?`, id); err != nil || used {
		return false, err
	}
	// From now on nobody finds it by its hash.
	if _, err := tx.exec(`UPDATE content SET hash=randomblob(32) WHERE id=?`, id); err != nil {
		return false, err
	}
	n, err := affected(tx.exec(`DELETE FROM chunk WHERE content=?1 AND n IN (SELECT n FROM chunk WHERE content=?1 ORDER BY n LIMIT ?2)`, id, rows))
	if err != nil || n == int64(rows) {
		return true, err
	}
	_, err = tx.exec(`DELETE FROM content WHERE id=?`, id)
	return false, err
}
