package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// session is a connection as the driver has it. database/sql opens connections and lends them out; inside a transaction it is left out,
// since for each row it takes as much time as SQLite does.
type session struct {
	conn driver.Conn
	args []driver.NamedValue // of the statement at hand: the driver has bound them when it returns
}

func newSession(conn any) (*session, error) {
	c, ok := conn.(driver.Conn)
	_, queries := conn.(driver.QueryerContext)
	_, execs := conn.(driver.ExecerContext)
	if !ok || !queries || !execs {
		return nil, fmt.Errorf("a driver with connections of type %T cannot be used", conn)
	}
	return &session{conn: c}, nil
}

// SQLite never sees a context that ends: a cancelled statement would roll the whole transaction back.
func (s *session) query(query string, args []any) (driver.Rows, error) {
	if err := s.bind(args); err != nil {
		return nil, err
	}
	return s.conn.(driver.QueryerContext).QueryContext(context.Background(), query, s.args)
}

func (s *session) exec(query string, args []any) (sql.Result, error) {
	if err := s.bind(args); err != nil {
		return nil, err
	}
	return s.conn.(driver.ExecerContext).ExecContext(context.Background(), query, s.args)
}

// run is for what has neither parameters nor rows, such as BEGIN. As a query it is kept prepared, which the driver's exec does not do.
func (s *session) run(query string) error {
	rows, err := s.query(query, nil)
	if err != nil {
		return explain(err)
	}
	if err = rows.Next(nil); errors.Is(err, io.EOF) {
		err = nil
	}
	return explain(errors.Join(err, rows.Close()))
}

func (s *session) autoCommit() bool { return autoCommit(s.conn) }

func (s *session) bind(args []any) error {
	s.args = s.args[:0]
	for i, arg := range args {
		v, err := value(arg)
		if err != nil {
			return fmt.Errorf("parameter %d: %w", i+1, err)
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	return nil
}

// value is what to bind for an argument, or for the place where it stands.
func value(arg any) (driver.Value, error) {
	switch v := arg.(type) {
	case int64, string, []byte, nil:
		return v, nil
	case driver.Valuer:
		return v.Value()
	case *string:
		return *v, nil
	case *[]byte:
		return *v, nil
	}
	return driver.DefaultParameterConverter.ConvertValue(arg)
}

// assign puts a column where it belongs. Octets are the row's own and not copied.
func assign(dest any, src driver.Value) error {
	ok := true
	switch d := dest.(type) {
	case sql.Scanner:
		return d.Scan(src)
	case *string:
		*d, ok = src.(string)
	case *int64:
		*d, ok = src.(int64)
	case *[]byte:
		*d, ok = src.([]byte)
		ok = ok || src == nil
	case *sql.RawBytes:
		var octets []byte
		octets, ok = src.([]byte)
		*d, ok = octets, ok || src == nil
	case **string:
		*d = nil
		if src != nil {
			var v string
			v, ok = src.(string)
			*d = &v
		}
	case **int64:
		*d = nil
		if src != nil {
			var v int64
			v, ok = src.(int64)
			*d = &v
		}
	default:
		ok = false
	}
	if !ok {
		return fmt.Errorf("column of type %T does not go into a %T", src, dest)
	}
	return nil
}
