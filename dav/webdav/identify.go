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
	return bytes.Equal(p.Claims, s.claims(l, p.Claims))
}

// The parts of what a row remembers, each a hash of eight octets: while they are equal, a login writes nothing.
const (
	partStamp = iota * 8
	partClaims
	partFile
	partLogin
	partEnd
)

// claims is what the row is to remember after a login; of what that says nothing about, it is what it was.
func (s *Server) claims(l Login, have []byte) []byte {
	want := make([]byte, partEnd)
	if len(have) == partEnd {
		copy(want, have)
	}
	stamp := sha256.Sum256([]byte(s.stamp))
	copy(want[partStamp:partClaims], stamp[:])
	if len(l.Claims) > 0 {
		h := sha256.New()
		for _, k := range slices.Sorted(maps.Keys(l.Claims)) {
			h.Write([]byte(k + "=" + l.Claims[k] + "\n"))
		}
		copy(want[partClaims:partFile], h.Sum(nil))
	}
	for source, names := range l.Groups {
		at := partOf(source)
		copy(want[at:at+8], groupsHash(names))
	}
	return want
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
	before := p.Claims
	p.Claims = s.claims(l, before)
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
	return p, rq.join(p, l, before) // last: what is shared with a group comes into a home that is there
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
