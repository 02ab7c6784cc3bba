package webdav

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
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
	case !bytes.Equal(p.Claims, rq.server.claims(rq.Login)):
		return errIdentify
	}
	rq.Who = Subject{Principal: p}
	return nil
}

// claims is a hash of what the login said and of what this version provides: while it is equal, a login writes nothing.
func (s *Server) claims(l Login) []byte {
	h := sha256.New()
	h.Write([]byte(s.stamp + "\n"))
	var keys []string
	for k := range l.Claims {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		h.Write([]byte(k + "=" + l.Claims[k] + "\n"))
	}
	return h.Sum(nil)[:16]
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
	p.Claims = s.claims(l)
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
