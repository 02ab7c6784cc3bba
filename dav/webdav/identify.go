package webdav

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"caldav-fcgi/store"
)

// identify finds the caller's account. It only reads: what is missing or has changed is written by provision, in a
// transaction of its own, so that no reading request waits for the writer.
func (rq *Request) identify() error {
	if rq.Login.User == "" {
		rq.Who = Subject{}
		return nil
	}
	p, err := rq.Tx.Principal(store.User, rq.Login.User)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if rq.server.opt.NoProvision {
			return &Error{Status: http.StatusForbidden, Text: "user " + rq.Login.User + " has no account here, and accounts are made by hand (caldav-fcgi user add)"}
		}
		return errIdentify
	case err != nil:
		return err
	case p.Disabled:
		return &Error{Status: http.StatusForbidden, Text: "the account " + p.Name + " is switched off"}
	case !rq.server.current(p, rq.Login):
		return errIdentify
	}
	rq.Who = Subject{Principal: p}
	return nil
}

// current says whether an account has all that this version provides, and what this login said. A login that says
// nothing of a person, as one from the command line, changes nothing.
func (s *Server) current(p *store.Principal, l Login) bool {
	want := s.claims(l)
	return len(p.Claims) == len(want) && bytes.Equal(p.Claims[:8], want[:8]) && (len(l.Claims) == 0 || bytes.Equal(p.Claims[8:], want[8:]))
}

// claims is what the row remembers of both, as two hashes: while they are equal, a login writes nothing.
func (s *Server) claims(l Login) []byte {
	stamp := sha256.Sum256([]byte(s.stamp))
	h := sha256.New()
	for _, k := range slices.Sorted(maps.Keys(l.Claims)) {
		h.Write([]byte(k + "=" + l.Claims[k] + "\n"))
	}
	return append(stamp[:8:8], h.Sum(nil)[:8]...)
}

// provision makes or refreshes the caller's account.
func (s *Server) provision(rq *Request) error {
	defer func() { rq.Tx = nil }()
	return s.db.Update(rq.ctx, func(tx *store.Tx) error {
		rq.Tx = tx
		_, err := s.Account(rq, rq.Login)
		return err
	})
}

// Account makes or refreshes the account of a login, with what every module gives to it. It runs in a transaction
// that writes; rq.Tx is its.
func (s *Server) Account(rq *Request, l Login) (*store.Principal, error) {
	p, err := rq.Tx.Principal(store.User, l.User)
	isNew := errors.Is(err, store.ErrNotFound)
	switch {
	case isNew:
		p = &store.Principal{Kind: store.User, Name: l.User, Display: l.User}
	case err != nil:
		return nil, err
	}
	if name := strings.TrimSpace(l.Claims["name"]); name != "" {
		p.Display = name
	}
	claims := s.claims(l)
	if len(l.Claims) == 0 && len(p.Claims) == len(claims) {
		copy(claims[8:], p.Claims[8:])
	}
	p.Claims = claims
	if isNew {
		err = rq.Tx.CreatePrincipal(p)
	} else {
		err = rq.Tx.SavePrincipal(p)
	}
	if err != nil {
		return nil, err
	}
	if mail := strings.TrimSpace(l.Claims["mail"]); mail != "" {
		have, err := rq.Tx.Addresses(p.ID)
		if err != nil {
			return nil, err
		}
		uri := "mailto:" + mail
		if !slices.ContainsFunc(have, func(a string) bool { return strings.EqualFold(a, uri) }) {
			if err := rq.Tx.SetAddresses(p.ID, append([]string{uri}, have...)); err != nil {
				return nil, err
			}
		}
	}
	for _, m := range s.modules {
		if m.Provision != nil {
			if err := m.Provision(rq, p); err != nil {
				return nil, err
			}
		}
	}
	return p, nil
}

// AddAccount makes or refreshes the account of a login without a request: from the command line.
func (s *Server) AddAccount(ctx context.Context, l Login) (p *store.Principal, err error) {
	rq := &Request{Login: l, Base: l.Base, Log: s.opt.Log, ctx: ctx, server: s}
	err = s.db.Update(ctx, func(tx *store.Tx) error {
		rq.Tx = tx
		p, err = s.Account(rq, l)
		return err
	})
	return p, err
}
